// A chart that is drawn again with newer data keeps the zoom that a person gave it.
// Plotly would by itself (uirevision); but Dash writes a zoom into its copy of the figure, so plotly takes it for the
// figure's own range, and lets go of it with the next figure, which names none.
(function () {
  "use strict";
  function keepZoom(figure, chart) {
    var before = chart && chart.layout;
    if (!before || !figure || !figure.layout || before.uirevision !== figure.layout.uirevision) { return figure; }
    var layout = Object.assign({}, figure.layout);
    Object.keys(before).forEach(function (name) {
      if (!/^[xy]axis\d*$/.test(name) || before[name].autorange !== false) { return; }
      var axis = layout[name] || {};
      if (axis.range || axis.autorange !== undefined) { return; }
      layout[name] = Object.assign({}, axis, { range: before[name].range.slice(), autorange: false });
    });
    return Object.assign({}, figure, { layout: layout });
  }
  document.addEventListener("DOMContentLoaded", function () {  // Dash's components come after the assets
    window.dash_core_components.Graph.defaultProps._dashprivate_transformFigure = keepZoom;
  });
})();

// A chart that is drawn again with newer data keeps the zoom that a person gave it.
// Plotly would by itself (uirevision); but Dash writes a zoom into its copy of the figure, so plotly takes it for the
// figure's own range, and lets go of it with the next figure, which names none. And where a part of a page is laid out
// anew, its charts are new ones.
(function () {
  "use strict";
  // By id of the chart: what it showed (uirevision), and the axes that do not range by themselves.
  var zooms = {};

  function zoomOf(layout) {
    var axes = {};
    Object.keys(layout).forEach(function (name) {
      if (/^[xy]axis\d*$/.test(name) && layout[name].autorange === false) {
        axes[name] = { range: layout[name].range.slice(), autorange: false };
      }
    });
    return { revision: layout.uirevision, axes: axes };
  }
  // Asked by dcc.Graph before each drawing; a chart that was not drawn yet has no layout.
  function keepZoom(figure, chart) {
    var id = chart.parentElement.id;
    if (chart.layout) { zooms[id] = zoomOf(chart.layout); }
    var zoom = zooms[id];
    if (!zoom || !figure || !figure.layout || zoom.revision !== figure.layout.uirevision) { return figure; }
    var layout = Object.assign({}, figure.layout);
    Object.keys(zoom.axes).forEach(function (name) {
      var axis = layout[name] || {};
      if (!axis.range && axis.autorange === undefined) { layout[name] = Object.assign({}, axis, zoom.axes[name]); }
    });
    return Object.assign({}, figure, { layout: layout });
  }
  function forget() { zooms = {}; }

  document.addEventListener("DOMContentLoaded", function () {  // Dash's components come after the assets
    window.dash_core_components.Graph.defaultProps._dashprivate_transformFigure = keepZoom;
  });
  // Another page, or the same one again.
  window.addEventListener("_dashprivate_pushstate", forget);
  window.addEventListener("popstate", forget);
})();

// Stands in for the tables' library until a page shows a table: then it is fetched, after the page's charts.
(function () {
  "use strict";
  var LOOK_MS = 50;
  // Charts that have not come after this long may never come; tables need not wait for them.
  var PATIENCE_MS = 5000;
  var real = null;
  var loading = null;

  function whenChartsAreThere(done, since) {
    if (window.Plotly || !document.querySelector(".graph") || Date.now() - since > PATIENCE_MS) { done(); return; }
    window.setTimeout(function () { whenChartsAreThere(done, since); }, LOOK_MS);
  }
  function fetchLibrary(done, failed) {
    var script = document.createElement("script");
    script.src = document.querySelector('meta[name="dqm-grid"]').content;
    script.onload = function () {
      real = window.dash_ag_grid;
      window.dash_ag_grid = standIn;  // what is on the page keeps its place when it is drawn again
      done(real);
    };
    script.onerror = failed;
    document.head.appendChild(script);
  }
  function load() {
    loading = loading || new Promise(function (done, failed) {
      whenChartsAreThere(function () { fetchLibrary(done, failed); }, Date.now());
    }).catch(function (problem) { loading = null; throw problem; });
    return loading;
  }
  function AgGrid(props) {
    var state = window.React.useState(real !== null);
    window.React.useEffect(function () {
      var shown = true;
      if (!state[0]) { load().then(function () { if (shown) { state[1](true); } }, function () { return null; }); }
      return function () { shown = false; };
    }, []);
    return state[0]
      ? window.React.createElement(real.AgGrid, props)
      : window.React.createElement("div", { id: props.id, className: "grid-waits", style: props.style });
  }
  AgGrid.dashRenderType = true;
  var standIn = {
    AgGrid: AgGrid,
    getApi: function (id) { return real.getApi(id); },
    getApiAsync: function (id) { return load().then(function (found) { return found.getApiAsync(id); }); }
  };
  window.dash_ag_grid = standIn;
})();

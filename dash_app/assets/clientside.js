// Clientside callbacks: what must not wait for the server.
(function () {
  "use strict";
  var ofDatasets = ["/datasets", "/runs", "/alerts", "/contracts", "/backtest"];
  // What the dataset switcher showed last; null: all datasets.
  var switchedTo = null;
  var none = function () { return window.dash_clientside.no_update; };

  function charts() { return Array.prototype.slice.call(document.querySelectorAll(".dash-graph")); }

  // Puts what is shown into the address without a navigation, so that it can be copied and reloaded.
  function writeAddress(changes) {
    var address = new URL(window.location.href);
    Object.keys(changes).forEach(function (name) {
      if (changes[name] === null || changes[name] === undefined || changes[name] === "") {
        address.searchParams.delete(name);
      } else {
        address.searchParams.set(name, changes[name]);
      }
    });
    window.history.replaceState(window.history.state, "", address);
  }

  // A navigation as a link of the page makes it. (As an output of a callback the address would depend on
  // itself, and the first page would wait for ever.)
  function go(address) {
    window.history.pushState({}, "", address);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    window.scrollTo(0, 0);
  }

  // Swaps the template of every chart on the page; axes, zoom and data stay as they are.
  function retheme(templates) {
    var scheme = document.documentElement.getAttribute("data-mantine-color-scheme");
    window.dqmRememberScheme(scheme);
    charts().forEach(function (chart) {
      var shown = window.dash_component_api.getLayout(chart.id);
      var figure = shown && shown.props.figure;
      if (!figure || !figure.layout) { return; }
      window.dash_clientside.set_props(chart.id, {
        figure: Object.assign({}, figure, { layout: Object.assign({}, figure.layout, { template: templates[scheme] }) })
      });
    });
    return scheme;
  }
  new window.MutationObserver(function () {
    var kept = window.dash_component_api && window.dash_component_api.getLayout("templates");
    if (kept) { retheme(kept.props.data); }
  }).observe(document.documentElement, { attributeFilter: ["data-mantine-color-scheme"] });

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    dqm: {
      // The switch tells only what it was clicked to, so what the page shows counts.
      retheme: function (_switched, templates) {
        return templates ? retheme(templates) : none();
      },
      title: function (title) {
        if (title) { document.title = title; }
        return none();
      },
      beat: function (beat) {
        window.dqmBeat(beat);
        return none();
      },
      toggleMenu: function (opened, navbar) {
        return Object.assign({}, navbar, { collapsed: { mobile: !opened } });
      },
      closeMenu: function () { return false; },
      // The switcher in the header: stays on pages that know datasets, else goes to the dataset.
      switchDataset: function (dataset) {
        var shown = new URLSearchParams(window.location.search).get("dataset");
        var path = window.location.pathname;
        var before = switchedTo;
        switchedTo = dataset || null;
        if (switchedTo === shown) { return none(); }
        if (!dataset && !before) { return none(); }  // nobody emptied it: the address names what it does not offer
        if (dataset && path === "/runs" && shown === null) {
          writeAddress({ dataset: dataset });  // the page chose this one by itself and shows it already
        } else if (dataset) {
          go((ofDatasets.indexOf(path) >= 0 ? path : "/datasets") + "?dataset=" + encodeURIComponent(dataset));
        } else {
          go(path === "/runs" || ofDatasets.indexOf(path) < 0 ? "/datasets" : path);
        }
        return none();
      },
      // One run is chosen: by a click in the chart or in the table. The address and the other one follow.
      selectRun: function (click, rows, current) {
        var cause = window.dash_clientside.callback_context.triggered_id;
        var chosen = null;
        if (cause === "runs-chart" && click && click.points.length) { chosen = click.points[0].customdata; }
        if (cause === "runs-grid" && Array.isArray(rows) && rows.length) { chosen = rows[0].id; }
        if (!chosen || chosen === current) { return [none(), none()]; }
        writeAddress({ run: chosen });
        return [chosen, cause === "runs-chart" ? { ids: [chosen] } : none()];
      },
      selectAlert: function (rows, current) {
        var chosen = Array.isArray(rows) && rows.length ? rows[0].id : null;
        if (!chosen || chosen === current) { return none(); }
        writeAddress({ alert: chosen });
        return chosen;
      },
      writeRunsAddress: function (column, last) {
        writeAddress({ column: column, last: last });
        return none();
      },
      writeAlertsAddress: function (status, severity, text) {
        writeAddress({ status: status === "active" ? null : status, severity: severity, q: text });
        return none();
      },
      // Another series is another address: the page lays itself out anew for it.
      chooseSeries: function (dataset, key) {
        var parts = (key || "").split("\x1f");
        var query = new URLSearchParams(window.location.search);
        ["s", "band", "dataset", "metric", "column", "segment"].forEach(function (name) { query.delete(name); });
        query.set("dataset", dataset);
        if (parts[0] === dataset) {
          ["metric", "column", "segment"].forEach(function (name, i) { if (parts[i + 1]) { query.set(name, parts[i + 1]); } });
        }
        go("/backtest?" + query.toString());
        return none();
      },
      writeBacktestAddress: function (methods, amounts, units, band) {
        var settings = methods.map(function (method, i) { return [method, units[i], amounts[i]].join(":"); });
        writeAddress({ s: settings.join(","), band: band === "0" ? null : band });
        return none();
      },
      writeDatasetAddress: function (metric) {
        writeAddress({ metric: metric });
        return none();
      },
      writeDatasetsAddress: function (text, show) {
        writeAddress({ q: text, show: show === "all" ? null : show, page: null });
        return none();
      }
    }
  });
})();

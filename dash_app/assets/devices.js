// The address of the devices page follows what is chosen on it, so that it can be copied and reloaded.
(function () {
  "use strict";
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    dqmDevices: {
      writeAddress: function (span, by, values, top, measure, history, drop) {
        var address = new URL(window.location.href);
        var shown = {
          span: span, by: by, values: (values || []).join(","), top: top, measure: measure,
          history: history, drop: drop
        };
        Object.keys(shown).forEach(function (name) {
          if (shown[name] === null || shown[name] === undefined || shown[name] === "") {
            address.searchParams.delete(name);
          } else {
            address.searchParams.set(name, shown[name]);
          }
        });
        window.history.replaceState(window.history.state, "", address);
        return window.dash_clientside.no_update;
      }
    }
  });
})();

// The address of the streams page follows what is chosen on it, so that it can be copied and reloaded.
(function () {
  "use strict";
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    dqmStreams: {
      writeAddress: function (metric, span) {
        var address = new URL(window.location.href);
        if (metric) { address.searchParams.set("metric", metric); }
        if (span) { address.searchParams.set("span", span); }
        window.history.replaceState(window.history.state, "", address);
        return window.dash_clientside.no_update;
      }
    }
  });
})();

// The address of the crypto page follows what is chosen on it, so that it can be copied and reloaded.
(function () {
  "use strict";
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    dqmCrypto: {
      writeAddress: function (coin, span) {
        var address = new URL(window.location.href);
        if (coin) { address.searchParams.set("coin", coin); }
        if (span) { address.searchParams.set("span", span); }
        window.history.replaceState(window.history.state, "", address);
        return window.dash_clientside.no_update;
      }
    }
  });
})();

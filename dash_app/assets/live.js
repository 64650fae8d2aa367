// Watches the live feed: says so when it stops, and starts over once the server is back.
(function () {
  "use strict";
  var SILENT_MS = 40000;
  var last = Date.now();
  var stale = false;

  function show() {
    document.documentElement.classList.toggle("stale", stale);
    var word = document.querySelector("#live-state .live-word");
    if (word) { word.textContent = stale ? "Offline" : "Live"; }
  }
  // A beat comes with every change and at least every 15 seconds.
  window.dqmBeat = function (beat) {
    if (!beat) { return; }
    last = Date.now();
    stale = !beat.reachable;
    show();
  };
  window.setInterval(function () {
    if (Date.now() - last < SILENT_MS || document.hidden) { return; }
    stale = true;
    show();
    // The feed gives up after some tries: a server that answers again means a fresh page is needed.
    window.fetch("/health", { cache: "no-store" }).then(function (answer) {
      if (answer.ok && Date.now() - last > 2 * SILENT_MS) { window.location.reload(); }
    }, function () { return null; });
  }, 5000);
})();

// Shows every <time class="when"> in the browser's zone; the server wrote it in UTC and keeps that in the tooltip.
(function () {
  "use strict";
  var full = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  var thisYear = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  var relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });
  var steps = [[60, 1, "second"], [3600, 60, "minute"], [86400, 3600, "hour"], [2592000, 86400, "day"],
    [31536000, 2592000, "month"], [Infinity, 31536000, "year"]];

  function ago(moment) {
    var seconds = (moment.getTime() - Date.now()) / 1000;
    if (Math.abs(seconds) < 45) { return "just now"; }
    for (var i = 0; i < steps.length; i += 1) {
      if (Math.abs(seconds) < steps[i][0]) { return relative.format(Math.round(seconds / steps[i][1]), steps[i][2]); }
    }
    return full.format(moment);
  }
  function local(moment) {
    return (moment.getFullYear() === new Date().getFullYear() ? thisYear : full).format(moment);
  }
  window.dqmLocalTime = function (iso) {
    var moment = new Date(iso);
    return isNaN(moment) ? "" : local(moment);
  };
  window.dqmUtcTime = function (iso) {
    var moment = new Date(iso);
    return isNaN(moment) ? "" : moment.toISOString().replace("T", " ").slice(0, 19) + " UTC";
  };
  function write(element) {
    var moment = new Date(element.dateTime);
    var node = element.firstChild;
    if (isNaN(moment) || !node) { return; }
    var text = element.classList.contains("when-ago") ? ago(moment) : local(moment);
    // Only the text node's value: React keeps this node and may set it again.
    if (node.nodeValue !== text) { node.nodeValue = text; }
    var tip = element.classList.contains("when-ago") ? local(moment) + " · " + window.dqmUtcTime(element.dateTime)
      : window.dqmUtcTime(element.dateTime);
    if (element.title !== tip) { element.title = tip; }
  }
  function writeAll() { document.querySelectorAll("time.when").forEach(write); }
  var queued = false;
  new MutationObserver(function () {
    if (queued) { return; }
    queued = true;
    window.requestAnimationFrame(function () { queued = false; writeAll(); });
  }).observe(document.documentElement, { childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ["datetime"] });
  window.setInterval(writeAll, 20000);
})();

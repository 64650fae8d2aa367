// Tells the server, before the first request, how this browser wants times and colours.
(function () {
  "use strict";
  function remember(name, value) {
    document.cookie = name + "=" + value + ";path=/;max-age=31536000;samesite=lax";
  }
  function scheme() {
    var kept = null;
    try { kept = window.localStorage.getItem("mantine-color-scheme-value"); } catch (error) { kept = null; }
    if (kept === "light" || kept === "dark") { return kept; }
    return window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }
  window.dqmRememberScheme = function (value) { remember("dqm_scheme", value); };
  remember("dqm_zone", Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC");
  remember("dqm_scheme", scheme());
  document.documentElement.setAttribute("data-mantine-color-scheme", scheme());
})();

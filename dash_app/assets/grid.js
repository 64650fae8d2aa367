// Functions that the grids name: look and cell texts, the same as the rest of the page writes them.
(function () {
  "use strict";
  var functions = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  var marks = {
    GOOD: ["✓ Good", "good"], BAD: ["✕ Bad", "fail"], QUARANTINED: ["▲ Quarantined", "warn"], BLOCKED: ["▲ Blocked", "warn"], LOADED: ["○ Not judged", "neutral"],
    critical: ["✕ Critical", "fail"], error: ["✕ Error", "fail"], warning: ["▲ Warning", "warn"], info: ["● Info", "good"],
    open: ["✕ Open", "fail"], acknowledged: ["▲ Acknowledged", "warn"], muted: ["○ Muted", "neutral"], resolved: ["✓ Resolved", "good"]
  };
  functions.dqmTheme = function (agGrid) {
    return agGrid.themeQuartz.withParams({
      fontFamily: "inherit", fontSize: 13, headerFontSize: 12, headerFontWeight: 560, spacing: 6, cellHorizontalPadding: 8,
      headerColumnResizeHandleColor: "transparent", borderRadius: 8,
      wrapperBorderRadius: 8, wrapperBorder: false, columnBorder: false, headerColumnBorder: false,
      backgroundColor: "var(--dqm-surface)", foregroundColor: "var(--dqm-text)", borderColor: "var(--dqm-line)",
      headerBackgroundColor: "var(--dqm-surface)", headerTextColor: "var(--dqm-muted)",
      rowHoverColor: "var(--dqm-hover)", selectedRowBackgroundColor: "var(--dqm-selected)",
      accentColor: "var(--dqm-accent)", browserColorScheme: "inherit"
    });
  };
  functions.dqmTime = function (value) { return value ? window.dqmLocalTime(value) : "–"; };
  functions.dqmUtc = function (value) { return value ? window.dqmUtcTime(value) : ""; };
  functions.dqmShortId = function (value) {
    return !value || value.length <= 24 ? value : value.slice(0, 15) + "…" + value.slice(-8);
  };
  functions.dqmNumber = function (value) {
    if (value === null || value === undefined) { return "–"; }
    var size = Math.abs(value);
    if (size !== 0 && (size >= 1e9 || size < 1e-4)) { return value.toExponential(3).replace("-", "−"); }
    if (Number.isInteger(value) || size >= 1e5) { return Math.round(value).toLocaleString("en-US").replace("-", "−"); }
    return value.toLocaleString("en-US", { maximumSignificantDigits: 4 }).replace("-", "−");
  };
  functions.dqmStatus = function (value) { return value && marks[value] ? marks[value][0] : value || "–"; };
  functions.dqmStatusClass = function (value) { return "mark mark-" + (value && marks[value] ? marks[value][1] : "neutral"); };
})();

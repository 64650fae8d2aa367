// Keys: ? shows them, / goes to the search of the page, g and a letter to another page.
(function () {
  "use strict";
  var waiting = 0;

  function links() { return Array.prototype.slice.call(document.querySelectorAll(".navbar a.nav")); }
  // The first page of a letter has it; a later one takes the next letter of its name.
  function keys() {
    var taken = {};
    links().forEach(function (link) {
      if (link.target === "_blank") { return; }
      var name = link.querySelector(".mantine-NavLink-label") || link;
      var letters = name.textContent.trim().toLowerCase().split("");
      for (var i = 0; i < letters.length; i += 1) {
        if (/[a-z]/.test(letters[i]) && !taken[letters[i]]) { taken[letters[i]] = { link: link, name: name.textContent.trim() }; break; }
      }
    });
    return taken;
  }
  function row(list, key, text) {
    var term = document.createElement("dt");
    key.split(" ").forEach(function (part) {
      var box = document.createElement("kbd");
      box.textContent = part;
      term.appendChild(box);
    });
    var meaning = document.createElement("dd");
    meaning.textContent = text;
    list.appendChild(term);
    list.appendChild(meaning);
  }
  function help() {
    var dialog = document.getElementById("keys");
    if (dialog) { dialog.remove(); }
    dialog = document.createElement("dialog");
    dialog.id = "keys";
    dialog.setAttribute("aria-label", "Keys");
    var title = document.createElement("h2");
    title.textContent = "Keys";
    var list = document.createElement("dl");
    row(list, "?", "Show these keys");
    row(list, "/", "Search on this page");
    var taken = keys();
    Object.keys(taken).forEach(function (letter) { row(list, "g " + letter, taken[letter].name); });
    row(list, "Enter", "Open the row of a table that has the focus");
    row(list, "Esc", "Close");
    var close = document.createElement("button");
    close.type = "button";
    close.className = "tool";
    close.textContent = "Close";
    close.addEventListener("click", function () { dialog.close(); });
    dialog.appendChild(title);
    dialog.appendChild(list);
    dialog.appendChild(close);
    document.body.appendChild(dialog);
    dialog.showModal();
  }
  function typing(element) {
    return element && (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName));
  }
  document.addEventListener("keydown", function (event) {
    if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) { return; }
    if (event.key === "Enter" && event.target.matches(".ag-cell")) { event.target.click(); return; }
    if (event.key === "?") { event.preventDefault(); help(); return; }
    if (event.key === "/") {
      var search = document.querySelector("[data-dqm='search']");
      search = search && (search.matches("input") ? search : search.querySelector("input"));
      if (search) { event.preventDefault(); search.focus(); search.select(); }
      return;
    }
    if (event.key === "g") { waiting = Date.now(); return; }
    var found = Date.now() - waiting < 1500 ? keys()[event.key] : null;
    waiting = 0;
    if (found) { event.preventDefault(); found.link.click(); }
  });
  document.addEventListener("click", function (event) {
    if (event.target.closest && event.target.closest("[data-dqm='keys']")) { help(); }
  });
})();

// What a click does that needs no server: choose one of several, copy the address.
(function () {
  "use strict";
  function write(name, value) {
    var address = new URL(window.location.href);
    address.searchParams.set(name, value);
    window.history.replaceState(window.history.state, "", address);
  }
  // <button data-dqm-store="id" data-dqm-value="x" data-dqm-name="column">: the store of that id and the address get x.
  function choose(button) {
    var store = button.dataset.dqmStore;
    document.querySelectorAll('[data-dqm-store="' + store + '"]').forEach(function (other) {
      other.setAttribute("aria-pressed", String(other === button));
    });
    window.dash_clientside.set_props(store, { data: button.dataset.dqmValue });
    if (button.dataset.dqmName) { write(button.dataset.dqmName, button.dataset.dqmValue); }
  }
  function copied(button, word) {
    var before = button.textContent;
    button.textContent = word;
    window.setTimeout(function () { button.textContent = before; }, 1600);
  }
  function copyLink(button) {
    var failed = function () { window.prompt("The address of what is shown:", window.location.href); };
    if (!window.navigator.clipboard) { failed(); return; }
    window.navigator.clipboard.writeText(window.location.href).then(function () { copied(button, "Copied"); }, failed);
  }
  document.addEventListener("click", function (event) {
    var button = event.target.closest ? event.target.closest("[data-dqm-store], [data-dqm='copy-link']") : null;
    if (!button) { return; }
    if (button.dataset.dqm === "copy-link") { copyLink(button); } else { choose(button); }
  });
})();

// The keyboard: f filters, l language, h home, 1 2 3 risk layer, r team replay, space play, ? help, Esc closes.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";

  ga.listenToKeys = function (actions) {
    const typing = (target) => target.closest && target.closest("input:not([type=range]), select, textarea, [contenteditable]");
    const onKey = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Escape") {
        if (actions.escape()) event.preventDefault();
        return;
      }
      if (typing(event.target)) return;
      const action = {
        f: actions.filters, l: actions.language, h: actions.home, r: actions.replay, "?": actions.help,
        1: () => actions.layer("heat"), 2: () => actions.layer("hexagons"), 3: () => actions.layer("off"),
      }[event.key];
      if (event.key === " " && !event.target.closest("button, a") && actions.play()) event.preventDefault();
      if (!action) return;
      event.preventDefault();
      action();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  };
})(window.gridaudit);

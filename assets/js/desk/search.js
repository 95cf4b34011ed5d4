// The search of the top bar by keyboard: arrows walk through what was found, Enter opens the first, Escape leaves.
window.dash_clientside = window.dash_clientside || {};
(function () {
  "use strict";
  const PAUSE_MS = 200; // after the last key, before the server is asked
  let newest = 0;

  window.dash_clientside.search = {
    /** The text, when nothing was typed for a moment. */
    settled(text) {
      const own = ++newest;
      return new Promise((done) => {
        setTimeout(() => done(own === newest ? text : window.dash_clientside.no_update), PAUSE_MS);
      });
    },
  };

  const place = (element) => element instanceof Element && element.closest("#desk-search");

  document.addEventListener("keydown", (event) => {
    const search = place(event.target);
    if (!search || event.isComposing) return; // Enter and arrows belong to a Chinese keyboard while it composes
    const field = search.querySelector("input");
    const hits = [...search.querySelectorAll("a.search__hit")];
    if (event.key === "Escape") {
      event.preventDefault();
      document.activeElement.blur();
      return;
    }
    if (event.key === "Enter" && event.target === field && hits.length) {
      event.preventDefault();
      hits[0].click();
      return;
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const next = hits.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1);
    (next < 0 ? field : hits[Math.min(next, hits.length - 1)] || field).focus();
  });

  // A hit was opened: within the product the page changes and the bar stays, so the list is put away by hand.
  document.addEventListener("click", (event) => {
    if (place(event.target) && event.target.closest("a.search__hit")) document.activeElement.blur();
  });
})();

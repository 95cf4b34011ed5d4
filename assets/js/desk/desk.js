// The desk pages: theme, language, sign-out, search key, and what a table and a map beside it tell each other.
window.gridaudit = window.gridaudit || {};
window.dash_clientside = window.dash_clientside || {};
(function (ga) {
  "use strict";
  const YEAR = 34560000; // 400 days, the longest that browsers keep a cookie

  const desk = () => ga.byId("desk");
  const keep = (name, value) => {
    document.cookie = `${name}=${value}; path=/; max-age=${YEAR}; samesite=lax`;
  };

  window.dash_clientside.desk = {
    /** Gives the whole document the theme of the desk page that has just been built: also what lies outside of it. */
    dress(theme) {
      if (!theme) return window.dash_clientside.no_update;
      document.documentElement.dataset.theme = theme;
      document.documentElement.lang = desk()?.lang || document.documentElement.lang;
      ga.forgetTokens();
      ga.forgetStamps();
      ga.forgetClusters();
      const failed = document.querySelector("[data-retry-seconds]");
      if (failed) setTimeout(() => failed.isConnected && window.location.reload(), 1000 * failed.dataset.retrySeconds);
      return theme;
    },
  };

  const actions = {
    theme() {
      keep("gridaudit_theme", desk().dataset.theme === "dark" ? "light" : "dark");
      window.location.reload();
    },
    language() {
      keep("gridaudit_language", desk().dataset.language === "zh" ? "en" : "zh");
      const address = new URL(window.location.href);
      address.searchParams.delete("lang"); // a language in the address would win over the choice
      if (address.href === window.location.href) window.location.reload();
      else window.location.replace(address);
    },
    async "sign-out"() {
      await fetch("/api/v1/session", { method: "DELETE", credentials: "same-origin" }).catch(() => {});
      window.location.assign("/signin");
    },
    back: () => window.history.back(),
    print: () => window.print(),
    reload: () => window.location.reload(),
  };

  document.addEventListener("click", (event) => {
    if (!desk()) return;
    const button = event.target.closest("[data-desk]");
    if (button && actions[button.dataset.desk]) {
      actions[button.dataset.desk](button);
      return;
    }
    if (event.target.closest("a.skip")) {
      event.preventDefault(); // a hash in the address would be a step of its own
      ga.byId("desk-main").focus();
      return;
    }
    const sorter = event.target.closest("th[data-sort] button");
    if (sorter) ga.sortTable(sorter);
  });

  // Paper is light: the dark theme's ink would not be seen on it.
  const paper = (theme) => {
    if (!desk()) return;
    for (const place of [document.documentElement, desk()]) place.dataset.theme = theme;
    document.documentElement.dataset.mantineColorScheme = theme;
    ga.forgetTokens();
    ga.forgetStamps();
    ga.deskMap?.repaint();
  };
  let shown = null;
  window.addEventListener("beforeprint", () => {
    shown = desk()?.dataset.theme;
    if (shown === "dark") paper("light");
  });
  window.addEventListener("afterprint", () => shown === "dark" && paper(shown));

  const writing = (element) => element && (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || !desk() || writing(event.target)) return;
    const field = document.querySelector("#desk-search input");
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select();
  });

  // A row under the pointer or with the focus lights up its sign on the maps, and the other way round.
  const keyOf = (element) => {
    const row = element instanceof Element && element.closest("[data-map-key], .ag-row[row-id]");
    return row ? row.dataset.mapKey || row.getAttribute("row-id") : null;
  };
  let lit = null;
  const light = (event) => {
    if (!desk() || !ga.deskMap) return;
    const key = keyOf(event.target);
    if (key === lit) return;
    lit = key;
    ga.deskMap.highlight(key);
  };
  document.addEventListener("pointerover", light, { passive: true });
  document.addEventListener("focusin", light, { passive: true });

  /** Marks the rows of `key` in every table of the page; null takes the marks away. */
  ga.lightRows = function (key) {
    for (const row of document.querySelectorAll(".is-map-lit")) row.classList.remove("is-map-lit");
    if (key === null) return;
    const name = CSS.escape(key);
    for (const row of document.querySelectorAll(`[data-map-key="${name}"], .ag-row[row-id="${name}"]`)) row.classList.add("is-map-lit");
  };
})(window.gridaudit);

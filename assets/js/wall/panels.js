// The list behind a figure and the card of a thing: opened by the address, filled by the server through two stores.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";
  const PATIENCE_MS = 12000;

  function ask(store, data) {
    if (window.dash_clientside && window.dash_clientside.set_props) window.dash_clientside.set_props(store, { data });
  }

  const same = (a, b) => (a && b ? a.kind === b.kind && a.key === b.key : !a && !b);

  ga.makePanels = function () {
    let count = 0;
    const panels = {
      behind: { element: ga.byId("drawer"), body: "drawer-body", store: "wall-behind", shown: null },
      selected: { element: ga.byId("card"), body: "card-body", store: "wall-selected", shown: null },
    };

    function fill(panel, what) {
      count += 1;
      const mine = count;
      panel.element.classList.add("is-loading");
      panel.element.classList.remove("is-unanswered");
      const state = ga.address.state;
      ask(panel.store, { kind: what.kind, key: what.key, language: ga.texts.language, query: ga.address.riskQuery(state.filters, ga.clock.now()), n: mine });
      clearTimeout(panel.patience);
      panel.patience = setTimeout(() => panel.element.classList.contains("is-loading") && panel.element.classList.add("is-unanswered"), PATIENCE_MS);
    }

    function settle(panel) {
      const body = ga.byId(panel.body);
      new MutationObserver(() => {
        panel.element.classList.remove("is-loading", "is-unanswered");
        clearTimeout(panel.patience);
      }).observe(body, { childList: true, subtree: true, characterData: true });
    }
    Object.values(panels).forEach(settle);

    return {
      /** Makes the panels agree with the address. */
      follow(state) {
        for (const [name, panel] of Object.entries(panels)) {
          const what = state[name];
          if (same(what, panel.shown)) continue;
          panel.shown = what;
          panel.element.hidden = !what;
          document.getElementById("wall").classList.toggle(`has-${name}`, Boolean(what));
          if (what) {
            fill(panel, what);
            if (panel.element.contains(document.activeElement)) continue;
            // Opened by the address alone, the page keeps the focus where it is.
            if (panel.back) panel.element.querySelector(".panel__close").focus({ preventScroll: true });
          } else if (panel.back && panel.back.isConnected) {
            panel.back.focus({ preventScroll: true });
            panel.back = null;
          }
        }
      },
      /** Where the focus returns when the panel closes. */
      remember(name, element) {
        panels[name].back = element;
      },
      /** Asks again for what is open: after a lost connection, or when the thing has changed. */
      refresh(name) {
        const panel = panels[name];
        if (panel.shown) fill(panel, panel.shown);
      },
      retryUnanswered() {
        for (const panel of Object.values(panels)) if (panel.shown && panel.element.classList.contains("is-loading")) fill(panel, panel.shown);
      },
      shown: (name) => panels[name].shown,
    };
  };
})(window.gridaudit);

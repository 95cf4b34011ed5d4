// How fresh the picture is: state of network and database in words, the age of each layer, and a plain notice when
// something is older than it should be. The last good picture stays.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";
  const BUDGETS = { positions: 60, tickets: 30, risk: 300 };

  ga.makeStatus = function (layers) {
    let network = "connecting";
    let database = "ok";
    let goodAt = null; // server time of the last message while the database was there
    let lostSince = null;
    const failed = { risk: null };

    const budget = (layer) => {
      const given = (ga.store.settings.budgets || {})[layer];
      return (given === undefined ? ga.store.settings[`${layer}_budget_seconds`] : given) || BUDGETS[layer];
    };

    function ages(now) {
      const link = goodAt === null ? null : (now - goodAt) / 1000;
      if (link === null) return { positions: null, tickets: null, risk: null };
      let newest = 0;
      for (const inspector of ga.store.inspectors.values()) if (inspector.onShift && inspector.fixedAt > newest) newest = inspector.fixedAt;
      return {
        positions: newest ? Math.max(0, (now - newest) / 1000) : link,
        tickets: link,
        risk: failed.risk ? (now - failed.risk) / 1000 : link,
      };
    }

    function say(id, kind, icon, text) {
      const place = ga.byId(id);
      if (!place || place.dataset.said === `${kind} ${text}`) return;
      place.dataset.said = `${kind} ${text}`;
      place.className = `state state--${kind}`;
      place.replaceChildren(ga.icon(icon), ga.el("span", "state__text", null, text));
    }

    function banner(kind, text) {
      const place = ga.byId("wall-notice");
      if (!place || place.dataset.said === (text || "")) return;
      place.dataset.said = text || "";
      place.hidden = !text;
      place.className = `notice notice--${kind} wall-notice`;
      place.replaceChildren(...(text ? [ga.icon(kind === "late" ? "plug-connected-x" : "alert-triangle"), ga.el("span", null, null, text)] : []));
    }

    function tick() {
      const now = ga.clock.now();
      const old = ages(now);
      const live = network === "live";
      const since = goodAt === null ? "" : ga.format.second(goodAt);
      const wordOf = { connecting: "status.connecting", live: "status.live", reconnecting: "status.reconnecting", signed_out: "status.signed_out" };
      const dot = ga.byId("live-dot");
      if (dot) dot.className = `live-dot live-dot--${live ? (database === "ok" ? "good" : "warn") : "late"}`;
      ga.setText(ga.byId("live-text"), ga.text(wordOf[network]));
      ga.setText(ga.byId("live-age"), live && old.positions !== null ? ga.format.age(old.positions) : "");
      say("state-network", live ? "good" : "late", live ? "wifi" : "wifi-off", ga.text(live ? "status.network_ok" : "status.network_lost"));
      const databaseWord = !live ? "unknown" : database;
      say(
        "state-database",
        { ok: "good", lost: "late", unknown: "off" }[databaseWord],
        databaseWord === "ok" ? "database" : "database-off",
        ga.text({ ok: "status.database_ok", lost: "status.database_lost", unknown: "status.database_unknown" }[databaseWord]),
      );

      const stale = { positions: false, tickets: false, risk: false };
      for (const layer of Object.keys(stale)) {
        stale[layer] = old[layer] !== null && old[layer] > budget(layer);
        layers.fade(layer, stale[layer]);
        const place = ga.byId(`age-${layer}`);
        if (place) {
          ga.setText(place, old[layer] === null ? "–" : ga.format.age(old[layer]));
          place.classList.toggle("is-stale", stale[layer]);
        }
      }
      document.getElementById("wall")?.classList.toggle("is-stale", stale.tickets);

      if (network === "signed_out") banner("warn", ga.text("status.notice_signed_out"));
      else if (!live && lostSince !== null && performance.now() - lostSince > 2500) {
        banner("late", since ? ga.text("status.notice_network", { time: since }) : ga.text("status.notice_no_picture"));
      } else if (live && database === "lost") banner("late", ga.text("status.notice_database", { time: since }));
      else if (live && stale.positions) banner("warn", ga.text("status.notice_positions", { age: ga.format.age(old.positions) }));
      else if (live && stale.risk) banner("warn", ga.text("status.notice_risk", { age: ga.format.age(old.risk) }));
      else if (live) banner("warn", null);
    }

    const timer = setInterval(tick, 1000);
    return {
      heard(atMs) {
        if (database === "ok") goodAt = Math.max(goodAt || 0, atMs);
      },
      set(state, databaseState) {
        if (state !== "live" && network === "live") lostSince = performance.now();
        if (lostSince === null && state === "reconnecting") lostSince = performance.now();
        if (state === "live") lostSince = null;
        network = state;
        database = databaseState;
        tick();
      },
      /** The risk layer could not be loaded, or was loaded again. */
      risk(ok) {
        if (ok) failed.risk = null;
        else if (!failed.risk) failed.risk = ga.clock.now();
        tick();
      },
      tick,
      stop: () => clearInterval(timer),
      get network() {
        return network;
      },
    };
  };
})(window.gridaudit);

// The wall without hands: views change slowly from the whole area to where most work is overdue and back; the screen
// stays awake; anything that goes wrong is tried again. Made to run for days without a reload.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";
  const HOLD_MS = 45000;
  const FLIGHT_S = 6;

  /** Code of the prefecture (level 1 unit) with most overdue tickets, or null. */
  ga.mostOverdue = function (tickets, units, now) {
    const counts = new Map();
    for (const ticket of tickets) {
      if (ticket.dueAt === null || ticket.dueAt >= now) continue;
      for (const unit of units) if (ga.unitContains(unit.code, ticket.county)) counts.set(unit.code, (counts.get(unit.code) || 0) + 1);
    }
    return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([code]) => code)[0] || null;
  };

  ga.startKiosk = function (view, layers) {
    let away = false;
    let lock = null;
    const hold = Number(document.getElementById("wall").dataset.hold) || HOLD_MS;

    async function stayAwake() {
      try {
        if (!document.hidden && navigator.wakeLock && (!lock || lock.released)) lock = await navigator.wakeLock.request("screen");
      } catch {
        // Not granted (no https, or the power is low): the screen's own settings decide.
      }
    }

    function turn() {
      const units = [...(ga.units || new Map()).values()];
      const finest = Math.min(...units.map((u) => u.level).filter((level) => level >= 1));
      const code = away ? null : ga.mostOverdue(ga.store.tickets.values(), units.filter((u) => u.level === finest), ga.clock.now());
      away = Boolean(code);
      layers.base.highlight(code);
      const caption = ga.byId("kiosk-caption");
      if (code) {
        const n = [...ga.store.tickets.values()].filter((t) => t.dueAt !== null && t.dueAt < ga.clock.now() && ga.unitContains(code, t.county)).length;
        ga.setText(caption, ga.text("wall.kiosk_overdue", { unit: ga.shortUnit(ga.unitName(code)), n }));
        view.fit(ga.units.get(code).bounds, { slow: FLIGHT_S, maxZoom: 11 });
      } else {
        ga.setText(caption, ga.text("wall.kiosk_all"));
        view.fitHome(FLIGHT_S);
      }
      if (caption) caption.hidden = false;
    }

    view.mirrored = false;
    stayAwake();
    document.addEventListener("visibilitychange", stayAwake);
    const rotation = setInterval(() => ga.store.ready && !document.hidden && turn(), hold);
    const awake = setInterval(stayAwake, 60000);
    return () => {
      clearInterval(rotation);
      clearInterval(awake);
      document.removeEventListener("visibilitychange", stayAwake);
      if (lock) lock.release();
    };
  };
})(window.gridaudit);

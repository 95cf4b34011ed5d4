// Newest events: a new one slides in at the left and glows for two seconds. Nothing blinks.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";
  const SHOWN = 12;

  /** Name of an anomaly code in the page's language; the code itself where unknown. */
  ga.anomalyName = (code) => (ga.catalogue && ga.catalogue.anomalies[code]) || code;
  ga.unitName = (code) => (ga.units && ga.units.get(code) && ga.units.get(code).name) || code || "";

  function sentence(event) {
    const place = ga.shortUnit(ga.unitName(event.county));
    if (event.kind === "risk") {
      const state = ga.hasText(`events.risk_${event.code}`) ? ga.text(`events.risk_${event.code}`) : null;
      return [ga.text("events.new_risk"), state || ga.anomalyName(event.code), event.level ? ga.roman(event.level) : "", place];
    }
    if (event.kind === "ticket") {
      const word = ga.hasText(`events.ticket_${event.code}`)
        ? ga.text(`events.ticket_${event.code}`)
        : event.status && ga.hasText(`status.ticket_${event.status}`) ? ga.text(`status.ticket_${event.status}`) : event.code;
      return [event.key, word, event.actor || "", place];
    }
    const word = ga.hasText(`events.inspector_${event.code}`) ? ga.text(`events.inspector_${event.code}`) : event.code;
    return [event.actor || event.key, word, "", place];
  }

  const ICONS = { ticket: "clipboard-list", risk: "alert-triangle", inspector: "user" };

  function line(event, fresh) {
    const [subject, what, who, where] = sentence(event);
    return ga.el(
      "li",
      `event event--${event.kind}${fresh ? " is-fresh" : ""}${event.level === 1 ? " event--first" : ""}`,
      null,
      ga.el(
        "button",
        "event__button",
        { type: "button", "data-select": `${event.kind}:${event.key}`, "data-lon": event.lon, "data-lat": event.lat },
        ga.el("span", "event__time number", null, ga.format.minute(event.at)),
        ga.icon(ICONS[event.kind] || "info-circle"),
        ga.el("span", "event__subject", null, subject),
        ga.el("span", "event__what", null, what),
        who ? ga.el("span", "event__who", null, who) : null,
        where ? ga.el("span", "event__where", null, where) : null,
      ),
    );
  }

  ga.drawTicker = function (place, events, fresh = []) {
    const isFresh = new Set(fresh);
    const shown = events.slice(0, SHOWN);
    if (!shown.length) {
      place.replaceChildren(ga.el("li", "event event--none quiet", null, ga.text("events.none")));
      return;
    }
    place.replaceChildren(...shown.map((event) => line(event, isFresh.has(event))));
  };
})(window.gridaudit);

// The view as an address: what is shown stands in the URL, a link shows another person the same view.
//
// The page's router listens to popstate and would build the page anew; on this page we take the event first and apply
// the difference ourselves, so that "back" changes the view without a reload.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";

  const LAYERS = ["heat", "hexagons", "off"];
  const PERIODS = [7, 30, 90, 365];
  const DEFAULT_DAYS = 90;
  const listeners = new Set();
  let state = null;

  const list = (text) => (text ? text.split(",").filter(Boolean) : []);
  const isDay = (text) => (/^\d{4}-\d{2}-\d{2}$/.test(text || "") ? text : null);

  function parsePlace(text) {
    const parts = (text || "").split(",").map(Number);
    if (parts.length !== 3 || parts.some((n) => !Number.isFinite(n))) return null;
    const [latitude, longitude, zoom] = parts;
    return Math.abs(latitude) <= 85 && Math.abs(longitude) <= 180 && zoom >= 0 && zoom <= 20 ? parts : null;
  }

  function parsePair(text) {
    const at = (text || "").indexOf(":");
    return at > 0 ? { kind: text.slice(0, at), key: text.slice(at + 1) } : null;
  }

  /** Query text → view. Anything that cannot be understood falls back to the default. */
  function parse(search) {
    const query = new URLSearchParams(search);
    const from = isDay(query.get("from"));
    const to = isDay(query.get("to"));
    const days = query.get("days") === "all" ? null : Number(query.get("days"));
    const behind = parsePair(query.get("list"));
    return {
      language: ["en", "zh"].includes(query.get("lang")) ? query.get("lang") : null,
      theme: query.get("theme") === "light" ? "light" : "dark",
      kiosk: query.get("kiosk") === "1",
      place: parsePlace(query.get("at")),
      layer: LAYERS.includes(query.get("layer")) ? query.get("layer") : "heat",
      filters: {
        business: list(query.get("business")),
        anomaly: list(query.get("anomaly")),
        level: list(query.get("level")).map(Number).filter((n) => n >= 1 && n <= 4),
        unit: query.get("unit") || null,
        days: from || to || query.get("days") === "all" ? null : PERIODS.includes(days) ? days : DEFAULT_DAYS,
        from,
        to,
        open: query.get("open") !== "0",
      },
      selected: parsePair(query.get("sel")),
      behind: behind || (query.get("list") ? { kind: query.get("list"), key: "" } : null),
      replay: query.get("replay") || null,
    };
  }

  /** View → query text, defaults left out. */
  function format(view) {
    const query = new URLSearchParams();
    if (view.language) query.set("lang", view.language);
    if (view.theme !== "dark") query.set("theme", view.theme);
    if (view.kiosk) query.set("kiosk", "1");
    if (view.layer !== "heat") query.set("layer", view.layer);
    const f = view.filters;
    for (const name of ["business", "anomaly", "level"]) if (f[name].length) query.set(name, f[name].join(","));
    if (f.unit) query.set("unit", f.unit);
    if (f.from || f.to) {
      if (f.from) query.set("from", f.from);
      if (f.to) query.set("to", f.to);
    } else if (f.days !== DEFAULT_DAYS) query.set("days", f.days === null ? "all" : String(f.days));
    if (!f.open) query.set("open", "0");
    if (view.behind) query.set("list", view.behind.key ? `${view.behind.kind}:${view.behind.key}` : view.behind.kind);
    if (view.selected) query.set("sel", `${view.selected.kind}:${view.selected.key}`);
    if (view.replay) query.set("replay", view.replay);
    if (view.place) query.set("at", view.place.join(","));
    const text = query.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
    return text ? `?${text}` : "";
  }

  function tell(before) {
    for (const listener of [...listeners]) listener(state, before);
  }

  ga.address = {
    parse,
    format,
    periods: PERIODS,

    get state() {
      if (!state) state = parse(window.location.search);
      return state;
    },

    /** Reads the address anew: the page was built again. */
    reread() {
      state = parse(window.location.search);
    },

    /** Changes parts of the view. `push` makes a step that "back" returns from; otherwise the entry is replaced. */
    update(patch, push = false) {
      const before = ga.address.state;
      state = { ...before, ...patch };
      const target = window.location.pathname + format(state);
      if (target !== window.location.pathname + window.location.search) {
        window.history[push ? "pushState" : "replaceState"]({ wall: true }, "", target);
      }
      tell(before);
    },

    /** `listener(state, before)` after every change; returns the way to stop. */
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    /** The filters as the query of the tile, legend and hexagon doors; equal filters give equal text. */
    riskQuery(filters, nowMs) {
      const query = new URLSearchParams();
      for (const name of ["business", "anomaly"]) if (filters[name].length) query.set(name, [...filters[name]].sort().join(","));
      if (filters.level.length && filters.level.length < 4) query.set("level", [...filters.level].sort().join(","));
      if (filters.unit) query.set("unit", filters.unit);
      const from = filters.days ? ga.format.isoDay(nowMs - filters.days * 86400000) : filters.from;
      if (from) query.set("from", from);
      if (filters.to) query.set("to", filters.to);
      query.set("open", filters.open ? "1" : "0");
      return query.toString().replaceAll("%2C", ",");
    },
  };

  window.addEventListener("popstate", (event) => {
    if (!document.getElementById("wall") || window.location.pathname !== "/") return;
    event.stopImmediatePropagation();
    const before = ga.address.state;
    state = parse(window.location.search);
    if (state.language !== before.language || state.kiosk !== before.kiosk) window.location.reload();
    else tell(before);
  });
})(window.gridaudit);

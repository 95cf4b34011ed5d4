// The latest state of everything that moves: one object a person or ticket, the newest events, the figures. Bounded.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";

  const EVENTS_KEPT = 60;
  const listeners = new Map();

  const store = {
    inspectors: new Map(),
    tickets: new Map(),
    events: [],
    figures: null,
    layers: {},
    settings: { silent_seconds: 180, offline_seconds: 900 },
    heardAt: { positions: null, tickets: null, figures: null },
    ready: false,
  };

  function emit(topic, detail) {
    for (const listener of listeners.get(topic) || []) listener(detail);
  }

  const inspectorOf = (row) => ({
    number: row[0], name: row[1], unit: row[2], lon: row[3], lat: row[4], heading: row[5], speed: row[6],
    activity: row[7], fixedAt: row[8], onShift: Boolean(row[9]), ticket: row[10], battery: row[11],
  });
  const ticketOf = (row) => ({
    number: row[0], lon: row[1], lat: row[2], anomaly: row[3], level: row[4], status: row[5], dueAt: row[6],
    handler: row[7], county: row[8], district: row[9], openedAt: row[10],
  });

  function takeInspectors(rows) {
    const changed = [];
    for (const row of rows || []) {
      const next = inspectorOf(row);
      const before = store.inspectors.get(next.number);
      if (before && before.fixedAt > next.fixedAt) continue; // a late fix never moves a marker back
      store.inspectors.set(next.number, next);
      changed.push(next);
      if (!store.heardAt.positions || next.fixedAt > store.heardAt.positions) store.heardAt.positions = next.fixedAt;
    }
    return changed;
  }

  function takeRest(message, now) {
    if (message.figures) {
      store.figures = message.figures;
      store.heardAt.figures = message.figures.as_of_ms || now;
      emit("figures", store.figures);
    }
    if (message.layers) {
      store.layers = { ...store.layers, ...message.layers };
      emit("layers", store.layers);
    }
  }

  ga.store = Object.assign(store, {
    /** `listener(detail)` on "snapshot", "inspectors", "tickets", "events", "figures", "layers". */
    on(topic, listener) {
      if (!listeners.has(topic)) listeners.set(topic, new Set());
      listeners.get(topic).add(listener);
      return () => listeners.get(topic).delete(listener);
    },

    snapshot(message) {
      if (message.settings) store.settings = { ...store.settings, ...message.settings };
      store.inspectors = new Map();
      store.tickets = new Map();
      takeInspectors(message.inspectors);
      for (const row of message.tickets || []) store.tickets.set(row[0], ticketOf(row));
      store.events = (message.events || []).slice(0, EVENTS_KEPT);
      store.ready = true;
      takeRest(message, message.at);
      emit("snapshot", store);
    },

    delta(message) {
      const moved = takeInspectors(message.inspectors);
      const tickets = (message.tickets || []).map(ticketOf);
      for (const ticket of tickets) store.tickets.set(ticket.number, ticket);
      for (const number of message.gone || []) store.tickets.delete(number);
      const events = message.events || [];
      if (events.length) {
        store.events = [...events].sort((a, b) => b.at - a.at).concat(store.events).slice(0, EVENTS_KEPT);
        emit("events", events);
      }
      if (moved.length) emit("inspectors", moved);
      if (tickets.length || (message.gone || []).length) emit("tickets", tickets);
      takeRest(message, message.at);
    },

    /** "way", "site", "idle", or by time-out "silent", "offline"; null off shift. Silent and offline need no message. */
    stateOf(inspector, now = ga.clock.now()) {
      if (!inspector.onShift) return null;
      const age = (now - inspector.fixedAt) / 1000;
      if (age > store.settings.offline_seconds) return "offline";
      if (age > store.settings.silent_seconds) return "silent";
      return inspector.activity;
    },

    /** "overdue", "soon" or "time": what the ring of a ticket says. */
    deadlineOf(ticket, now = ga.clock.now()) {
      if (ticket.dueAt === null) return "time";
      if (ticket.dueAt < now) return "overdue";
      return ticket.dueAt - now < (store.settings.due_soon_seconds || 86400) * 1000 ? "soon" : "time";
    },
  });
  ga.inspectorStates = ["way", "site", "idle", "silent", "offline"];
  ga.deadlines = ["time", "soon", "overdue"];
})(window.gridaudit);

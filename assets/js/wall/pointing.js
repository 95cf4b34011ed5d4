// Pointing at the map: what is under the pointer, its name, and what a click does.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";
  const NAMES = 8;

  const lineOf = (...parts) => ga.el("div", "tip__line", null, parts.filter(Boolean).join(" · "));
  const headOf = (text) => ga.el("div", "tip__head", null, text);

  function deadlineWords(ticket) {
    if (ticket.dueAt === null) return "";
    const seconds = (ticket.dueAt - ga.clock.now()) / 1000;
    return ga.text(seconds < 0 ? "wall.overdue_by" : "wall.due_in", { age: ga.format.age(Math.abs(seconds)) });
  }

  const describe = {
    inspector: ({ inspector, state }) => [
      headOf(inspector.name),
      lineOf(ga.text(`map.state_${state}`), inspector.speed && state === "way" ? ga.text("common.speed", { n: ga.format.integer(inspector.speed) }) : ""),
      lineOf(ga.text("wall.fix_age", { age: ga.format.age((ga.clock.now() - inspector.fixedAt) / 1000) }), inspector.ticket),
    ],
    inspectors: ({ group, states }) => [
      headOf(ga.text("wall.people", { n: group.length })),
      ...group.slice(0, NAMES).map((person, i) => lineOf(person.name, ga.text(`map.state_${states[i]}`))),
      group.length > NAMES ? lineOf(ga.text("wall.and_more", { n: group.length - NAMES })) : null,
    ],
    ticket: ({ ticket }) => [
      headOf(`${ticket.number} · ${ga.roman(ticket.level)}`),
      lineOf(ga.anomalyName(ticket.anomaly), ga.text(`status.ticket_${ticket.status}`)),
      lineOf(deadlineWords(ticket)),
    ],
    tickets: ({ group, deadlines }) => [
      headOf(ga.text("wall.tickets", { n: group.length })),
      ...ga.deadlines.map((d) => {
        const n = deadlines.filter((other) => other === d).length;
        return n ? lineOf(`${n} ${ga.text(`map.deadline_${d}`)}`) : null;
      }),
    ],
    hexagon: ({ count, score }) => [headOf(ga.text("map.risk_points", { n: ga.format.integer(count) })), lineOf(ga.text("map.mean_score", { n: ga.format.one(score) }))],
    stop: ({ stop, number }) => [
      headOf(ga.text("map.stop", { n: number })),
      lineOf(`${ga.format.minute(stop.arrived_ms)} – ${ga.format.minute(stop.left_ms)}`, ga.format.age(stop.dwell_s)),
      stop.near ? lineOf(stop.near) : null,
    ],
    district: ({ properties }) => [headOf(properties.name || properties.code), lineOf(properties.code, properties.capacity_kva ? `${ga.format.integer(properties.capacity_kva)} kVA` : "")],
    replayed: ({ title }) => [headOf(title)],
  };

  ga.makePointing = function (map, view, layers, replay, panels) {
    const tip = ga.byId("map-tip");
    const order = () => (replay.open ? [replay, layers.track] : [layers.inspectors, layers.tickets, layers.track, layers.grid, layers.hexagons]);

    function hit(point) {
      for (const layer of order()) {
        if (layer !== replay && !map.hasLayer(layer)) continue;
        const found = layer.hit(point);
        if (found) return found;
      }
      return null;
    }

    function showTip(found, point) {
      tip.replaceChildren(...describe[found.kind](found).filter(Boolean));
      tip.hidden = false;
      const frame = map.getSize();
      const box = tip.getBoundingClientRect();
      const x = point.x + 16 + box.width > frame.x ? point.x - box.width - 12 : point.x + 16;
      const y = Math.min(point.y + 12, frame.y - box.height - 8);
      tip.style.transform = `translate(${Math.round(x)}px,${Math.round(y)}px)`;
    }

    let waiting = null;
    map.on("mousemove", (event) => {
      if (waiting) return;
      waiting = requestAnimationFrame(() => {
        waiting = null;
        const found = hit(event.containerPoint);
        map.getContainer().classList.toggle("is-over", Boolean(found));
        if (found) showTip(found, event.containerPoint);
        else tip.hidden = true;
      });
    });
    map.on("mouseout movestart zoomstart", () => (tip.hidden = true));

    map.on("click", (event) => {
      tip.hidden = true;
      const found = hit(event.containerPoint);
      if (!found) {
        if (ga.address.state.selected) ga.address.update({ selected: null }, true);
      } else if (found.kind === "inspectors" || found.kind === "tickets") {
        const area = L.latLngBounds(found.group.map((thing) => [thing.lat, thing.lon]));
        if (map.getZoom() >= 16 || area.getNorthEast().distanceTo(area.getSouthWest()) < 30) {
          const first = found.group[0];
          ga.address.update({ selected: { kind: found.kind === "tickets" ? "ticket" : "inspector", key: first.number } }, true);
        } else view.fit(area.pad(0.3), { maxZoom: 16 });
      } else if (found.kind === "hexagon") {
        panels.remember("behind", map.getContainer());
        ga.address.update({ behind: { kind: "hexagon", key: found.key } }, true);
      } else if (found.kind === "inspector" || found.kind === "ticket") {
        ga.address.update({ selected: { kind: found.kind, key: found.key } }, true);
      }
    });
    return { hit };
  };
})(window.gridaudit);

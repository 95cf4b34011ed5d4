// The past on the map: where people were at one moment and what tickets were at it, drawn for any time of the clock.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";
  const GAP_MS = 600000; // longer without a fix: nobody knows where the person was
  const TAIL_MS = 1200000;

  /** Index of the last entry at or before `ms` in [[ms, …]…], or -1. */
  ga.indexAt = function (points, ms) {
    let low = 0;
    let high = points.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (points[middle][0] <= ms) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  };

  /** Place at `ms`: {x, y, angle, known}; known is false inside a gap; null before the first or after the last fix. */
  ga.placeAt = function (points, ms) {
    const i = ga.indexAt(points, ms);
    if (i < 0) return null;
    const [t0, x0, y0] = points[i];
    if (i === points.length - 1) return ms - t0 > GAP_MS ? null : { x: x0, y: y0, angle: null, known: true, moving: false };
    const [t1, x1, y1] = points[i + 1];
    if (t1 - t0 > GAP_MS) return { x: x0, y: y0, angle: null, known: ms - t0 < 60000, moving: false };
    const f = (ms - t0) / (t1 - t0);
    const moving = Math.hypot(x1 - x0, y1 - y0) > 1.5e-6;
    return { x: x0 + (x1 - x0) * f, y: y0 + (y1 - y0) * f, angle: (Math.atan2(x1 - x0, y0 - y1) * 180) / Math.PI, known: true, moving };
  };

  if (!window.L) return;

  ga.ReplayLayer = ga.CanvasLayer.extend({
    options: { pane: "replay" },

    /** `team`: {inspectors: [{number, name, points}], tickets: [{number, lon, lat, level, steps}]} as the door tells it. */
    setData(team) {
      this._people = team.inspectors.map((person) => ({
        number: person.number,
        name: person.name,
        points: person.points.map(([ms, lon, lat]) => [ms, ...ga.world(lat, lon)]),
      }));
      this._tickets = (team.tickets || []).filter((t) => t.lon !== null).map((ticket) => {
        const [x, y] = ga.world(ticket.lat, ticket.lon);
        return { ...ticket, x, y };
      });
      this.redraw();
    },

    at(ms) {
      this._at = ms;
      this.redraw();
    },

    draw(context) {
      if (!this._people || !this._at) return false;
      const unit = ga.unit();
      const radius = unit * 0.78;
      const ms = this._at;
      this._hits = [];
      for (const ticket of this._tickets) {
        const i = ga.indexAt(ticket.steps, ms);
        if (i < 0) continue;
        const status = ticket.steps[i][1];
        const [x, y] = this.screen(ticket.x, ticket.y);
        if (!this.inView(x, y)) continue;
        const closed = status >= 90;
        const age = ms - ticket.steps[i][0];
        if (closed && age > TAIL_MS) continue;
        context.globalAlpha = closed ? 1 - age / TAIL_MS : 0.9;
        if (age < 90000) {
          context.beginPath();
          context.arc(x, y, unit * 1.8, 0, Math.PI * 2);
          context.strokeStyle = ga.token("--accent");
          context.lineWidth = unit * 0.2;
          context.stroke();
        }
        ga.drawTicket(context, x, y, unit * 0.72, ticket.level, "unknown");
        this._hits.push({ x, y, r: unit, title: `${ticket.number} · ${ga.text(`status.ticket_${status}`)}` });
      }
      context.globalAlpha = 1;
      context.lineCap = "round";
      context.lineWidth = unit * 0.2;
      const placed = [];
      for (const person of this._people) {
        const here = ga.placeAt(person.points, ms);
        if (!here) continue;
        const [x, y] = this.screen(here.x, here.y);
        this._tail(context, person.points, ms, x, y, here.known);
        if (!this.inView(x, y)) continue;
        const state = !here.known ? "offline" : here.moving ? "way" : "site";
        const stamp = ga.stamp(state, radius, this._ratio);
        const turned = state === "way" ? (here.angle * Math.PI) / 180 : 0;
        const r = this._ratio;
        context.setTransform(r * Math.cos(turned), r * Math.sin(turned), -r * Math.sin(turned), r * Math.cos(turned), x * r, y * r);
        context.drawImage(stamp, -stamp.half, -stamp.half, stamp.half * 2, stamp.half * 2);
        context.setTransform(r, 0, 0, r, 0, 0);
        this._hits.push({ x, y, r: radius, title: person.name });
        if (this._zoom < 10 && this._people.length > 12) continue;
        context.font = ga.font(Math.round(unit * 1.3), 500);
        context.textAlign = "center";
        context.textBaseline = "top";
        const w = context.measureText(person.name).width / 2;
        const box = [x - w, y + radius * 1.4, x + w, y + radius * 1.4 + unit * 1.5];
        if (placed.some((o) => box[0] < o[2] && box[2] > o[0] && box[1] < o[3] && box[3] > o[1])) continue;
        placed.push(box);
        ga.haloText(context, person.name, x, box[1], ga.token("--ink"), ga.token("--ground"), 4);
      }
      return true;
    },

    _tail(context, points, ms, x, y, known) {
      let i = ga.indexAt(points, ms);
      context.strokeStyle = ga.token("--state-way");
      let [fromX, fromY] = [x, y];
      let after = ms;
      for (; i >= 0 && ms - points[i][0] < TAIL_MS; i--) {
        const [px, py] = this.screen(points[i][1], points[i][2]);
        if (known && after - points[i][0] < GAP_MS) {
          context.globalAlpha = 0.7 * (1 - (ms - points[i][0]) / TAIL_MS);
          context.beginPath();
          context.moveTo(fromX, fromY);
          context.lineTo(px, py);
          context.stroke();
        }
        known = true;
        after = points[i][0];
        fromX = px;
        fromY = py;
      }
      context.globalAlpha = 1;
    },

    hit(point) {
      const [px, py] = this.toCanvas(point);
      const hit = (this._hits || []).find((h) => Math.hypot(h.x - px, h.y - py) <= h.r + 3);
      return hit ? { kind: "replayed", key: hit.title, title: hit.title } : null;
    },
  });
})(window.gridaudit);

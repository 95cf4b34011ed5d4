// Tickets in work: rounded squares with the level inside and the deadline as ring; clusters show the mix of deadlines.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";
  if (!window.L) return;
  const NO_CLUSTERS_FROM_ZOOM = 16;

  ga.TicketLayer = ga.CanvasLayer.extend({
    options: { pane: "tickets" },

    onReady() {
      this._minute = setInterval(() => this.regroup(), 20000);
    },

    onGone() {
      clearInterval(this._minute);
      clearTimeout(this._soon);
    },

    /** Shows `tickets` (iterable of store tickets). Many changes in a row are drawn once. */
    setAll(tickets) {
      this._points = [...tickets]
        .filter((ticket) => ticket.lon !== null && ticket.lat !== null)
        .map((ticket) => {
          const [x, y] = ga.world(ticket.lat, ticket.lon);
          return { x, y, ticket };
        })
        .sort((a, b) => (a.ticket.number < b.ticket.number ? -1 : 1));
      if (this._soon) return;
      this._soon = setTimeout(() => {
        this._soon = null;
        this.regroup();
      }, 120);
    },

    setFilter(keep) {
      this._keep = keep;
      this.regroup();
    },

    select(number) {
      this._selected = number;
      this.regroup();
    },

    regroup() {
      this._groupZoom = null;
      this.redraw();
    },

    _group() {
      const now = ga.clock.now();
      const shown = [];
      const single = [];
      for (const point of this._points || []) {
        if (this._keep && !this._keep(point.ticket)) continue;
        point.deadline = ga.store.deadlineOf(point.ticket, now);
        if (point.ticket.number === this._selected) single.push([point]);
        else shown.push(point);
      }
      const groups = this._zoom >= NO_CLUSTERS_FROM_ZOOM ? shown.map((p) => [p]) : ga.clusterPoints(shown, this._scale, ga.unit() * 3.4);
      this._groups = groups.sort((a, b) => a.length - b.length).concat(single);
      this._groupZoom = this._zoom;
    },

    draw(context) {
      if (!this._points) return;
      if (this._groupZoom !== this._zoom) this._group();
      const unit = ga.unit();
      const half = unit * 0.92;
      const style = { ground: ga.token("--ground"), ink: ga.token("--ink") };
      const colours = ga.deadlines.map(ga.deadlineColour);
      this._hits = [];
      for (const group of this._groups) {
        const x = group.reduce((sum, p) => sum + p.x, 0) / group.length;
        const y = group.reduce((sum, p) => sum + p.y, 0) / group.length;
        const [sx, sy] = this.screen(x, y);
        if (!this.inView(sx, sy, 40)) continue;
        const selected = group[0].ticket.number === this._selected;
        context.globalAlpha = this._selected && !selected ? 0.4 : 1;
        if (group.length === 1) {
          if (selected) {
            context.beginPath();
            context.roundRect(sx - half * 1.55, sy - half * 1.55, half * 3.1, half * 3.1, half * 0.7);
            context.strokeStyle = ga.token("--accent");
            context.lineWidth = Math.max(2, unit * 0.25);
            context.stroke();
          }
          ga.drawTicket(context, sx, sy, half, group[0].ticket.level, group[0].deadline);
          this._hits.push({ x: sx, y: sy, r: half * 1.2, group });
        } else {
          const size = ga.clusterRadius(group.length, unit) * 0.92;
          const counts = ga.deadlines.map((d, i) => [colours[i], group.reduce((n, p) => n + (p.deadline === d ? 1 : 0), 0)]);
          const picture = ga.stamped(`tickets ${counts} ${Math.round(size * 4)} ${this._ratio}`, size, this._ratio, (c) =>
            ga.drawSquareDonut(c, 0, 0, size, counts, group.length, String(group.length), style),
          );
          context.drawImage(picture, sx - picture.half, sy - picture.half, picture.half * 2, picture.half * 2);
          this._hits.push({ x: sx, y: sy, r: size, group });
        }
      }
      context.globalAlpha = 1;
      this.fire("drawn");
    },

    /** Boxes of all signs, for whoever must not write over them. */
    boxes() {
      return (this._hits || []).map(({ x, y, r }) => [x - r, y - r, x + r, y + r]);
    },

    /** Moves a sign of `radius` off the ticket that it would cover, the shortest way: both stay readable. */
    aside(x, y, radius) {
      for (let round = 0; round < 2; round++) {
        const hit = (this._hits || []).find((h) => Math.abs(x - h.x) < h.r + radius * 0.7 && Math.abs(y - h.y) < h.r + radius * 0.7);
        if (!hit) break;
        const far = Math.hypot(x - hit.x, y - hit.y);
        // On the very spot: to the upper right.
        const [ux, uy] = far < 1 ? [0.7071, -0.7071] : [(x - hit.x) / far, (y - hit.y) / far];
        const out = (hit.r + radius * 0.75) / Math.max(Math.abs(ux), Math.abs(uy));
        x = hit.x + ux * out;
        y = hit.y + uy * out;
      }
      return [x, y];
    },

    hit(point) {
      const [px, py] = this.toCanvas(point);
      const hits = this._hits || [];
      for (let i = hits.length - 1; i >= 0; i--) {
        const hit = hits[i];
        if (Math.abs(hit.x - px) > hit.r + 3 || Math.abs(hit.y - py) > hit.r + 3) continue;
        const tickets = hit.group.map((p) => p.ticket);
        return tickets.length === 1
          ? { kind: "ticket", key: tickets[0].number, title: tickets[0].number, ticket: tickets[0], deadline: hit.group[0].deadline }
          : { kind: "tickets", group: tickets, deadlines: hit.group.map((p) => p.deadline) };
      }
      return null;
    },
  });
})(window.gridaudit);

// Risk by hexagon: h3 cells of a size that fits the zoom, colour by count, the number inside where there is room.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";
  if (!window.L) return;
  const RAMP = ["#2A1A4E", "#57106E", "#8A226A", "#BC3754", "#E45A31", "#F98E09", "#F9C932"];

  ga.HexagonLayer = ga.CanvasLayer.extend({
    options: { pane: "hexagons" },

    onReady(map) {
      this._ask = () => this.load();
      map.on("moveend", this._ask);
      if (this._wanted) this.load();
    },

    onGone() {
      if (this._asked) this._asked.abort();
      clearTimeout(this._again);
      this._map && this._map.off("moveend", this._ask);
    },

    show(query, version) {
      this._wanted = { query, version };
      if (this._map) this.load();
    },

    async load() {
      if (!this._map || !this._wanted) return;
      clearTimeout(this._again);
      if (this._asked) this._asked.abort();
      const asked = (this._asked = new AbortController());
      const bounds = this._map.getBounds().pad(0.1);
      const bbox = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()].map((n) => n.toFixed(3)).join(",");
      const { query, version } = this._wanted;
      try {
        const answer = await ga.request(`/api/v1/risk/hexagons?bbox=${bbox}&zoom=${Math.round(this._map.getZoom())}&${query}&v=${version}`, { signal: asked.signal });
        if (asked.signal.aborted) return;
        this._take(answer);
        this.fire("shown", { version });
      } catch {
        if (asked.signal.aborted) return;
        this._again = setTimeout(() => this.load(), 8000);
        this.fire("failed");
      }
    },

    _take(answer) {
      this._cells = answer.cells.map(([cell, count, score, ring]) => {
        const corners = ring.map(([lon, lat]) => ga.world(lat, lon));
        const x = corners.reduce((sum, c) => sum + c[0], 0) / corners.length;
        const y = corners.reduce((sum, c) => sum + c[1], 0) / corners.length;
        return { cell, count, score, corners, x, y };
      });
      const counts = this._cells.map((c) => c.count).sort((a, b) => a - b);
      this._max = counts.length ? counts[Math.floor((counts.length - 1) * 0.98)] : 1;
      this.redraw();
      this.fire("legend", { stops: this.stops(), capped: answer.capped });
    },

    /** [[lowest count, colour]…], logarithmic. */
    stops() {
      const steps = [];
      for (let i = 0; i < RAMP.length; i++) {
        const from = Math.max(1, Math.round(Math.pow(Math.max(this._max, 2), i / RAMP.length)));
        if (!steps.length || from > steps[steps.length - 1][0]) steps.push([from, RAMP[i]]);
      }
      return steps;
    },

    select(cell) {
      this._selected = cell;
      this.redraw();
    },

    draw(context) {
      if (!this._cells) return false;
      const unit = ga.unit();
      const stops = this.stops();
      context.textAlign = "center";
      context.textBaseline = "middle";
      for (const cell of this._cells) {
        const points = cell.corners.map(([x, y]) => this.screen(x, y));
        if (!points.some(([x, y]) => this.inView(x, y))) continue;
        const stop = stops.reduce((found, s) => (cell.count >= s[0] ? s : found), stops[0]);
        context.beginPath();
        points.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
        context.closePath();
        context.globalAlpha = 0.66;
        context.fillStyle = stop[1];
        context.fill();
        context.globalAlpha = 0.9;
        const selected = cell.cell === this._selected;
        context.strokeStyle = ga.token(selected ? "--accent" : "--ground");
        context.lineWidth = selected ? unit * 0.3 : 1;
        context.stroke();
        context.globalAlpha = 1;
        const across = Math.abs(points[0][0] - points[3][0]) + Math.abs(points[0][1] - points[3][1]);
        if (across > unit * 4.5) {
          const [x, y] = this.screen(cell.x, cell.y);
          context.font = ga.font(Math.round(Math.min(unit * 1.7, across * 0.26)), 600);
          ga.haloText(context, ga.format.integer(cell.count), x, y, ga.token("--ink"), ga.token("--ground"), unit * 0.3);
        }
      }
      return true;
    },

    hit(point) {
      if (!this._cells) return null;
      const [wx, wy] = this.worldAt(point);
      for (const cell of this._cells) {
        if (inside(cell.corners, wx, wy)) return { kind: "hexagon", key: cell.cell, count: cell.count, score: cell.score };
      }
      return null;
    },
  });

  function inside(ring, x, y) {
    let result = false;
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [xi, yi] = ring[i];
      const [xj, yj] = ring[j];
      if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) result = !result;
    }
    return result;
  }
})(window.gridaudit);

// Today's trails: two pixels, fading with age. Bounded in time and in points a person.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";
  if (!window.L) return;
  const MINUTES = 60;
  const POINTS = 180;
  const STEPS = 5; // of fading
  const GAP_MS = 600000; // a longer silence is not bridged by a line
  const REDRAW_MS = 2500;

  ga.TrailLayer = ga.CanvasLayer.extend({
    options: { pane: "trails" },

    onReady() {
      this._trails = this._trails || new Map();
      this._timer = setInterval(() => this._stale && !document.hidden && this.redraw(), REDRAW_MS);
      this._sweep = setInterval(() => this._forgetOld(), 60000);
    },

    onGone() {
      clearInterval(this._timer);
      clearInterval(this._sweep);
    },

    /** Starts from the server's trails: [[number, [[ms, lon, lat]…]]…]. */
    setAll(trails) {
      this._trails = new Map();
      for (const [number, points] of trails) {
        this._trails.set(number, points.slice(-POINTS).map(([ms, lon, lat]) => [ms, ...ga.world(lat, lon)]));
      }
      this.redraw();
    },

    /** Takes the newest fixes of some people. */
    add(inspectors) {
      if (!this._trails) this._trails = new Map();
      for (const inspector of inspectors) {
        let trail = this._trails.get(inspector.number);
        if (!trail) this._trails.set(inspector.number, (trail = []));
        const last = trail[trail.length - 1];
        if (last && last[0] >= inspector.fixedAt) continue;
        const [x, y] = ga.world(inspector.lat, inspector.lon);
        if (last && Math.hypot(x - last[1], y - last[2]) < 2e-6) continue;
        trail.push([inspector.fixedAt, x, y]);
        if (trail.length > POINTS) trail.splice(0, trail.length - POINTS);
      }
      this._stale = true;
    },

    setFilter(keep) {
      this._keep = keep;
      this.redraw();
    },

    select(number) {
      this._selected = number;
      this.redraw();
    },

    _forgetOld() {
      const since = ga.clock.now() - MINUTES * 60000;
      for (const [number, trail] of this._trails) {
        const from = trail.findIndex((point) => point[0] >= since);
        if (from < 0) this._trails.delete(number);
        else if (from > 0) trail.splice(0, from);
      }
      this._stale = true;
    },

    draw(context) {
      this._stale = false;
      if (!this._trails || !this._trails.size) return false;
      const now = ga.clock.now();
      const span = MINUTES * 60000;
      const paths = Array.from({ length: STEPS }, () => new Path2D());
      const chosen = new Path2D();
      const least = 1.5 / this._scale; // world distance of a pixel and a half: finer detail is not seen
      for (const [number, trail] of this._trails) {
        const inspector = ga.store.inspectors.get(number);
        if (!inspector || !inspector.onShift || (this._keep && !this._keep(inspector))) continue;
        let before = null;
        for (let i = 0; i < trail.length; i++) {
          const point = trail[i];
          const age = now - point[0];
          if (age > span) continue;
          if (before && i < trail.length - 1 && Math.abs(point[1] - before[1]) + Math.abs(point[2] - before[2]) < least) continue;
          if (before && point[0] - before[0] < GAP_MS) {
            const [x0, y0] = this.screen(before[1], before[2]);
            const [x1, y1] = this.screen(point[1], point[2]);
            if (this.inView(x0, y0) || this.inView(x1, y1)) {
              const path = number === this._selected ? chosen : paths[Math.min(STEPS - 1, Math.max(0, Math.floor((1 - age / span) * STEPS)))];
              path.moveTo(x0, y0);
              path.lineTo(x1, y1);
            }
          }
          before = point;
        }
      }
      context.lineCap = "round";
      context.strokeStyle = ga.token("--state-way");
      context.lineWidth = Math.max(1.5, ga.unit() * 0.19);
      paths.forEach((path, i) => {
        context.globalAlpha = (this._selected ? 0.3 : 0.75) * ((i + 1) / STEPS) ** 1.4;
        context.stroke(path);
      });
      context.globalAlpha = 1;
      context.strokeStyle = ga.token("--accent");
      context.stroke(chosen);
      return true;
    },
  });
})(window.gridaudit);

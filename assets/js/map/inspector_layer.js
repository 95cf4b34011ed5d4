// Where everyone is: a sign that glides from fix to fix, clusters where it is crowded, names where there is room.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";
  if (!window.L) return;
  const FRAME_MS = 33;
  const GLIDE_MIN = 700;
  const GLIDE_MAX = 2500;
  const NAMES_FROM_ZOOM = 11;
  const NO_CLUSTERS_FROM_ZOOM = 15;
  const NAME_PICTURES = 600;
  const ASIDE_BELOW_ZOOM = 14;

  const ease = (t) => 1 - (1 - t) * (1 - t);

  ga.InspectorLayer = ga.CanvasLayer.extend({
    options: { pane: "inspectors" },

    onReady() {
      this._movers = this._movers || new Map();
      this._names = new Map();
      this._groups = [];
      this._regroupAt = 0;
      this._selected = this._selected || null;
      this._tick = (now) => {
        this._ticking = requestAnimationFrame(this._tick);
        if (document.hidden || this._zooming || now - (this._drawnAt || 0) < this._pace) return;
        if (this._busyUntil < now && !this._dirty) return;
        this._dirty = false;
        this._drawnAt = now;
        const begun = performance.now();
        this._paint(now);
        // A slow machine gets fewer frames rather than late ones: drawing takes at most two fifths of its time.
        this._pace = Math.max(FRAME_MS, (performance.now() - begun) * 2.5);
      };
      this._pace = FRAME_MS;
      this._busyUntil = 0;
      this._ticking = requestAnimationFrame(this._tick);
      // Silence grows without a message: look again every few seconds.
      this._states = setInterval(() => this._mark(true), 5000);
    },

    onGone() {
      cancelAnimationFrame(this._ticking);
      clearInterval(this._states);
    },

    /** Replaces everyone (a snapshot). */
    setAll(inspectors) {
      const keep = new Set();
      for (const inspector of inspectors) {
        keep.add(inspector.number);
        this._take(inspector);
      }
      for (const number of [...this._movers.keys()]) if (!keep.has(number)) this._movers.delete(number);
      this._order();
      this._mark(true);
    },

    /** Takes changed people (a delta). */
    update(inspectors) {
      let added = false;
      for (const inspector of inspectors) added = this._take(inspector) || added;
      if (added) this._order();
      this._mark(false);
    },

    select(number) {
      this._selected = number;
      this._mark(true);
    },

    /** Dims everything but the selection, or a person by filter: `keep(inspector)`. */
    setFilter(keep) {
      this._keep = keep;
      this._mark(true);
    },

    position(number) {
      const mover = this._movers.get(number);
      return mover ? [mover.inspector.lat, mover.inspector.lon] : null;
    },

    _take(inspector) {
      const [x, y] = ga.world(inspector.lat, inspector.lon);
      const now = performance.now();
      const mover = this._movers.get(inspector.number);
      if (!mover) {
        this._movers.set(inspector.number, {
          inspector, x, y, fromX: x, fromY: y, toX: x, toY: y, start: now, span: 1, heardAt: now, angle: inspector.heading || 0,
        });
        return true;
      }
      if (mover.toX !== x || mover.toY !== y) {
        const far = Math.hypot(x - mover.x, y - mover.y) * (this._scale || 1) > 600;
        mover.fromX = far || ga.reducedMotion() ? x : mover.x;
        mover.fromY = far || ga.reducedMotion() ? y : mover.y;
        mover.toX = x;
        mover.toY = y;
        mover.start = now;
        mover.span = Math.min(GLIDE_MAX, Math.max(GLIDE_MIN, (now - mover.heardAt) * 1.05));
        this._busyUntil = Math.max(this._busyUntil || 0, now + mover.span);
      }
      mover.heardAt = now;
      mover.inspector = inspector;
      if (inspector.heading !== null && inspector.heading !== undefined) mover.angle = inspector.heading;
      return false;
    },

    _order() {
      this._sorted = [...this._movers.values()].sort((a, b) => (a.inspector.number < b.inspector.number ? -1 : 1));
    },

    _mark(regroup) {
      this._dirty = true;
      if (regroup) this._regroupAt = 0;
    },

    _regroup(now) {
      const serverNow = ga.clock.now();
      const shown = [];
      this._single = [];
      for (const mover of this._sorted || []) {
        mover.state = ga.store.stateOf(mover.inspector, serverNow);
        if (!mover.state || (this._keep && !this._keep(mover.inspector))) continue;
        if (mover.inspector.number === this._selected) this._single.push([mover]);
        else shown.push(mover);
      }
      const unit = ga.unit();
      const reach = 2.5 + Math.min(2.5, shown.length / 400); // the more people, the fewer and larger groups
      const groups = this._zoom >= NO_CLUSTERS_FROM_ZOOM ? shown.map((m) => [m]) : ga.clusterPoints(shown, this._scale, unit * reach);
      this._groups = groups.concat(this._single);
      this._regroupAt = now + 1000;
      this._groupZoom = this._zoom;
    },

    draw(context, now) {
      if (!this._sorted) return;
      if (now >= this._regroupAt || this._groupZoom !== this._zoom) this._regroup(now);
      const unit = ga.unit();
      const radius = unit * 0.78;
      const style = { ground: ga.token("--ground"), ink: ga.token("--ink") };
      const colours = ga.inspectorStates.map((state) => ga.token(`--state-${state}`));
      this._hits = [];
      const alone = [];
      for (const group of this._groups) {
        let sx = 0;
        let sy = 0;
        for (const mover of group) {
          const t = Math.min(1, (now - mover.start) / mover.span);
          const e = t >= 1 ? 1 : ease(t);
          mover.x = mover.fromX + (mover.toX - mover.fromX) * e;
          mover.y = mover.fromY + (mover.toY - mover.fromY) * e;
          sx += mover.x;
          sy += mover.y;
        }
        let [x, y] = this.screen(sx / group.length, sy / group.length);
        if (!this.inView(x, y, 40)) continue;
        if (!group.aside && this._zoom < ASIDE_BELOW_ZOOM && this.options.aside) {
          const [ax, ay] = this.options.aside(x, y, radius);
          group.aside = [ax - x, ay - y];
        }
        if (group.aside) {
          x += group.aside[0];
          y += group.aside[1];
        }
        if (group.length === 1) {
          alone.push([group[0], x, y]);
          continue;
        }
        const counts = ga.inspectorStates.map((state) => group.reduce((n, m) => n + (m.state === state ? 1 : 0), 0));
        const r = ga.clusterRadius(group.length, unit);
        context.globalAlpha = this._selected ? 0.45 : 1;
        const picture = ga.stamped(`people ${counts} ${Math.round(r * 4)} ${this._ratio}`, r, this._ratio, (c) =>
          ga.drawDonut(c, 0, 0, r, counts.map((n, i) => [colours[i], n]), group.length, String(group.length), style),
        );
        context.drawImage(picture, x - picture.half, y - picture.half, picture.half * 2, picture.half * 2);
        this._hits.push({ x, y, r, group });
      }
      const names = ga.viewZoom(this._zoom) >= NAMES_FROM_ZOOM ? [] : null;
      for (const [mover, x, y] of alone) {
        const selected = mover.inspector.number === this._selected;
        context.globalAlpha = this._selected && !selected ? 0.45 : 1;
        if (selected) {
          context.beginPath();
          context.arc(x, y, radius * 2, 0, Math.PI * 2);
          context.strokeStyle = ga.token("--accent");
          context.lineWidth = Math.max(2, unit * 0.25);
          context.stroke();
        }
        this._stamp(context, mover, x, y, radius);
        this._hits.push({ x, y, r: radius * 1.3, group: [mover] });
        if (names || selected) this._name(context, mover, x, y + radius * 1.5, unit, names || []);
      }
      context.globalAlpha = 1;
      if (now < this._busyUntil) this._dirty = true;
    },

    _stamp(context, mover, x, y, radius) {
      const stamp = ga.stamp(mover.state, radius, this._ratio);
      const turned = mover.state === "way" ? (mover.angle * Math.PI) / 180 : 0;
      const ratio = this._ratio;
      context.setTransform(ratio * Math.cos(turned), ratio * Math.sin(turned), -ratio * Math.sin(turned), ratio * Math.cos(turned), x * ratio, y * ratio);
      context.drawImage(stamp, -stamp.half, -stamp.half, stamp.half * 2, stamp.half * 2);
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
    },

    _name(context, mover, x, y, unit, placed) {
      const size = Math.round(unit * 1.35);
      const picture = this._picture(mover.inspector.name, size);
      const box = [x - picture.w / 2, y, x + picture.w / 2, y + picture.h];
      if (placed.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1])) return;
      placed.push(box);
      context.drawImage(picture, box[0], box[1], picture.w, picture.h);
    },

    _picture(name, size) {
      const key = `${name} ${size}`;
      let picture = this._names.get(key);
      if (picture) return picture;
      if (this._names.size > NAME_PICTURES) this._names.clear();
      picture = document.createElement("canvas");
      let context = picture.getContext("2d");
      context.font = ga.font(size, 500);
      picture.w = Math.ceil(context.measureText(name).width) + 8;
      picture.h = Math.ceil(size * 1.5);
      picture.width = picture.w * this._ratio;
      picture.height = picture.h * this._ratio;
      context = picture.getContext("2d");
      context.setTransform(this._ratio, 0, 0, this._ratio, 0, 0);
      context.font = ga.font(size, 500);
      context.textAlign = "center";
      context.textBaseline = "middle";
      ga.haloText(context, name, picture.w / 2, picture.h / 2, ga.token("--ink"), ga.token("--ground"), 4);
      this._names.set(key, picture);
      return picture;
    },

    /** Fonts or theme changed: pictures of names are drawn anew. */
    refresh() {
      this._names.clear();
      this._mark(true);
    },

    /** What is under a container point: {kind, key, title, group} or null. */
    hit(point) {
      const [px, py] = this.toCanvas(point);
      let best = null;
      let distance = Infinity;
      for (const hit of this._hits || []) {
        const d = Math.hypot(hit.x - px, hit.y - py);
        if (d <= hit.r + 4 && d < distance) {
          best = hit;
          distance = d;
        }
      }
      if (!best) return null;
      const people = best.group.map((mover) => mover.inspector);
      return people.length === 1
        ? { kind: "inspector", key: people[0].number, title: people[0].name, state: best.group[0].state, inspector: people[0] }
        : { kind: "inspectors", group: people, states: best.group.map((mover) => mover.state) };
    },
  });
})(window.gridaudit);

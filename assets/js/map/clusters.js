// Crowded markers become one: which ones, and the donut that shows what they are made of. Pure, except for drawing.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";

  /**
   * Groups points nearer than `radius` pixels at `scale`. `points`: objects with `x`, `y` (world) in a stable order; an
   * earlier point seeds first, so markers that move a little stay in their group. Returns arrays of points.
   */
  ga.clusterPoints = function (points, scale, radius) {
    const cell = radius / scale;
    const grid = new Map();
    const key = (cx, cy) => cx * 16777216 + cy;
    for (const point of points) {
      const k = key(Math.floor(point.x / cell), Math.floor(point.y / cell));
      const there = grid.get(k);
      if (there) there.push(point);
      else grid.set(k, [point]);
    }
    const taken = new Set();
    const groups = [];
    for (const seed of points) {
      if (taken.has(seed)) continue;
      taken.add(seed);
      const group = [seed];
      const cx = Math.floor(seed.x / cell);
      const cy = Math.floor(seed.y / cell);
      for (let dx = -1; dx <= 1; dx++) {
        for (let dy = -1; dy <= 1; dy++) {
          for (const other of grid.get(key(cx + dx, cy + dy)) || []) {
            if (taken.has(other) || Math.hypot(other.x - seed.x, other.y - seed.y) > cell) continue;
            taken.add(other);
            group.push(other);
          }
        }
      }
      groups.push(group);
    }
    return groups;
  };

  /** Radius in pixels of a cluster of `count`: area grows with the logarithm. */
  ga.clusterRadius = (count, unit) => unit * (1.15 + 0.42 * Math.log10(count) * 1.6);

  const KEPT = 1200;
  const stamps = new Map();

  /** A picture of what `paint(context)` draws around (0, 0), made once for each `key`. */
  ga.stamped = function (key, half, ratio, paint) {
    let picture = stamps.get(key);
    if (!picture) {
      if (stamps.size >= KEPT) stamps.clear();
      picture = document.createElement("canvas");
      picture.half = Math.ceil(half) + 3;
      picture.width = picture.height = Math.ceil(picture.half * 2 * ratio);
      const context = picture.getContext("2d");
      context.setTransform(ratio, 0, 0, ratio, picture.half * ratio, picture.half * ratio);
      paint(context);
      stamps.set(key, picture);
    }
    return picture;
  };

  ga.forgetClusters = () => stamps.clear();

  /** A ring whose arcs show the mix. `parts`: [[colour, count]…] in the order of the legend. */
  ga.drawDonut = function (context, x, y, radius, parts, total, label, style) {
    const thickness = Math.max(3, radius * 0.26);
    context.beginPath();
    context.arc(x, y, radius + 1.5, 0, Math.PI * 2);
    context.fillStyle = style.ground;
    context.fill();
    let from = -Math.PI / 2;
    context.lineWidth = thickness;
    const visible = parts.filter((part) => part[1] > 0);
    const gap = visible.length > 1 ? 1.2 / radius : 0;
    for (const [colour, count] of visible) {
      const to = from + (count / total) * Math.PI * 2;
      context.beginPath();
      context.arc(x, y, radius - thickness / 2, from + gap / 2, Math.max(from + gap / 2 + 0.02, to - gap / 2));
      context.strokeStyle = colour;
      context.stroke();
      from = to;
    }
    context.fillStyle = style.ink;
    context.font = ga.font(Math.round(radius * (label.length > 3 ? 0.62 : 0.82)), 600);
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(label, x, y + radius * 0.04);
  };

  /** The same for tickets: a rounded square whose edge shows the mix. */
  ga.drawSquareDonut = function (context, x, y, half, parts, total, label, style) {
    const thickness = Math.max(2.5, half * 0.2);
    context.beginPath();
    context.roundRect(x - half - 1.5, y - half - 1.5, half * 2 + 3, half * 2 + 3, half * 0.42);
    context.fillStyle = style.ground;
    context.fill();
    const inner = half - thickness / 2;
    const round = half * 0.34;
    const length = 8 * inner - 8 * round + 2 * Math.PI * round;
    const path = new Path2D();
    path.roundRect(x - inner, y - inner, inner * 2, inner * 2, round);
    context.lineWidth = thickness;
    let from = 0;
    for (const [colour, count] of parts) {
      if (!count) continue;
      const part = (count / total) * length;
      context.setLineDash([part, length - part]);
      context.lineDashOffset = -from;
      context.strokeStyle = colour;
      context.stroke(path);
      from += part;
    }
    context.setLineDash([]);
    context.fillStyle = style.ink;
    context.font = ga.font(Math.round(half * (label.length > 3 ? 0.62 : 0.84)), 600);
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(label, x, y + half * 0.05);
  };
})(window.gridaudit);

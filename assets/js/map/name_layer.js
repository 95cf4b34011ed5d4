// Names of places and units in the chosen language: the important ones first, never one over another.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";
  if (!window.L) return;
  // rank: from which zoom, size in screen units, weight
  const STYLES = {
    city: { from: 0, size: 1.9, weight: 600, token: "--ink" },
    town: { from: 8.6, size: 1.45, weight: 500, token: "--map-name" },
    county: { from: 8.2, size: 1.4, weight: 400, token: "--map-name" },
    village: { from: 10, size: 1.3, weight: 400, token: "--map-name" },
  };
  const ENDINGS = /(自治县|自治旗|新区|矿区|市|区|县|旗)$/;
  const stem = (name) => (name.length > 2 ? name.replace(ENDINGS, "") : name);

  const overlap = (a, b) => a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1];

  ga.NameLayer = ga.CanvasLayer.extend({
    // `obstacles()`: boxes to keep clear of, in canvas pixels; a `shy` layer leaves a name out rather than write over one.
    options: { pane: "names", shy: false },

    /** `places`: GeoJSON of points; `borders`: GeoJSON of units, for county names where no place has the same. */
    setData(places, borders, language) {
      const named = new Set();
      const labels = [];
      for (const f of places ? places.features : []) {
        const p = f.properties;
        const [lon, lat] = f.geometry.coordinates;
        const kind = p.rank === 1 ? "city" : p.rank === 2 ? "town" : "village";
        const [x, y] = ga.world(lat, lon);
        labels.push({ x, y, kind, text: language === "zh" ? p.name_zh : p.name_en, weight: p.population || 0 });
        named.add(stem(p.name_zh));
      }
      for (const f of borders ? borders.features : []) {
        const p = f.properties;
        if (p.level !== 2 || named.has(stem(p.name_zh || ""))) continue;
        const centre = p.centre || middle(f.geometry);
        if (!centre) continue;
        const [x, y] = ga.world(centre[1], centre[0]);
        labels.push({ x, y, kind: "county", text: language === "zh" ? p.name_zh : p.name_en, weight: 0, area: true });
      }
      const order = ["city", "town", "county", "village"];
      this._labels = labels.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || b.weight - a.weight);
      this.redraw();
    },

    draw(context) {
      const unit = ga.unit();
      const zoom = ga.viewZoom(this._zoom);
      const placed = [];
      const signs = this.options.obstacles ? this.options.obstacles() : [];
      const halo = ga.token("--map-halo");
      context.textBaseline = "middle";
      for (const label of this._labels || []) {
        const style = STYLES[label.kind];
        if (zoom < style.from) continue;
        const [x, y] = this.screen(label.x, label.y);
        if (!this.inView(x, y, 60)) continue;
        const size = Math.round(unit * style.size);
        context.font = ga.font(size, style.weight);
        const width = context.measureText(label.text).width;
        // A place has its dot and its name beside it; a unit's name stands in its middle.
        const dot = label.area ? 0 : unit * 0.22;
        const sides = label.area ? [[-width / 2, 0]] : [[dot * 3, 0], [-width - dot * 3, 0], [-width / 2, -size * 0.95], [-width / 2, size * 0.95], [-width / 2, -size * 1.9], [-width / 2, size * 1.9]];
        const boxes = sides.map(([dx, dy]) => [x + dx - 4, y + dy - size * 0.62, x + dx + width + 4, y + dy + size * 0.62, dx, dy]);
        const free = boxes.filter((box) => !placed.some((other) => overlap(box, other)));
        // Beside a sign rather than under it, where one of the sides is free.
        const box = free.find((candidate) => !signs.some((sign) => overlap(candidate, sign))) || (this.options.shy ? null : free[0]);
        if (box) {
          const [, , , , dx, dy] = box;
          placed.push(box);
          if (dot) {
            placed.push([x - dot * 2, y - dot * 2, x + dot * 2, y + dot * 2]);
            context.beginPath();
            context.arc(x, y, dot, 0, Math.PI * 2);
            context.fillStyle = ga.token("--map-name");
            context.fill();
          }
          context.textAlign = "left";
          context.globalAlpha = label.kind === "city" ? 0.85 : 0.9;
          ga.haloText(context, label.text, x + dx, y + dy, ga.token(style.token), halo, unit * 0.34);
          context.globalAlpha = 1;
        }
      }
    },
  });

  function middle(geometry) {
    let best = null;
    let size = -1;
    const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.type === "MultiPolygon" ? geometry.coordinates : [];
    for (const [ring] of polygons) {
      const lons = ring.map((c) => c[0]);
      const lats = ring.map((c) => c[1]);
      const area = (Math.max(...lons) - Math.min(...lons)) * (Math.max(...lats) - Math.min(...lats));
      if (area <= size) continue;
      size = area;
      best = [(Math.max(...lons) + Math.min(...lons)) / 2, (Math.max(...lats) + Math.min(...lats)) / 2];
    }
    return best;
  }
})(window.gridaudit);

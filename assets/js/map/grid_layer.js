// The grid when near: feeders from zoom 11, transformer districts from zoom 12, from the server for the view at hand.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";
  if (!window.L) return;
  const FROM_ZOOM = 11;
  const NAMES_FROM_ZOOM = 14;

  ga.GridLayer = ga.CanvasLayer.extend({
    options: { pane: "grid" },

    onReady(map) {
      this._ask = () => this.load();
      map.on("moveend", this._ask);
      this.load();
    },

    onGone() {
      if (this._asked) this._asked.abort();
      this._map && this._map.off("moveend", this._ask);
    },

    async load() {
      const map = this._map;
      if (this._asked) this._asked.abort();
      if (!map || map.getZoom() < FROM_ZOOM) {
        if (this._parts) {
          this._parts = null;
          this.redraw();
        }
        return;
      }
      const asked = (this._asked = new AbortController());
      const bounds = map.getBounds().pad(0.15);
      const bbox = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()].map((n) => n.toFixed(4)).join(",");
      try {
        const answer = await ga.request(`/api/v1/map/grid?bbox=${bbox}&zoom=${Math.round(map.getZoom())}`, { signal: asked.signal });
        if (asked.signal.aborted) return;
        this._take(answer);
      } catch {
        // The ground without the grid is still a map; the next move asks again.
      }
    },

    _take(answer) {
      const collections = answer.type === "FeatureCollection" ? [answer] : Object.values(answer).filter((v) => v && v.features);
      this._parts = { lines: [], areas: [], points: [] };
      for (const feature of collections.flatMap((c) => c.features)) {
        const geometry = feature.geometry;
        if (!geometry) continue;
        if (geometry.type.endsWith("LineString")) {
          this._parts.lines.push(geometry.type === "LineString" ? [geometry.coordinates] : geometry.coordinates);
        } else if (geometry.type === "Point") {
          const [x, y] = ga.world(geometry.coordinates[1], geometry.coordinates[0]);
          this._parts.points.push({ x, y, properties: feature.properties });
        } else this._parts.areas.push(geometry);
      }
      this._parts.lines = this._parts.lines.map((lines) => lines.map((line) => line.map(([lon, lat]) => ga.world(lat, lon))));
      this.redraw();
    },

    draw(context) {
      if (!this._parts || this._zoom < FROM_ZOOM) return false;
      const unit = ga.unit();
      context.lineJoin = "round";
      context.strokeStyle = ga.token("--map-feeder");
      context.lineWidth = unit * (this._zoom >= 13 ? 0.18 : 0.11);
      context.globalAlpha = 0.85;
      context.beginPath();
      for (const lines of this._parts.lines) {
        for (const line of lines) {
          line.forEach(([x, y], i) => {
            const at = this.screen(x, y);
            if (i) context.lineTo(...at);
            else context.moveTo(...at);
          });
        }
      }
      context.stroke();
      context.globalAlpha = 1;
      this._drawPoints(context, unit);
      return true;
    },

    _drawPoints(context, unit) {
      const half = unit * (this._zoom >= 14 ? 0.42 : 0.26);
      const placed = [];
      this._hits = [];
      context.font = ga.font(Math.round(unit * 1.2), 400);
      context.textAlign = "center";
      context.textBaseline = "top";
      for (const point of this._parts.points) {
        const [x, y] = this.screen(point.x, point.y);
        if (!this.inView(x, y)) continue;
        const substation = point.properties.kind === "substation" || point.properties.voltage_kv;
        const size = substation ? half * 1.9 : half;
        context.fillStyle = ga.token("--ground");
        context.strokeStyle = ga.token("--map-district");
        context.lineWidth = Math.max(1, unit * 0.13);
        context.beginPath();
        context.rect(x - size, y - size, size * 2, size * 2);
        context.fill();
        context.stroke();
        this._hits.push({ x, y, r: size, properties: point.properties });
        if (this._zoom < NAMES_FROM_ZOOM && !substation) continue;
        const name = point.properties.name;
        if (!name) continue;
        const width = context.measureText(name).width;
        const box = [x - width / 2 - 3, y + size, x + width / 2 + 3, y + size + unit * 1.7];
        if (placed.some((o) => box[0] < o[2] && box[2] > o[0] && box[1] < o[3] && box[3] > o[1])) continue;
        placed.push(box);
        ga.haloText(context, name, x, y + size + 2, ga.token("--map-name"), ga.token("--map-halo"), unit * 0.3);
      }
    },

    hit(point) {
      const [px, py] = this.toCanvas(point);
      if (!this._parts || this._zoom < FROM_ZOOM + 1) return null;
      const hit = (this._hits || []).find((h) => Math.abs(h.x - px) <= h.r + 3 && Math.abs(h.y - py) <= h.r + 3);
      return hit ? { kind: "district", key: hit.properties.code, properties: hit.properties } : null;
    },
  });
})(window.gridaudit);

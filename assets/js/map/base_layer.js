// The ground of the map, from our own files: land, sea, lakes, rivers, prefecture and county borders. Needs no network.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";
  if (!window.L) return;

  // Paths are kept relative to a point in the area: canvas paths are 32-bit floats, too coarse for the whole world.
  const [ORIGIN_X, ORIGIN_Y] = ga.world(40.2, 117.5);

  function addRing(path, ring, close) {
    ring.forEach(([lon, lat], i) => {
      const [x, y] = ga.world(lat, lon);
      if (i) path.lineTo(x - ORIGIN_X, y - ORIGIN_Y);
      else path.moveTo(x - ORIGIN_X, y - ORIGIN_Y);
    });
    if (close) path.closePath();
  }

  function pathOf(geometry) {
    const path = new Path2D();
    const { type, coordinates } = geometry;
    if (type === "LineString") addRing(path, coordinates, false);
    else if (type === "MultiLineString") coordinates.forEach((line) => addRing(path, line, false));
    else if (type === "Polygon") coordinates.forEach((ring) => addRing(path, ring, true));
    else if (type === "MultiPolygon") coordinates.forEach((polygon) => polygon.forEach((ring) => addRing(path, ring, true)));
    return path;
  }
  ga.mapPath = pathOf;

  const linesOf = (geometry) => (geometry.type === "MultiLineString" ? geometry.coordinates : [geometry.coordinates]);
  const same = (a, b) => Math.abs(a[0] - b[0]) < 1e-4 && Math.abs(a[1] - b[1]) < 1e-4;

  /**
   * Joins the pieces of the coastline: closed rings are islands, the longest open chain is the mainland. The sea is the
   * side of that chain away from the land, closed far outside the area.
   */
  ga.coastPaths = function (features) {
    const islands = [];
    const lakes = [];
    let open = [];
    for (const feature of features) {
      for (const line of linesOf(feature.geometry)) {
        const closed = same(line[0], line[line.length - 1]);
        if (feature.properties.rank === 2) {
          if (closed) lakes.push(line);
          else open.push({ line, lake: true });
        } else if (feature.properties.rank === 1) {
          if (closed) islands.push(line);
          else open.push({ line, lake: false });
        }
      }
    }
    const chains = [];
    while (open.length) {
      const { line, lake } = open.pop();
      let chain = [...line];
      for (let joined = true; joined; ) {
        joined = false;
        for (let i = 0; i < open.length; i++) {
          const other = open[i];
          if (other.lake !== lake) continue;
          const piece = other.line;
          if (same(chain[chain.length - 1], piece[0])) chain = chain.concat(piece.slice(1));
          else if (same(chain[0], piece[piece.length - 1])) chain = piece.concat(chain.slice(1));
          else continue;
          open.splice(i, 1);
          joined = true;
          break;
        }
      }
      if (lake) lakes.push(chain);
      else if (same(chain[0], chain[chain.length - 1])) islands.push(chain);
      else chains.push(chain);
    }
    chains.sort((a, b) => b.length - a.length);
    const sea = new Path2D();
    const line = new Path2D();
    if (chains.length) {
      let coast = chains[0];
      if (coast[0][1] > coast[coast.length - 1][1]) coast = [...coast].reverse(); // from south-west to north-east
      const first = coast[0];
      const last = coast[coast.length - 1];
      addRing(sea, [...coast, [last[0] + 1.4, last[1] + 0.95], [130, last[1] + 1], [130, 33], [first[0] + 0.6, 33], [first[0] + 0.6, first[1] - 0.4]], true);
      addRing(line, coast, false);
    }
    const islandPath = new Path2D();
    islands.forEach((ring) => addRing(islandPath, ring, true));
    const lakePath = new Path2D();
    lakes.forEach((ring) => addRing(lakePath, ring, true));
    return { sea, line, islands: islandPath, lakes: lakePath };
  };

  ga.BaseLayer = ga.CanvasLayer.extend({
    options: { pane: "base" },

    /** `data`: {borders, coast, rivers}, each GeoJSON or null; what is missing is left out. */
    setData(data) {
      if (data.coast) this._coast = ga.coastPaths(data.coast.features);
      if (data.rivers) this._rivers = data.rivers.features.map((f) => ({ rank: f.properties.rank, path: pathOf(f.geometry) }));
      if (data.borders) {
        this._units = data.borders.features
          .filter((f) => f.geometry)
          .map((f) => ({ level: f.properties.level, code: f.properties.code, path: pathOf(f.geometry) }));
      }
      if (this._map) this._reset();
      return this;
    },

    /** With an outside tile source under it the ground is not painted over, only borders are drawn. */
    setTransparent(transparent) {
      this._transparent = transparent;
      if (this._map) this._reset();
    },

    /** Gives a unit (by code) a brighter edge; null for none. */
    highlight(code) {
      this._highlight = code;
      if (this._map) this._reset();
    },

    draw(context) {
      const ratio = this._ratio;
      const scale = this._scale;
      const unit = ga.unit() / 10.8;
      if (!this._transparent) {
        context.fillStyle = ga.token("--map-outside");
        context.fillRect(0, 0, this._width, this._height);
      }
      const shiftX = ORIGIN_X * scale - this._left;
      const shiftY = ORIGIN_Y * scale - this._top;
      context.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * shiftX, ratio * shiftY);
      context.lineJoin = "round";
      const stroke = (path, token, width) => {
        context.strokeStyle = ga.token(token);
        context.lineWidth = (width * unit) / scale;
        context.stroke(path);
      };
      const units = this._units || [];
      const finest = units.reduce((most, u) => Math.max(most, u.level), 0);
      if (!this._transparent) {
        if (this._coast) {
          context.fillStyle = ga.token("--map-sea");
          context.fill(this._coast.sea);
          context.fillStyle = ga.token("--map-outside");
          context.fill(this._coast.islands);
        }
        context.fillStyle = ga.token("--map-land");
        for (const u of units) if (u.level === finest) context.fill(u.path);
        if (this._coast) {
          context.fillStyle = ga.token("--map-sea");
          context.fill(this._coast.lakes);
        }
        for (const river of this._rivers || []) {
          if (this._zoom < 8 && river.rank > 4) continue;
          stroke(river.path, "--map-river", river.rank <= 3 ? 1.4 : 0.9);
        }
        if (this._coast) {
          stroke(this._coast.line, "--map-coast", 0.9);
          stroke(this._coast.islands, "--map-coast", 0.7);
          stroke(this._coast.lakes, "--map-coast", 0.6);
        }
      }
      for (const u of units) if (u.level === 2) stroke(u.path, "--map-county", this._zoom >= 10 ? 1.1 : 0.6);
      for (const u of units) if (u.level <= 1) stroke(u.path, "--map-prefecture", this._zoom >= 10 ? 1.8 : 1.2);
      for (const u of units) if (u.code === this._highlight) stroke(u.path, "--accent", 1.6);
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
    },
  });
})(window.gridaudit);

// The signs of the desk's maps. Drawn on the map's one canvas, so that thousands stay light; each state has a shape and a
// colour of its own.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";
  if (!window.L) return;

  const KINDS = { plain: "--accent", good: "--good", warn: "--warn", late: "--late", off: "--off" };
  const RAMP = [[0, 32, 76], [0, 70, 110], [87, 93, 109], [124, 123, 120], [166, 157, 117], [213, 193, 100], [255, 233, 69]];

  /** Cividis from dark (0) to bright (1). */
  ga.ramp = function (share) {
    const at = Math.min(0.9999, Math.max(0, share)) * (RAMP.length - 1);
    const i = Math.floor(at);
    return `rgb(${RAMP[i].map((v, k) => Math.round(v + (RAMP[i + 1][k] - v) * (at - i))).join(",")})`;
  };

  const outlines = {
    circle: (c, x, y, r) => c.arc(x, y, r * 0.9, 0, Math.PI * 2),
    square: (c, x, y, r) => c.roundRect(x - r * 0.84, y - r * 0.84, r * 1.68, r * 1.68, r * 0.3),
    diamond(c, x, y, r) {
      c.moveTo(x, y - r * 1.15);
      c.lineTo(x + r * 1.15, y);
      c.lineTo(x, y + r * 1.15);
      c.lineTo(x - r * 1.15, y);
      c.closePath();
    },
    triangle(c, x, y, r) {
      c.moveTo(x, y - r);
      c.lineTo(x + r, y + r * 0.8);
      c.lineTo(x - r, y + r * 0.8);
      c.closePath();
    },
  };
  const SHAPES = { plain: "circle", good: "circle", warn: "triangle", late: "diamond", off: "square" };

  function shape(c, name, x, y, r, fill, hollow) {
    c.beginPath();
    outlines[name](c, x, y, r + 1.4);
    c.fillStyle = ga.token("--map-halo");
    c.fill();
    c.beginPath();
    outlines[name](c, x, y, r);
    c.fillStyle = hollow ? ga.token("--panel") : fill;
    c.fill();
    if (hollow) {
      c.lineWidth = Math.max(1.6, r * 0.34);
      c.strokeStyle = fill;
      c.stroke();
    }
  }

  function word(c, text, x, y, size, colour) {
    c.fillStyle = colour;
    c.font = ga.font(Math.round(size), 600);
    c.textAlign = "center";
    c.textBaseline = "middle";
    c.fillText(text, x, y + size * 0.06);
  }

  const paints = {
    ticket: (c, x, y, r, p) => ga.drawTicket(c, x, y, r, p.level, p.state || "unknown"),
    risk(c, x, y, r, p) {
      shape(c, "diamond", x, y, r, ga.token(`--level-${p.level || 4}`));
      if (p.level && r >= 8) word(c, ga.roman(p.level), x, y, r * (p.level === 3 ? 0.85 : 1), "#FFFFFF");
    },
    customer(c, x, y, r, p) {
      const kind = p.kind || "plain";
      const valued = Number.isFinite(p.share);
      const token = p.level ? `--level-${p.level}` : p.series ? `--series-${p.series}` : KINDS[kind] || "--accent";
      shape(c, p.shape || SHAPES[kind] || "circle", x, y, r, valued ? ga.ramp(p.share) : ga.token(token), kind === "off");
    },
    district(c, x, y, r, p) {
      shape(c, "square", x, y, r, ga.token(p.level ? `--level-${p.level}` : KINDS[p.kind] || "--map-district"), !p.level);
      if (p.mark || p.level) word(c, String(p.mark || ga.roman(p.level)), x, y, r * 0.95, p.level ? "#FFFFFF" : ga.token("--ink"));
    },
    inspector(c, x, y, r, p) {
      const state = ga.inspectorStates.includes(p.state) ? p.state : "offline";
      const picture = ga.stamp(state, r, Math.min(window.devicePixelRatio || 1, 2));
      c.save();
      c.translate(x, y);
      if (state === "way" && Number.isFinite(p.heading)) c.rotate((p.heading * Math.PI) / 180);
      c.drawImage(picture, -picture.half, -picture.half, picture.half * 2, picture.half * 2);
      c.restore();
    },
    check_in(c, x, y, r, p) {
      const fill = ga.token(KINDS[p.kind] || "--accent");
      shape(c, "circle", x, y, r, fill, true);
      c.lineWidth = Math.max(1.6, r * 0.28);
      c.lineCap = "round";
      c.strokeStyle = fill;
      c.beginPath();
      if (p.kind === "late" || p.kind === "off") {
        c.moveTo(x - r * 0.36, y - r * 0.36);
        c.lineTo(x + r * 0.36, y + r * 0.36);
        c.moveTo(x + r * 0.36, y - r * 0.36);
        c.lineTo(x - r * 0.36, y + r * 0.36);
      } else {
        c.moveTo(x - r * 0.4, y + r * 0.02);
        c.lineTo(x - r * 0.08, y + r * 0.34);
        c.lineTo(x + r * 0.42, y - r * 0.3);
      }
      c.stroke();
    },
  };
  const SIZES = { ticket: 10, risk: 9, customer: 5, district: 8, inspector: 8, check_in: 9 };

  /** Draws the sign of `style` for a feature with these properties, at its size on the map or less. */
  ga.paintSign = (context, x, y, style, properties) => paints[style](context, x, y, Math.min(8, SIZES[style]), properties);

  /** A point that is drawn by one of the paints above, with a ring when it is chosen or pointed at. */
  ga.Sign = L.CircleMarker.extend({
    initialize(at, properties, style) {
      L.CircleMarker.prototype.initialize.call(this, at, { radius: SIZES[style] || 8, weight: 8, bubblingMouseEvents: false });
      this.properties = properties;
      this.sign = style;
    },

    mark(how) {
      if (this.marked === how) return;
      this.marked = how;
      if (this._map) {
        this.redraw();
        if (how) this.bringToFront();
      }
    },

    _updatePath() {
      const renderer = this._renderer;
      if (!renderer._drawing || this._empty()) return;
      const c = renderer._ctx;
      const { x, y } = this._point;
      const r = this.options.radius;
      c.save();
      c.globalAlpha = 1;
      c.setLineDash([]); // an area drawn before may have left its dashes
      if (this.marked) {
        c.beginPath();
        c.arc(x, y, r + 4.5, 0, Math.PI * 2);
        c.fillStyle = ga.token("--map-halo");
        c.fill();
        c.lineWidth = 2.5;
        c.strokeStyle = ga.token("--accent");
        c.stroke();
      }
      paints[this.sign](c, x, y, r, this.properties);
      c.restore();
    },
  });

  /** Many signs in one place: a disc with their number. */
  ga.Group = L.CircleMarker.extend({
    initialize(at, count, label) {
      L.CircleMarker.prototype.initialize.call(this, at, { radius: Math.round(10 + 4 * Math.log10(count)), weight: 8, bubblingMouseEvents: false });
      this.count = count;
      this.label = label;
    },

    _updatePath() {
      const renderer = this._renderer;
      if (!renderer._drawing || this._empty()) return;
      const c = renderer._ctx;
      const { x, y } = this._point;
      const r = this.options.radius;
      c.save();
      c.globalAlpha = 1;
      c.setLineDash([]);
      shape(c, "circle", x, y, r / 0.9, ga.token("--quiet"), true);
      word(c, this.count > 9999 ? `${Math.round(this.count / 1000)}k` : String(this.count), x, y, this.count > 999 ? r * 0.62 : r * 0.78, ga.token("--ink"));
      c.restore();
    },
  });

  /** How an area is drawn. `domain`: least and greatest value of a choropleth. */
  ga.areaStyle = function (properties, hideout, chosen) {
    const ring = chosen ? { color: ga.token("--accent"), weight: 3, opacity: 1 } : null;
    if (hideout.style === "fence") {
      return { color: ga.token("--accent"), weight: 1.6, dashArray: "6 5", fillColor: ga.token("--accent"), fillOpacity: 0.07, interactive: false, ...ring };
    }
    if (hideout.style === "choropleth") {
      const [low, high] = hideout.domain || [0, 1];
      const value = Number(properties.value);
      const valued = properties.value !== null && properties.value !== undefined && Number.isFinite(value);
      const share = high > low ? (value - low) / (high - low) : 0.5;
      return { color: ga.token("--map-halo"), weight: 1, opacity: 0.9, fillColor: valued ? ga.ramp(share) : ga.token("--off"), fillOpacity: valued ? 0.78 : 0.16, dashArray: valued ? null : "3 4", ...ring };
    }
    const colour = ga.token(properties.level ? `--level-${properties.level}` : KINDS[properties.kind] || "--accent");
    return { color: colour, weight: 1.8, opacity: 0.95, fillColor: colour, fillOpacity: 0.12, ...ring };
  };
})(window.gridaudit);

// One person's day: the line coloured by time, gaps shown as gaps, stops as numbered places.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";
  if (!window.L) return;

  /** Colour of a moment between 0 (morning) and 1 (evening): from deep blue over green to yellow, as in cividis. */
  ga.timeColour = function (t) {
    const stops = [[48, 92, 168], [86, 130, 160], [125, 150, 125], [185, 170, 95], [255, 222, 80]];
    const at = Math.min(0.9999, Math.max(0, t)) * (stops.length - 1);
    const i = Math.floor(at);
    const f = at - i;
    return `rgb(${stops[i].map((v, k) => Math.round(v + (stops[i + 1][k] - v) * f)).join(",")})`;
  };

  ga.TrackLayer = ga.CanvasLayer.extend({
    options: { pane: "track" },

    /** Shows a track as /api/v1/tracks/{employee} tells it; null clears. */
    show(track) {
      this._track = null;
      if (track && track.points.length) {
        const points = track.points.map(([ms, lon, lat, speed]) => [ms, ...ga.world(lat, lon), speed]);
        const gaps = track.gaps || [];
        this._track = {
          points,
          stops: track.stops.map((stop) => ({ ...stop, at: ga.world(stop.lat, stop.lon) })),
          broken: points.map((p, i) => i > 0 && gaps.some(([from, to]) => points[i - 1][0] <= from + 1000 && p[0] >= to - 1000)),
          from: points[0][0],
          to: points[points.length - 1][0],
        };
      }
      if (this._map) this._reset();
    },

    /** Only what happened until `ms` is drawn; null draws the whole day. */
    until(ms) {
      this._until = ms;
      this.redraw();
    },

    /** Latitude-longitude bounds of the track, or null. */
    bounds(track) {
      return track && track.points.length ? L.latLngBounds(track.points.map(([, lon, lat]) => [lat, lon])) : null;
    },

    draw(context) {
      const track = this._track;
      if (!track) return false;
      const unit = ga.unit();
      const span = Math.max(1, track.to - track.from);
      context.lineCap = "round";
      context.lineJoin = "round";
      const halo = new Path2D();
      const parts = [];
      let before = null;
      let beforeScreen = null;
      for (let i = 0; i < track.points.length; i++) {
        const point = track.points[i];
        if (this._until && point[0] > this._until) break;
        const at = this.screen(point[1], point[2]);
        if (before) {
          if (track.broken[i]) parts.push({ gap: true, from: beforeScreen, to: at });
          else {
            halo.moveTo(...beforeScreen);
            halo.lineTo(...at);
            parts.push({ from: beforeScreen, to: at, t: (point[0] - track.from) / span });
          }
        }
        before = point;
        beforeScreen = at;
      }
      context.strokeStyle = ga.token("--ground");
      context.lineWidth = unit * 0.62;
      context.globalAlpha = 0.8;
      context.stroke(halo);
      context.globalAlpha = 1;
      for (const part of parts) {
        context.beginPath();
        context.moveTo(...part.from);
        context.lineTo(...part.to);
        if (part.gap) {
          context.setLineDash([unit * 0.2, unit * 0.7]);
          context.strokeStyle = ga.token("--quiet");
          context.lineWidth = unit * 0.2;
        } else {
          context.setLineDash([]);
          context.strokeStyle = ga.timeColour(part.t);
          context.lineWidth = unit * 0.34;
        }
        context.stroke();
      }
      context.setLineDash([]);
      this._drawStops(context, track, unit);
      return true;
    },

    _drawStops(context, track, unit) {
      context.textAlign = "center";
      context.textBaseline = "middle";
      this._hits = [];
      track.stops.forEach((stop, i) => {
        if (this._until && stop.arrived_ms > this._until) return;
        const [x, y] = this.screen(...stop.at);
        const r = unit * 0.95;
        context.beginPath();
        context.arc(x, y, r, 0, Math.PI * 2);
        context.fillStyle = ga.token("--panel");
        context.fill();
        context.lineWidth = unit * 0.2;
        context.strokeStyle = ga.token("--ink");
        context.stroke();
        context.fillStyle = ga.token("--ink");
        context.font = ga.font(Math.round(unit * 1.1), 600);
        context.fillText(String(i + 1), x, y + 1);
        this._hits.push({ x, y, r, stop, number: i + 1 });
      });
    },

    hit(point) {
      const [px, py] = this.toCanvas(point);
      const hit = (this._track && this._hits ? this._hits : []).find((h) => Math.hypot(h.x - px, h.y - py) <= h.r + 3);
      return hit ? { kind: "stop", key: String(hit.number), stop: hit.stop, number: hit.number } : null;
    },
  });
})(window.gridaudit);

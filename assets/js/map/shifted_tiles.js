// An outside XYZ or WMTS source whose tiles are drawn in GCJ-02 or BD-09, put where they belong on a WGS-84 map.
//
// Tiles are asked for by the source's own grid and each stands at its shifted place. The shift changes by centimetres
// over a screen of street zoom and by less than a pixel over a screen of the province, so one shift a view, taken at its
// centre, is exact to the pixel; it is taken anew after every move.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";
  if (!window.L) return;

  ga.ShiftedTileLayer = L.TileLayer.extend({
    options: { system: "wgs84" },

    onAdd(map) {
      L.TileLayer.prototype.onAdd.call(this, map);
      this._shift();
    },

    getEvents() {
      const events = L.TileLayer.prototype.getEvents.call(this);
      const moved = events.moveend;
      events.moveend = function (event) {
        this._shift();
        if (moved) moved.call(this, event);
      };
      return events;
    },

    /** Pixels at `zoom` from a place's true position to where the source has drawn it. */
    shiftAt(centre, zoom) {
      const crs = this._map.options.crs;
      const [lat, lon] = ga.toSystem(this.options.system, centre.lat, centre.lng);
      return crs.latLngToPoint(L.latLng(lat, lon), zoom).subtract(crs.latLngToPoint(centre, zoom));
    },

    _shift() {
      if (!this._map || !this._container) return;
      const shift = this.shiftAt(this._map.getCenter(), this._map.getZoom());
      L.DomUtil.setPosition(this._container, shift.multiplyBy(-1).round());
    },

    // The tiles needed are those of the view as the source sees it.
    _getTiledPixelBounds(centre) {
      const bounds = L.TileLayer.prototype._getTiledPixelBounds.call(this, centre);
      const shift = this.shiftAt(centre, this._tileZoom);
      return L.bounds(bounds.min.add(shift), bounds.max.add(shift));
    },
  });
})(window.gridaudit);

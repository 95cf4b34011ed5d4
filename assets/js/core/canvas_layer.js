// A Leaflet layer that draws on one canvas of the map's size: the base of every layer that we draw ourselves.
//
// World coordinates are Web Mercator pixels at zoom 0 (0…256); `screen(x, y)` turns them into canvas pixels, so a frame
// costs two multiplications a point and no projection.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";
  if (!window.L) return;
  const REDRAW_MS = 180; // while the zoom runs
  const MARGIN = 0.06; // drawn beyond the edge, so that a drag does not show a bare rim at once

  ga.world = (lat, lon) => {
    const p = L.CRS.EPSG3857.latLngToPoint(L.latLng(lat, lon), 0);
    return [p.x, p.y];
  };

  ga.CanvasLayer = L.Layer.extend({
    options: { pane: "overlayPane", still: true },

    initialize(options) {
      L.setOptions(this, options);
    },

    onAdd(map) {
      this._map = map;
      const canvas = (this._canvas = L.DomUtil.create("canvas", "wall-canvas leaflet-zoom-animated"));
      canvas.setAttribute("aria-hidden", "true");
      this._context = canvas.getContext("2d");
      (map.getPane(this.options.pane) || map.createPane(this.options.pane)).appendChild(canvas);
      this._reset();
      if (this.onReady) this.onReady(map);
    },

    onRemove() {
      cancelAnimationFrame(this._frame);
      this._frame = null;
      this._canvas.remove();
      if (this.onGone) this.onGone();
    },

    getEvents() {
      return { moveend: this._reset, move: this._follow, resize: this._reset, zoomanim: this._animateZoom, viewreset: this._reset, zoom: this._onZoom };
    },

    /** Draws at the next frame; any number of calls make one drawing. */
    redraw() {
      if (this._frame || !this._map) return this;
      this._frame = requestAnimationFrame((now) => {
        this._frame = null;
        if (!this._map || this._zooming) return;
        this._paint(now);
      });
      return this;
    },

    /** Draws now. A layer with nothing to show (draw returned false) takes no part in putting the screen together. */
    _paint(now) {
      this._clear();
      const shown = this.draw(this._context, now) !== false;
      if (shown !== this._shown) {
        this._shown = shown;
        this._canvas.style.display = shown ? "" : "none";
      }
    },

    /** Canvas pixel (CSS) of a world point. */
    screen(x, y) {
      return [x * this._scale - this._left, y * this._scale - this._top];
    },

    /** World point under a container point. */
    worldAt(point) {
      return [(point.x + this._padX + this._left) / this._scale, (point.y + this._padY + this._top) / this._scale];
    },

    /** Container point (as Leaflet's events carry it) in canvas pixels. */
    toCanvas(point) {
      return [point.x + this._padX, point.y + this._padY];
    },

    inView(x, y, margin = 20) {
      return x > -margin && y > -margin && x < this._width + margin && y < this._height + margin;
    },

    draw() {
      return false;
    },

    _clear() {
      const ratio = this._ratio;
      this._context.setTransform(ratio, 0, 0, ratio, 0, 0);
      this._context.clearRect(0, 0, this._width, this._height);
    },

    _reset() {
      const map = this._map;
      if (!map) return;
      this._zooming = false;
      this._resetAt = performance.now();
      const size = map.getSize();
      this._padX = Math.round(size.x * MARGIN);
      this._padY = Math.round(size.y * MARGIN);
      this._width = size.x + 2 * this._padX;
      this._height = size.y + 2 * this._padY;
      this._ratio = Math.min(window.devicePixelRatio || 1, 2);
      const [w, h] = [Math.round(this._width * this._ratio), Math.round(this._height * this._ratio)];
      if (this._canvas.width !== w || this._canvas.height !== h) {
        this._canvas.width = w;
        this._canvas.height = h;
        this._canvas.style.width = `${this._width}px`;
        this._canvas.style.height = `${this._height}px`;
      }
      const corner = map.containerPointToLayerPoint([-this._padX, -this._padY]);
      L.DomUtil.setPosition(this._canvas, corner);
      const zoom = map.getZoom();
      this._zoom = zoom;
      this._scale = map.options.crs.scale(zoom) / 256;
      const origin = map.getPixelOrigin().add(corner);
      this._left = origin.x;
      this._top = origin.y;
      this._topLeft = map.layerPointToLatLng(corner);
      cancelAnimationFrame(this._frame);
      this._frame = null;
      this._paint(performance.now());
    },

    /** A long drag runs out of the drawn margin: draw again before a bare rim shows. */
    _follow() {
      if (this._zooming) return;
      const moved = this._map.containerPointToLayerPoint([-this._padX, -this._padY]).subtract(L.DomUtil.getPosition(this._canvas));
      if (Math.abs(moved.x) > this._padX * 0.8 || Math.abs(moved.y) > this._padY * 0.8) this._reset();
    },

    _animateZoom(event) {
      this._zooming = true;
      this._place(event.zoom, event.center);
    },

    _onZoom() {
      // Pinch and flyTo zoom in many steps: a new drawing now and then, what is there stretched in between.
      if (performance.now() - this._resetAt > REDRAW_MS) {
        this._reset();
        return;
      }
      this._zooming = true;
      this._place(this._map.getZoom(), this._map.getCenter());
    },

    _place(zoom, centre) {
      const scale = this._map.getZoomScale(zoom, this._zoom);
      const offset = this._map._latLngToNewLayerPoint(this._topLeft, zoom, centre);
      L.DomUtil.setTransform(this._canvas, offset, scale);
    },
  });

  /** Rounded text with a halo, sized in pixels; expects textAlign and font to be set. */
  ga.haloText = function (context, text, x, y, ink, halo, width) {
    context.lineJoin = "round";
    context.lineWidth = width;
    context.strokeStyle = halo;
    context.strokeText(text, x, y);
    context.fillStyle = ink;
    context.fillText(text, x, y);
  };
})(window.gridaudit);

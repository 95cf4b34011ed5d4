// Risk heat: tiles whose address follows the filters and the layer's version. New tiles come over the old ones, which
// leave when every new one is there: no flash.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";
  if (!window.L) return;
  const SWAP_AFTER_MS = 15000;

  const isLarge = () => ga.unit() > 16 || (window.devicePixelRatio || 1) > 1.5;

  ga.HeatLayer = L.Layer.extend({
    onAdd(map) {
      this._map = map;
      if (!map.getPane("heat")) map.createPane("heat");
      if (this._wanted) this._make();
    },

    onRemove() {
      clearTimeout(this._late);
      for (const layer of [this._shown, this._coming]) if (layer) layer.remove();
      this._shown = this._coming = null;
      this._key = null;
    },

    /** Shows the tiles of this filter (query text) at this layer version. */
    show(query, version) {
      this._wanted = { query, version };
      if (this._map) this._make();
    },

    /** The zoom of the tiles at a zoom of the map: the one that the legend speaks of. */
    zoomOfTiles: (zoom) => Math.round(zoom) - (isLarge() ? 1 : 0),

    _make() {
      const { query, version } = this._wanted;
      // On a very large screen a picture of double size from one zoom higher looks as it does at 1080p, with a quarter of
      // the requests.
      const large = isLarge();
      const palette = ga.token("--heat-palette") || "inferno";
      const url = `/tiles/heat/{z}/{x}/{y}.png?${query}&palette=${palette}&v=${version}${large ? "&scale=2" : ""}`;
      if (url === this._key) return;
      this._key = url;
      const coming = L.tileLayer(url, {
        pane: "heat", minZoom: 4, maxZoom: 19, maxNativeZoom: large ? 18 : 17, tileSize: large ? 512 : 256, zoomOffset: large ? -1 : 0,
        updateWhenZooming: false, keepBuffer: 2, opacity: this._shown ? 0 : 1,
        errorTileUrl: "",
      });
      if (this._coming) this._coming.remove();
      this._coming = coming;
      let failed = 0;
      coming.on("tileerror", () => (failed += 1));
      const swap = () => {
        clearTimeout(this._late);
        if (this._coming !== coming) return;
        this._coming = null;
        if (failed && this._shown) {
          // The server did not answer: keep what is there and try again with the next version or view.
          coming.remove();
          this._key = null;
          this.fire("failed");
          return;
        }
        coming.setOpacity(1);
        const old = this._shown;
        this._shown = coming;
        if (old) setTimeout(() => old.remove(), 250);
        this.fire("shown", { version });
      };
      coming.once("load", swap);
      clearTimeout(this._late);
      this._late = setTimeout(swap, SWAP_AFTER_MS);
      coming.addTo(this._map);
    },
  });
})(window.gridaudit);

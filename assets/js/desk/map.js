// The desk's maps: ground, names, scale, zoom buttons, and the signs of the page's layers. Any number on a page, also in
// tabs that are shown later; a map that the page takes away leaves nothing behind.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";
  if (!window.L) return;
  const PANES = { source: 190, base: 200, grid: 300, names: 450 };
  const MANY = 400; // signs beyond which names no longer look for a free place among them
  const maps = new Set();
  let ground = null;

  /** Coast, rivers, places and borders in scope: asked for once, shared by all maps until the page is loaded anew. */
  function loadGround() {
    if (ground) return ground;
    const ask = (path) => ga.untilDone(() => ga.request(path));
    ground = {};
    for (const name of ["coast", "rivers", "places"]) ground[name] = ask(`/assets/map/${name}.json`);
    ground.borders = ask("/api/v1/map/borders");
    return ground;
  }

  L.Map.addInitHook(function () {
    const map = this;
    if (!map.getContainer().classList.contains("desk-map")) return;
    setTimeout(() => boot(map), 0);
  });

  function boot(map) {
    const frame = map.getContainer().closest(".desk-map-frame");
    if (!frame || !map._loaded && !map.getContainer().isConnected) return;
    const config = JSON.parse(frame.dataset.config || "{}");
    map.options.zoomSnap = 0.25;
    for (const [name, order] of Object.entries(PANES)) {
      const pane = map.getPane(name) || map.createPane(name);
      pane.style.zIndex = order;
      pane.style.pointerEvents = "none";
    }
    const entry = { map, frame, lit: null, chosen: null };
    maps.add(entry);
    const base = new ga.BaseLayer().addTo(map);
    new ga.GridLayer().addTo(map);
    const names = new ga.NameLayer({ shy: true, obstacles: () => boxes(map, names) });
    names.addTo(map);
    if (config.tile_url) {
      new ga.ShiftedTileLayer(config.tile_url, {
        pane: "source", system: config.tile_coordinate_system, attribution: config.tile_attribution, minZoom: config.tile_min_zoom,
        maxZoom: 19, maxNativeZoom: config.tile_max_zoom, zoomOffset: config.tile_zoom_offset,
      }).once("tileload", () => base.setTransparent(true)).addTo(map);
    }

    const data = {};
    for (const [name, coming] of Object.entries(loadGround())) {
      coming.then((answer) => {
        if (!maps.has(entry)) return;
        data[name] = answer;
        base.setData({ [name]: answer });
        if (name === "places" || name === "borders") names.setData(data.places, data.borders, frame.dataset.language);
        if (name === "borders") {
          entry.area = areaOf(answer);
          if (!entry.placed) place(entry, false);
        }
      });
    }
    const scale = () => drawScale(map, frame);
    map.on("moveend zoomend", scale);

    // A map in a closed tab has no size; it takes its place when it is seen.
    const watch = new ResizeObserver(() => {
      const size = map.getContainer().getBoundingClientRect();
      if (!size.width || !size.height) return;
      map.invalidateSize({ animate: false });
      if (!entry.placed) place(entry, false);
      scale();
    });
    watch.observe(map.getContainer());
    const fonts = () => names.redraw();
    let soon = null;
    const changed = ({ layer }) => {
      if (soon || !(layer instanceof L.CircleMarker)) return;
      soon = setTimeout(() => {
        soon = null;
        names.redraw();
        drawSigns(frame);
      }, 60);
    };
    map.on("layeradd layerremove", changed);
    drawSigns(frame);
    document.fonts?.addEventListener("loadingdone", fonts);
    map.on("unload", () => {
      maps.delete(entry);
      clearTimeout(soon);
      watch.disconnect();
      document.fonts?.removeEventListener("loadingdone", fonts);
    });
    frame.classList.add("is-up");
  }

  /** The places that signs take, in pixels of the names' canvas. */
  function boxes(map, names) {
    const found = [];
    map.eachLayer((layer) => {
      if (!(layer instanceof L.CircleMarker) || found.length >= MANY) return;
      const r = layer.options.radius + 2;
      const [x, y] = names.toCanvas(map.latLngToContainerPoint(layer.getLatLng()));
      if (names.inView(x, y)) found.push([x - r, y - r, x + r, y + r]);
    });
    return found;
  }

  /** The signs in a legend: drawn as on the map. */
  function drawSigns(frame) {
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    for (const place of frame.querySelectorAll("[data-sign]:empty")) {
      const canvas = ga.el("canvas", null, { width: 22 * ratio, height: 22 * ratio, style: "width:22px;height:22px", "aria-hidden": "true" });
      const context = canvas.getContext("2d");
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      ga.paintSign(context, 11, 11, place.dataset.sign, JSON.parse(place.dataset.properties || "{}"));
      place.append(canvas);
    }
  }

  /** Bounds of the units in scope: the finest ones carry them all. */
  function areaOf(borders) {
    const finest = borders.features.reduce((most, f) => Math.max(most, f.properties.level), 0);
    const own = borders.features.filter((f) => f.geometry && f.properties.level === finest);
    return own.length ? L.geoJSON({ type: "FeatureCollection", features: own }).getBounds() : null;
  }

  function place(entry, animate) {
    const { map, frame, area } = entry;
    const { bounds, centre, zoom } = JSON.parse(frame.dataset.view || "{}");
    const size = map.getSize();
    if (!size.x || !size.y) return;
    const how = { animate: animate && !ga.reducedMotion() };
    if (bounds) map.fitBounds(bounds, { padding: [24, 24], maxZoom: 17, ...how });
    else if (centre) map.setView(centre, zoom || 14, how);
    else if (area) map.fitBounds(area, { padding: [12, 12], ...how });
    else return;
    entry.placed = true;
  }

  function drawScale(map, frame) {
    const bar = frame.querySelector(".desk-map__scale");
    if (!bar || !map._loaded) return;
    const y = map.getSize().y / 2;
    const metres = map.distance(map.containerPointToLatLng([0, y]), map.containerPointToLatLng([96, y]));
    if (!(metres > 0)) return;
    const power = 10 ** Math.floor(Math.log10(metres));
    const round = [5, 2, 1].find((n) => n * power <= metres) * power;
    bar.style.width = `${(round / metres) * 96}px`;
    const zh = frame.dataset.language === "zh";
    ga.setText(bar.firstElementChild, round < 1000 ? `${round} ${zh ? "米" : "m"}` : `${round / 1000} ${zh ? "公里" : "km"}`);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-desk-map]");
    if (!button) return;
    const frame = button.closest(".desk-map-frame");
    const entry = [...maps].find((one) => one.frame === frame);
    if (!entry) return;
    if (button.dataset.deskMap === "in") entry.map.zoomIn(1);
    else if (button.dataset.deskMap === "out") entry.map.zoomOut(1);
    else place(entry, true);
  });

  /** What stands at the pointer: text is text, never markup. */
  function tip(label) {
    const lines = Array.isArray(label) ? label : [label];
    return ga.el("div", "desk-tip", null, ...lines.map((line, i) => ga.el("div", i ? "desk-tip__line" : "desk-tip__head", null, String(line))));
  }

  function eachLayer(map, take) {
    map.eachLayer((layer) => layer.feature && layer.feature.properties && take(layer, layer.feature.properties));
  }

  function show(entry) {
    eachLayer(entry.map, (layer, properties) => {
      const how = properties.key === undefined ? null : String(properties.key) === entry.chosen ? "chosen" : String(properties.key) === entry.lit ? "lit" : null;
      if (layer.mark) layer.mark(how);
      else if (layer.gaHideout && layer.gaMarked !== how) {
        layer.gaMarked = how;
        layer.setStyle(ga.areaStyle(properties, layer.gaHideout, how !== null));
      }
    });
  }

  ga.deskMap = {
    /** Draws one point (`pointToLayer` of dash-leaflet). */
    point: (feature, at, context) => new ga.Sign(at, feature.properties || {}, context.hideout.style),

    /** Draws a group of points (`clusterToLayer`). */
    cluster(feature, at, _index, context) {
      const frame = context.map.getContainer().closest(".desk-map-frame");
      const count = feature.properties.point_count;
      return new ga.Group(at, count, (frame?.dataset.many || "{n}").replace("{n}", count));
    },

    area: (feature, context) => ga.areaStyle(feature.properties || {}, context.hideout, String(feature.properties?.key) === context.hideout.selected),

    /** Words, marks and linking of each thing on the map (`onEachFeature`). */
    prepare(feature, layer, context) {
      const properties = feature.properties || {};
      const label = layer.label || properties.label;
      if (label) layer.bindTooltip(() => tip(label), { sticky: !layer.sign, direction: "auto", className: "desk-tip-room", opacity: 1 });
      if (context.hideout.selected !== null && String(properties.key) === context.hideout.selected && layer.mark) layer.mark("chosen");
      if (!layer.sign && layer.setStyle) {
        layer.gaHideout = context.hideout;
        layer.on("add", () => layer.bringToBack && layer.bringToBack());
      }
      if (properties.key === undefined) return;
      layer.on("mouseover", () => ga.lightRows(String(properties.key)));
      layer.on("mouseout", () => ga.lightRows(null));
    },

    /** Chooses a thing on the map `id`; null for none. */
    select(id, key) {
      for (const entry of maps) {
        if (entry.map.getContainer().id !== id) continue;
        entry.chosen = key === null ? null : String(key);
        show(entry);
      }
    },

    /** Lights up a thing on every map of the page while a row of a table is pointed at. */
    highlight(key) {
      for (const entry of maps) {
        if (entry.lit === key) continue;
        entry.lit = key;
        show(entry);
      }
    },

    /** Draws everything anew and at once: the colours have changed. Areas keep theirs, they are translucent. */
    repaint() {
      for (const { map } of maps) {
        const renderers = new Set();
        map.eachLayer((layer) => {
          if (layer instanceof ga.CanvasLayer) layer._reset();
          else if (layer._renderer?._redraw) renderers.add(layer._renderer);
        });
        renderers.forEach((renderer) => renderer._redraw());
      }
    },

    /** The Leaflet map `id`, or undefined. */
    of: (id) => [...maps].find((entry) => entry.map.getContainer().id === id)?.map,
  };
})(window.gridaudit);

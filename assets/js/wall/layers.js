// The layers of the wall's map in their order, and what they have in common: filters, selection, fading with age.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";
  const PANES = { source: 190, base: 200, heat: 250, hexagons: 260, grid: 300, trails: 330, names: 345, track: 360, tickets: 420, inspectors: 440, replay: 460 };

  ga.makeLayers = function (map, config) {
    for (const [name, order] of Object.entries(PANES)) {
      const pane = map.getPane(name) || map.createPane(name);
      pane.style.zIndex = order;
      pane.classList.add(`pane-${name}`);
    }
    const layers = {};
    layers.base = new ga.BaseLayer().addTo(map);
    layers.heat = new ga.HeatLayer();
    layers.hexagons = new ga.HexagonLayer();
    layers.grid = new ga.GridLayer().addTo(map);
    layers.trails = new ga.TrailLayer().addTo(map);
    layers.track = new ga.TrackLayer().addTo(map);
    layers.tickets = new ga.TicketLayer().addTo(map);
    layers.names = new ga.NameLayer({ obstacles: () => layers.tickets.boxes() }).addTo(map);
    layers.inspectors = new ga.InspectorLayer({ aside: (x, y, radius) => layers.tickets.aside(x, y, radius) }).addTo(map);
    layers.tickets.on("drawn", () => layers.names.redraw());
    if (config.tile_url) {
      layers.source = new ga.ShiftedTileLayer(config.tile_url, {
        pane: "source", system: config.tile_coordinate_system, attribution: config.tile_attribution, minZoom: config.tile_min_zoom,
        maxZoom: 19, maxNativeZoom: config.tile_max_zoom, zoomOffset: config.tile_zoom_offset,
      }).addTo(map);
      layers.source.once("tileload", () => layers.base.setTransparent(true));
    }

    const fading = { positions: ["inspectors", "trails"], tickets: ["tickets"], risk: ["heat", "hexagons"] };

    return Object.assign(layers, {
      /** Shows the risk layer that the address asks for, with its filters, at the version the server names. */
      risk(state, version) {
        if (version === undefined) return; // until the server has named it, tiles would be asked for twice
        const query = ga.address.riskQuery(state.filters, ga.clock.now());
        for (const name of ["heat", "hexagons"]) {
          if (state.layer === name) {
            layers[name].show(query, version);
            if (!map.hasLayer(layers[name])) layers[name].addTo(map);
          } else if (map.hasLayer(layers[name])) layers[name].remove();
        }
      },

      filter(filters) {
        layers.tickets.setFilter((ticket) => ga.ticketPasses(ticket, filters));
        const keep = (inspector) => !filters.unit || ga.unitContains(filters.unit, inspector.unit);
        layers.inspectors.setFilter(keep);
        layers.trails.setFilter(keep);
        layers.base.highlight(filters.unit);
      },

      select(selected) {
        const wall = ga.byId("wall");
        if (selected) wall.dataset.selected = selected.kind;
        else delete wall.dataset.selected;
        const inspector = selected && selected.kind === "inspector" ? selected.key : null;
        layers.inspectors.select(inspector);
        layers.trails.select(inspector);
        layers.tickets.select(selected && selected.kind === "ticket" ? selected.key : null);
      },

      /** Live things step aside while the past is shown. */
      live(shown) {
        for (const name of ["inspectors", "trails", "tickets"]) {
          if (shown && !map.hasLayer(layers[name])) layers[name].addTo(map);
          else if (!shown && map.hasLayer(layers[name])) layers[name].remove();
        }
        if (shown) {
          layers.inspectors.setAll(ga.store.inspectors.values());
          layers.tickets.setAll(ga.store.tickets.values());
        }
      },

      fade(kind, faded) {
        for (const name of fading[kind]) map.getPane(name).classList.toggle("is-faded", faded);
      },
    });
  };
})(window.gridaudit);

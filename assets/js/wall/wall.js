// The wall comes up: map, layers, live socket, figures, panels; and goes down cleanly when the page is left.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";
  if (!window.L) return;

  L.Map.addInitHook(function () {
    const map = this;
    if (!map.getContainer().classList.contains("wall-map")) return;
    const start = () => ga.byId("wall") && start.done !== true && ((start.done = true), boot(map));
    setTimeout(start, 0);
  });

  async function boot(map) {
    const wall = ga.byId("wall");
    const config = JSON.parse(wall.dataset.config || "{}");
    ga.catalogue = JSON.parse(wall.dataset.catalogue || '{"business":{},"anomalies":{}}');
    ga.units = new Map();
    ga.address.reread();
    const state = ga.address.state;
    // A wall token means a wall screen, whatever the address says.
    if (wall.dataset.kiosk === "1") state.kiosk = true;
    dress(wall, state.theme);
    measure(wall);
    ga.forgetTokens();
    map.options.zoomSnap = 0.25;
    const view = ga.makeView(map);
    const layers = ga.makeLayers(map, config);
    // What the address opens takes its place first: the middle of what stays visible depends on it.
    ga.byId("drawer").hidden = !state.behind;
    ga.byId("card").hidden = !state.selected;
    if (state.place) view.look(...state.place, false);
    else view.home(false);
    await ga.texts.load(wall.dataset.language);
    if (!wall.isConnected) return;

    const stops = [];
    const status = ga.makeStatus(layers);
    const panels = ga.makePanels();
    const replay = ga.makeReplay(map, view, layers);
    const filters = state.kiosk ? null : ga.makeFilters(ga.byId("filters"));
    stops.push(ga.startClock(), status.stop);
    if (filters) stops.push(filters.stop);

    connect(status, layers, panels, stops);
    followAddress({ map, view, layers, panels, replay, filters, stops });
    followMap(map, layers, status, stops);
    loadGround({ view, layers, filters, state, config });
    if (state.kiosk) stops.push(ga.startKiosk(view, layers));
    else {
      ga.makePointing(map, view, layers, replay, panels);
      listen({ map, view, layers, panels, replay, filters, stops });
    }

    const resized = () => {
      measure(wall);
      ga.forgetTokens();
      ga.forgetStamps();
      ga.forgetClusters();
      map.invalidateSize();
      layers.inspectors.refresh();
      ga.drawLegendSigns();
      ga.drawScaleBar(map);
    };
    window.addEventListener("resize", resized);
    stops.push(() => window.removeEventListener("resize", resized));
    if (document.fonts) {
      const fonts = () => {
        layers.names.redraw();
        layers.inspectors.refresh();
      };
      document.fonts.addEventListener("loadingdone", fonts);
      stops.push(() => document.fonts.removeEventListener("loadingdone", fonts));
    }
    ga.drawLegendSigns();
    ga.drawScaleBar(map);
    map.on("unload", () => stops.forEach((stop) => stop()));
    ga.current = { map, layers, view, status };
    wall.classList.add("is-up");
  }

  function dress(wall, theme) {
    wall.dataset.theme = theme;
    document.documentElement.dataset.theme = theme;
    ga.forgetTokens();
    ga.forgetStamps();
    ga.forgetClusters();
  }

  /** The screen's unit as a number that canvas code can read. */
  function measure(wall) {
    const probe = ga.byId("unit-probe");
    wall.style.setProperty("--u-px", String(probe ? probe.getBoundingClientRect().width / 100 : window.innerHeight / 100));
  }

  function connect(status, layers, panels, stops) {
    const store = ga.store;
    const ticker = ga.byId("ticker");
    const heard = (message) => status.heard(message.at || ga.clock.now());
    const fresh = (what) => ga.drawTicker(ticker, store.events, what);
    const riskVersion = () => store.layers.risk;
    stops.push(
      store.on("snapshot", () => {
        layers.inspectors.setAll(store.inspectors.values());
        layers.tickets.setAll(store.tickets.values());
        layers.trails.add(store.inspectors.values());
        fresh([]);
        ga.request("/api/v1/trails?minutes=60").then((answer) => layers.trails.setAll(answer.trails), () => {});
      }),
      store.on("inspectors", (moved) => {
        layers.inspectors.update(moved);
        layers.trails.add(moved);
      }),
      store.on("tickets", (changed) => {
        layers.tickets.setAll(store.tickets.values());
        const shown = panels.shown("selected");
        if (shown && shown.kind === "ticket" && changed.some((t) => t.number === shown.key)) panels.refresh("selected");
      }),
      store.on("events", fresh),
      store.on("figures", ga.drawFigures),
      store.on("layers", () => layers.risk(ga.address.state, riskVersion())),
    );
    for (const name of ["heat", "hexagons"]) {
      layers[name].on("shown", () => status.risk(true));
      layers[name].on("failed", () => status.risk(false));
    }
    const socket = new ga.LiveSocket({
      snapshot(message) {
        heard(message);
        store.snapshot(message);
      },
      delta(message) {
        heard(message);
        store.delta(message);
      },
      state(state, database) {
        const came = state === "live" && database === "ok";
        status.set(state, database);
        if (!came) return;
        panels.retryUnanswered();
        layers.risk(ga.address.state, riskVersion());
      },
      beat: heard,
    });
    ga.socket = socket;
    socket.connect();
    stops.push(() => socket.stop());
  }

  function followAddress({ view, layers, panels, replay, filters, stops }) {
    let lastPlace = null;
    const follow = (state, before) => {
      const first = !before;
      if (!first && state.theme !== before.theme) {
        dress(ga.byId("wall"), state.theme);
        window.dispatchEvent(new Event("resize"));
        layers.risk(state, ga.store.layers.risk);
        if (ga.store.figures) ga.drawFigures(ga.store.figures);
      }
      if (first || state.filters !== before.filters || state.layer !== before.layer) {
        layers.risk(state, ga.store.layers.risk);
        layers.filter(state.filters);
        for (const button of document.querySelectorAll("[data-layer]")) button.setAttribute("aria-pressed", String(button.dataset.layer === state.layer));
        ga.byId("legend-risk").hidden = state.layer === "off";
        loadLegend(state, layers);
      }
      panels.follow(state);
      if (first || JSON.stringify(state.selected) !== JSON.stringify(before.selected)) {
        layers.select(state.selected);
        if (!state.selected) layers.track.show(null);
      }
      if (!first && state.place && JSON.stringify(state.place) !== JSON.stringify(before.place) && JSON.stringify(view.place()) !== JSON.stringify(state.place)) {
        view.look(...state.place);
      }
      if (first ? state.replay : state.replay !== before.replay) {
        if (state.replay) replay.start(state.replay);
        else replay.stop();
      }
      if (filters) filters.draw();
      lastPlace = state.place;
    };
    stops.push(ga.address.subscribe(follow));
    follow(ga.address.state, null);
    return lastPlace;
  }

  let legendAsked = null;
  async function loadLegend(state, layers) {
    if (state.layer === "off") return;
    if (state.layer === "hexagons") {
      ga.setText(ga.byId("legend-risk-title"), ga.text("map.hexagons_title"));
      return;
    }
    ga.setText(ga.byId("legend-risk-title"), ga.text("map.heat_title"));
    if (legendAsked) legendAsked.abort();
    const asked = (legendAsked = new AbortController());
    const zoom = layers.heat.zoomOfTiles(layers.base._map.getZoom());
    const query = ga.address.riskQuery(state.filters, ga.clock.now());
    const palette = ga.token("--heat-palette") || "inferno";
    try {
      const legend = await ga.request(`/api/v1/risk/legend?zoom=${zoom}&palette=${palette}&${query}`, { signal: asked.signal });
      if (!asked.signal.aborted) ga.drawScale(legend.stops, ga.text("map.heat_unit"), false);
    } catch {
      // The scale of before stays; the next zoom or version asks again.
    }
  }

  function followMap(map, layers, status, stops) {
    const moved = () => ga.drawScaleBar(map);
    const zoomed = () => loadLegend(ga.address.state, layers);
    map.on("moveend", moved);
    map.on("zoomend", zoomed);
    layers.hexagons.on("legend", ({ stops: steps, capped }) => ga.drawScale(layers.hexagons._cells.length ? steps : [], capped ? ga.text("map.hexagons_capped") : "", true));
    stops.push(ga.store.on("layers", zoomed));
  }

  /** Borders, coast, rivers and names. What cannot be had at once is asked for again, the map does without meanwhile. */
  function loadGround({ view, layers, filters, state, config }) {
    const data = {};
    const take = (name, answer) => {
      data[name] = answer;
      layers.base.setData({ [name]: answer });
      if (name === "places" || name === "borders") layers.names.setData(data.places, data.borders, ga.texts.language);
    };
    for (const name of ["coast", "rivers", "places"]) ga.untilDone(() => ga.request(`/assets/map/${name}.json`)).then((answer) => take(name, answer));
    ga.untilDone(() => ga.request("/api/v1/map/borders")).then((answer) => {
      for (const feature of answer.features) {
        const p = feature.properties;
        const name = ga.texts.language === "zh" ? p.name_zh : p.name_en;
        ga.units.set(p.code, { code: p.code, level: p.level, name, parent: p.parent, bounds: feature.geometry ? L.geoJSON(feature).getBounds() : null });
      }
      take("borders", answer);
      const own = ga.units.get(config.unit);
      if (own && own.bounds && own.bounds.isValid()) {
        ga.setText(ga.byId("unit-name"), own.name);
        view.setHome(own.bounds);
        if (!state.place) view.home(false);
      }
      const inScope = (u) => u.level >= 1 && (!own || own.level === 0 || u.code.startsWith(own.code));
      if (filters) filters.setUnits([...ga.units.values()].filter(inScope).sort((a, b) => (a.code < b.code ? -1 : 1)));
      if (ga.store.ready) ga.drawTicker(ga.byId("ticker"), ga.store.events, []);
    });
  }

  function listen({ map, view, layers, panels, replay, filters, stops }) {
    const wall = ga.byId("wall");
    const help = ga.byId("help");
    const today = () => ga.format.isoDay(ga.clock.now());
    const actions = {
      filters: () => filters.focus(),
      language: () => {
        const language = ga.texts.language === "zh" ? "en" : "zh";
        document.cookie = `gridaudit_language=${language}; path=/; max-age=34560000; samesite=lax`;
        ga.address.update({ language });
        window.location.reload();
      },
      home: () => view.home(),
      theme: () => ga.address.update({ theme: ga.address.state.theme === "dark" ? "light" : "dark" }),
      layer: (layer) => ga.address.update({ layer }, true),
      help: () => {
        help.hidden = !help.hidden;
        if (!help.hidden) help.querySelector("button").focus();
      },
      replay: () => ga.address.update({ replay: ga.address.state.replay ? null : `team:${today()}` }, true),
      play: () => (replay.open ? (replay.toggle(), true) : false),
      escape() {
        if (!help.hidden) help.hidden = true;
        else if (filters.isOpen) filters.close(true);
        else if (ga.address.state.replay) ga.address.update({ replay: null }, true);
        else if (ga.address.state.selected) ga.address.update({ selected: null }, true);
        else if (ga.address.state.behind) ga.address.update({ behind: null }, true);
        else return false;
        return true;
      },
    };
    stops.push(ga.listenToKeys(actions));

    async function showTrack(number) {
      try {
        const track = await ga.request(`/api/v1/tracks/${encodeURIComponent(number)}?day=${today()}`);
        layers.track.show(track);
        const bounds = layers.track.bounds(track);
        if (bounds) view.fit(bounds.pad(0.1));
        else ga.say(ga.text("wall.replay_empty"));
      } catch (error) {
        ga.say(error.message, error.reference);
      }
    }

    const onAction = {
      language: actions.language,
      help: actions.help,
      home: actions.home,
      theme: actions.theme,
      "replay-team": actions.replay,
      "replay-close": () => ga.address.update({ replay: null }, true),
      "close-behind": () => ga.address.update({ behind: null }, true),
      "close-selected": () => ga.address.update({ selected: null }, true),
      "zoom-in": () => map.zoomIn(1),
      "zoom-out": () => map.zoomOut(1),
      "retry-behind": () => panels.refresh("behind"),
      "retry-selected": () => panels.refresh("selected"),
      track: (button) => showTrack(button.dataset.key),
      replay: (button) => ga.address.update({ replay: `${button.dataset.key}:${today()}` }, true),
      "copy-link": async (button) => {
        await navigator.clipboard?.writeText(window.location.href).catch(() => {});
        button.classList.add("is-done");
        setTimeout(() => button.classList.remove("is-done"), 2000);
      },
      "sign-out": async () => {
        await fetch("/api/v1/session", { method: "DELETE", credentials: "same-origin" }).catch(() => {});
        window.location.assign("/signin");
      },
    };

    const onClick = (event) => {
      const action = event.target.closest("[data-action]");
      if (action && onAction[action.dataset.action]) {
        onAction[action.dataset.action](action);
        return;
      }
      const layer = event.target.closest("[data-layer]");
      if (layer) return actions.layer(layer.dataset.layer);
      const chosen = event.target.closest("[data-select]");
      if (chosen) return choose(chosen);
      const figure = event.target.closest("[data-behind]");
      if (figure) {
        panels.remember("behind", figure);
        const { behind, level, unit } = figure.dataset;
        ga.address.update({ behind: { kind: behind, key: level ? `level-${level}` : unit ? `unit-${unit}` : "" } }, true);
      }
      const sorter = event.target.closest("th[data-sort] button");
      if (sorter) ga.sortTable(sorter);
    };

    function choose(element) {
      const text = element.dataset.select;
      const at = text.indexOf(":");
      const selected = { kind: text.slice(0, at), key: text.slice(at + 1) };
      panels.remember("selected", element);
      ga.address.update({ selected }, true);
      const { lat, lon } = element.dataset;
      const live = selected.kind === "inspector" ? layers.inspectors.position(selected.key) : null;
      if (live) view.goTo(...live);
      else if (lat && lon) view.goTo(Number(lat), Number(lon));
    }

    wall.addEventListener("click", onClick);
    stops.push(() => wall.removeEventListener("click", onClick));
  }

  /** A short notice that leaves by itself. */
  ga.say = function (text, reference) {
    const place = ga.byId("wall-say");
    place.replaceChildren(ga.icon("info-circle"), ga.el("span", null, null, text), ...(reference ? [ga.el("span", "notice__reference", null, reference)] : []));
    place.hidden = false;
    clearTimeout(place.leaving);
    place.leaving = setTimeout(() => (place.hidden = true), 6000);
  };

  /** Sorts a table by the column of a head button; a second press turns the order. */
  ga.sortTable = function (button) {
    const head = button.closest("th");
    const body = head.closest("table").tBodies[0];
    const column = head.cellIndex;
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
    const numeric = head.dataset.sort === "number";
    const compare = (a, b) => (numeric ? Number(value(a)) - Number(value(b)) : value(a).localeCompare(value(b), ga.texts.language));
    [...body.rows].sort((a, b) => (down ? -compare(a, b) : compare(a, b))).forEach((row) => body.append(row));
  };
})(window.gridaudit);

// The ticket list: a choice is a link followed without loading the page; what the table and the map tell each other;
// and a gentle second look when a ticket changes elsewhere.
window.gridaudit = window.gridaudit || {};
window.dash_clientside = window.dash_clientside || {};
window.dashAgGridFunctions = window.dashAgGridFunctions || {};
(function (ga, functions) {
  "use strict";
  const PATH = "/tickets";
  const GRID = "tickets-grid";
  const ZOOM = 14;
  const page = () => ga.byId("tickets");
  const api = () => window.dash_ag_grid.getApiAsync(GRID);
  const tell = (id, props) => window.dash_clientside.set_props(id, props);

  // --- The address ---

  const tidy = (query) => {
    const text = query.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
    return text ? `?${text}` : "";
  };

  function go(query, replace) {
    const search = tidy(query);
    if (search === tidy(new URLSearchParams(window.location.search))) return;
    window.history[replace ? "replaceState" : "pushState"]({}, "", PATH + search);
    tell("tickets-address", { data: search });
  }

  function follow(link) {
    const query = new URL(link.href).searchParams;
    const present = new URLSearchParams(window.location.search);
    // The order was chosen in the table's head after this link had been made.
    if (link.dataset.ownOrder === undefined && present.get("sort")) query.set("sort", present.get("sort"));
    go(query);
  }

  window.addEventListener("popstate", (event) => {
    if (!page() || window.location.pathname !== PATH) return;
    event.stopImmediatePropagation(); // the page's router would build everything anew
    tell("tickets-address", { data: tidy(new URLSearchParams(window.location.search)) });
  });

  // --- Chips, links, fields ---

  const openChips = () => document.querySelectorAll("#tickets-filters details[open]");
  const closeChips = (except) => openChips().forEach((chip) => chip !== except && chip.removeAttribute("open"));

  document.addEventListener("click", (event) => {
    if (!page() || !(event.target instanceof Element)) return;
    const inside = event.target.closest("#tickets-filters details");
    closeChips(inside);
    const link = event.target.closest("a[data-ticket-view]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.button) {
      event.preventDefault();
      if (inside && link.dataset.keepOpen === undefined) inside.removeAttribute("open");
      follow(link);
      return;
    }
    if (event.target.closest("#tickets-export")) {
      const button = event.target.closest("a");
      const sort = new URLSearchParams(window.location.search).get("sort");
      const address = new URL(button.href);
      if (sort) address.searchParams.set("sort", sort);
      button.href = address.pathname + tidy(address.searchParams);
      return;
    }
    if (event.target.closest("#tickets-extent")) toggleExtent();
    const peek = event.target.closest("#tickets-peek [data-close]");
    if (peek) choose(null);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !page()) return;
    const [chip] = openChips();
    if (chip) {
      chip.removeAttribute("open");
      chip.querySelector("summary").focus();
    } else if (!document.querySelector(".mantine-Modal-content")) choose(null);
  });

  /** Puts an input into each place for one, and its value where the address has changed it. */
  function dressFields() {
    for (const place of document.querySelectorAll("#tickets-filters [data-ticket-field]")) {
      let field = place.firstElementChild;
      if (!field) {
        field = ga.el("input", "field");
        field.type = place.dataset.kind;
        field.name = place.dataset.ticketField;
        if (place.dataset.label) {
          field.placeholder = place.dataset.label;
          field.setAttribute("aria-label", place.dataset.label);
        }
        field.maxLength = 40;
        field.addEventListener("change", () => {
          const query = new URLSearchParams(window.location.search);
          if (field.value.trim()) query.set(field.name, field.value.trim());
          else query.delete(field.name);
          go(query);
        });
        place.append(field);
      }
      if (place.dataset.value !== place.dataset.shown) {
        place.dataset.shown = place.dataset.value;
        field.value = place.dataset.value;
      }
    }
  }

  // --- What is selected: one ticket, in the table, on the map, in the address ---

  let chosen = null;

  const signs = () => {
    const found = [];
    ga.deskMap?.of("tickets-map")?.eachLayer((layer) => layer.feature?.properties?.key && found.push(layer));
    return found;
  };

  function remember(number) {
    const query = new URLSearchParams(window.location.search);
    if (number) query.set("sel", number);
    else query.delete("sel");
    window.history.replaceState(window.history.state, "", PATH + tidy(query));
  }

  function choose(number, what) {
    chosen = number;
    remember(number);
    ga.deskMap?.select("tickets-map", number);
    for (const row of document.querySelectorAll(".is-chosen")) row.classList.remove("is-chosen");
    if (number) {
      const name = CSS.escape(number);
      for (const row of document.querySelectorAll(`#tickets .ag-row[row-id="${name}"], #tickets [data-map-key="${name}"]`)) row.classList.add("is-chosen");
    }
    peek(what || null);
  }

  /** A few lines over the map about the ticket that is selected, with the way to it. */
  function peek(what) {
    const room = ga.byId("tickets-peek");
    if (!room) return;
    room.hidden = !what;
    if (!what) return;
    const close = ga.el("button", "tickets__close", { type: "button", "data-close": "", "aria-label": room.dataset.close, title: room.dataset.close }, ga.el("span", "icon icon-x"));
    const link = ga.el("a", "button", { href: `${PATH}/${encodeURIComponent(what.number)}` }, room.dataset.open);
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      visit(what.number);
    });
    const lines = what.lines.map((line, i) => ga.el("div", i ? "tickets__peek-line" : "tickets__peek-head", null, String(line)));
    room.replaceChildren(close, ...lines, link);
  }

  function visit(number) {
    window.history.pushState({}, "", `${PATH}/${encodeURIComponent(number)}`);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    window.scrollTo(0, 0);
  }

  function pointed(row) {
    if (!row || !row.number) return;
    const map = ga.deskMap?.of("tickets-map");
    if (map && row.lon !== null && row.lat !== null && !map.getBounds().contains([row.lat, row.lon])) {
      map.setView([row.lat, row.lon], Math.max(map.getZoom(), ZOOM - 3), { animate: !ga.reducedMotion() });
    }
    choose(row.number, { number: row.number, lines: [`${row.number} · ${row.level}`, row.anomaly, `${row.status} · ${row.due}`] });
  }

  let byKey = false;
  document.addEventListener("pointerdown", () => { byKey = false; }, true);
  document.addEventListener("keydown", () => { byKey = true; }, true);

  functions.ticketLevel = (risk) => ["level-cell", `level-cell--${risk || 0}`];
  functions.ticketsPointed = (params) => {
    if (params.type === "cellFocused") {
      // Moved by a key: the row follows the focus, and so do map and card.
      if (!byKey || params.rowIndex === null || params.rowIndex === undefined) return;
      pointed(params.api.getDisplayedRowAtIndex(params.rowIndex)?.data);
    } else if (!params.event?.target?.closest?.("a, .ag-selection-checkbox")) pointed(params.data);
  };
  functions.ticketsPicked = (params) => {
    const numbers = params.api.getSelectedRows().map((row) => row.number);
    const text = ga.byId("tickets-selected");
    if (!text) return;
    ga.setText(text, text.dataset.text.replace("{n}", numbers.length));
    ga.byId("tickets-bulk-bar").hidden = !numbers.length;
    tell("tickets-picked", { data: numbers });
  };
  functions.ticketsKey = (params) => {
    if (params.event?.key === "Enter" && params.data?.number && !params.event.target.closest("a")) visit(params.data.number);
  };
  functions.ticketsSorted = (params) => {
    if (params.source === "gridOptionsChanged" || params.source === "api") return;
    const column = params.api.getColumnState().find((one) => one.sort);
    const query = new URLSearchParams(window.location.search);
    if (column) query.set("sort", (column.sort === "desc" ? "-" : "") + column.colId);
    else query.delete("sort");
    window.history.replaceState(window.history.state, "", PATH + tidy(query));
  };

  // --- Only what the map shows ---

  const extentOf = (map) => {
    const box = map.getBounds();
    return [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()].map((n) => n.toFixed(4)).join(",");
  };

  function toggleExtent() {
    const map = ga.deskMap?.of("tickets-map");
    if (!map) return;
    const query = new URLSearchParams(window.location.search);
    if (query.get("bbox")) query.delete("bbox");
    else query.set("bbox", extentOf(map));
    go(query);
  }

  function watchMap(tries) {
    const map = ga.deskMap?.of("tickets-map");
    if (!map) {
      if (tries && page()) setTimeout(() => watchMap(tries - 1), 200);
      return;
    }
    if (map.gaTickets) return;
    map.gaTickets = true;
    let later = null;
    // Only a hand moves the extent: the table must not change because the window did.
    map.on("dragend zoomend", () => {
      clearTimeout(later);
      later = setTimeout(() => {
        const query = new URLSearchParams(window.location.search);
        if (!page() || !query.get("bbox")) return;
        query.set("bbox", extentOf(map));
        go(query, true);
      }, 500);
    });
  }

  // --- The table ---

  async function readAgain(how, sort) {
    const grid = await api();
    if (how === "again") {
      grid.refreshInfiniteCache(); // rows change in place, the selection stays
      return;
    }
    const [descending, name] = [sort.startsWith("-"), sort.replace("-", "")];
    const now = grid.getColumnState().find((one) => one.sort);
    if (now && now.colId === name && (now.sort === "desc") === descending) grid.purgeInfiniteCache();
    else grid.applyColumnState({ state: [{ colId: name, sort: descending ? "desc" : "asc" }], defaultState: { sort: null } });
  }

  window.dash_clientside.tickets = {
    /** After the server has drawn the page's parts: fields, the table's rows, the button for the extent. */
    refresh(data) {
      if (!data) return window.dash_clientside.no_update;
      requestAnimationFrame(dressFields);
      const query = new URLSearchParams(window.location.search);
      ga.byId("tickets-extent")?.setAttribute("aria-pressed", query.get("bbox") ? "true" : "false");
      page()?.setAttribute("data-look", query.get("view") === "board" ? "board" : "table");
      if (data.how === "start") {
        watchMap(50);
        watchTickets();
        window.history.replaceState(window.history.state, "", PATH + tidy(query)); // as links have it
      } else if (data.how !== "stay") readAgain(data.how, data.sort);
      return window.dash_clientside.no_update;
    },

    /** A sign of the map was clicked: its ticket is selected, and its row is brought into sight. */
    sign(_clicks, feature) {
      const properties = feature && feature.properties;
      if (!properties || properties.key === undefined) return window.dash_clientside.no_update;
      const lines = Array.isArray(properties.label) ? properties.label : [properties.label];
      choose(properties.key, { number: properties.key, lines });
      api().then((grid) => {
        const node = grid.getRowNode(properties.key);
        if (node) grid.ensureIndexVisible(node.rowIndex, "middle");
        setTimeout(() => chosen === properties.key && choose(properties.key, { number: properties.key, lines }), 120);
      });
      return window.dash_clientside.no_update;
    },

    /** After a dispatch, and by its button: nothing is selected any more. */
    deselect(...inputs) {
      if (inputs.some(Boolean)) api().then((grid) => grid.deselectAll());
      return window.dash_clientside.no_update;
    },
  };

  // --- Changes elsewhere ---

  const AT_LEAST_APART = 5000;
  let socket = null;

  function watchTickets() {
    if (socket || !ga.LiveSocket) return;
    let [next, timer, first] = [0, null, true];
    const changed = () => {
      if (timer) return;
      timer = setTimeout(() => {
        timer = null;
        next = performance.now() + AT_LEAST_APART;
        if (document.visibilityState === "hidden") document.addEventListener("visibilitychange", changed, { once: true });
        else if (page()) tell("tickets-changed", { data: Date.now() });
      }, Math.max(800, next - performance.now()));
    };
    const gone = () => {
      if (page()) return false;
      socket?.stop();
      socket = null;
      clearTimeout(timer);
      return true;
    };
    socket = new ga.LiveSocket({
      snapshot() {
        if (!gone() && !first) changed(); // the connection had been lost: who knows what happened
        first = false;
      },
      delta(message) {
        if (!gone() && ((message.tickets || []).length || (message.gone || []).length)) changed();
      },
      beat: gone,
      state() {},
    });
    socket.connect();
  }
})(window.gridaudit, window.dashAgGridFunctions);

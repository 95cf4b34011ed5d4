// The filters: chips that read like a sentence. A chip opens its choices; the choice stands in the address at once.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";
  const MANY = ["business", "anomaly", "level"];

  function summary(name, filters) {
    const text = ga.text;
    if (name === "period") {
      if (filters.from || filters.to) return text("filters.period_range", { from: filters.from || "…", to: filters.to || "…" });
      return filters.days ? text(`filters.days_${filters.days}`) : text("filters.period_all");
    }
    if (name === "unit") return filters.unit ? ga.shortUnit(ga.unitName(filters.unit)) : text("filters.unit_all");
    const chosen = filters[name];
    if (!chosen.length) return text(`filters.${name}_all`);
    if (name === "level") return text("filters.level_some", { levels: [...chosen].sort().map(ga.roman).join(ga.texts.language === "zh" ? "、" : ", ") });
    const names = name === "business" ? ga.catalogue.business : ga.catalogue.anomalies;
    if (chosen.length === 1) return names[chosen[0]] || chosen[0];
    return text("filters.some", { first: names[chosen[0]] || chosen[0], n: chosen.length - 1 });
  }

  ga.makeFilters = function (bar) {
    // Dash has no plain input fields: they are made here, from what their places say.
    for (const room of bar.querySelectorAll("[data-field=search]")) {
      room.replaceChildren(ga.icon("search"), ga.el("input", null, { type: "search", placeholder: room.dataset.label, "aria-label": room.dataset.label, autocomplete: "off" }));
    }
    for (const label of bar.querySelectorAll("[data-field=date]")) {
      if (!label.querySelector("input")) label.append(ga.el("input", null, { type: "date", name: label.dataset.name }));
    }
    const chips = [...bar.querySelectorAll("[data-filter-chip]")];
    const menuOf = (chip) => ga.byId(chip.getAttribute("aria-controls"));

    function close(focusBack) {
      for (const chip of chips) {
        if (chip.getAttribute("aria-expanded") !== "true") continue;
        chip.setAttribute("aria-expanded", "false");
        menuOf(chip).hidden = true;
        if (focusBack) chip.focus();
      }
    }

    function open(chip) {
      const wasOpen = chip.getAttribute("aria-expanded") === "true";
      close(false);
      if (wasOpen) return;
      chip.setAttribute("aria-expanded", "true");
      const menu = menuOf(chip);
      menu.hidden = false;
      // A chip near the edge: its menu must not leave the screen.
      menu.style.transform = "";
      const over = menu.getBoundingClientRect().right - window.innerWidth + 8;
      if (over > 0) menu.style.transform = `translateX(${-over}px)`;
      const first = menu.querySelector("input:not([type=date]), button");
      if (first) first.focus();
    }

    function draw() {
      const filters = ga.address.state.filters;
      for (const chip of chips) {
        const name = chip.dataset.filterChip;
        if (name === "open") {
          chip.setAttribute("aria-pressed", String(filters.open));
          ga.setText(chip.querySelector(".chip__text"), ga.text(filters.open ? "filters.open_only" : "filters.open_and_closed"));
          continue;
        }
        ga.setText(chip.querySelector(".chip__text"), summary(name, filters));
        const narrowed = name === "period" ? filters.days !== 90 : MANY.includes(name) ? filters[name].length > 0 : Boolean(filters.unit);
        chip.classList.toggle("is-narrowed", narrowed);
      }
      for (const option of bar.querySelectorAll("[data-filter]")) {
        const { filter, value } = option.dataset;
        let on;
        if (MANY.includes(filter)) on = filters[filter].map(String).includes(value);
        else if (filter === "unit") on = (filters.unit || "") === value;
        else on = !filters.from && !filters.to && String(filters.days || "all") === value;
        option.setAttribute("aria-checked", String(on));
        if (filter === "anomaly") {
          option.hidden = filters.business.length > 0 && !filters.business.includes(value.slice(0, 2));
        }
      }
      for (const input of bar.querySelectorAll("input[type=date]")) input.value = filters[input.name] || "";
      const clear = bar.querySelector("[data-action=clear-filters]");
      if (clear) clear.hidden = !(MANY.some((n) => filters[n].length) || filters.unit || filters.days !== 90 || !filters.open);
    }

    const change = (patch) => ga.address.update({ filters: { ...ga.address.state.filters, ...patch } }, true);

    function toggle(filter, value) {
      const filters = ga.address.state.filters;
      if (MANY.includes(filter)) {
        const typed = filter === "level" ? Number(value) : value;
        const chosen = filters[filter].includes(typed) ? filters[filter].filter((v) => v !== typed) : [...filters[filter], typed];
        const patch = { [filter]: chosen };
        if (filter === "business" && chosen.length) patch.anomaly = filters.anomaly.filter((code) => chosen.includes(code.slice(0, 2)));
        change(patch);
      } else if (filter === "unit") {
        change({ unit: value || null });
        close(true);
      } else {
        change({ days: value === "all" ? null : Number(value), from: null, to: null });
        close(true);
      }
    }

    bar.addEventListener("click", (event) => {
      const chip = event.target.closest("[data-filter-chip]");
      const option = event.target.closest("[data-filter]");
      if (option) toggle(option.dataset.filter, option.dataset.value);
      else if (chip && chip.dataset.filterChip === "open") change({ open: !ga.address.state.filters.open });
      else if (chip) open(chip);
      else if (event.target.closest("[data-action=clear-filters]")) {
        change({ business: [], anomaly: [], level: [], unit: null, days: 90, from: null, to: null, open: true });
        close(true);
      }
    });
    bar.addEventListener("change", (event) => {
      if (event.target.type !== "date") return;
      const filters = { ...ga.address.state.filters, days: null, [event.target.name]: event.target.value || null };
      if (filters.from && filters.to && filters.from > filters.to) [filters.from, filters.to] = [filters.to, filters.from];
      change({ days: filters.from || filters.to ? null : 90, from: filters.from, to: filters.to });
    });
    bar.addEventListener("input", (event) => {
      if (event.target.type !== "search") return;
      const wanted = event.target.value.trim().toLowerCase();
      const { business } = ga.address.state.filters;
      for (const option of bar.querySelectorAll("[data-filter=anomaly]")) {
        const outside = business.length > 0 && !business.includes(option.dataset.value.slice(0, 2));
        option.hidden = outside || (wanted && !option.textContent.toLowerCase().includes(wanted));
      }
    });
    bar.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      const menu = event.target.closest(".menu");
      if (!menu || event.target.type === "date") return;
      const items = [...menu.querySelectorAll("input, button")].filter((item) => !item.hidden);
      const at = items.indexOf(document.activeElement);
      const next = items[(at + (event.key === "ArrowDown" ? 1 : items.length - 1)) % items.length];
      if (next) next.focus();
      event.preventDefault();
    });
    const outside = (event) => !bar.contains(event.target) && close(false);
    document.addEventListener("pointerdown", outside);
    draw();

    return {
      draw,
      close,
      get isOpen() {
        return chips.some((chip) => chip.getAttribute("aria-expanded") === "true");
      },
      focus: () => open(chips[0]),
      /** Offers the units in scope: [{code, name, level}…] in order. */
      setUnits(units) {
        const menu = ga.byId("filter-menu-unit");
        if (!menu) return;
        const row = (code, name, level) =>
          ga.el("button", `menu__item menu__item--level${level}`, { type: "button", role: "menuitemradio", "data-filter": "unit", "data-value": code }, ga.el("span", "menu__mark"), ga.el("span", null, null, name));
        menu.replaceChildren(row("", ga.text("filters.unit_all"), 1), ...units.map((u) => row(u.code, ga.shortUnit(u.name), u.level)));
        draw();
      },
      stop: () => document.removeEventListener("pointerdown", outside),
    };
  };

  /** Whether a ticket passes the filters that concern tickets. */
  ga.ticketPasses = function (ticket, filters) {
    if (filters.business.length && !filters.business.includes(ticket.anomaly.slice(0, 2))) return false;
    if (filters.anomaly.length && !filters.anomaly.includes(ticket.anomaly)) return false;
    if (filters.level.length && !filters.level.includes(ticket.level)) return false;
    return !filters.unit || ga.unitContains(filters.unit, ticket.county);
  };

  /** Codes extend the code of the unit above: 1302, 130202, 13020201. */
  ga.unitContains = (unit, code) => !/^\d/.test(unit) || String(code).startsWith(unit);
})(window.gridaudit);

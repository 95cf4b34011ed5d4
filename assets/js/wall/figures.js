// The figures around the map. Every figure is a button; its value comes from the live socket.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";

  function put(id, value, unit) {
    const place = ga.byId(`figure-${id}`);
    if (!place) return;
    const said = `${value} ${unit || ""}`;
    if (place.dataset.said === said) return;
    const first = place.dataset.said === undefined;
    place.dataset.said = said;
    place.replaceChildren(document.createTextNode(value), ...(unit ? [ga.el("small", "figure__unit", null, unit)] : []));
    place.classList.remove("skeleton");
    if (!first) {
      const figure = place.closest(".figure");
      figure.classList.remove("is-new");
      void figure.offsetWidth; // starts the glow again
      figure.classList.add("is-new");
    }
  }

  const note = (id, text) => ga.setText(ga.byId(`note-${id}`), text);

  ga.drawFigures = function (figures) {
    const format = ga.format;
    put("on_duty", format.integer(figures.on_duty));
    note("on_duty", ga.text("wall.of_inspectors", { n: format.integer(figures.inspectors) }));
    put("open", format.integer(figures.open));
    note("open", ga.text("wall.due_soon_note", { n: format.integer(figures.due_soon) }));
    put("overdue", format.integer(figures.overdue));
    ga.byId("figure-overdue")?.closest(".figure").classList.toggle("figure--late", figures.overdue > 0);
    note("overdue", figures.open ? ga.text("wall.share_of_open", { share: format.percent(figures.overdue / figures.open) }) : "");
    put("closed_today", format.integer(figures.closed_today));
    put("confirmed", figures.checked ? format.percent(figures.confirmed / figures.checked) : "–");
    note("confirmed", ga.text("wall.of_checked", { n: format.integer(figures.confirmed), m: format.integer(figures.checked) }));
    const [kwh, kwhUnit] = format.large(Number(figures.recovered_kwh));
    put("recovered_kwh", kwh, `${kwhUnit}${kwhUnit ? " " : ""}kWh`);
    const [yuan, yuanUnit] = format.large(Number(figures.recovered_yuan));
    put("recovered_yuan", ga.texts.language === "zh" ? yuan : `¥${yuan}`, ga.texts.language === "zh" ? `${yuanUnit}元` : yuanUnit);
    const [breach, breachUnit] = format.large(Number(figures.breach_yuan));
    note("recovered_yuan", ga.text("wall.breach_note", { amount: ga.texts.language === "zh" ? `${breach}${breachUnit}元` : `¥${breach} ${breachUnit}`.trim() }));
    put("risk_open", format.integer(figures.risk_open));
    if (ga.byId("chart-levels")) ga.drawLevels(ga.byId("chart-levels"), figures.risk_by_level || [0, 0, 0, 0]);
    if (ga.byId("chart-units")) ga.drawUnits(ga.byId("chart-units"), figures.risk_by_unit || []);
    if (ga.byId("chart-trend")) ga.drawTrend(ga.byId("chart-trend"), figures.risk_trend, figures.as_of_ms || ga.clock.now());
  };
})(window.gridaudit);

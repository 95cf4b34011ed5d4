// The small charts of the wall: level bars, bars by unit, the trend line. Inline SVG and plain elements; each part is a
// button that opens what is behind it.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";

  /** Risk by level: four columns with numeral, count and share. */
  ga.drawLevels = function (place, counts) {
    const most = Math.max(1, ...counts);
    place.replaceChildren(
      ...counts.map((count, i) => {
        const level = i + 1;
        const bar = ga.el("span", "level__bar", { style: `--part:${count / most};--colour:var(--level-${level})` });
        return ga.el(
          "button",
          "level",
          {
            type: "button", "data-behind": "risk", "data-level": level,
            "aria-label": `${ga.text("wall.level", { level: ga.roman(level) })}: ${ga.format.integer(count)}`,
          },
          ga.el("span", "level__count number", null, ga.format.integer(count)),
          ga.el("span", "level__room", null, bar),
          ga.el("span", "level__name", null, ga.roman(level)),
        );
      }),
    );
  };

  /** Risk by unit: name, bar, count, change over 30 days with arrow and sign. */
  ga.drawUnits = function (place, units) {
    const most = Math.max(1, ...units.map((unit) => unit.open));
    const shown = [...units].sort((a, b) => b.open - a.open).slice(0, 6);
    place.replaceChildren(
      ...shown.map((unit) => {
        const name = ga.texts.language === "zh" ? unit.name_zh : unit.name_en;
        const change = unit.change_percent;
        const steady = change === null || change === undefined || Math.abs(change) < 0.5;
        const direction = change === null || change === undefined ? "none" : steady ? "flat" : change > 0 ? "up" : "down";
        const word = direction === "none" ? "–" : `${change > 0 && !steady ? "+" : change < 0 && !steady ? "−" : ""}${ga.format.integer(Math.abs(Math.round(change)))} %`;
        const arrow = { up: "arrow-up-right", down: "arrow-down-right", flat: "arrow-right", none: null }[direction];
        return ga.el(
          "button",
          "unit",
          { type: "button", "data-behind": "risk", "data-unit": unit.code, "aria-label": `${name}: ${ga.format.integer(unit.open)}, ${word}` },
          ga.el("span", "unit__name", { title: name }, ga.shortUnit(name)),
          ga.el("span", "unit__count number", null, ga.format.integer(unit.open)),
          ga.el("span", `unit__change unit__change--${direction} number`, null, arrow ? ga.icon(arrow) : null, word),
          ga.el("span", "unit__room", null, ga.el("span", "unit__bar", { style: `--part:${unit.open / most}` })),
        );
      }),
    );
  };

  /** "国网唐山供电公司" and "Tangshan Power Supply Company" are long for a wall: the place is what counts. */
  ga.shortUnit = function (name) {
    return name
      .replace(/^国网(冀北)?/, "")
      .replace(/(市|区|县)?供电(分)?公司$/, "")
      .replace(/\s+(Power Supply )?(Company|Branch)$/i, "")
      .replace(/\s+Power Supply$/i, "") || name;
  };

  /** 90 daily counts as a line over a zero base; the last value and the highest are labelled. */
  ga.drawTrend = function (place, values, nowMs) {
    const width = 300;
    const height = 100;
    place.replaceChildren();
    if (!values || values.length < 2) {
      place.append(ga.el("p", "quiet", null, ga.text("wall.no_trend")));
      return;
    }
    const smooth = values.map((_, i) => {
      const part = values.slice(Math.max(0, i - 6), i + 1);
      return part.reduce((sum, v) => sum + v, 0) / part.length;
    });
    const most = Math.max(1, ...values);
    const x = (i) => (i / (values.length - 1)) * width;
    const y = (v) => height - (v / most) * (height - 4) - 1;
    const bars = values.map((v, i) => `M${x(i).toFixed(1)},${height}V${y(v).toFixed(1)}`).join("");
    const line = smooth.map((v, i) => `${i ? "L" : "M"}${x(i).toFixed(1)},${y(v).toFixed(1)}`).join("");
    const day = (back) => ga.format.isoDay(nowMs - back * 86400000).slice(5);
    const picture = ga.svg(
      "svg",
      { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", class: "trend__picture", role: "img", "aria-label": ga.text("wall.trend_label", { last: ga.format.integer(values[values.length - 1]), mean: ga.format.one(smooth[smooth.length - 1]) }) },
      ga.svg("path", { d: bars, class: "trend__bars" }),
      ga.svg("path", { d: line, class: "trend__line" }),
      ga.svg("path", { d: `M0,${height - 0.5}H${width}`, class: "trend__base" }),
    );
    const average = smooth[smooth.length - 1];
    place.append(
      ga.el("div", "trend__figure", null, ga.el("span", "trend__mean number", null, ga.format.one(average)), ga.el("span", "quiet", null, ga.text("wall.trend_unit"))),
      ga.el("div", "trend__room", null, picture, ga.el("span", "trend__most number", null, ga.format.integer(most))),
      ga.el("div", "trend__days number", null, ga.el("span", null, null, day(values.length - 1)), ga.el("span", null, null, day(Math.round(values.length / 2))), ga.el("span", null, null, ga.text("wall.today"))),
    );
  };
})(window.gridaudit);

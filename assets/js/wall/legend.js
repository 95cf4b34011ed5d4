// The legend, always in the same corner: signs of inspectors and tickets, the risk scale with its unit and numbers, and
// the scale bar. Each layer also shows how old its data is.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";

  function signRow(draw, text) {
    const unit = ga.unit();
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const size = Math.round(unit * 2.1);
    const canvas = ga.el("canvas", "legend__sign", { width: size * ratio, height: size * ratio, style: `width:${size}px;height:${size}px`, "aria-hidden": "true" });
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, (size * ratio) / 2, (size * ratio) / 2);
    draw(context, unit, ratio);
    return ga.el("li", "legend__row", null, canvas, ga.el("span", null, null, text));
  }

  ga.drawLegendSigns = function () {
    const people = ga.byId("legend-inspectors");
    const tickets = ga.byId("legend-tickets");
    if (!people || !tickets) return;
    people.replaceChildren(
      ...ga.inspectorStates.map((state) =>
        signRow((context, unit, ratio) => {
          const stamp = ga.stamp(state, unit * 0.7, ratio);
          context.drawImage(stamp, -stamp.half, -stamp.half, stamp.half * 2, stamp.half * 2);
        }, ga.text(`map.state_${state}`)),
      ),
    );
    tickets.replaceChildren(
      ...ga.deadlines.map((deadline, i) => signRow((context, unit) => ga.drawTicket(context, 0, 0, unit * 0.78, i + 1, deadline), ga.text(`map.deadline_${deadline}`))),
    );
  };

  /** The colour scale of the risk layer. `stops`: [[value, colour]…] ascending; `unit`: text. */
  ga.drawScale = function (stops, unit, stepped) {
    const place = ga.byId("legend-scale");
    if (!place) return;
    if (!stops || !stops.length) {
      place.replaceChildren(ga.el("p", "quiet", null, ga.text("map.no_risk_in_view")));
      return;
    }
    const show = (value) => (value === 0 ? "0" : value < 10 && value % 1 ? String(Number(value.toPrecision(2))) : ga.format.integer(value));
    const colours = stops.map(([, colour]) => colour);
    const background = stepped
      ? `linear-gradient(90deg,${colours.map((c, i) => `${c} ${(i / colours.length) * 100}%,${c} ${((i + 1) / colours.length) * 100}%`).join(",")})`
      : `linear-gradient(90deg,${colours.join(",")})`;
    const ticks = stepped ? stops.map(([v]) => v) : [stops[0][0], stops[Math.floor(stops.length / 2)][0], stops[stops.length - 1][0]];
    const bar = ga.el("div", "scale__bar");
    bar.style.background = background;
    place.replaceChildren(
      bar,
      ga.el("div", `scale__ticks number${stepped ? " scale__ticks--stepped" : ""}`, null, ...ticks.map((v) => ga.el("span", null, null, show(v)))),
      ga.el("div", "scale__unit", null, unit),
    );
  };

  /** Ground distance as a bar: a round number between a tenth and a fifth of the screen. */
  ga.drawScaleBar = function (map) {
    const place = ga.byId("scale-bar");
    if (!place) return;
    const size = map.getSize();
    const y = size.y / 2;
    const across = ga.unit() * 14;
    const metres = map.distance(map.containerPointToLatLng([0, y]), map.containerPointToLatLng([across, y]));
    const power = 10 ** Math.floor(Math.log10(metres));
    const round = [5, 2, 1].find((n) => n * power <= metres) * power;
    place.style.width = `${(round / metres) * across}px`;
    ga.setText(place, ga.format.distance(round).replace(/\.0(?=\D|$)/, ""));
  };
})(window.gridaudit);

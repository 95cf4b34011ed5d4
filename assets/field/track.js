// Own track of today, and who looked at it. A drawing with a scale, north up: it needs no map tiles and little data.

import { h, icon, s, show } from "./dom.js";
import { ask } from "./network.js";
import { problemNote } from "./notes.js";
import { metres, clock, duration, moment, say } from "./words.js";

const WIDE = 340;
const HIGH = 260;
const EDGE = 24;

/** A drawing's place of a point: metres from the middle, the same on both axes. */
function projection(points) {
  const lons = points.map((point) => point[1]);
  const lats = points.map((point) => point[2]);
  const middle = [(Math.min(...lons) + Math.max(...lons)) / 2, (Math.min(...lats) + Math.max(...lats)) / 2];
  const east = 111320 * Math.cos((middle[1] * Math.PI) / 180);
  const wide = Math.max(200, (Math.max(...lons) - Math.min(...lons)) * east);
  const high = Math.max(200, (Math.max(...lats) - Math.min(...lats)) * 110540);
  const scale = Math.min((WIDE - 2 * EDGE) / wide, (HIGH - 2 * EDGE) / high);
  const at = (lon, lat) => [WIDE / 2 + (lon - middle[0]) * east * scale, HIGH / 2 - (lat - middle[1]) * 110540 * scale];
  return { at, scale };
}

function scaleBar(scale) {
  const lengths = [50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000];
  const length = lengths.filter((one) => one * scale <= 110).pop() || 50;
  const end = EDGE + length * scale;
  return s(
    "g",
    { class: "way__scale" },
    s("path", { d: `M${EDGE} ${HIGH - 14}v5H${end.toFixed(1)}v-5` }),
    s("text", { x: end + 6, y: HIGH - 9 }, metres(length)),
    s("path", { d: `M${WIDE - 20} 34V16m-5 6 5-7 5 7` }),
    s("text", { x: WIDE - 20, y: 46, "text-anchor": "middle" }, say("north")),
  );
}

function drawing(track) {
  const { at, scale } = projection(track.points);
  const path = ([first, last]) =>
    track.points
      .slice(first, last + 1)
      .map(([, lon, lat], n) => `${n ? "L" : "M"}${at(lon, lat).map((value) => value.toFixed(1)).join(" ")}`)
      .join("");
  const newest = track.points[track.points.length - 1];
  const [x, y] = at(newest[1], newest[2]);
  return s(
    "svg",
    { class: "way", viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": say("track_alt", { far: metres(track.distance_m), stops: track.stops.length }) },
    track.segments.map((segment) => s("path", { d: path(segment), class: "way__line" })),
    track.stops.map((stop, n) => {
      const [left, top] = at(stop.lon, stop.lat);
      return s("g", {}, s("circle", { cx: left, cy: top, r: 9, class: "way__stop" }), s("text", { x: left, y: top + 4, class: "way__number", "text-anchor": "middle" }, String(n + 1)));
    }),
    s("circle", { cx: x, cy: y, r: 6, class: "way__now" }),
    scaleBar(scale),
  );
}

const today = () => new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Shanghai" }).format(new Date());

export function track({ screen, head, still }) {
  const employee = document.body.dataset.employee;
  show(head, h("h1", {}, say("my_track")));

  async function load() {
    try {
      const [way, looks] = await Promise.all([
        ask(`/api/v1/tracks/${encodeURIComponent(employee)}?day=${today()}`),
        ask("/api/v1/field/looks"),
      ]);
      if (still()) draw(way, looks);
    } catch (error) {
      if (still()) show(screen, problemNote(error, load));
    }
  }

  function draw(way, looks) {
    show(
      screen,
      way.points.length
        ? [
            h("div", { class: "figures" }, figure(say("way_today"), metres(way.distance_m)), figure(say("stops"), String(way.stops.length)), figure(say("last_fix"), clock(way.points[way.points.length - 1][0]))),
            drawing(way),
            stops(way),
          ]
        : h("div", { class: "empty" }, icon("route"), h("p", {}, say("no_track")), h("p", { class: "quiet" }, say("no_track_hint"))),
      h("h2", { class: "section" }, say("who_looked"), h("span", { class: "count" }, String(looks.looks.length))),
      h("p", { class: "quiet hint" }, say("who_looked_hint", { days: looks.days })),
      looks.looks.length
        ? h(
            "ul",
            { class: "lines" },
            looks.looks.map((look) =>
              h("li", {}, h("span", {}, icon("user"), `${look.subject} · ${say(`role_${look.role}`)}`), h("span", { class: "quiet" }, `${moment(look.at)}${look.day ? ` · ${say("look_day", { day: look.day })}` : ""}`)),
            ),
          )
        : h("p", { class: "note" }, icon("circle-check"), h("span", {}, say("nobody_looked"))),
    );
  }

  const figure = (name, value) => h("div", { class: "figure" }, h("span", { class: "figure__value number" }, value), h("span", { class: "quiet" }, name));

  function stops(way) {
    if (!way.stops.length) return null;
    return h(
      "ol",
      { class: "lines" },
      way.stops.map((stop, n) =>
        h("li", {}, h("span", {}, h("span", { class: "stop" }, String(n + 1)), stop.near || say("stop")), h("span", { class: "quiet number" }, `${clock(stop.arrived_ms)}–${clock(stop.left_ms)} · ${duration(stop.dwell_s * 1000)}`)),
      ),
    );
  }

  show(screen, h("p", { class: "quiet loading" }, say("loading")));
  load();
}

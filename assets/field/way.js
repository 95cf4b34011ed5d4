// The way there: a `geo:` link, in the coordinates that the phone's map app reads.

import { h, icon } from "./dom.js";
import { settings } from "./kept.js";
import { openSheet } from "./sheet.js";
import { say } from "./words.js";

export const coordinates = (place, system) =>
  system === "gcj02" ? [place.gcj_lat, place.gcj_lon] : [place.lat, place.lon];

/** `geo:39.63,118.18?q=39.63,118.18(T2026-0412)`: the query puts a mark there and names it. */
export function geoLink(ticket, system) {
  const [lat, lon] = coordinates(ticket.place, system);
  return `geo:${lat},${lon}?q=${lat},${lon}(${encodeURIComponent(ticket.number)})`;
}

export function navigation(ticket) {
  const chosen = settings.get().maps;
  const link = (system) => {
    const [lat, lon] = coordinates(ticket.place, system);
    return h(
      "a",
      { class: system === chosen ? "main main--wide" : "main main--quiet main--wide", href: geoLink(ticket, system), onclick: () => settings.set({ maps: system }) },
      icon("map-pin"),
      h("span", {}, say(`maps_${system}`), h("span", { class: "small number" }, `${lat.toFixed(5)}, ${lon.toFixed(5)}`)),
    );
  };
  openSheet(
    say("way"),
    h(
      "div",
      { class: "form" },
      h("p", { class: "note" }, icon("info-circle"), h("span", {}, say("maps_hint"))),
      link(chosen),
      link(chosen === "wgs84" ? "gcj02" : "wgs84"),
    ),
  );
}

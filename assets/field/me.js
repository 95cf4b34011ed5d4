// What waits to be sent, how the page looks, the language, signing out.

import { h, icon, show } from "./dom.js";
import { forget, settings } from "./kept.js";
import { ask, NetworkGone } from "./network.js";
import { outbox } from "./outbox.js";
import { pending } from "./pending.js";
import { place } from "./place.js";
import { language, say } from "./words.js";

function choices(name, values, now, choose) {
  return h(
    "fieldset",
    { class: "field" },
    h("legend", {}, say(name)),
    h(
      "div",
      { class: "segments", role: "group" },
      values.map((value) => h("button", { type: "button", class: "segment", "aria-pressed": String(now === value), onclick: () => choose(value) }, say(`${name}_${value}`))),
    ),
  );
}

async function signOut() {
  await ask("/api/v1/session", { method: "DELETE" });
  place.shift(false);
  await outbox.clear();
  forget();
  if ("caches" in window) for (const name of await caches.keys()) if (name.startsWith("gridaudit-field-")) await caches.delete(name);
  location.replace("/signin?next=/field");
}

export function me({ screen, head, still }) {
  show(head, h("h1", {}, say("me")));
  let problem = "";

  async function leave() {
    if (outbox.items.length && !window.confirm(say("sign_out_unsent", { n: outbox.items.length }))) return;
    try {
      await signOut();
    } catch (error) {
      problem = error instanceof NetworkGone ? say("sign_out_network") : error.message;
      draw();
    }
  }

  function look(change) {
    settings.set(change);
    const chosen = settings.get();
    document.documentElement.dataset.theme = chosen.theme;
    document.documentElement.dataset.size = chosen.size;
    draw();
  }

  function draw() {
    const chosen = settings.get();
    const items = outbox.items;
    const tickets = [...new Set(items.map((item) => item.ticket))];
    show(
      screen,
      h("h2", { class: "section" }, say("outbox"), h("span", { class: "count" }, String(items.length))),
      items.length
        ? tickets.map((number) => [h("a", { class: "number", href: `#ticket/${encodeURIComponent(number)}` }, number), pending(outbox.of(number), null)])
        : h("p", { class: "note" }, icon("circle-check"), h("span", {}, say("all_sent"))),
      h("h2", { class: "section" }, say("settings")),
      choices("theme", ["light", "dark"], chosen.theme, (theme) => look({ theme })),
      choices("size", ["usual", "large", "largest"], chosen.size, (size) => look({ size })),
      choices("maps", ["wgs84", "gcj02"], chosen.maps, (maps) => look({ maps })),
      h("p", { class: "quiet hint" }, say("maps_hint")),
      h(
        "div",
        { class: "stack" },
        h("a", { class: "choice", href: `/field?language=${language === "zh" ? "en" : "zh"}` }, icon("language"), say("other_language")),
        h("a", { class: "choice", href: "/" }, icon("device-tv"), say("to_wall")),
        h("button", { class: "choice", type: "button", onclick: leave }, icon("logout"), say("sign_out")),
      ),
      problem ? h("p", { class: "wrong", role: "alert" }, icon("alert-triangle"), h("span", {}, problem)) : null,
      h("p", { class: "quiet hint" }, say("kept_hint")),
    );
  }
  const redraw = () => still() && draw();
  outbox.listen(redraw);
  draw();
  return () => outbox.forget(redraw);
}

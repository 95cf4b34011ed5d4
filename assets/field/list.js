// My tickets: what to do next, by deadline or by distance from here.

import { h, icon, show } from "./dom.js";
import { picture, settings } from "./kept.js";
import { ask, NetworkGone } from "./network.js";
import { outbox } from "./outbox.js";
import { metresBetween, place } from "./place.js";
import { problemNote } from "./notes.js";
import { whenAnswered } from "./answered.js";
import { deadline, firstText, metres, moment, name, roman, say } from "./words.js";

const WAITS_FOR_OTHERS = new Set([55, 60, 65, 80]);
const REFRESH_MS = 60000;
const SLOW_MS = 1200;

/** What may stay on the phone: no name of a customer. */
const bare = (work) => ({ ...work, name: "", tickets: work.tickets.map((ticket) => ({ ...ticket, customer: null })) });

export function list({ screen, head, still }) {
  let work = null;
  let asOf = null; // of a kept picture; null when it is the present
  let trouble = null;

  show(head, h("h1", {}, say("my_tickets")));

  async function load() {
    try {
      work = await ask("/api/v1/field/tickets");
      asOf = null;
      trouble = null;
      picture.set("work", bare(work));
    } catch (error) {
      const kept = picture.get("work");
      if (error instanceof NetworkGone && kept) {
        work = kept.value;
        asOf = kept.at;
      } else trouble = error;
    }
    if (still()) draw();
  }

  const away = (ticket) => (place.latest && ticket.place ? metresBetween(place.latest, ticket.place) : null);

  function sorted(tickets) {
    if (settings.get().order !== "distance" || !place.latest) return tickets;
    return [...tickets].sort((a, b) => (away(a) ?? Infinity) - (away(b) ?? Infinity));
  }

  function card(ticket, now) {
    const due = deadline(ticket.due_at, now);
    const far = away(ticket);
    const waiting = outbox.of(ticket.number).length;
    return h(
      "li",
      {},
      h(
        "a",
        { class: "card", href: `#ticket/${encodeURIComponent(ticket.number)}` },
        h("span", { class: `level level--${ticket.level}`, "aria-label": say("level", { level: roman(ticket.level) }) }, roman(ticket.level)),
        h(
          "span",
          { class: "card__text" },
          h("span", { class: "card__name" }, name(ticket.anomaly)),
          h(
            "span",
            { class: "card__where" },
            ticket.district || say("no_district"),
            ticket.customer ? ` · ${ticket.customer}` : "",
          ),
          h(
            "span",
            { class: "card__facts" },
            h("span", { class: "state" }, firstText(`status.ticket_${ticket.status}`)),
            h("span", { class: `due due--${due.state}` }, icon(due.state === "late" ? "clock-exclamation" : "clock"), due.text),
            far === null ? null : h("span", { class: "far" }, icon("map-pin"), metres(far)),
            waiting ? h("span", { class: "due due--soon" }, icon("refresh"), say("waits")) : null,
          ),
        ),
        icon("chevron-right"),
      ),
    );
  }

  function section(title, tickets, now) {
    if (!tickets.length) return null;
    return h(
      "section",
      {},
      h("h2", { class: "section" }, title, h("span", { class: "count" }, String(tickets.length))),
      h("ul", { class: "cards" }, sorted(tickets).map((ticket) => card(ticket, now))),
    );
  }

  function order() {
    const chosen = settings.get().order;
    const button = (value) =>
      h(
        "button",
        {
          type: "button",
          class: "segment",
          "aria-pressed": String(chosen === value),
          onclick: () => {
            settings.set({ order: value });
            place.start();
            draw();
          },
        },
        say(`order_${value}`),
      );
    return h("div", { class: "segments", role: "group", "aria-label": say("order") }, button("due"), button("distance"));
  }

  function draw() {
    if (trouble) {
      show(screen, problemNote(trouble, load));
      return;
    }
    if (!work) return;
    const now = asOf ? new Date() : new Date(work.now);
    const todo = work.tickets.filter((ticket) => ticket.mine && !WAITS_FOR_OTHERS.has(ticket.status));
    const others = work.tickets.filter((ticket) => ticket.mine && WAITS_FOR_OTHERS.has(ticket.status));
    const free = work.tickets.filter((ticket) => !ticket.mine);
    const nowhere = settings.get().order === "distance" && !place.latest;
    show(
      screen,
      asOf ? h("p", { class: "note note--warn" }, icon("history"), say("as_of", { time: moment(asOf) })) : null,
      order(),
      nowhere ? h("p", { class: "note" }, icon("map-pin"), say(place.trouble ? `place_${place.trouble}` : "place_searching")) : null,
      work.tickets.length
        ? [section(say("to_do"), todo, now), section(say("free"), free, now), section(say("with_others"), others, now)]
        : h("div", { class: "empty" }, icon("circle-check"), h("p", {}, say("no_tickets")), h("p", { class: "quiet" }, say("no_tickets_hint"))),
    );
  }

  const moved = () => settings.get().order === "distance" && still() && draw();
  place.listen(moved);
  if (settings.get().order === "distance") place.start();
  // A slow network: the last picture, named as one, rather than nothing.
  const slow = setTimeout(() => {
    const kept = picture.get("work");
    if (work || !kept || !still()) return;
    work = kept.value;
    asOf = kept.at;
    draw();
  }, SLOW_MS);
  load();
  const timer = setInterval(() => !document.hidden && load(), REFRESH_MS);
  const stop = whenAnswered(load);
  return () => {
    clearTimeout(slow);
    clearInterval(timer);
    place.forget(moved);
    stop();
  };
}

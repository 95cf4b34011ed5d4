// Why the ticket is there, what happened to it, and what was found at this place before.

import { h, icon } from "./dom.js";
import { pair } from "./notes.js";
import { day, decimal, firstText, moment, name, say } from "./words.js";

export function why(ticket) {
  return h(
    "details",
    { class: "block" },
    h("summary", {}, say("why")),
    ticket.description ? h("p", {}, ticket.description) : null,
    h(
      "dl",
      { class: "pairs" },
      pair(say("business"), name(ticket.business)),
      pair(say("opened"), moment(ticket.opened_at)),
      ticket.score === null ? null : pair(say("risk_score"), h("span", { class: "number" }, `${ticket.score} / 100`)),
      ticket.exposure_yuan === null ? null : pair(say("exposure"), h("span", { class: "number" }, `¥ ${decimal(ticket.exposure_yuan, 2)}`)),
    ),
  );
}

export function problems(ticket) {
  if (!ticket.problems.length) return null;
  return h(
    "details",
    { class: "block" },
    h("summary", {}, say("problems"), h("span", { class: "count" }, String(ticket.problems.length))),
    h(
      "ul",
      { class: "lines" },
      ticket.problems.map((problem) =>
        h(
          "li",
          {},
          h("span", {}, name(problem.anomaly)),
          h("span", { class: "quiet" }, `${say(problem.same_customer ? "same_customer" : "same_district")} · ${day(problem.found_at)} · ${say(problem.rectified_at ? "rectified" : "not_rectified")}`),
        ),
      ),
    ),
  );
}

export function history(ticket) {
  return h(
    "details",
    { class: "block" },
    h("summary", {}, say("history"), h("span", { class: "count" }, String(ticket.version))),
    h(
      "ol",
      { class: "lines lines--time" },
      ticket.events.map((event) =>
        h(
          "li",
          {},
          h("span", {}, icon("history"), firstText(`field.event_${event.kind}`, `tickets.action_${event.kind}`, `events.${event.kind}`), h("span", { class: "quiet" }, ` → ${firstText(`status.ticket_${event.to_status}`)}`)),
          h("span", { class: "quiet" }, `${moment(event.at)} · ${event.actor}`),
          event.words ? h("span", { class: "said" }, event.words) : null,
        ),
      ),
    ),
  );
}

// The check-in: where this phone is against the object, how sure it is, and what the score made of it.

import { h, icon, show } from "./dom.js";
import { draft } from "./kept.js";
import { changeId, outbox } from "./outbox.js";
import { metresBetween, now } from "./place.js";
import { closeSheet, openSheet } from "./sheet.js";
import { metres, moment, say } from "./words.js";

const WEAK_M = 100; // an accuracy worth a second try; what counts is judged by the server

export function checkIn(ticket) {
  const body = h("div", { class: "form" });
  openSheet(say("check_in"), body);
  measure();

  async function measure() {
    show(body, h("p", { class: "note" }, icon("target"), h("span", {}, say("place_searching"))));
    try {
      offer(await now());
    } catch (error) {
      show(
        body,
        h("p", { class: "note note--warn" }, icon("map-pin-off"), h("span", {}, say(`place_${error.message}`))),
        h("button", { class: "main main--wide", type: "button", onclick: measure }, say("again")),
      );
    }
  }

  function offer(found) {
    const far = ticket.place ? metresBetween(found, ticket.place) : null;
    const kept = draft.get(ticket.number, "check_in");
    const weak = found.accuracy > WEAK_M || far === null || far > found.accuracy + WEAK_M;
    const reason = h("textarea", {
      id: "check-in-reason",
      rows: 2,
      maxlength: 500,
      oninput: () => draft.set(ticket.number, "check_in", { reason: reason.value }),
    });
    reason.value = kept.reason || "";
    show(
      body,
      h(
        "dl",
        { class: "pairs pairs--large" },
        h("div", { class: "pair" }, h("dt", {}, say("distance")), h("dd", { class: "number" }, far === null ? say("no_place") : metres(far))),
        h("div", { class: "pair" }, h("dt", {}, say("accuracy")), h("dd", { class: "number" }, `± ${metres(found.accuracy)}`)),
      ),
      h("p", { class: weak ? "note note--warn" : "note" }, icon(weak ? "alert-triangle" : "circle-check"), h("span", {}, say(weak ? "check_in_weak" : "check_in_good"))),
      weak
        ? h("div", { class: "field" }, h("label", { for: "check-in-reason" }, say("check_in_reason"), h("span", { class: "quiet" }, ` ${say("optional")}`)), reason)
        : null,
      h("p", { class: "quiet hint" }, say("check_in_how")),
      h(
        "div",
        { class: "row" },
        h("button", { class: "main main--quiet", type: "button", onclick: measure }, say("measure_again")),
        h("button", { class: "main", type: "button", onclick: () => send(found, reason.value.trim()) }, say("check_in_now")),
      ),
    );
  }

  async function send(found, reason) {
    closeSheet();
    await outbox.add({
      ticket: ticket.number,
      kind: "check_in",
      title: say("check_in"),
      form: "check_in",
      seen: ticket.version,
      content: {
        change_id: changeId(),
        at: new Date(found.at).toISOString(),
        lon: found.lon,
        lat: found.lat,
        accuracy_m: found.accuracy,
        ...(reason ? { reason } : {}),
      },
    });
  }
}

function part(name, one) {
  if (!one || typeof one !== "object" || !("points" in one)) return null;
  const unit = name === "dwell" ? say("seconds_n", { n: Math.round(one.measured ?? 0) }) : metres(one.measured);
  return h("li", {}, h("span", {}, say(`evidence.presence_${name}`)), h("span", { class: "number" }, one.measured === null ? "–" : unit), h("span", { class: "number quiet" }, `${one.points}/${one.most}`));
}

/** The own check-ins of a ticket, the newest with its parts. */
export function checkInList(ticket) {
  const [last, ...before] = ticket.check_ins;
  if (!last) return null;
  const good = last.parts.verdict === "present";
  return h(
    "details",
    { class: "block", open: !good },
    h(
      "summary",
      {},
      icon(good ? "circle-check" : "alert-triangle"),
      h("span", {}, say("checked_in", { time: moment(last.at) })),
      h("span", { class: good ? "score" : "score score--low" }, say("score", { n: last.score })),
    ),
    h("ul", { class: "parts" }, ["distance", "accuracy", "dwell"].map((name) => part(name, last.parts[name]))),
    h("p", { class: "quiet hint" }, say(good ? "score_good" : "score_low")),
    last.reason ? h("p", {}, `“${last.reason}”`) : null,
    before.length ? h("p", { class: "quiet hint" }, say("check_ins_before", { n: before.length })) : null,
  );
}

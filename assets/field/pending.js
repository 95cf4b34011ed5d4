// What of this ticket is on its way, and what came back: a stale change shows what happened meanwhile, a refused one why.

import { label } from "./controls.js";
import { h, icon } from "./dom.js";
import { outbox } from "./outbox.js";
import { firstText, moment, say } from "./words.js";

const eventWords = (kind) => firstText(`field.event_${kind}`, `tickets.action_${kind}`, `events.${kind}`);

function since(details) {
  const events = details.filter((one) => one.kind || one.action);
  if (!events.length) return null;
  return h(
    "ul",
    { class: "since" },
    events.map((event) => h("li", {}, event.at ? h("span", { class: "quiet number" }, `${moment(event.at)} `) : null, eventWords(event.kind || event.action), event.actor ? h("span", { class: "quiet" }, ` · ${event.actor_name || event.actor}`) : null)),
  );
}

/** Each fault in words: why it isn't allowed, or which value is wrong and how. */
function faultWords(one) {
  if (one.why) return [firstText(`tickets.why_${one.why}`), ...(one.missing || []).map((code) => firstText(`tickets.missing_${code}`))];
  if (one.problem) {
    const choices = (one.choices || []).join(", ");
    return [`${label({ name: one.where, subject: "field" })}: ${say(`tickets.fault_${one.problem}`, { limit: one.limit ?? "", choices })}`];
  }
  return one.message || one.expected ? [one.message || `${one.where || one.field || ""} ${one.expected}`] : [];
}

function faults(details) {
  const said = details.flatMap(faultWords);
  return said.length ? h("ul", { class: "since" }, said.map((text) => h("li", {}, text))) : null;
}

function buttons(item, version) {
  // Only on a state that has been read: the person must see what the ticket is now.
  const renew = item.state === "stale" && version !== null && version > item.content.based_on;
  return h(
    "div",
    { class: "pending__buttons" },
    renew ? h("button", { class: "big", type: "button", onclick: () => outbox.renew(item.order, version) }, icon("refresh"), say("send_again")) : null,
    h("button", { class: "big", type: "button", onclick: () => outbox.discard(item.order) }, icon("x"), say(item.form ? "back_to_form" : "discard")),
  );
}

function one(item, version) {
  const picture = { waiting: "refresh", stale: "history", refused: "alert-triangle" }[item.state];
  return h(
    "li",
    { class: `pending pending--${item.state}` },
    h("p", { class: "pending__line" }, icon(picture), h("strong", {}, item.title), h("span", { class: "quiet" }, say(`item_${item.state}`))),
    item.state === "stale" ? [h("p", {}, say("stale_text")), since(item.problem.details)] : null,
    item.state === "refused" ? [h("p", {}, item.problem.text), faults(item.problem.details)] : null,
    item.state === "waiting" ? null : buttons(item, version),
  );
}

/** The list for a ticket (`version` is its present one), or for all tickets with null. */
export function pending(items, version) {
  return items.length ? h("ul", { class: "pendings", "aria-label": say("outbox") }, items.map((item) => one(item, version))) : null;
}

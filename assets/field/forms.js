// Forms of actions, made from the fields that the server names: only what this action and this anomaly need. What is
// typed is kept on the phone at every stroke until it is sent.

import { control, sentValue, wrong } from "./controls.js";
import { announce, h, icon, show } from "./dom.js";
import { draft } from "./kept.js";
import { changeId, outbox } from "./outbox.js";
import { say } from "./words.js";

const NOT_TYPED = new Set(["evidence", "unit", "inspector", "form"]);
const OF_FORM = new Set(["form", "measured"]); // chosen and filled in below, by the finding form
const FORM = "form.";
const CHOSEN = "form.chosen";

/** Sends an action that needs nothing to be said. */
export const quickAction = (ticket, action) => queue(ticket, action, {});

function queue(ticket, action, fields) {
  announce(say("queued"));
  return outbox.add({
    ticket: ticket.number,
    kind: "action",
    title: say(`action_${action.code}`),
    form: action.code,
    seen: ticket.version,
    content: { change_id: changeId(), based_on: ticket.version, action: action.code, fields },
  });
}

/** Fields of the action and, with a confirmed finding, those of the chosen finding form (`form.<form>.<name>`). */
function fieldsOf(ticket, action) {
  const own = action.fields
    .filter((field) => !NOT_TYPED.has(field.kind) && !OF_FORM.has(field.name))
    // Asked for only where the visit is in doubt, and then needed.
    .map((field) => ({ ...field, key: field.name, required: field.required || field.name === "presence_reason" }));
  if (action.code !== "submit_finding" || !ticket.forms.length) return own;
  const chooser = {
    key: CHOSEN, name: "form", kind: "choice", subject: "evidence", required: true,
    choices: ticket.forms.map((form) => form.code), usual: ticket.forms[0].code,
  };
  const measured = ticket.forms.flatMap((form) =>
    form.fields.map((field) => ({ ...field, subject: "evidence", key: `${FORM}${form.code}.${field.name}`, form: form.code })),
  );
  const before = own.findIndex((field) => field.name === "report");
  return [...own.slice(0, before), ...(ticket.forms.length > 1 ? [chooser] : []), ...measured, ...own.slice(before)];
}

/** Whether a field plays a part beside the values that are there. */
function plays(field, values, ticket) {
  if (field.name === "presence_reason") return ticket.presence_reason_needed;
  const confirmed = values.finding === "true";
  if (field.name === "cause" && "finding" in values) return confirmed;
  if (field.key === CHOSEN) return confirmed;
  if (!field.form) return true;
  const chosen = values[CHOSEN] || ticket.forms[0].code;
  if (!confirmed || field.form !== chosen) return false;
  return Object.entries(field.when || {}).every(([name, wanted]) => wanted.includes(values[`${FORM}${field.form}.${name}`]));
}

/** The form of an action. Evidence is not typed: it is what was photographed, and goes along by itself. `done` closes the
 *  sheet that it stands in; a form inside the page has its button in the dock. */
export function actionForm(ticket, action, done = null) {
  const kept = draft.get(ticket.number, action.code);
  const fields = fieldsOf(ticket, action);
  const values = {};
  const changed = () => {
    for (const one of controls) values[one.field.key] = one.read();
    draft.set(ticket.number, action.code, values);
    arrange();
  };
  const controls = fields.map((field) => control(field, `f-${action.code}-${field.key.replaceAll(".", "-")}`, kept[field.key] || field.usual, changed));
  for (const one of controls) values[one.field.key] = one.read();

  const problem = h("p", { class: "wrong", role: "alert" });
  const form = h(
    "form",
    {
      id: done ? null : "action-form",
      class: "form",
      novalidate: true,
      onsubmit: (event) => {
        event.preventDefault();
        send();
      },
    },
    done ? null : h("h2", {}, say(`action_${action.code}`)),
    controls.map((one) => one.element),
    evidenceNote(ticket, action),
    problem,
    done ? h("button", { class: "main main--wide", type: "submit" }, say("send")) : null,
  );

  function arrange() {
    for (const one of controls) one.element.hidden = !plays(one.field, values, ticket);
  }

  function tell(text, one) {
    show(problem, icon("alert-triangle"), h("span", {}, text));
    if (one) one.focus();
  }

  async function send() {
    const given = {};
    for (const one of controls.filter((each) => plays(each.field, values, ticket))) {
      const value = one.read();
      const fault = wrong(one.field, value);
      if (fault) return tell(fault, one);
      if (value === "" || one.field.key === CHOSEN) continue;
      if (one.field.form) {
        given.form = one.field.form;
        given.form_values = { ...given.form_values, [one.field.name]: sentValue(one.field, value) };
      } else given[one.field.name] = sentValue(one.field, value);
    }
    const evidence = action.fields.find((field) => field.kind === "evidence");
    if (evidence) {
      const waiting = outbox.of(ticket.number).filter((item) => item.kind === "evidence");
      const files = [...ticket.evidence.map((one) => one.sha256), ...waiting.map((item) => item.sha256).filter(Boolean)];
      const needed = evidence.required || given.finding === "false";
      if (needed && !files.length && !waiting.length) return tell(say("photo_needed"));
      if (files.length) given.evidence = [...new Set(files)];
    }
    show(problem);
    if (done) done();
    return queue(ticket, action, given);
  }

  arrange();
  return form;
}

function evidenceNote(ticket, action) {
  const evidence = action.fields.find((field) => field.kind === "evidence");
  if (!evidence) return null;
  const n = ticket.evidence.length + outbox.of(ticket.number).filter((item) => item.kind === "evidence").length;
  const text = n ? say("photos_go_along", { n }) : say(evidence.required ? "photo_needed" : "photo_advised");
  return h("p", { class: n ? "note" : "note note--warn" }, icon("camera"), h("span", {}, text));
}

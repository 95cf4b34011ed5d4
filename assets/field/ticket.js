// One ticket on site: where and what, call, way, check-in, photo, what to do next, and what is known of the customer.

import { checkIn, checkInList } from "./check_in.js";
import { byId, h, icon, show } from "./dom.js";
import { energy } from "./energy.js";
import { actionForm, quickAction } from "./forms.js";
import { history, problems, why } from "./history.js";
import { picture } from "./kept.js";
import { ask, NetworkGone } from "./network.js";
import { pair, problemNote } from "./notes.js";
import { outbox } from "./outbox.js";
import { pending } from "./pending.js";
import { photoButton, photoGrid } from "./photos.js";
import { metresBetween, place } from "./place.js";
import { reveal } from "./reveal.js";
import { whenAnswered } from "./answered.js";
import { openSheet, closeSheet } from "./sheet.js";
import { navigation } from "./way.js";
import { deadline, decimal, firstText, metres, moment, name, roman, say } from "./words.js";

const REFRESH_MS = 60000;
const MAY_CHECK_IN = new Set([40, 50, 70, 85]); // `audit.workflow_actions`, check_in
const FORMS_INSIDE = new Set(["submit_finding", "submit_rectification", "resubmit"]);

const bare = (ticket) => ({ ...ticket, customer: null, customer_phone: null, manager: null, manager_phone: null, events: ticket.events.map((event) => ({ ...event, words: null })) });

export function ticket({ screen, head, dock, key, still }) {
  let now = null;
  let asOf = null;
  let drawnVersion = null;

  show(
    head,
    h("a", { class: "round", href: "#tickets", "aria-label": say("back") }, icon("chevron-left")),
    h("h1", { class: "number" }, key),
  );

  async function load() {
    try {
      now = await ask(`/api/v1/field/tickets/${encodeURIComponent(key)}`);
      asOf = null;
      picture.set(`ticket.${key}`, bare(now));
    } catch (error) {
      const kept = picture.get(`ticket.${key}`);
      if (error instanceof NetworkGone && (now || kept)) {
        asOf = asOf || (now ? Date.parse(now.now) : kept.at);
        now = now || kept.value;
      } else {
        if (still()) show(screen, problemNote(error, load));
        return;
      }
    }
    if (still()) draw();
  }

  /** Whether somebody is typing: then nothing under the fingers is drawn anew. */
  const typing = () => screen.contains(document.activeElement) && /^(TEXTAREA|INPUT|SELECT)$/.test(document.activeElement.tagName);

  function draw() {
    if (typing() && drawnVersion === now.version) return;
    drawnVersion = now.version;
    const t = now;
    const due = deadline(t.due_at, asOf ? new Date() : new Date(t.now));
    const far = place.latest && t.place ? metresBetween(place.latest, t.place) : null;
    const next = t.actions.find((action) => action.next);
    const waits = outbox.of(key);
    const formHere = next && FORMS_INSIDE.has(next.code) && !waits.length ? next : null;
    show(
      screen,
      asOf ? h("p", { class: "note note--warn" }, icon("history"), say("as_of", { time: moment(asOf) })) : null,
      h(
        "section",
        { class: "top" },
        h("div", { class: "top__line" }, h("span", { class: `level level--${t.level}`, "aria-label": say("level", { level: roman(t.level) }) }, roman(t.level)), h("h2", {}, name(t.anomaly))),
        h(
          "p",
          { class: "card__facts" },
          h("span", { class: "state" }, firstText(`status.ticket_${t.status}`)),
          [90, 95].includes(t.status) ? null : h("span", { class: `due due--${due.state}` }, icon(due.state === "late" ? "clock-exclamation" : "clock"), due.text),
          t.is_demo ? h("span", { class: "demo-mark" }, say("common.demo")) : null,
        ),
        t.return_count ? h("p", { class: "note note--warn" }, icon("alert-triangle"), say("returned_times", { n: t.return_count })) : null,
        t.request ? h("p", { class: "note" }, icon("clock"), say(`asked_${t.request.kind === "suspension" ? "suspension" : "extension"}`)) : null,
      ),
      pending(waits, asOf ? null : t.version),
      h(
        "div",
        { class: "tiles" },
        tile("phone", say("call"), () => reveal(t), !t.may_reveal),
        tile("map-pin", far === null ? say("way") : say("way_far", { far: metres(far) }), () => navigation(t), !t.place),
        tile("target", say("check_in"), () => checkIn(t), !t.mine || !MAY_CHECK_IN.has(t.status)),
        photoButton(t),
      ),
      t.mine && !t.may_reveal && t.status === 30 ? h("p", { class: "quiet hint" }, say("accept_first")) : null,
      formHere ? actionForm(t, formHere) : null,
      checkInList(t),
      photoGrid(t),
      object(t),
      why(t),
      t.customer_number ? energy(t, still) : null,
      problems(t),
      history(t),
    );
    bar(t, formHere, waits);
  }

  function tile(picture_, text, press, disabled) {
    return h("button", { class: "tile", type: "button", onclick: press, disabled }, icon(picture_), h("span", {}, text));
  }

  function object(t) {
    const meters = t.meters.map((meter) => (meter.multiplier > 1 ? `${meter.number} × ${meter.multiplier}` : meter.number));
    return h(
      "details",
      { class: "block", open: true },
      h("summary", {}, say("object")),
      h(
        "dl",
        { class: "pairs" },
        t.customer_number ? pair(say("customer"), t.customer || "", h("span", { class: "quiet number" }, ` ${t.customer_number}`)) : null,
        t.customer_category ? pair(say("category"), say(`category_${t.customer_category}`)) : null,
        t.voltage ? pair(say("supply"), `${t.voltage} · ${decimal(t.contract_capacity_kva)} kVA`) : null,
        meters.length ? pair(say("meter"), meters.join(", ")) : null,
        t.reading_section ? pair(say("section"), t.reading_section) : null,
        t.district ? pair(say("district"), t.district, t.capacity_kva ? h("span", { class: "quiet" }, ` ${t.capacity_kva} kVA`) : "") : null,
        t.manager ? pair(say("manager"), t.manager, " ", h("span", { class: "quiet number" }, t.manager_phone || "")) : null,
        pair(say("unit"), name(t.unit)),
      ),
    );
  }

  function bar(t, formHere, waits) {
    const next = t.actions.find((action) => action.next);
    const more = t.actions.filter((action) => action !== next);
    const main =
      next && !formHere && !waits.length
        ? h("button", { class: "main", type: "button", disabled: !next.allowed, onclick: () => press(t, next) }, say(`action_${next.code}`))
        : formHere
          ? h("button", { class: "main", type: "submit", form: "action-form" }, say(`action_${formHere.code}`))
          : null;
    const others = more.length
      ? h("button", { class: main ? "main main--quiet" : "main main--quiet main--wide", type: "button", onclick: () => openMore(t, more) }, say("more"))
      : null;
    dock.hidden = !main && !others;
    show(dock, others, main);
  }

  function press(t, action) {
    closeSheet();
    if (action.fields.every((field) => !field.required)) quickAction(t, action);
    else openSheet(say(`action_${action.code}`), actionForm(t, action, closeSheet));
  }

  function openMore(t, actions) {
    openSheet(
      say("more"),
      h(
        "ul",
        { class: "choices" },
        actions.map((action) =>
          h(
            "li",
            {},
            h("button", { type: "button", class: "choice", disabled: !action.allowed, onclick: () => press(t, action) }, say(`action_${action.code}`)),
            action.allowed || !action.why ? null : h("p", { class: "quiet hint" }, firstText(`tickets.why_${action.why}`)),
          ),
        ),
      ),
    );
  }

  const slow = setTimeout(() => {
    const kept = picture.get(`ticket.${key}`);
    if (now || !kept || !still()) return;
    now = kept.value;
    asOf = kept.at;
    draw();
  }, 1200);
  const redraw = () => now && still() && draw();
  const moved = () => {
    const far = screen.querySelector(".tiles .tile:nth-child(2) span:last-child");
    if (far && now && now.place && place.latest) far.textContent = say("way_far", { far: metres(metresBetween(place.latest, now.place)) });
  };
  place.listen(moved);
  outbox.listen(redraw);
  const stop = whenAnswered((item) => item.ticket === key && load());
  const timer = setInterval(() => !document.hidden && byId("sheet").hidden && load(), REFRESH_MS);
  load();
  return () => {
    clearTimeout(slow);
    clearInterval(timer);
    place.forget(moved);
    outbox.forget(redraw);
    stop();
  };
}

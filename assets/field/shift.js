// The own shift: one large switch. While it is on, and only then, this phone sends where it is.

import { announce, h, icon, show } from "./dom.js";
import { ask, NetworkGone } from "./network.js";
import { problemNote } from "./notes.js";
import { place } from "./place.js";
import { clock, duration, metres, say } from "./words.js";

let startedAt = null;

/** Asks once whether the shift is on, so that the track goes on after the page was closed. */
export async function readShift() {
  try {
    const work = await ask("/api/v1/field/tickets");
    startedAt = work.shift_started_at;
    place.shift(startedAt !== null);
  } catch (error) {
    if (!(error instanceof NetworkGone)) throw error;
  }
}

export function shift({ screen, head, still }) {
  show(head, h("h1", {}, say("my_shift")));
  let busy = false;
  let known = false;
  let problem = "";

  async function load() {
    try {
      await readShift();
      known = true;
      if (still()) draw();
    } catch (error) {
      if (still()) show(screen, problemNote(error, load));
    }
  }

  async function turn(on) {
    busy = true;
    problem = "";
    draw();
    try {
      await ask("/api/v1/field/shift", { method: "POST", content: { on } });
      await readShift();
      announce(say(on ? "shift_is_on" : "shift_is_off"));
    } catch (error) {
      problem = error instanceof NetworkGone ? say("shift_needs_network") : error.message;
    }
    busy = false;
    if (still()) draw();
  }

  function sending() {
    const { latest, trouble, unsent, sentAt } = place;
    if (trouble) return h("p", { class: "note note--warn" }, icon("map-pin-off"), h("span", {}, say(`place_${trouble}`)));
    return h(
      "dl",
      { class: "pairs" },
      h("div", { class: "pair" }, h("dt", {}, say("accuracy")), h("dd", { class: "number" }, latest ? `± ${metres(latest.accuracy)}` : say("place_searching"))),
      h("div", { class: "pair" }, h("dt", {}, say("positions_sent")), h("dd", { class: "number" }, sentAt ? clock(sentAt) : say("not_yet"))),
      h("div", { class: "pair" }, h("dt", {}, say("positions_waiting")), h("dd", { class: "number" }, String(unsent))),
    );
  }

  function draw() {
    if (!known) return;
    const on = startedAt !== null;
    show(
      screen,
      h(
        "div",
        { class: `shift ${on ? "shift--on" : ""}` },
        h("p", { class: "shift__state" }, icon(on ? "circle-check" : "player-pause"), say(on ? "shift_is_on" : "shift_is_off")),
        on ? h("p", { class: "quiet" }, say("shift_since", { time: clock(startedAt), length: duration(Date.now() - new Date(startedAt)) })) : null,
        h(
          "button",
          { class: "shift__switch", type: "button", role: "switch", "aria-checked": String(on), "aria-busy": String(busy), "aria-label": say("my_shift"), disabled: busy, onclick: () => turn(!on) },
          h("span", { class: "shift__knob" }),
        ),
        h("p", {}, say(on ? "shift_end" : "shift_begin")),
      ),
      problem ? h("p", { class: "wrong", role: "alert" }, icon("alert-triangle"), h("span", {}, problem)) : null,
      on ? sending() : null,
      h("div", { class: "block" }, h("p", { class: "hint" }, say("shift_meaning")), h("p", { class: "hint quiet" }, say("shift_page_open"))),
    );
  }

  const redraw = () => still() && !busy && draw();
  place.listen(redraw);
  show(screen, h("p", { class: "quiet loading" }, say("loading")));
  load();
  return () => place.forget(redraw);
}

// Begins the page: which screen the address asks for, the state of the network, what waits to be sent.

import { byId, h, icon, show } from "./dom.js";
import { list } from "./list.js";
import { me } from "./me.js";
import { network } from "./network.js";
import { onAnswer, outbox } from "./outbox.js";
import { draft } from "./kept.js";
import { shift, readShift } from "./shift.js";
import { tellAnswered } from "./answered.js";
import { ticket } from "./ticket.js";
import { track } from "./track.js";
import { say } from "./words.js";

const SCREENS = { tickets: list, ticket, track, shift, me };
let current = null;
let leave = null;

/** `#ticket/T2026-0412` → ["ticket", "T2026-0412"]. */
function asked() {
  const [name, key = ""] = location.hash.slice(1).split("/");
  return name in SCREENS ? [name, decodeURIComponent(key)] : ["tickets", ""];
}

async function go() {
  const [name, key] = asked();
  if (leave) leave();
  leave = null;
  closeSheet();
  show(byId("dock"));
  byId("dock").hidden = true;
  show(byId("head"));
  const tab = name === "ticket" ? "tickets" : name;
  for (const link of document.querySelectorAll(".tab")) {
    if (link.dataset.tab === tab) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const screen = byId("screen");
  screen.scrollTop = 0;
  const mine = (current = {});
  // A screen that is opened later must not be painted over by this one's late answer.
  const still = () => current === mine;
  leave = (await SCREENS[name]({ screen, head: byId("head"), dock: byId("dock"), key, still })) || null;
}

function closeSheet() {
  byId("sheet").hidden = true;
  show(byId("sheet"));
}

function tellState() {
  const waiting = outbox.waiting();
  const stuck = outbox.stuck();
  const state = network.gone ? "gone" : stuck ? "stuck" : waiting ? "waiting" : "fine";
  const button = byId("network");
  button.dataset.state = state;
  const text =
    stuck > 0 ? say("state_stuck", { n: stuck }) : waiting > 0 ? say("state_waiting", { n: waiting }) : say(network.gone ? "state_gone" : "state_fine");
  show(button, icon(network.gone ? "wifi-off" : stuck ? "alert-triangle" : "wifi"), h("span", {}, text));
  const banner = byId("banner");
  banner.hidden = !network.gone && !stuck;
  banner.dataset.state = state;
  if (network.gone) {
    show(banner, icon("wifi-off"), h("span", {}, waiting ? say("banner_gone_waiting", { n: waiting }) : say("banner_gone")));
  } else if (stuck) {
    show(banner, icon("alert-triangle"), h("a", { href: "#me" }, say("banner_stuck", { n: stuck })));
  }
}

onAnswer(async (item) => {
  if (item.state === "sent" && item.form) draft.clear(item.ticket, item.form);
  tellAnswered(item);
});
network.listen(tellState);
outbox.listen(tellState);
byId("network").addEventListener("click", () => {
  location.hash = "#me";
});
window.addEventListener("hashchange", go);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeSheet();
});
tellState();
outbox.start();
readShift().catch(() => {}); // signed out or refused: the screen itself says so
go();
if ("serviceWorker" in navigator) navigator.serviceWorker.register("/field/worker.js", { scope: "/field" }).catch(() => {});

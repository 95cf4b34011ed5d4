// Load curve and bills of the customer at hand: this month against the same month a year ago, the last bills, and what the
// next one is likely to be.

import { h, icon, s, show } from "./dom.js";
import { ask, NetworkGone } from "./network.js";
import { decimal, month, say } from "./words.js";

const WIDE = 340;
const HIGH = 150;
const LEFT = 38;
const BOTTOM = 18;
const TOP = 8;

/** A round number at or above `value`, for the top of the axis. */
function ceiling(value) {
  const step = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((n) => n * step).find((n) => n >= value);
}

const drawn = (days) => (days ? days.kwh.map((kwh) => (kwh === null ? null : Number(kwh))) : []);

function line(values, x, y) {
  // A day without a reading breaks the line: nothing is drawn that nobody measured.
  const parts = [];
  let open = false;
  values.forEach((value, n) => {
    if (value === null) open = false;
    else {
      parts.push(`${open ? "L" : "M"}${x(n).toFixed(1)} ${y(value).toFixed(1)}`);
      open = true;
    }
  });
  return parts.join("");
}

function curve(energy) {
  const now = drawn(energy.this);
  const before = drawn(energy.year_ago);
  const top = ceiling(Math.max(1, ...now.filter(Number.isFinite), ...before.filter(Number.isFinite)));
  const days = Math.max(now.length, before.length, 28);
  const x = (n) => LEFT + ((n + 0.5) / days) * (WIDE - LEFT - 6);
  const y = (value) => HIGH - BOTTOM - (value / top) * (HIGH - BOTTOM - TOP);
  const bar = Math.max(2, ((WIDE - LEFT) / days) * 0.62);
  const sentence = say("curve_alt", { month: month(energy.this.month) });
  return h(
    "figure",
    { class: "curve" },
    h("figcaption", {}, say("curve_title"), h("span", { class: "quiet" }, " kWh")),
    s(
      "svg",
      { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": sentence },
      [0, top / 2, top].map((value) => [
        s("line", { x1: LEFT, x2: WIDE - 4, y1: y(value), y2: y(value), class: "curve__rule" }),
        s("text", { x: LEFT - 5, y: y(value) + 4, class: "curve__label", "text-anchor": "end" }, decimal(String(Number(value.toPrecision(3))))),
      ]),
      now.map((value, n) => (value === null ? null : s("rect", { x: x(n) - bar / 2, width: bar, y: y(value), height: Math.max(0, y(0) - y(value)), class: "curve__now" }))),
      before.length ? s("path", { d: line(before, x, y), class: "curve__before" }) : null,
      [1, 10, 20, days].map((day) => s("text", { x: x(day - 1), y: HIGH - 4, class: "curve__label", "text-anchor": "middle" }, String(day))),
    ),
    h(
      "p",
      { class: "keys" },
      h("span", {}, h("span", { class: "key key--now" }), month(energy.this.month)),
      energy.year_ago ? h("span", {}, h("span", { class: "key key--before" }), month(energy.year_ago.month)) : h("span", { class: "quiet" }, say("no_year_ago")),
    ),
  );
}

function expected(energy) {
  const e = energy.expected;
  if (!e) return null;
  return h(
    "div",
    { class: "expected" },
    h("p", {}, h("span", { class: "quiet" }, say("expected", { month: month(e.month) })), h("strong", { class: "number" }, `¥ ${decimal(e.yuan, 2)}`)),
    h("p", { class: "quiet hint" }, say("expected_how", { known: e.days_known, days: e.days, kwh: decimal(e.kwh, 0), price: e.price, from: month(e.price_from) })),
  );
}

function bills(energy) {
  if (!energy.bills.length) return h("p", { class: "quiet" }, say("no_bills"));
  return h(
    "ul",
    { class: "bills" },
    energy.bills.map((bill) =>
      h("li", {}, h("span", {}, month(bill.month)), h("span", { class: "number quiet" }, `${decimal(bill.kwh, 0)} kWh`), h("span", { class: "number" }, `¥ ${decimal(bill.yuan, 2)}`)),
    ),
  );
}

const remembered = new Map();

/** Fetched when it is opened, once an hour at most: a phone's data is not free. */
export function energy(ticket, still) {
  const body = h("div", {}, h("p", { class: "quiet" }, say("loading")));
  const block = h("details", { class: "block" }, h("summary", {}, say("energy")), body);

  async function load() {
    const kept = remembered.get(ticket.number);
    try {
      const found = kept && Date.now() - kept.at < 3600000 ? kept.found : await ask(`/api/v1/field/tickets/${encodeURIComponent(ticket.number)}/energy`);
      remembered.set(ticket.number, { at: kept && kept.found === found ? kept.at : Date.now(), found });
      if (!still()) return;
      show(body, found.this ? curve(found) : h("p", { class: "quiet" }, say("no_usage")), expected(found), h("h3", {}, say("last_bills")), bills(found));
    } catch (error) {
      show(
        body,
        h("p", { class: "note note--warn" }, icon("wifi-off"), h("span", {}, error instanceof NetworkGone ? say("unreachable") : error.message)),
        h("button", { class: "big", type: "button", onclick: load }, icon("refresh"), say("again")),
      );
    }
  }
  if (opened.has(ticket.number)) block.open = true;
  block.addEventListener("toggle", () => {
    if (block.open) {
      opened.add(ticket.number);
      load();
    } else opened.delete(ticket.number);
  });
  return block;
}

const opened = new Set();

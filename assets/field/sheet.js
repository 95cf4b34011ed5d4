// A sheet from the bottom edge, in reach of the thumb: one question at a time.

import { byId, h, icon, show } from "./dom.js";
import { say } from "./words.js";

let opener = null;

export function openSheet(title, ...content) {
  opener = document.activeElement;
  const sheet = byId("sheet");
  const close = h("button", { class: "round", type: "button", "aria-label": say("close"), onclick: closeSheet }, icon("x"));
  const body = h(
    "div",
    { class: "sheet__body", role: "dialog", "aria-modal": "true", "aria-label": title },
    h("div", { class: "sheet__head" }, h("h2", {}, title), close),
    content,
  );
  show(sheet, h("div", { class: "sheet__ground", onclick: closeSheet }), body);
  sheet.hidden = false;
  close.focus();
  return body;
}

export function closeSheet() {
  const sheet = byId("sheet");
  sheet.hidden = true;
  show(sheet);
  if (opener && opener.isConnected) opener.focus();
}

/** Keeps the keyboard inside while a sheet is open. */
document.addEventListener("keydown", (event) => {
  const sheet = byId("sheet");
  if (event.key !== "Tab" || sheet.hidden) return;
  const found = [...sheet.querySelectorAll("button, a[href], input, textarea, select")].filter((one) => !one.disabled);
  const first = found[0];
  const last = found[found.length - 1];
  if (event.shiftKey && document.activeElement === first) {
    event.preventDefault();
    last.focus();
  } else if (!event.shiftKey && document.activeElement === last) {
    event.preventDefault();
    first.focus();
  }
});

// What is said when something can't be shown: in words, with a way out.

import { h, icon } from "./dom.js";
import { NetworkGone } from "./network.js";
import { say } from "./words.js";

export function problemNote(error, again) {
  const signedOut = error.status === 401;
  const text = error instanceof NetworkGone ? say("unreachable") : error.status === 404 ? say("not_found") : error.message;
  return h(
    "div",
    { class: "empty", role: "alert" },
    icon(error instanceof NetworkGone ? "wifi-off" : "alert-triangle"),
    h("p", {}, signedOut ? say("signed_out") : text),
    error.reference ? h("p", { class: "quiet" }, say("reference", { reference: error.reference })) : null,
    signedOut
      ? h("a", { class: "big", href: "/signin?next=/field" }, say("sign_in"))
      : h("button", { class: "big", type: "button", onclick: again }, icon("refresh"), say("again")),
  );
}

export const pair = (label, ...value) => h("div", { class: "pair" }, h("dt", {}, label), h("dd", {}, value));

// A number to call: shown after a tap that is written down, then it is the phone's own business.

import { h, icon, show } from "./dom.js";
import { ask, NetworkGone } from "./network.js";
import { openSheet } from "./sheet.js";
import { say } from "./words.js";

export function reveal(ticket) {
  const body = h("div", { class: "form" });
  openSheet(say("call"), body);
  const whom = [ticket.customer_number ? "customer" : null, ticket.manager ? "manager" : null].filter(Boolean);
  show(
    body,
    h("p", { class: "note" }, icon("info-circle"), h("span", {}, say("reveal_logged"))),
    whom.map((who) => choice(who)),
    whom.length ? null : h("p", { class: "quiet" }, say("nobody_to_call")),
  );

  function choice(who) {
    const masked = who === "customer" ? `${ticket.customer || ""} ${ticket.customer_phone || ""}` : `${ticket.manager} ${ticket.manager_phone || ""}`;
    const box = h("div", { class: "contact" });
    const button = h("button", { class: "choice", type: "button", onclick: open }, h("span", {}, say(`call_${who}`)), h("span", { class: "quiet number" }, masked));
    show(box, button);

    async function open() {
      button.disabled = true;
      try {
        const found = await ask(`/api/v1/field/tickets/${encodeURIComponent(ticket.number)}/reveal`, { method: "POST", content: { whom: who } });
        show(
          box,
          h("p", { class: "contact__name" }, found.name),
          found.address ? h("p", { class: "quiet" }, found.address) : null,
          found.phone
            ? h("a", { class: "main main--wide", href: `tel:${found.phone}` }, icon("phone"), h("span", { class: "number" }, found.phone))
            : h("p", { class: "note" }, say("no_phone")),
        );
        box.querySelector("a")?.focus();
      } catch (error) {
        button.disabled = false;
        box.append(h("p", { class: "wrong", role: "alert" }, icon("alert-triangle"), h("span", {}, error instanceof NetworkGone ? say("unreachable") : error.message)));
      }
    }
    return box;
  }
}

// Photos from the camera: queued as they are, so that what is stored is what the camera took. Their SHA-256 is known before
// they are sent, so a report may name them while both still wait for a network.

import { announce, h, icon } from "./dom.js";
import { changeId, outbox } from "./outbox.js";
import { moment, say } from "./words.js";

async function fingerprint(file) {
  if (!crypto.subtle) return null;
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const purposeOf = (ticket) => (ticket.status === 70 || (ticket.status === 85 && ticket.finding === "true") ? "rectification" : "finding");

async function queue(ticket, file) {
  announce(say("photo_queued"));
  const sha256 = await fingerprint(file);
  await outbox.add({
    ticket: ticket.number,
    kind: "evidence",
    title: say("photo"),
    seen: ticket.version,
    sha256,
    content: { change_id: changeId(), purpose: purposeOf(ticket) },
    file: { blob: file, name: file.name || "photo.jpg" },
  });
}

/** The tile that opens the camera. Before the ticket is accepted there is nothing to photograph. */
export function photoButton(ticket) {
  const may = ticket.mine && ![30, 90, 95].includes(ticket.status);
  const input = h("input", {
    type: "file",
    id: "photo",
    accept: "image/*",
    capture: "environment",
    class: "visually-hidden",
    disabled: !may,
    onchange: async () => {
      for (const file of input.files) await queue(ticket, file);
      input.value = "";
    },
  });
  return h("label", { class: may ? "tile" : "tile tile--off", for: "photo" }, input, icon("camera"), h("span", {}, say("photo")));
}

export function photoGrid(ticket) {
  const waiting = outbox.of(ticket.number).filter((item) => item.kind === "evidence");
  if (!ticket.evidence.length && !waiting.length) return null;
  const address = (one) => `/api/v1/tickets/${encodeURIComponent(ticket.number)}/evidence/${one.sha256}`;
  return h(
    "details",
    { class: "block", open: true },
    h("summary", {}, say("evidence"), h("span", { class: "count" }, String(ticket.evidence.length + waiting.length))),
    h(
      "ul",
      { class: "photos" },
      ticket.evidence.map((one) =>
        h(
          "li",
          {},
          h(
            "a",
            { href: address(one), target: "_blank", rel: "noopener" },
            one.is_picture
              ? h("img", { src: address(one), alt: one.note || say(`purpose_${one.purpose}`), loading: "lazy" })
              : h("span", { class: "photos__file" }, icon("list-details"), one.file_name),
          ),
          h("span", { class: "quiet" }, `${say(`purpose_${one.purpose}`)} · ${moment(one.uploaded_at)}`),
        ),
      ),
      waiting.map((item) => {
        const source = URL.createObjectURL(item.file.blob);
        return h(
          "li",
          {},
          h("img", { src: source, alt: say("photo"), onload: () => URL.revokeObjectURL(source) }),
          h("span", { class: "due due--soon" }, icon("refresh"), say(`item_${item.state}`)),
        );
      }),
    ),
  );
}

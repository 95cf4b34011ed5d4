// A ticket's page: asks for itself anew when the ticket changes elsewhere, shows evidence large, sends files.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";

  const CHECK_MS = 400; // Dash exchanges pages without an event of its own
  let socket = null;
  let watched = null;

  const pageNumber = () => ga.byId("ticket-page")?.dataset.number || null;

  function tell(data) {
    if (window.dash_clientside && window.dash_clientside.set_props) window.dash_clientside.set_props("ticket-changed", { data });
  }

  /** Whether a message tells of this ticket. */
  function mentions(message, number) {
    const of = (event) => event && event.kind === "ticket" && event.key === number;
    return (message.events || []).some(of) || (message.tickets || []).some((row) => row[0] === number);
  }

  function watch(number) {
    watched = number;
    let first = true;
    socket = new ga.LiveSocket({
      snapshot() {
        // After a lost connection nobody knows what was missed.
        if (!first) tell({ why: "again", at: Date.now() });
        first = false;
      },
      delta(message) {
        if (mentions(message, number)) tell({ why: "changed", at: Date.now() });
      },
      state(state, database) {
        const mark = ga.byId("ticket-live");
        if (mark) mark.dataset.state = database === "lost" ? "lost" : state;
      },
    });
    socket.connect();
  }

  function leave() {
    if (socket) socket.stop();
    socket = null;
    watched = null;
  }

  setInterval(() => {
    const number = pageNumber();
    if (number !== watched) {
      leave();
      if (number) watch(number);
    }
    if (number) dressInputs();
  }, CHECK_MS);

  // Evidence ------------------------------------------------------------------------------------------------------

  /** File inputs: Dash has no component for a plain one. */
  function dressInputs() {
    for (const place of document.querySelectorAll("[data-proof-input]:empty")) {
      const input = ga.el("input", "visually-hidden", {
        type: "file",
        accept: "image/jpeg,image/png,image/webp,application/pdf",
        multiple: true,
      });
      input.addEventListener("change", () => send(input, place));
      place.append(input);
    }
  }

  async function send(input, place) {
    const room = place.closest(".add-proof");
    const say = room.querySelector(".add-proof__say");
    const purpose = room.querySelector("[data-proof-purpose]").value;
    const files = [...input.files];
    input.value = "";
    say.classList.remove("is-wrong");
    for (const [i, file] of files.entries()) {
      ga.setText(say, `${say.dataset.sending} ${i + 1}/${files.length}`);
      const form = new FormData();
      form.append("file", file, file.name);
      form.append("purpose", purpose);
      form.append("change_id", crypto.randomUUID());
      const answer = await fetch(`/api/v1/tickets/${encodeURIComponent(place.dataset.proofInput)}/evidence`, {
        method: "POST",
        body: form,
        credentials: "same-origin",
      }).catch(() => null);
      if (!answer || !answer.ok) {
        const told = answer ? await answer.json().catch(() => null) : null;
        ga.setText(say, `${file.name}: ${told?.error?.message || say.dataset.failed}`);
        say.classList.add("is-wrong");
        return;
      }
    }
    ga.setText(say, say.dataset.sent);
    tell({ why: "sent", at: Date.now() });
  }

  function show(button) {
    const viewer = ga.byId("ticket-viewer");
    const figure = button.closest("figure");
    if (!viewer || !figure) return;
    const thumb = figure.querySelector("img");
    const picture = viewer.querySelector(".viewer__picture");
    picture.replaceChildren(thumb ? ga.el("img", "", { src: thumb.src, alt: thumb.alt }) : ga.icon("clipboard-list"));
    const words = figure.querySelector(".proof__detail").cloneNode(true);
    words.hidden = false;
    viewer.querySelector(".viewer__words").replaceChildren(figure.querySelector(".proof__line").cloneNode(true), words);
    viewer.showModal();
  }

  document.addEventListener("click", (event) => {
    if (!pageNumber()) return;
    const proof = event.target.closest("[data-proof]");
    if (proof) show(proof);
    const viewer = ga.byId("ticket-viewer");
    if (viewer && (event.target === viewer || event.target.closest("[data-proof-close]"))) viewer.close();
  });
})(window.gridaudit);

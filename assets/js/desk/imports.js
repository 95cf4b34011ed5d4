// The page of imports: takes the file and sends it with the choices; what becomes of it the page itself shows.
(function () {
  "use strict";
  const at = (name) => document.getElementById(`import-${name}`);
  let file = null;

  const say = (text, kind) => {
    const place = at("said");
    place.textContent = text;
    place.className = kind ? `is-${kind}` : "";
  };

  const choose = (button) => {
    const picker = document.createElement("input");
    picker.type = "file";
    picker.accept = button.dataset.accept;
    picker.addEventListener("change", () => {
      file = picker.files[0] || null;
      if (!file) return;
      at("name").textContent = `${file.name} · ${(file.size / 1048576).toFixed(1)} MB`;
      document.querySelector('[data-import="send"]').disabled = false;
      say("");
    });
    picker.click();
  };

  const send = async (button) => {
    const place = at("said");
    const form = new FormData();
    for (const name of ["kind", "system", "mapping"]) form.set(name, at(name).value);
    for (const name of ["dry_run", "keep_good"]) form.set(name, at(name).checked ? "true" : "false");
    form.set("file", file);
    button.disabled = true;
    say(place.dataset.sending);
    try {
      const answer = await fetch("/api/v1/imports", { method: "POST", body: form, credentials: "same-origin" });
      if (answer.ok) {
        say(place.dataset.queued, "good");
      } else {
        const told = (await answer.json()).error;
        say(told.details.map((one) => one.message).filter(Boolean).join(" ") || told.message, "late");
      }
    } catch {
      say(place.dataset.lost, "late");
    }
    button.disabled = false;
  };

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-import]");
    if (!button) return;
    if (button.dataset.import === "choose") choose(button);
    else if (file) send(button);
  });
})();

// The sign-in form: sends name and password, says in words what is wrong, warns of caps lock.
(() => {
  const form = document.getElementById("signin");
  const login = document.getElementById("login");
  const password = document.getElementById("password");
  const submit = document.getElementById("submit");
  const reveal = document.getElementById("reveal");
  const caps = document.getElementById("caps");
  const problem = document.getElementById("problem");
  let sending = false;

  const tell = (text, field) => {
    problem.textContent = text;
    for (const input of [login, password]) input.toggleAttribute("aria-invalid", input === field);
    if (field) field.focus();
  };

  const busy = (on) => {
    sending = on;
    submit.textContent = on ? form.dataset.busy : form.dataset.submit;
    submit.setAttribute("aria-busy", String(on));
  };

  const onKey = (event) => {
    const on = event.getModifierState && event.getModifierState("CapsLock");
    caps.textContent = on ? caps.dataset.text : "";
  };
  password.addEventListener("keydown", onKey);
  password.addEventListener("keyup", onKey);
  password.addEventListener("blur", () => { caps.textContent = ""; });

  reveal.addEventListener("click", () => {
    const shown = password.type === "password";
    password.type = shown ? "text" : "password";
    reveal.setAttribute("aria-pressed", String(shown));
    reveal.textContent = shown ? form.dataset.hide : form.dataset.show;
    password.focus();
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (sending) return;
    if (!login.value.trim()) return tell(form.dataset.missingLogin, login);
    if (!password.value) return tell(form.dataset.missingPassword, password);
    tell("");
    busy(true);
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ login: login.value.trim(), password: password.value }),
      });
      if (answer.ok) {
        const { home } = await answer.json();
        location.replace(form.dataset.next === "/" ? home : form.dataset.next);
        return; // the button stays busy until the next page is there
      }
      const { error } = await answer.json();
      busy(false);
      if (answer.status === 401) password.value = "";
      tell(error.message, answer.status === 401 ? password : null);
      if (answer.status !== 401) problem.focus();
    } catch {
      busy(false);
      tell(form.dataset.unreachable);
    }
  });

  // Back from the next page: the browser may show this one as it was, busy and with the password in it.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    password.value = "";
    busy(false);
  });
})();

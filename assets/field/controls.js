// One control for one value of a form: big enough for a thumb, the right keyboard, its words from the catalogues.

import { h } from "./dom.js";
import { firstText, say } from "./words.js";

const ROWS = { report: 5, rectification: 5 };
const NUMBERS = new Set(["number", "integer", "days"]);

export const label = (field) => firstText(`${field.subject || "field"}.field_${field.name}`, `tickets.field_${field.name}`, `field.field_${field.name}`);

function words(field, code) {
  if (field.kind === "yes_no") return say(`evidence.answer_${code}`);
  return field.words?.[code] || firstText(`${field.subject || "field"}.${field.name}_${code}`, `tickets.${field.name}_${code}`);
}

const optional = (field) => (field.required ? null : h("span", { class: "quiet" }, ` ${say("optional")}`));

function radios(field, id, kept, changed, codes) {
  const inputs = codes.map((code) => h("input", { type: "radio", name: id, value: code, id: `${id}-${code}`, checked: kept === code, onchange: changed }));
  const options = codes.map((code, n) => h("div", { class: "option" }, inputs[n], h("label", { for: `${id}-${code}` }, words(field, code))));
  return {
    field,
    element: h("fieldset", { class: "field" }, h("legend", {}, label(field), optional(field)), h("div", { class: "options" }, options)),
    focus: () => inputs[0].focus(),
    read: () => inputs.find((input) => input.checked)?.value ?? "",
  };
}

function select(field, id, kept, changed) {
  return h(
    "select",
    { id, onchange: changed },
    h("option", { value: "" }, say("choose")),
    field.choices.map((code) => h("option", { value: code, selected: kept === code }, words(field, code))),
  );
}

function input(field, id, kept, changed) {
  if (field.kind === "date") return h("input", { id, type: "date", value: kept ?? "", onchange: changed });
  if (NUMBERS.has(field.kind)) {
    const mode = field.kind === "number" ? "decimal" : "numeric";
    return h("input", { id, type: "text", inputmode: mode, maxlength: 20, value: kept ?? "", autocomplete: "off", oninput: changed });
  }
  const rows = ROWS[field.name] || (field.most && field.most <= 200 ? 1 : 3);
  const area = h("textarea", { id, rows, maxlength: field.most, oninput: changed });
  area.value = kept ?? "";
  return area;
}

/** `{ field, element, focus(), read() }`; `changed` is called at every stroke. */
export function control(field, id, kept, changed) {
  if (field.kind === "yes_no") return radios(field, id, kept, changed, ["yes", "no"]);
  if (field.kind === "choice" && field.choices.length <= 4) return radios(field, id, kept, changed, field.choices);
  const one = ["choice", "cause"].includes(field.kind) ? select(field, id, kept, changed) : input(field, id, kept, changed);
  const hint = field.name in ROWS ? h("p", { class: "quiet hint" }, say("keyboard_voice")) : null;
  return {
    field,
    element: h("div", { class: "field" }, h("label", { for: id }, label(field), field.unit ? ` (${field.unit})` : "", optional(field)), one, hint),
    focus: () => one.focus(),
    read: () => one.value.trim(),
  };
}

/** What is wrong with a value, in words; nothing when it can be sent. The server judges again. */
export function wrong(field, value) {
  if (value === "") return field.required ? say("missing", { what: label(field) }) : "";
  const number = Number(value.replace(",", "."));
  if (field.kind === "days" && !(Number.isInteger(number) && number >= 1 && number <= field.most)) return say("days_wrong", { most: field.most });
  if (!NUMBERS.has(field.kind)) return "";
  if (!Number.isFinite(number) || (field.kind === "integer" && !Number.isInteger(number))) return say("number_wrong", { what: label(field) });
  if ((field.least !== null && field.least !== undefined && number < Number(field.least)) || (field.kind !== "days" && field.most && number > Number(field.most))) {
    return say("number_bounds", { what: label(field), least: field.least ?? "–", most: field.most ?? "–" });
  }
  return "";
}

/** The value as it is sent: whole numbers as numbers, decimals as the text that was typed, so that no digit is lost. */
export function sentValue(field, value) {
  if (field.kind === "days" || field.kind === "integer") return Number(value);
  if (field.kind === "yes_no") return value === "yes";
  return field.kind === "number" ? value.replace(",", ".") : value;
}

// Texts of the shell's language, numbers and times as this country writes them: always Asia/Shanghai.

const texts = JSON.parse(document.getElementById("texts").textContent);
export const language = document.body.dataset.language;
const locale = language === "zh" ? "zh-CN" : "en-GB";
const ZONE = "Asia/Shanghai";

export const has = (key) => key in texts;

/** The text for a key; without a subject it is one of this page. */
export function say(key, values = {}) {
  const full = key.includes(".") ? key : `field.${key}`;
  const text = texts[full];
  if (text === undefined) return full;
  return text.replace(/\{(\w+)\}/g, (_, name) => (name in values ? String(values[name]) : `{${name}}`));
}

/** The first of these keys that has a text, else the last part of the first. */
export function firstText(...keys) {
  const found = keys.find((key) => has(key));
  return found ? say(found) : keys[0].split(".").pop();
}

/** A name that comes in both languages. */
export const name = (pair) => (pair ? pair[language] || pair.zh || pair.en : "");

const format = (options) => new Intl.DateTimeFormat(locale, { timeZone: ZONE, hourCycle: "h23", ...options });
const clockFormat = format({ hour: "2-digit", minute: "2-digit" });
const momentFormat = format({ month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit" });
const dayFormat = format({ year: "numeric", month: "short", day: "numeric" });
const monthFormat = format({ year: "numeric", month: language === "zh" ? "long" : "short" });
export const clock = (value) => clockFormat.format(new Date(value));
export const moment = (value) => momentFormat.format(new Date(value));
export const day = (value) => dayFormat.format(new Date(value));
export const month = (text) => monthFormat.format(new Date(`${text}T12:00:00+08:00`));

/** A decimal that comes as text, grouped; the digits stay as they are. */
export function decimal(text, digits) {
  const [whole, rest = ""] = String(text).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const shown = digits === undefined ? rest : rest.padEnd(digits, "0").slice(0, digits);
  return shown ? `${grouped}.${shown}` : grouped;
}

export function metres(value) {
  if (value === null || value === undefined) return "";
  if (value < 1000) return say("metres", { n: value < 100 ? Math.round(value) : Math.round(value / 10) * 10 });
  return say("kilometres", { n: (value / 1000).toFixed(value < 10000 ? 1 : 0) });
}

export function duration(ms) {
  const minutes = Math.max(1, Math.round(Math.abs(ms) / 60000));
  if (minutes < 60) return say("minutes", { n: minutes });
  if (minutes < 48 * 60) return say("hours", { n: Math.round(minutes / 60) });
  return say("days", { n: Math.round(minutes / 1440) });
}

/** A deadline in words with the class that colours it: late, soon (a day or less), or in time. */
export function deadline(due, now) {
  const left = new Date(due) - now;
  if (left < 0) return { state: "late", text: say("overdue", { time: duration(left) }) };
  return { state: left < 86400000 ? "soon" : "fine", text: say("left", { time: duration(left) }) };
}

export const roman = (level) => ["", "I", "II", "III", "IV"][level] || "";

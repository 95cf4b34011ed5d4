// What waits to be sent. Each change gets its name here, once: a request that was lost is sent again under the same name,
// so it happens once. Changes of one ticket go in their order; one that was refused holds back those after it.

import { ask, network, NetworkGone } from "./network.js";

const owner = document.body.dataset.owner;
const listeners = new Set();
const RETRY_MS = 5000;
let opening = null;
let sending = false;
let again = null;
let items = [];

export const changeId = () => crypto.randomUUID ? crypto.randomUUID() : randomId();

function randomId() {
  // Without a secure context (a plain address in the office's own network) there is no randomUUID.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

const promised = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

function open() {
  opening ||= new Promise((resolve, reject) => {
    const request = indexedDB.open("gridaudit.field", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("outbox", { keyPath: "order", autoIncrement: true });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opening;
}

const store = async (mode) => (await open()).transaction("outbox", mode).objectStore("outbox");

async function reload() {
  items = (await promised((await store("readonly")).getAll())).filter((item) => item.owner === owner);
  for (const listener of listeners) listener(items);
}

async function keep(item) {
  await promised((await store("readwrite")).put(item));
  await reload();
}

export const outbox = {
  get items() {
    return items;
  },
  of: (ticket) => items.filter((item) => item.ticket === ticket),
  waiting: () => items.filter((item) => item.state === "waiting").length,
  stuck: () => items.filter((item) => item.state !== "waiting").length,

  /** `listener(items)` at each change. */
  listen(listener) {
    listeners.add(listener);
  },
  forget: (listener) => listeners.delete(listener),

  /** Queues a change: `kind` is action, evidence or check_in; `content` its body, `file` a photo, `seen` the version of
   *  the ticket that the person looked at, `form` the draft that goes when it is sent. */
  async add({ ticket, kind, title, content, seen, file = null, form = null, sha256 = null }) {
    const item = { owner, ticket, kind, title, content, seen, file, form, sha256, state: "waiting", tries: 0, made_at: Date.now(), problem: null };
    await keep(item);
    flush();
  },

  async discard(order) {
    await promised((await store("readwrite")).delete(order));
    await reload();
    flush();
  },

  /** Sends a refused change as a new one, on the ticket as it is now. */
  async renew(order, version) {
    const item = items.find((one) => one.order === order);
    if (!item) return;
    const content = { ...item.content, change_id: changeId() };
    if ("based_on" in content) content.based_on = version;
    await keep({ ...item, content, state: "waiting", tries: 0, problem: null });
    flush();
  },

  async clear() {
    for (const item of [...items]) await promised((await store("readwrite")).delete(item.order));
    await reload();
  },

  start: async () => {
    await reload();
    flush();
  },
};

let answered = async () => {};
/** `handler(item)` after each answer: `item.state` is sent, or what became of it instead. */
export const onAnswer = (handler) => {
  answered = handler;
};

function send(item) {
  const path = `/api/v1/tickets/${encodeURIComponent(item.ticket)}`;
  if (item.kind === "evidence") {
    const form = new FormData();
    for (const [name, value] of Object.entries(item.content)) form.append(name, value);
    form.append("file", item.file.blob, item.file.name);
    return ask(`${path}/evidence`, { method: "POST", content: form, timeout: 120000 });
  }
  const door = item.kind === "check_in" ? "check-ins" : "actions";
  return ask(`${path}/${door}`, { method: "POST", content: item.content });
}

/** The first change of each ticket that may go now. */
function ready() {
  const seen = new Set();
  return items.filter((item) => {
    if (seen.has(item.ticket)) return false;
    seen.add(item.ticket);
    return item.state === "waiting";
  });
}

/** Later changes of the ticket that were made on the same state follow, when nobody else changed it in between. */
async function carryOn(item, answer) {
  const before = item.content.based_on ?? item.seen;
  if (!answer || typeof answer.version !== "number" || answer.version !== before + 1) return;
  for (const later of items) {
    if (later.ticket === item.ticket && later.tries === 0 && later.content.based_on === before) {
      await keep({ ...later, content: { ...later.content, based_on: answer.version } });
    }
  }
}

async function run() {
  for (let next = ready(); next.length; next = ready()) {
    for (const item of next) {
      item.tries += 1;
      await keep(item); // before it goes: from now on the same name means the same content
      try {
        const answer = await send(item);
        await promised((await store("readwrite")).delete(item.order));
        await reload();
        await carryOn(item, answer);
        await answered({ ...item, state: "sent" });
      } catch (error) {
        if (error instanceof NetworkGone) {
          clearTimeout(again);
          again = setTimeout(flush, RETRY_MS);
          return;
        }
        const problem = { status: error.status || 0, code: error.code || "", text: error.message, details: error.details || [] };
        const state = error.status === 401 ? "waiting" : error.code === "stale" ? "stale" : "refused";
        await keep({ ...item, state, problem });
        await answered({ ...item, state });
        if (error.status === 401) return;
      }
    }
  }
}

/** Sends what may go; one tab at a time, one run at a time. */
export async function flush() {
  if (sending) return;
  sending = true;
  try {
    if (navigator.locks) await navigator.locks.request("gridaudit.field.outbox", async () => { await reload(); await run(); });
    else await run();
  } finally {
    sending = false;
  }
}

network.listen((gone) => {
  if (!gone) flush();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) flush();
});

// Requests, and whether there is a network: what the last request met counts, not what the browser believes.

const TIMEOUT_MS = 15000;
const PROBE_MS = 4000;
const listeners = new Set();
let gone = !navigator.onLine;
let probing = null;

export class NetworkGone extends Error {}

export class Refused extends Error {
  constructor(status, error) {
    super(error.message || String(status));
    this.status = status;
    this.code = error.code || "";
    this.details = error.details || [];
    this.reference = error.reference || "";
  }
}

export const network = {
  get gone() {
    return gone;
  },
  /** `listener(gone)` at each change. */
  listen(listener) {
    listeners.add(listener);
  },
};

function turn(now) {
  if (gone === now) return;
  gone = now;
  for (const listener of listeners) listener(gone);
}

function probe() {
  clearTimeout(probing);
  probing = setTimeout(async () => {
    if (!gone) return;
    try {
      const answer = await fetch("/health", { cache: "no-store", signal: AbortSignal.timeout(PROBE_MS) });
      if (answer.ok) turn(false);
      else probe();
    } catch {
      probe();
    }
  }, document.hidden ? 4 * PROBE_MS : PROBE_MS);
}

function lost() {
  turn(true);
  probe();
}

/**
 * Asks one of our doors. `content` is sent as JSON, or as it is when it is a form.
 * Throws NetworkGone when no answer came or the server can't serve at the moment, Refused when the answer is no.
 */
export async function ask(path, { method = "GET", content = undefined, timeout = TIMEOUT_MS } = {}) {
  const request = { method, cache: "no-store", headers: { Accept: "application/json" }, signal: AbortSignal.timeout(timeout) };
  if (content instanceof FormData) request.body = content;
  else if (content !== undefined) {
    request.body = JSON.stringify(content);
    request.headers["Content-Type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(path, request);
  } catch (error) {
    lost();
    throw new NetworkGone(error.message);
  }
  let said = null;
  try {
    said = answer.status === 204 ? null : await answer.json();
  } catch {
    if (answer.ok) {
      lost(); // the answer broke off on its way
      throw new NetworkGone("broken answer");
    }
  }
  turn(false);
  if (answer.ok) return said;
  if (answer.status >= 500 || answer.status === 429) throw new NetworkGone(`status ${answer.status}`);
  throw new Refused(answer.status, (said && said.error) || {});
}

window.addEventListener("offline", lost);
window.addEventListener("online", probe);
if (gone) probe();

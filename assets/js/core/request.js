// One way to ask a door for JSON: time-out, the product's error shape.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";

  class DoorError extends Error {
    constructor(status, body) {
      const error = (body && body.error) || {};
      super(error.message || `HTTP ${status}`);
      this.status = status;
      this.code = error.code || "unreachable";
      this.reference = error.reference || "";
    }
  }

  /** Fetches JSON from one of our doors. Rejects with a DoorError (status 0: no answer). */
  ga.request = async function (path, options = {}) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), options.timeout || 20000);
    if (options.signal) options.signal.addEventListener("abort", () => stop.abort(), { once: true });
    const headers = { Accept: "application/json" };
    let answer;
    try {
      answer = await fetch(path, { headers, signal: stop.signal, credentials: "same-origin" });
    } catch (cause) {
      if (options.signal && options.signal.aborted) throw cause;
      throw new DoorError(0, null);
    } finally {
      clearTimeout(timer);
    }
    const body = await answer.json().catch(() => null);
    if (!answer.ok) throw new DoorError(answer.status, body);
    return body;
  };

  /** Runs `task` until it succeeds, waiting longer after each failure (1 s to 60 s). For what the screen can't do without. */
  ga.untilDone = async function (task) {
    for (let wait = 1000; ; wait = Math.min(wait * 2, 60000)) {
      try {
        return await task();
      } catch {
        await new Promise((resolve) => setTimeout(resolve, wait * (0.5 + Math.random())));
      }
    }
  };

  ga.DoorError = DoorError;
})(window.gridaudit);

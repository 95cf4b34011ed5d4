// The server's time on this machine, whose own clock may be wrong or jump.
//
// A message says when it was sent. Its journey only ever makes it look older, so the largest difference seen lately is
// the best guess. The base is the monotonic timer: a corrected wall clock does not move it.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";

  const KEEP_MS = 300000;
  const JUMP_MS = 5000;
  let samples = [];
  let offset = null;

  ga.clock = {
    /** Server time in milliseconds since 1970; this machine's own time before the first message. */
    now() {
      return offset === null ? Date.now() : performance.now() + offset;
    },

    /** Takes one message's sending time into account. */
    observe(serverMs, at = performance.now()) {
      const difference = serverMs - at;
      if (offset !== null && difference - offset > JUMP_MS) samples = [];
      samples.push({ at, difference });
      // The machine slept or the server's clock was set back: old samples would hold a wrong maximum for minutes.
      if (samples.length >= 5 && samples.slice(-5).every((s) => offset - s.difference > JUMP_MS)) samples = samples.slice(-5);
      samples = samples.filter((s) => at - s.at < KEEP_MS).slice(-120);
      offset = Math.max(...samples.map((s) => s.difference));
    },

    get known() {
      return offset !== null;
    },
  };
})(window.gridaudit);

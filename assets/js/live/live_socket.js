// The live socket: snapshot, then deltas in sequence. A gap asks for a new snapshot; silence closes and reconnects.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";

  const FIRST_WAIT = 800;
  const LONGEST_WAIT = 30000;
  const SILENCE_MS = 13000; // two and a half heartbeats
  const SNAPSHOT_MS = 15000;
  const SIGNED_OUT = 4401;

  /** A large message comes as gzipped JSON in a binary frame. */
  const unpack = (data) => new Response(new Blob([data]).stream().pipeThrough(new DecompressionStream("gzip"))).text();

  /**
   * States: "connecting", "live", "reconnecting", "signed_out". `database` is "ok" or "lost".
   * `handlers`: snapshot(message), delta(message), state(state, database).
   */
  class LiveSocket {
    constructor(handlers, options = {}) {
      this.handlers = handlers;
      this.options = { makeSocket: (url) => new WebSocket(url), random: Math.random, ...options };
      this.state = "connecting";
      this.database = "ok";
      this.sequence = null;
      this.wait = FIRST_WAIT;
      this.heardAt = 0;
      this.socket = null;
      this.timers = {};
      this._online = () => this.state !== "live" && this.connect();
      window.addEventListener("online", this._online);
    }

    connect() {
      clearTimeout(this.timers.again);
      this._drop();
      const scheme = window.location.protocol === "https:" ? "wss" : "ws";
      let socket;
      try {
        socket = this.options.makeSocket(`${scheme}://${window.location.host}/ws/live`);
      } catch {
        this._lost(0);
        return;
      }
      this.socket = socket;
      this.sequence = null;
      this._awaitSnapshot();
      socket.binaryType = "arraybuffer";
      // One after the other: a packed snapshot is unpacked asynchronously, and what follows it must wait.
      let turn = Promise.resolve();
      socket.onmessage = (event) => {
        turn = turn.then(async () => {
          const text = typeof event.data === "string" ? event.data : await unpack(event.data).catch(() => "");
          if (socket === this.socket) this._take(text);
        });
      };
      socket.onclose = (event) => socket === this.socket && this._lost(event.code);
      socket.onerror = () => {};
    }

    /** Ends the connection for good. */
    stop() {
      window.removeEventListener("online", this._online);
      Object.values(this.timers).forEach(clearTimeout);
      this._drop();
    }

    _drop() {
      const socket = this.socket;
      this.socket = null;
      clearTimeout(this.timers.silence);
      clearTimeout(this.timers.snapshot);
      if (socket) socket.close();
    }

    _awaitSnapshot() {
      clearTimeout(this.timers.snapshot);
      this.timers.snapshot = setTimeout(() => this._lost(0), SNAPSHOT_MS);
    }

    _take(text) {
      let message;
      try {
        message = JSON.parse(text);
      } catch {
        this._lost(0);
        return;
      }
      this.heardAt = performance.now();
      clearTimeout(this.timers.silence);
      this.timers.silence = setTimeout(() => this._lost(0), SILENCE_MS);
      if (message.at) ga.clock.observe(message.at);
      if (message.type === "snapshot") {
        clearTimeout(this.timers.snapshot);
        this.sequence = message.seq;
        this.wait = FIRST_WAIT;
        this.handlers.snapshot(message);
        this._say("live", message.database || this.database);
      } else if (message.type === "delta") {
        if (this.sequence === null) return; // a snapshot is on its way
        if (message.prev !== this.sequence) {
          this._resync();
          return;
        }
        this.sequence = message.seq;
        this.handlers.delta(message);
      } else if (message.type === "beat") {
        if (this.handlers.beat && (message.database || "ok") === "ok") this.handlers.beat(message);
        this._say(this.sequence === null && this.state !== "live" ? this.state : "live", message.database || "ok");
      }
    }

    _resync() {
      this.sequence = null;
      this._awaitSnapshot();
      if (this.socket && this.socket.readyState === 1) this.socket.send('{"type":"resync"}');
    }

    _lost(code) {
      this._drop();
      const signedOut = code === SIGNED_OUT;
      this._say(signedOut ? "signed_out" : "reconnecting", this.database);
      // Full jitter: a thousand screens that lost one server do not come back in step.
      const wait = signedOut ? LONGEST_WAIT : this.wait;
      this.wait = Math.min(this.wait * 1.8, LONGEST_WAIT);
      clearTimeout(this.timers.again);
      this.timers.again = setTimeout(() => this.connect(), wait * (0.4 + 0.6 * this.options.random()));
    }

    _say(state, database) {
      if (state === this.state && database === this.database) return;
      this.state = state;
      this.database = database;
      this.handlers.state(state, database);
    }
  }

  ga.LiveSocket = LiveSocket;
})(window.gridaudit);

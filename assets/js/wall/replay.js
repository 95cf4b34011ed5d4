// Replay: one person or the whole team with its tickets on one clock. Play, pause, ×1 to ×600, scrub.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";
  const SPEEDS = [1, 10, 60, 120, 300, 600];

  ga.makeReplay = function (map, view, layers) {
    const bar = ga.byId("replay");
    let layer = null;
    let clock = null; // {from, to, at, speed, playing, last}
    let frame = null;
    let asked = null;

    const field = (selector, element) => {
      const room = bar.querySelector(selector);
      element.setAttribute("aria-label", room.dataset.label);
      room.replaceChildren(element);
      return element;
    };
    const parts = {
      play: bar.querySelector("[data-action=replay-play]"),
      scrub: field(".replay__scrub", ga.el("input", null, { type: "range", min: 0, max: 10000, step: 1, value: 0 })),
      time: bar.querySelector(".replay__time"),
      title: bar.querySelector(".replay__title"),
      speed: field(".replay__speed", ga.el("select", null, {}, ...SPEEDS.map((speed) => ga.el("option", null, { value: speed }, `×${speed}`)))),
      note: bar.querySelector(".replay__note"),
    };
    parts.speed.value = "120";

    function show() {
      ga.setText(parts.time, `${ga.format.isoDay(clock.at)} ${ga.format.second(clock.at)}`);
      parts.scrub.value = String(Math.round(((clock.at - clock.from) / Math.max(1, clock.to - clock.from)) * 10000));
      parts.scrub.setAttribute("aria-valuetext", ga.format.second(clock.at));
      layer.at(clock.at);
      if (clock.single) layers.track.until(clock.at);
    }

    function step(now) {
      frame = requestAnimationFrame(step);
      if (!clock.playing) return;
      clock.at = Math.min(clock.to, clock.at + Math.min(250, now - clock.last) * clock.speed);
      clock.last = now;
      if (clock.at >= clock.to) setPlaying(false);
      show();
    }

    function setPlaying(playing) {
      if (playing && clock.at >= clock.to) clock.at = clock.from;
      clock.playing = playing;
      clock.last = performance.now();
      parts.play.replaceChildren(ga.icon(playing ? "player-pause" : "player-play"));
      parts.play.setAttribute("aria-label", ga.text(playing ? "wall.pause" : "wall.play"));
    }

    async function fetchTeam(who, day, signal) {
      if (who === "team") {
        const team = await ga.request(`/api/v1/tracks?day=${day}`, { signal, timeout: 40000 });
        // The clock begins with the first fix of the day, not at midnight.
        const first = Math.min(...team.inspectors.filter((one) => one.points.length).map((one) => one.points[0][0]));
        return { team, from: Number.isFinite(first) ? first : team.from_ms, to: team.to_ms, title: ga.text("wall.replay_team", { day }) };
      }
      const track = await ga.request(`/api/v1/tracks/${encodeURIComponent(who)}?day=${day}`, { signal });
      const points = track.points.map(([ms, lon, lat]) => [ms, lon, lat]);
      return {
        team: { inspectors: [{ number: who, name: track.name, points }], tickets: [] },
        track,
        from: points.length ? points[0][0] : null,
        to: points.length ? points[points.length - 1][0] : null,
        title: ga.text("wall.replay_one", { name: track.name, day }),
      };
    }

    const replay = {
      get open() {
        return clock !== null;
      },

      /** `what`: "team:YYYY-MM-DD" or "{employee}:YYYY-MM-DD". */
      async start(what) {
        const at = what.lastIndexOf(":");
        const [who, day] = [what.slice(0, at), what.slice(at + 1)];
        replay.stop();
        bar.hidden = false;
        ga.byId("wall").classList.add("has-replay");
        ga.setText(parts.title, ga.text("wall.replay_loading"));
        ga.setText(parts.note, "");
        asked = new AbortController();
        let answer;
        try {
          answer = await fetchTeam(who, day, asked.signal);
        } catch (error) {
          if (!asked.signal.aborted) ga.setText(parts.title, `${ga.text("wall.replay_failed")} ${error.reference || ""}`);
          return;
        }
        ga.setText(parts.title, answer.title);
        const empty = !answer.team.inspectors.some((person) => person.points.length);
        parts.play.disabled = parts.scrub.disabled = empty;
        if (empty) {
          ga.setText(parts.note, ga.text("wall.replay_empty"));
          return;
        }
        clock = { from: answer.from, to: answer.to, at: answer.from, speed: Number(parts.speed.value), playing: false, last: 0, single: Boolean(answer.track) };
        layer = new ga.ReplayLayer();
        layer.addTo(map);
        layer.setData(answer.team);
        layers.live(false);
        if (answer.track) {
          layers.track.show(answer.track);
          const bounds = layers.track.bounds(answer.track);
          if (bounds) view.fit(bounds);
        }
        setPlaying(!ga.reducedMotion());
        show();
        frame = requestAnimationFrame(step);
      },

      stop() {
        if (asked) asked.abort();
        cancelAnimationFrame(frame);
        if (layer) layer.remove();
        if (clock) {
          layers.live(true);
          layers.track.until(null);
        }
        layer = clock = null;
        bar.hidden = true;
        ga.byId("wall").classList.remove("has-replay");
      },

      toggle() {
        if (clock) setPlaying(!clock.playing);
      },

      hit: (point) => (layer ? layer.hit(point) : null),
    };

    parts.play.addEventListener("click", () => replay.toggle());
    parts.speed.addEventListener("change", () => clock && (clock.speed = Number(parts.speed.value)));
    parts.scrub.addEventListener("input", () => {
      if (!clock) return;
      clock.at = clock.from + (Number(parts.scrub.value) / 10000) * (clock.to - clock.from);
      clock.last = performance.now();
      show();
    });
    return replay;
  };
})(window.gridaudit);

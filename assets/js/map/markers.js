// The drawn signs: one small picture a state, made once and stamped. Each state has a shape and a colour of its own.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";

  const shapes = {
    // On the way: an arrow that points north here and is turned with the heading.
    way(c, r) {
      c.moveTo(0, -r * 1.12);
      c.lineTo(r * 0.86, r * 0.86);
      c.lineTo(0, r * 0.46);
      c.lineTo(-r * 0.86, r * 0.86);
      c.closePath();
    },
    site(c, r) {
      c.arc(0, 0, r * 0.86, 0, Math.PI * 2);
    },
    idle(c, r) {
      c.arc(0, 0, r * 0.68, 0, Math.PI * 2);
    },
    silent(c, r) {
      c.moveTo(0, -r * 0.95);
      c.lineTo(r * 0.98, r * 0.76);
      c.lineTo(-r * 0.98, r * 0.76);
      c.closePath();
    },
    offline(c, r) {
      c.arc(0, 0, r * 0.72, 0, Math.PI * 2);
    },
  };

  function paint(context, state, radius) {
    const colour = ga.token(`--state-${state}`);
    const ground = ga.token("--ground");
    const line = Math.max(1.5, radius * 0.3);
    const hollow = state === "idle" || state === "offline";
    context.lineJoin = "round";
    context.beginPath();
    shapes[state](context, radius);
    context.lineWidth = hollow ? line * 2.1 : line * 1.1;
    context.strokeStyle = ground;
    context.stroke();
    context.beginPath();
    shapes[state](context, radius);
    if (hollow) {
      context.fillStyle = ground;
      context.fill();
      context.lineWidth = line;
      context.strokeStyle = colour;
      context.stroke();
    } else {
      context.fillStyle = colour;
      context.fill();
    }
    context.fillStyle = ground;
    context.strokeStyle = ground;
    if (state === "site") {
      context.beginPath();
      context.arc(0, 0, radius * 0.32, 0, Math.PI * 2);
      context.fill();
    } else if (state === "silent") {
      context.lineWidth = Math.max(1.2, radius * 0.2);
      context.beginPath();
      context.moveTo(0, -radius * 0.3);
      context.lineTo(0, radius * 0.22);
      context.moveTo(0, radius * 0.44);
      context.lineTo(0, radius * 0.5);
      context.lineCap = "round";
      context.stroke();
    } else if (state === "offline") {
      context.strokeStyle = colour;
      context.lineWidth = line * 0.8;
      context.lineCap = "round";
      context.beginPath();
      context.moveTo(-radius * 0.5, radius * 0.5);
      context.lineTo(radius * 0.5, -radius * 0.5);
      context.stroke();
    }
  }

  const stamps = new Map();

  /** A canvas with the sign of `state`, radius in CSS pixels. */
  ga.stamp = function (state, radius, ratio) {
    const key = `${state} ${radius} ${ratio}`;
    let canvas = stamps.get(key);
    if (!canvas) {
      const half = Math.ceil(radius * 1.6) + 2;
      canvas = document.createElement("canvas");
      canvas.width = canvas.height = Math.ceil(half * 2 * ratio);
      canvas.half = half;
      const context = canvas.getContext("2d");
      context.setTransform(ratio, 0, 0, ratio, half * ratio, half * ratio);
      paint(context, state, radius);
      stamps.set(key, canvas);
    }
    return canvas;
  };

  ga.forgetStamps = () => stamps.clear();

  const ROMAN = ["", "I", "II", "III", "IV"];
  ga.roman = (level) => ROMAN[level] || "";

  ga.deadlineColour = (deadline) => ga.token({ time: "--good", soon: "--warn", overdue: "--late", unknown: "--quiet" }[deadline]);

  /** A ticket: rounded square, level inside, ring in the colour of its deadline; overdue also has a notch on top. */
  ga.drawTicket = function (context, x, y, half, level, deadline) {
    const colour = ga.deadlineColour(deadline);
    const line = Math.max(1.4, half * (deadline === "time" || deadline === "unknown" ? 0.18 : 0.26));
    context.beginPath();
    context.roundRect(x - half - 1, y - half - 1, half * 2 + 2, half * 2 + 2, half * 0.45);
    context.fillStyle = ga.token("--ground");
    context.fill();
    context.beginPath();
    context.roundRect(x - half + line / 2, y - half + line / 2, half * 2 - line, half * 2 - line, half * 0.36);
    context.fillStyle = ga.token("--panel");
    context.fill();
    context.lineWidth = line;
    context.strokeStyle = colour;
    context.stroke();
    if (deadline === "soon" || deadline === "overdue") {
      context.beginPath();
      const r = half * (deadline === "overdue" ? 0.42 : 0.3);
      context.arc(x + half * 0.82, y - half * 0.82, r + 1, 0, Math.PI * 2);
      context.fillStyle = ga.token("--ground");
      context.fill();
      context.beginPath();
      context.arc(x + half * 0.82, y - half * 0.82, r, 0, Math.PI * 2);
      context.fillStyle = colour;
      context.fill();
    }
    context.fillStyle = ga.token("--ink");
    context.font = ga.font(Math.round(half * (level === 3 ? 0.95 : 1.1)), 600);
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(ga.roman(level), x, y + half * 0.06);
  };
})(window.gridaudit);

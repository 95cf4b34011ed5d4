// The style tokens for what is drawn on canvas, and the size of the screen's unit.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";

  let cache = new Map();

  /** Value of a custom property such as "--accent", from assets/tokens.css. */
  ga.token = function (name) {
    let value = cache.get(name);
    if (value === undefined) {
      const place = document.getElementById("wall") || document.documentElement;
      value = getComputedStyle(place).getPropertyValue(name).trim();
      if (value) cache.set(name, value);
    }
    return value;
  };

  /** Forget what was read: after a change of theme or size. */
  ga.forgetTokens = () => {
    cache = new Map();
  };

  /** The screen's unit in CSS pixels: 1 vh on the wall (10.8 at 1080p), fixed on small screens. */
  ga.unit = function () {
    const value = parseFloat(ga.token("--u-px"));
    return Number.isFinite(value) && value > 0 ? value : Math.max(7, window.innerHeight / 100);
  };

  /** A map zoom as it would be on a 1080p screen: at 4K the same picture stands one zoom deeper. */
  ga.viewZoom = (zoom) => zoom - Math.log2(ga.unit() / 10.8);

  ga.font = (size, weight = 400) => `${weight} ${size}px ${ga.token("--font") || "sans-serif"}`;

  ga.reducedMotion = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  window.addEventListener("resize", ga.forgetTokens);
})(window.gridaudit);

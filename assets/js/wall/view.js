// Where the map looks: the visible part is what panels leave free, and its centre stands in the address.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";
  const PROVINCE = [[38.9, 113.85], [42.65, 119.9]];
  const TICKET_ZOOM = 14;

  /** Pixels that panels cover at each edge of the map: {left, right, top, bottom}. */
  function covered(map, all = true) {
    const frame = map.getContainer().getBoundingClientRect();
    const sides = { left: 0, right: 0, top: 0, bottom: 0 };
    for (const element of document.querySelectorAll("[data-covers]")) {
      if (element.hidden || (!all && element.classList.contains("panel"))) continue;
      const box = element.getBoundingClientRect();
      if (!box.width || !box.height || box.bottom <= frame.top || box.top >= frame.bottom) continue;
      const edge = element.dataset.covers;
      if (edge === "left") sides.left = Math.max(sides.left, box.right - frame.left);
      if (edge === "right") sides.right = Math.max(sides.right, frame.right - box.left);
      if (edge === "top") sides.top = Math.max(sides.top, box.bottom - frame.top);
      if (edge === "bottom") sides.bottom = Math.max(sides.bottom, frame.bottom - box.top);
    }
    // On a small screen a sheet covers everything: then nothing is worth dodging.
    if (sides.left + sides.right > frame.width * 0.85) sides.left = sides.right = 0;
    if (sides.top + sides.bottom > frame.height * 0.85) sides.top = sides.bottom = 0;
    return sides;
  }

  // Only what covers a side counts: bars above and below change their height with their words.
  function shift(map) {
    const sides = covered(map);
    return L.point((sides.right - sides.left) / 2, 0);
  }

  ga.makeView = function (map) {
    let bounds = L.latLngBounds(PROVINCE);
    let mirrored = true;
    let timer = null;

    const view = {
      covered: () => covered(map),

      /** The area to come home to: bounds of everything in scope. */
      setHome(area) {
        if (area && area.isValid()) bounds = area;
      },

      home(animate = true) {
        view.fit(bounds, { animate });
      },

      fitHome(seconds) {
        view.fit(bounds, { slow: seconds });
      },

      fit(area, options = {}) {
        // The whole area is seen as a whole: an open list may lie over a part of it.
        const sides = covered(map, area !== bounds);
        const settings = {
          paddingTopLeft: [sides.left + 12, sides.top + 12],
          paddingBottomRight: [sides.right + 12, sides.bottom + 12],
          maxZoom: options.maxZoom || 15,
          animate: options.animate !== false && !ga.reducedMotion(),
        };
        if (options.slow && !ga.reducedMotion()) map.flyToBounds(area, { ...settings, duration: options.slow, easeLinearity: 0.12 });
        else map.fitBounds(area, settings);
      },

      /** Puts a place in the middle of what is visible. */
      look(lat, lon, zoom, animate = true) {
        const target = map.unproject(map.project([lat, lon], zoom).add(shift(map)), zoom);
        if (animate && !ga.reducedMotion()) map.flyTo(target, zoom, { duration: 0.9 });
        else map.setView(target, zoom, { animate: false });
      },

      /** Goes near a thing, without coming closer where the screen is close already. */
      goTo(lat, lon) {
        view.look(lat, lon, Math.max(map.getZoom(), TICKET_ZOOM));
      },

      /** [latitude, longitude, zoom] of the visible middle, rounded for the address. */
      place() {
        const zoom = map.getZoom();
        const middle = map.unproject(map.project(map.getCenter(), zoom).subtract(shift(map)), zoom);
        return [Number(middle.lat.toFixed(4)), Number(middle.lng.toFixed(4)), Number(zoom.toFixed(2))];
      },

      /** While false, moves of the map are not written into the address (kiosk, replay). */
      set mirrored(value) {
        mirrored = value;
      },
    };

    map.on("moveend", () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        if (mirrored && map.getContainer().isConnected) ga.address.update({ place: view.place() });
      }, 250);
    });
    return view;
  };
})(window.gridaudit);

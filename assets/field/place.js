// Where this phone is. One watch for the page: the list's distances, the check-in and, while the shift is on, the track.

import { ask, NetworkGone } from "./network.js";
import { track } from "./kept.js";

const SEND_MS = 20000;
const APART_MS = 10000; // between two fixes of the track
const MOST_KEPT = 2000; // five hours without a network
const BATCH = 500;
const listeners = new Set();
let watch = null;
let latest = null;
let trouble = "";
let onShift = false;
let sending = false;
let sentAt = null;

export const place = {
  /** The newest position: { lon, lat, accuracy, at }, or null. */
  get latest() {
    return latest;
  },
  /** Why there is none: "", "denied", "unavailable", "insecure". */
  get trouble() {
    return trouble;
  },
  get unsent() {
    return track.get().length;
  },
  get sentAt() {
    return sentAt;
  },
  get onShift() {
    return onShift;
  },
  listen: (listener) => listeners.add(listener),
  forget: (listener) => listeners.delete(listener),
  start,
  shift(on) {
    onShift = on;
    if (!on) track.set(null); // off shift, nothing of the way stays on the phone
    start();
    tell();
  },
};

const tell = () => listeners.forEach((listener) => listener(latest));

function start() {
  if (watch !== null) return;
  if (!("geolocation" in navigator) || !window.isSecureContext) {
    trouble = "insecure";
    return;
  }
  watch = navigator.geolocation.watchPosition(arrived, failed, { enableHighAccuracy: true, maximumAge: 5000, timeout: 30000 });
}

function arrived({ coords, timestamp }) {
  trouble = "";
  latest = { lon: coords.longitude, lat: coords.latitude, accuracy: coords.accuracy, at: timestamp };
  if (onShift) record(coords, timestamp);
  tell();
}

function failed(error) {
  trouble = error.code === 1 ? "denied" : "unavailable";
  if (error.code === 1) {
    navigator.geolocation.clearWatch(watch);
    watch = null; // a later try asks anew
  }
  tell();
}

function record(coords, timestamp) {
  const fixes = track.get();
  const last = fixes[fixes.length - 1];
  if (last && timestamp - last.at < APART_MS) return;
  fixes.push({
    at: timestamp,
    lon: coords.longitude,
    lat: coords.latitude,
    accuracy_m: coords.accuracy,
    speed_kmh: coords.speed === null || Number.isNaN(coords.speed) ? null : coords.speed * 3.6,
    heading_deg: coords.heading === null || Number.isNaN(coords.heading) ? null : coords.heading,
  });
  track.set(fixes.slice(-MOST_KEPT));
  if (sentAt === null) deliver();
}

async function deliver() {
  const fixes = track.get().slice(0, BATCH);
  if (!onShift || sending || !fixes.length) return;
  sending = true;
  try {
    await ask("/api/v1/field/positions", { method: "POST", content: { fixes, sent_at: Date.now() } });
    sentAt = Date.now();
    drop(fixes);
  } catch (error) {
    if (!(error instanceof NetworkGone) && error.status !== 401) drop(fixes); // refused as a whole: it never will be taken
  } finally {
    sending = false;
    tell();
  }
}

function drop(fixes) {
  const gone = new Set(fixes.map((fix) => fix.at));
  track.set(track.get().filter((fix) => !gone.has(fix.at)));
}

setInterval(deliver, SEND_MS);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) deliver();
});

/** The best position of some seconds: ends early when it is good, and late only when there is none at all. */
export function now({ good = 25, enough = 6000, timeout = 25000 } = {}) {
  return new Promise((resolve, reject) => {
    if (!("geolocation" in navigator) || !window.isSecureContext) {
      reject(new Error("insecure"));
      return;
    }
    // The page's own watch would give what it has; this asks the receiver anew.
    if (watch !== null) navigator.geolocation.clearWatch(watch);
    watch = null;
    let best = null;
    const own = navigator.geolocation.watchPosition(
      (found) => {
        arrived(found);
        if (!best || latest.accuracy < best.accuracy) best = latest;
        if (best.accuracy <= good) end();
      },
      (error) => {
        failed(error);
        if (error.code === 1) end();
      },
      { enableHighAccuracy: true, maximumAge: 0, timeout },
    );
    const first = setTimeout(() => best && end(), enough);
    const last = setTimeout(end, timeout);

    function end() {
      clearTimeout(first);
      clearTimeout(last);
      navigator.geolocation.clearWatch(own);
      start();
      if (best) resolve(best);
      else reject(new Error(trouble || "unavailable"));
    }
  });
}

const RADIUS_M = 6371008.8;
const radians = (degrees) => (degrees * Math.PI) / 180;

/** Metres on the sphere between two places { lon, lat }. */
export function metresBetween(one, other) {
  const a = radians(one.lat);
  const b = radians(other.lat);
  const chord =
    Math.sin((b - a) / 2) ** 2 + Math.cos(a) * Math.cos(b) * Math.sin(radians(other.lon - one.lon) / 2) ** 2;
  return 2 * RADIUS_M * Math.asin(Math.min(1, Math.sqrt(chord)));
}

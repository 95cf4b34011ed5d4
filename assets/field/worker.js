// The service worker: opens the shell without a network, and nothing else. Answers with data are never kept, so that
// nothing old is shown as new and no personal data stays behind. VERSION and FILES stand above, put there by the server.

const SHELL = `gridaudit-field-${VERSION}`;
const SLOW_MS = 4000;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(SHELL)
      .then((cache) => cache.addAll([...FILES, "/field"]))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith("gridaudit-field-") && name !== SHELL;
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

async function page(request) {
  const cache = await caches.open(SHELL);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(SLOW_MS) });
    // A way to the sign-in page, or another role's page, is no shell.
    if (answer.ok && answer.type === "basic") await cache.put("/field", answer.clone());
    return answer;
  } catch (error) {
    const kept = await cache.match("/field");
    if (kept) return kept;
    throw error;
  }
}

async function file(request) {
  const kept = await caches.match(request);
  return kept || fetch(request);
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (request.mode === "navigate" && address.pathname === "/field" && !address.search) event.respondWith(page(request));
  else if (address.pathname.startsWith("/field/files/") || address.pathname.startsWith("/assets/")) {
    event.respondWith(file(request));
  }
});

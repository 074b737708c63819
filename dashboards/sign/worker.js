"use strict";
// Opens a sign's page from what was kept when the server does not answer. Everything else goes to the server as ever.
const KEPT = "sign-kept", PATIENCE_MS = 1500;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { pathname } = new URL(event.request.url);
  if (event.request.mode === "navigate" && /^\/sign\/[^/]+$/.test(pathname)) event.respondWith(page(event.request));
});

async function page(request) {
  const kept = await caches.open(KEPT);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.ok && !answer.redirected) await kept.put(request.url, answer.clone());
    if (answer.status < 500) return answer;
    return (await kept.match(request.url)) || answer;
  } catch {
    return (await kept.match(request.url)) || Response.error();
  }
}

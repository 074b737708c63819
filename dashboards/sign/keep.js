"use strict";
// Keeps the last frame and this page in the browser, so that a player that starts without the server shows them, with their age.
// Browsers allow it on https and on the player's own address only; elsewhere nothing is kept and nothing else changes.
window.signKeep = (() => {
  const KEPT = "sign-kept";
  const key = `${location.pathname}/kept${location.search}`;
  const EVERY_MS = 300000;
  let written = 0;

  return {
    /** Keeps a frame (a Blob) and its state; at most every five minutes unless `now` is said, to spare the player's card. */
    async put(frame, state, seenAt, now) {
      if (!window.caches || !frame || (!now && written && performance.now() - written < EVERY_MS)) return;
      written = performance.now();
      const headers = { "X-Seen": String(seenAt), "X-State": encodeURIComponent(JSON.stringify(state)) };
      try {
        await (await caches.open(KEPT)).put(key, new Response(frame, { headers }));
      } catch { /* no room: the sign goes on without */ }
    },
    /** The frame kept last, its state, and when (ms since 1970) the server was last heard; null when there is none. */
    async get() {
      if (!window.caches) return null;
      try {
        const found = await (await caches.open(KEPT)).match(key);
        if (!found) return null;
        const state = JSON.parse(decodeURIComponent(found.headers.get("X-State")));
        return { frame: await found.blob(), state, seenAt: Number(found.headers.get("X-Seen")) };
      } catch {
        return null;
      }
    },
    /** Keeps the page itself: once, when the server is known to be there. */
    async page() {
      if (!window.caches || !navigator.serviceWorker) return;
      try {
        await navigator.serviceWorker.register("/sign/worker.js");
        await (await caches.open(KEPT)).add(location.href);
        document.body.dataset.kept = "true";
      } catch { /* refused: the sign goes on without */ }
    },
  };
})();

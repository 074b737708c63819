"use strict";
// Shows one sign: asks once a second which frame is due, changes pictures only when the next one is decoded, and keeps the last one,
// with a band that counts, when the server is away. Never gives up.
(() => {
  const body = document.body;
  const { name, lang, shell, lost } = body.dataset;
  const lostWords = lost.split("|");
  const pageSeconds = Number(body.dataset.pageSeconds);
  const POLL_MS = 1000, PATIENCE_MS = 2500, LOST_AFTER_MS = 3500, SLOWEST_MS = 8000, RELOAD_EVERY_MS = 60000;
  const query = new URLSearchParams(location.search);
  const frames = [...document.querySelectorAll("img")];
  const band = document.getElementById("lost");
  const text = document.getElementById("text");
  let front = 0, warning = null, version = "", url = "", seen = performance.now(), failures = 0;

  function size() {
    // Device pixels, so that the browser never blurs a frame; a board that shows only a corner of the screen gives ?w= and ?h=.
    const ratio = window.devicePixelRatio || 1;
    const clamp = (value, least) => Math.max(least, Math.min(3840, Math.round(value)));
    return {
      ratio,
      w: clamp(Number(query.get("w")) || window.innerWidth * ratio, 128),
      h: clamp(Number(query.get("h")) || window.innerHeight * ratio, 64),
    };
  }

  async function get(path) {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), PATIENCE_MS);
    try {
      const answer = await fetch(path, { cache: "no-store", signal: abort.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      return path.includes(".json?") ? await answer.json() : await answer.blob();
    } finally {
      clearTimeout(timer);
    }
  }

  async function show(state, { ratio, w, h }) {
    const next = frames[1 - front];
    const fresh = URL.createObjectURL(await get(state.png));
    next.src = fresh;
    next.style.width = `${w / ratio}px`;
    next.style.height = `${h / ratio}px`;
    await next.decode();
    next.hidden = false;
    frames[front].hidden = true;
    front = 1 - front;
    if (url) URL.revokeObjectURL(url);
    url = fresh;
    version = state.version;
    warning = state.warning;
    text.replaceChildren(...state.text.map((line) => Object.assign(document.createElement("p"), { textContent: line })));
    Object.assign(body.dataset, { version, page: state.page, pages: state.pages, stale: state.stale });
  }

  function renew(newest) {
    // The server runs another version of this page: take it, but never in a loop.
    const last = Number(sessionStorage.getItem("reloaded") || 0);
    if (newest === shell || Date.now() - last < RELOAD_EVERY_MS) return;
    sessionStorage.setItem("reloaded", String(Date.now()));
    location.reload();
  }

  async function poll() {
    let wait = POLL_MS - (Date.now() % POLL_MS);
    try {
      const now = size();
      const page = Math.floor(Date.now() / 1000 / pageSeconds);
      const asked = new URLSearchParams({ w: now.w, h: now.h, page, lang });
      const state = await get(`/sign/${encodeURIComponent(name)}.json?${asked}`);
      if (state.version !== version) await show(state, now);
      seen = performance.now();
      failures = 0;
      renew(state.shell);
    } catch (error) {
      failures += 1;
      wait = Math.min(SLOWEST_MS, POLL_MS * 1.5 ** Math.min(failures - 1, 20)) * (0.5 + Math.random() / 2);
    }
    warn();
    setTimeout(poll, wait);
  }

  function warn() {
    const away = performance.now() - seen;
    const isLost = away > LOST_AFTER_MS;
    body.dataset.connected = String(!isLost);
    band.hidden = !isLost;
    if (!isLost) return;
    const { ratio, w, h } = size();
    const { left, top, width, height } = warning || { left: 0, top: h - 18, width: w, height: 18 };
    const zoom = Math.max(1, Math.min(Math.floor(height / 18), Math.floor(width / 120), 6));
    const seconds = Math.floor(away / 1000);
    const age = `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
    const css = (pixels) => `${pixels / ratio}px`;
    Object.assign(band.style, {
      fontSize: css(16 * zoom), lineHeight: css(height), left: css(left), top: css(top), width: css(width), height: css(height),
    });
    for (const words of lostWords) {
      band.textContent = `${words} ${age}`;
      if (band.scrollWidth <= width / ratio) break;
    }
  }

  setInterval(warn, 250);
  window.addEventListener("resize", () => { version = ""; });
  poll();
})();

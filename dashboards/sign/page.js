"use strict";
// Shows one sign: asks once a second which frame is due, changes pictures only when the next one is decoded, and keeps the last one,
// with a band that counts, when the server is away. Never gives up. Holds one picture, two <img> and two timers, however long it runs.
(() => {
  const body = document.body;
  const { name, lang, shell, lost, days } = body.dataset;
  const lostWords = lost.split("|");
  const pageSeconds = Number(body.dataset.pageSeconds);
  const POLL_MS = 1000, PATIENCE_MS = 2500, LOST_AFTER_MS = 3500, SLOWEST_MS = 8000, RELOAD_EVERY_MS = 60000;
  const query = new URLSearchParams(location.search);
  const frames = [...document.querySelectorAll("img")];
  const band = document.getElementById("lost");
  const text = document.getElementById("text");
  const lane = window.signLane, keep = window.signKeep;
  let front = 0, shown = null, url = "", seen = performance.now(), failures = 0, isLost = false, heard = false, turn = turnNow();

  function turnNow() {
    return Math.floor(Date.now() / 1000 / pageSeconds);
  }

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

  async function get(path, read) {
    const answer = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer[read]();
  }

  async function show(frame, state, { ratio, w, h }) {
    const next = frames[1 - front];
    const fresh = URL.createObjectURL(frame);
    try {
      next.src = fresh;
      next.style.width = `${w / ratio}px`;
      next.style.height = `${h / ratio}px`;
      await next.decode();
    } catch (error) {
      next.removeAttribute("src");
      URL.revokeObjectURL(fresh);
      throw error;
    }
    next.hidden = false;
    frames[front].hidden = true;
    frames[front].removeAttribute("src");
    front = 1 - front;
    if (url) URL.revokeObjectURL(url);
    url = fresh;
    shown = { frame, state };
    const lines = [...state.text, ...(state.lane ? state.lane.text : [])];
    text.replaceChildren(...lines.map((line) => Object.assign(document.createElement("p"), { textContent: line })));
    Object.assign(body.dataset, { version: state.version, page: state.page, pages: state.pages, stale: state.stale });
  }

  function renew(newest, turned) {
    // The server runs another version of this page: take it when a page turns, but never in a loop.
    const last = Number(sessionStorage.getItem("reloaded") || 0);
    if (newest === shell || !turned || Date.now() - last < RELOAD_EVERY_MS) return;
    sessionStorage.setItem("reloaded", String(Date.now()));
    location.reload();
  }

  async function restore() {
    // The player started without the server: the last frame that this browser saw, as old as it is.
    const old = await keep.get();
    if (shown || !old) return;
    await show(old.frame, old.state, size());
    seen = performance.now() - Math.max(LOST_AFTER_MS + 1, Date.now() - old.seenAt);
  }

  async function poll() {
    let wait = POLL_MS - (Date.now() % POLL_MS);
    try {
      const now = size();
      const asked = new URLSearchParams({ w: now.w, h: now.h, page: lane.runs ? 0 : turnNow(), lang });
      const state = await get(`/sign/${encodeURIComponent(name)}.json?${asked}`, "json");
      if (!shown || state.version !== shown.state.version) await show(await get(state.png, "blob"), state, now);
      lane.take(state.lane, now.ratio);
      seen = performance.now();
      failures = 0;
      if (!heard) keep.page();
      heard = true;
      keep.put(shown.frame, shown.state, Date.now(), false);
      const turned = turnNow() !== turn;
      turn = turnNow();
      renew(state.shell, turned);
    } catch {
      failures += 1;
      wait = Math.min(SLOWEST_MS, POLL_MS * 1.5 ** Math.min(failures - 1, 20)) * (0.5 + Math.random() / 2);
      if (!shown) await restore().catch(() => {});
    }
    warn();
    setTimeout(poll, wait);
  }

  function age(seconds) {
    const two = (value) => String(value).padStart(2, "0");
    const minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60);
    if (hours >= 24) return `${Math.floor(hours / 24)} ${days}`;
    return hours ? `${hours}:${two(minutes % 60)}:${two(seconds % 60)}` : `${two(minutes)}:${two(seconds % 60)}`;
  }

  function warn() {
    const away = performance.now() - seen;
    const was = isLost;
    isLost = away > LOST_AFTER_MS;
    body.dataset.connected = String(!isLost);
    band.hidden = !isLost;
    if (!isLost) return;
    if (!was && heard && shown) keep.put(shown.frame, shown.state, Date.now() - away, true);
    const { ratio, w, h } = size();
    const { left, top, width, height } = shown?.state.warning || { left: 0, top: h - 18, width: w, height: 18 };
    const zoom = Math.max(1, Math.min(Math.floor(height / 18), Math.floor(width / 120), 6));
    const css = (pixels) => `${pixels / ratio}px`;
    Object.assign(band.style, {
      fontSize: css(16 * zoom), lineHeight: css(height), left: css(left), top: css(top), width: css(width), height: css(height),
    });
    for (const words of lostWords) {
      band.textContent = `${words} ${age(Math.floor(away / 1000))}`;
      if (band.scrollWidth <= width / ratio) break;
    }
  }

  setInterval(warn, 250);
  window.addEventListener("resize", () => { if (shown) shown.state.version = ""; });
  poll();
})();

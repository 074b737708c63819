// The live end of a screen: one WebSocket that sets props of slots, and a clock that never lets a number go without
// its age. Keeps the last picture whatever happens, says so when it may be old, and tries again for ever.
(function () {
  "use strict";

  const SILENT_MS = 3000; // without a message for so long: the band
  const DEAD_MS = 6000; // a connection that is open but silent is given up
  const CALM_MS = 10000; // nobody touched the screen for so long: a new build may be loaded
  const BRIGHT_MS = 600;
  const ACK_MS = 1000;
  const root = document.documentElement;
  const words = JSON.parse(root.dataset.words || "{}");
  const live = (window.iocLive = {
    state: "loading", seq: 0, messages: 0, deltas: 0, fulls: 0, gaps: 0, reconnects: 0, painted: 0, tookMs: 0,
    lastAt: 0, applied: 0, charts: 0, beat: null, build: root.dataset.build || "",
  });

  let place = null; // what this screen looks at
  let socket = null;
  let attempts = 0;
  let timer = 0;
  let awaitsFull = true;
  let offsetMs = 0; // server's clock minus ours
  let lastMark = performance.now();
  let bandSince = 0;
  let touchedAt = 0;
  let ackedAt = 0;
  let pending = {}; // slot -> props that wait for the next frame
  let pendingSeq = null; // [seq, when it came, does it count as painted change]
  let figures = {}; // slot -> the figure that the browser has
  let charts = new Map(); // slot -> the figure that waits for its turn: numbers go first, charts one by one
  let drawing = 0;
  let frame = 0;

  // ---- connection

  function connect() {
    clearTimeout(timer);
    if (!place) return;
    const query = new URLSearchParams({
      page: place.page, unit: place.unit, by: place.by, lang: place.lang, theme: place.theme,
    });
    const own = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live?${query}`);
    socket = own;
    own.onmessage = (event) => own === socket && receive(JSON.parse(event.data));
    own.onclose = () => own === socket && again();
  }

  function again() {
    socket = null;
    live.reconnects += 1;
    const most = Math.min(5000, 1000 * 2 ** attempts);
    attempts += 1;
    timer = setTimeout(connect, 500 + Math.random() * (most - 500));
  }

  function drop() {
    const old = socket;
    socket = null;
    if (old) old.close();
  }

  function say(what) {
    if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(what));
  }

  function watch(data) {
    const known = place && data && JSON.stringify(place) === JSON.stringify(data);
    if (known) return "";
    drop();
    place = data || null;
    pending = {};
    figures = {};
    charts.clear();
    pendingSeq = null;
    live.seq = 0;
    awaitsFull = true;
    attempts = 0;
    if (place) {
      root.dataset.device = place.device;
      root.dataset.bsTheme = place.theme;
      root.lang = place.lang;
      lastMark = performance.now();
      live.lastAt = Date.now();
    }
    connect();
    return "";
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, { ioc: { watch } });

  // ---- messages

  function receive(message) {
    live.messages += 1;
    live.lastAt = Date.now();
    lastMark = performance.now();
    attempts = 0;
    if (message.t === "hello") hello(message);
    else if (message.t === "beat") beat(message);
    else if (message.t === "full") full(message);
    else if (message.t === "delta") delta(message);
    check();
  }

  function hello(message) {
    offsetMs = message.now - Date.now();
    awaitsFull = true;
    if (live.build && message.build !== live.build) reload(message.build);
  }

  function beat(message) {
    const seen = message.now - Date.now();
    // a message can only be late: the largest offset is the truest, but clocks drift
    offsetMs = Math.max(seen, offsetMs - 5);
    live.beat = message;
    ages();
  }

  function full(message) {
    live.fulls += 1;
    live.seq = message.seq;
    awaitsFull = false;
    pending = {};
    figures = {};
    charts.clear();
    take(message.slots);
    pendingSeq = [message.seq, performance.now(), false];
  }

  function delta(message) {
    if (awaitsFull || message.seq <= live.seq) return;
    if (message.seq !== live.seq + 1) {
      live.gaps += 1;
      awaitsFull = true;
      say({ full: true });
      return;
    }
    live.deltas += 1;
    live.seq = message.seq;
    take(message.slots);
    const since = pendingSeq || [0, performance.now(), true];
    pendingSeq = [message.seq, since[1], since[2] && !document.hidden]; // a hidden tab paints when it likes
  }

  function take(slots) {
    for (const [slot, props] of Object.entries(slots)) {
      const own = (pending[slot] = pending[slot] || {});
      for (const [name, value] of Object.entries(props)) {
        if (name === "figure~") own.figure = figures[slot] = changed(figures[slot], value);
        else own[name] = value;
        if (name === "figure") figures[slot] = value;
      }
    }
    if (!frame) frame = requestAnimationFrame(paint);
  }

  // a new figure that shares with the old one all that did not change
  function changed(old, change) {
    const data = old.data.slice();
    for (const [at, keys] of Object.entries(change.data || {})) data[at] = { ...data[at], ...keys };
    return { ...old, data, layout: change.layout ? { ...old.layout, ...change.layout } : old.layout };
  }

  function paint() {
    frame = 0;
    const setProps = window.dash_clientside.set_props;
    if (!setProps) {
      frame = requestAnimationFrame(paint);
      return;
    }
    const now = pending;
    const [seq, cameAt, isDelta] = pendingSeq || [live.seq, performance.now(), false];
    pending = {};
    pendingSeq = null;
    for (const [slot, props] of Object.entries(now)) {
      const { figure, ...rest } = props;
      if (figure !== undefined) charts.set(slot, figure);
      if (Object.keys(rest).length) setProps(slot, rest);
      if (isDelta && "children" in props) brighten(slot);
    }
    live.charts = charts.size;
    live.applied += 1;
    ages();
    requestAnimationFrame(() => {
      live.painted = seq;
      live.tookMs = performance.now() - cameAt;
      if (isDelta && performance.now() - ackedAt > ACK_MS) {
        ackedAt = performance.now();
        say({ painted: seq, took_ms: live.tookMs });
      }
      if (charts.size && !drawing) drawing = setTimeout(draw);
    });
  }

  // one chart, then a pause at least as long as it took: a number never waits for more than one chart
  function draw() {
    drawing = 0;
    const [next] = charts;
    if (!next) return;
    charts.delete(next[0]);
    const began = performance.now();
    window.dash_clientside.set_props(next[0], { figure: next[1] });
    requestAnimationFrame(() => {
      live.charts = charts.size;
      if (charts.size && !drawing) drawing = setTimeout(draw, Math.max(30, performance.now() - began));
    });
  }

  function brighten(slot) {
    const element = document.getElementById(slot);
    if (!element || element.dataset.figure === undefined) return;
    element.classList.add("changed");
    clearTimeout(element.iocBright);
    element.iocBright = setTimeout(() => element.classList.remove("changed"), BRIGHT_MS);
  }

  // ---- what the screen says of itself

  function silenceMs() {
    return Math.max(performance.now() - lastMark, Date.now() - live.lastAt);
  }

  function check() {
    if (!place) return;
    const silent = silenceMs();
    if (silent > SILENT_MS) {
      state("offline", live.messages ? live.lastAt : performance.timeOrigin);
      if (silent > DEAD_MS && socket && socket.readyState === WebSocket.OPEN) {
        drop();
        again();
      }
    } else if (live.beat && !live.beat.ok) {
      state("stale", live.beat.as_of ? live.beat.as_of - offsetMs : live.lastAt);
    } else if (live.beat) {
      state("live", 0);
    }
  }

  function state(name, since) {
    live.state = name;
    bandSince = since;
    if (root.dataset.state !== name) root.dataset.state = name;
    const old = document.getElementById("connection");
    if (name === "live") {
      if (old) old.remove();
      return;
    }
    const band = old || document.createElement("div");
    if (!old) {
      band.id = "connection";
      band.setAttribute("role", "alert");
      band.append(document.createElement("strong"), document.createElement("span"), document.createElement("small"));
      document.body.append(band);
    }
    put(band.children[0], name === "offline" ? words.lost : words.store_lost);
    put(band.children[1], running(Date.now() - bandSince));
    put(band.children[2], words.kept);
  }

  function running(ms) {
    const whole = Math.max(0, Math.floor(ms / 1000));
    const two = (n) => String(n).padStart(2, "0");
    const hours = Math.floor(whole / 3600);
    const rest = `${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
    return hours ? `${two(hours)}:${rest}` : rest;
  }

  function length(ms) {
    const seconds = Math.max(0, Math.floor(ms / 1000));
    if (seconds < 60) return fill(words.seconds, seconds);
    if (seconds < 3600) return fill(words.minutes, Math.floor(seconds / 60));
    if (seconds < 86400) return fill(words.hours, Math.floor(seconds / 3600));
    return fill(words.days, Math.floor(seconds / 86400));
  }

  function fill(text, n) {
    return (text || "{n}").replace("{n}", n);
  }

  function put(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  const RANK = { live: 0, quiet: 1, none: 2, behind: 3, stale: 4 };

  function oldest(names) {
    let worst = null;
    for (const name of names.split(" ")) {
      const feed = live.beat && live.beat.feeds[name];
      if (!feed) continue;
      const own = { at: feed[0], fresh: feed[1], lag: feed[2] };
      const graver = !worst ? 1 : RANK[own.fresh] - RANK[worst.fresh];
      if (graver > 0 || (graver === 0 && own.at < worst.at)) worst = own;
    }
    return worst;
  }

  function ages() {
    const now = Date.now() + offsetMs;
    for (const tile of document.querySelectorAll("[data-feeds]")) {
      const worst = tile.dataset.feeds && oldest(tile.dataset.feeds);
      if (worst && tile.dataset.fresh !== worst.fresh) tile.dataset.fresh = worst.fresh;
    }
    for (const tag of document.querySelectorAll("[data-age]")) {
      const around = tag.closest("[data-feeds]");
      const names = tag.dataset.age || (around && around.dataset.feeds) || "";
      const worst = names && oldest(names);
      if (!worst) continue;
      if (tag.dataset.fresh !== worst.fresh) tag.dataset.fresh = worst.fresh;
      put(tag, ageText(worst, now));
    }
    const latency = live.beat && live.beat.latency;
    for (const tag of document.querySelectorAll("[data-latency]")) {
      const ms = latency && latency[tag.dataset.latency || "p95"];
      const length = ms >= 1000 ? `${(ms / 1000).toLocaleString(root.lang, { maximumFractionDigits: 1 })} s` : `${ms} ms`;
      put(tag, latency ? length : "–");
    }
  }

  function ageText(worst, now) {
    if (worst.fresh === "behind") return fill(words.age_behind, worst.lag.toLocaleString(root.lang));
    return worst.at === null ? words.never : fill(words[`age_${worst.fresh}`], length(now - worst.at));
  }

  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: root.dataset.zone || undefined, hourCycle: "h23", weekday: "short", year: "numeric", month: "2-digit",
    day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  });
  const WEEK = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

  function clocks() {
    const of = Object.fromEntries(parts.formatToParts(Date.now() + offsetMs).map((part) => [part.type, part.value]));
    const weekday = (words.weekdays || "").split(",")[WEEK.indexOf(of.weekday)] || of.weekday;
    const texts = {
      time: `${of.hour}:${of.minute}`,
      seconds: `${of.hour}:${of.minute}:${of.second}`,
      date: `${weekday} ${of.day}/${of.month}/${of.year}`,
    };
    for (const tag of document.querySelectorAll("[data-clock]")) put(tag, texts[tag.dataset.clock] || texts.time);
  }

  function second() {
    clocks();
    ages();
    check();
    setTimeout(second, 1000 - ((Date.now() + offsetMs) % 1000) + 5);
  }

  // ---- a new build

  function reload(build) {
    let before = "";
    try {
      before = sessionStorage.getItem("ioc-build") || "";
      sessionStorage.setItem("ioc-build", build);
    } catch {
      // a browser without storage reloads all the same
    }
    const waitMs = before === build ? 60000 : 500 + Math.random() * 2500; // something between us keeps old pages
    setTimeout(function calm() {
      if (Date.now() - touchedAt > CALM_MS) location.reload();
      else setTimeout(calm, 1000);
    }, waitMs);
  }

  for (const name of ["pointerdown", "keydown", "wheel", "touchstart"]) {
    addEventListener(name, () => (touchedAt = Date.now()), { passive: true, capture: true });
  }
  for (const name of ["online", "focus", "pageshow"]) addEventListener(name, wake);
  document.addEventListener("visibilitychange", wake);

  function wake() {
    if (document.hidden) return;
    check();
    if (place && !socket) connect();
  }

  second();
})();

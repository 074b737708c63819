// The live end of a screen: one WebSocket that sets props of slots. Keeps the last picture whatever happens and tries
// again for ever. live_ages.js says how old the picture is; live_reload.js loads a new build.
(function () {
  "use strict";

  const BACK_SOON = 4010; // closes a connection that is given up: no goodbye, the server misses who then does not come back
  const DEAD_MS = 6000; // a connection that is silent for so long, open or not, is given up
  const BRIGHT_MS = 600;
  const SLICE_MS = 24; // many props are painted in several frames, whole panels each: touch and clocks never wait for long
  const ACK_MS = 1000; // painted changes are told at most so often
  const ALIVE_MS = 2000; // and that we paint at all, at least so often
  const root = document.documentElement;
  const live = (window.iocLive = {
    state: "loading", seq: 0, messages: 0, deltas: 0, fulls: 0, gaps: 0, reconnects: 0, painted: 0, tookMs: 0,
    lastAt: 0, applied: 0, charts: 0, beat: null, build: root.dataset.build || "",
    place: null, // what this screen looks at
    attempts: 0, // to connect, since something was heard
    offsetMs: 0, // server's clock minus ours
    silenceMs: () => passed(lastMark, live.lastAt),
    giveUpSilence,
    slots: {}, // every property that this screen has now
    show, // paints what live_kept.js kept
    opened: () => {}, // live_kept.js: another place is looked at
    tell: () => {}, // live_ages.js: ages and state may have changed
    newBuild: () => {}, // live_reload.js: the server is another build
  });

  let socket = null;
  let timer = 0;
  let awaitsFull = true;
  let lastMark = performance.now();
  let triedMark = 0; // when the connection was asked for
  let triedAt = 0;
  let ackedAt = 0; // when a painted change was told
  let saidAt = 0; // when anything was
  let untold = null; // the newest painted change that was not told: [seq, how long it took, when it stood]
  let pending = {}; // slot -> props that wait for the next frame
  let pendingSeq = null; // [seq, when it came, does it count as painted change]
  let charts = new Map(); // slot -> the figure that waits for its turn: numbers go first, charts one by one
  let drawing = 0;
  let frame = 0;

  // ---- connection

  // by both clocks: one stops while a machine sleeps, the other may be set
  function passed(mark, at) {
    return Math.max(performance.now() - mark, Date.now() - at);
  }

  function connect() {
    clearTimeout(timer);
    const place = live.place;
    if (!place) return;
    triedMark = performance.now();
    triedAt = Date.now();
    const query = new URLSearchParams({
      page: place.page, unit: place.unit, by: place.by, lang: place.lang, theme: place.theme,
      screen: screenName(), build: live.build,
    });
    const own = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live?${query}`);
    socket = own;
    own.onmessage = (event) => own === socket && receive(JSON.parse(event.data));
    own.onclose = () => own === socket && again();
  }

  // full jitter between half a second and a bound that grows to five seconds: screens never come back all at once
  function again() {
    socket = null;
    live.reconnects += 1;
    const most = Math.min(5000, 1000 * 2 ** live.attempts);
    live.attempts += 1;
    timer = setTimeout(connect, 500 + Math.random() * (most - 500));
  }

  function drop(code) {
    const old = socket;
    socket = null;
    if (old) old.close(code);
  }

  // also one that never opened: TCP would try for minutes; but a new one has its time before it must have said anything
  function giveUpSilence() {
    if (!socket || Math.min(live.silenceMs(), passed(triedMark, triedAt)) <= DEAD_MS) return;
    drop(BACK_SOON);
    again();
  }

  function say(what) {
    if (!socket || socket.readyState !== WebSocket.OPEN) return;
    saidAt = performance.now();
    socket.send(JSON.stringify(what));
  }

  // by what name the server lists this screen: ?screen=NAME of the address, else one drawn once; kept by the browser
  function screenName() {
    const asked = new URLSearchParams(location.search).get("screen");
    try {
      const name = asked || localStorage.getItem("ioc-screen") || `s-${Math.random().toString(36).slice(2, 8)}`;
      localStorage.setItem("ioc-screen", name);
      return name;
    } catch {
      return asked || ""; // a browser without storage
    }
  }

  function watch(data) {
    const known = live.place && data && JSON.stringify(live.place) === JSON.stringify(data);
    if (known) return "";
    drop(1000);
    live.place = data || null;
    pending = {};
    charts.clear();
    pendingSeq = untold = null;
    live.seq = 0;
    live.slots = {};
    awaitsFull = true;
    live.attempts = 0;
    if (data) {
      root.dataset.device = data.device;
      root.dataset.bsTheme = data.theme;
      root.lang = data.lang;
      lastMark = performance.now();
      live.lastAt = Date.now();
    }
    connect();
    live.opened();
    return "";
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, { ioc: { watch } });

  // ---- messages

  function receive(message) {
    live.messages += 1;
    live.lastAt = Date.now();
    lastMark = performance.now();
    live.attempts = 0;
    if (message.t === "hello") hello(message);
    else if (message.t === "beat") beat(message);
    else if (message.t === "full") full(message);
    else if (message.t === "delta") delta(message);
  }

  function hello(message) {
    live.offsetMs = message.now - Date.now();
    awaitsFull = true;
    if (live.build && message.build !== live.build) live.newBuild(message.build);
  }

  function beat(message) {
    const seen = message.now - Date.now();
    // a message can only be late: the largest offset is the truest, but clocks drift
    live.offsetMs = Math.max(seen, live.offsetMs - 5);
    live.beat = message;
    live.tell();
    tellPainted();
    if (performance.now() - saidAt < ALIVE_MS) return;
    if (document.hidden) say({ hidden: true });
    // only who paints can say so: a frozen tab, or one whose graphics died, stays silent and the server notices
    else requestAnimationFrame(() => performance.now() - saidAt < ALIVE_MS || say({ painted: live.painted, heap_mb: heapMb() }));
  }

  // a change that comes soon after another is told with the next beat: it may be the last for hours
  function tellPainted() {
    if (!untold || performance.now() - ackedAt <= ACK_MS) return;
    const [seq, took, at] = untold;
    untold = null;
    ackedAt = performance.now();
    say({ painted: seq, took_ms: took, held_ms: ackedAt - at });
  }

  function heapMb() {
    return performance.memory ? Math.round(performance.memory.usedJSHeapSize / 1e6) : 0;
  }

  function full(message) {
    untold = null;
    live.fulls += 1;
    live.seq = message.seq;
    awaitsFull = false;
    live.slots = {};
    pending = {};
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
      const all = (live.slots[slot] = live.slots[slot] || {});
      for (const [name, value] of Object.entries(props)) {
        const prop = name.replace("~", "");
        own[prop] = all[prop] = prop === name ? value : patched(all[prop], value);
      }
    }
    if (!frame) frame = requestAnimationFrame(paint);
  }

  // a picture of before; the first full one of the server replaces it
  function show(picture) {
    live.lastAt = live.shownAt = picture.at;
    live.beat = live.beat || picture.beat;
    take(picture.slots);
    live.tell();
  }

  // a value that shares with the old one all that did not change; see dashboards/changes.py
  function patched(old, change) {
    if (Array.isArray(change)) return change[0];
    const found = Array.isArray(old) ? old.slice() : { ...old };
    for (const [key, inner] of Object.entries(change)) found[key] = patched(found[key], inner);
    return found;
  }

  // ---- painting

  function paint() {
    frame = 0;
    const setProps = window.dash_clientside.set_props;
    if (!setProps) {
      frame = requestAnimationFrame(paint);
      return;
    }
    const [seq, cameAt, isDelta] = pendingSeq || [live.seq, performance.now(), false];
    const end = performance.now() + SLICE_MS;
    let panel = "";
    for (const [slot, props] of Object.entries(pending)) {
      const [own] = slot.split("--", 1);
      if (own !== panel && performance.now() > end) {
        frame = requestAnimationFrame(paint); // what waits comes first then: an object keeps its order
        return;
      }
      panel = own;
      delete pending[slot];
      const { figure, ...rest } = props;
      if (figure !== undefined) charts.set(slot, figure);
      if (Object.keys(rest).length) setProps(slot, rest);
      if (isDelta && "children" in props) brighten(slot);
    }
    pendingSeq = null;
    live.charts = charts.size;
    live.applied += 1;
    live.tell();
    requestAnimationFrame(() => {
      live.painted = seq;
      live.tookMs = performance.now() - cameAt;
      if (isDelta) untold = [seq, live.tookMs, performance.now()];
      tellPainted();
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

  for (const name of ["online", "focus", "pageshow"]) addEventListener(name, wake);
  document.addEventListener("visibilitychange", wake);

  function wake() {
    if (document.hidden) return;
    live.tell();
    if (live.place && !socket) connect();
  }
})();

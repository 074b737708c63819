// Keeps the last picture of each place that a tablet showed, so that a reload without a network shows it again, with its
// age under the violet band. offline/sw.js keeps the shell; both are emptied when the server refuses this browser.
(function () {
  "use strict";
  const live = window.iocLive;
  const NAME = "ioc-pictures";
  const STORE = "pictures";
  const KEEP_EVERY_MS = 10000; // the first picture of a place at once
  const WAIT_MS = 2500; // for the first picture of the server
  const OLDEST_MS = 86400000; // a picture of yesterday helps nobody
  const MOST = 20;
  const CALM_MS = 60000; // a chart that still draws then will never stand
  if (!live || document.documentElement.dataset.device !== "tablet" || !window.indexedDB) return;

  let keptFor = ""; // the place whose picture was kept last, when, and which
  let keptAt = 0;
  let keptSeq = 0;
  let shownFor = ""; // the place whose kept picture stands on the screen

  function open() {
    return new Promise((done, failed) => {
      const asked = indexedDB.open(NAME, 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "place" });
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => failed(asked.error);
    });
  }

  async function inStore(mode, use) {
    const base = await open();
    try {
      return await new Promise((done, failed) => {
        const change = base.transaction(STORE, mode);
        const asked = use(change.objectStore(STORE));
        change.oncomplete = () => done(asked && asked.result);
        change.onerror = change.onabort = () => failed(change.error);
      });
    } finally {
      base.close();
    }
  }

  function key() {
    const { page, unit, by, lang, theme } = live.place;
    return [page, unit, by, lang, theme].join(" ");
  }

  async function keep() {
    if (!live.place || !live.seq || live.state !== "live") return;
    if (keptFor === key() && (keptSeq === live.seq || Date.now() - keptAt < KEEP_EVERY_MS)) return;
    const whole = !document.querySelector(".late-row .still"); // else a list is on its way: the next second keeps it too
    [keptFor, keptAt, keptSeq] = [key(), whole ? Date.now() : 0, live.seq];
    const picture = { place: key(), at: live.lastAt, beat: live.beat, build: live.build, slots: live.slots };
    try {
      await inStore("readwrite", (store) => store.put(picture));
      live.kept = picture.at;
      await thin();
    } catch {
      keptFor = ""; // no room: the next time tries again
    }
  }

  async function thin() {
    const all = (await inStore("readonly", (store) => store.getAll())).sort((a, b) => b.at - a.at);
    const gone = all.filter((one, at) => at >= MOST || Date.now() - one.at > OLDEST_MS);
    if (gone.length) await inStore("readwrite", (store) => void gone.forEach((one) => store.delete(one.place)));
  }

  async function show() {
    if (!live.place || live.seq) return;
    const place = key();
    if (shownFor === place) return;
    try {
      const found = await inStore("readonly", (store) => store.get(place));
      if (!found || found.build !== live.build || Date.now() - found.at > OLDEST_MS) return;
      if (!live.place || key() !== place || live.seq) return; // the server was faster
      shownFor = place;
      live.show(found);
    } catch {
      // nothing kept that could be read: the screen waits for the server
    }
  }

  live.opened = () => {
    shownFor = "";
    setTimeout(show, navigator.onLine ? WAIT_MS : 0);
  };
  setInterval(keep, 1000);
  document.addEventListener("visibilitychange", () => document.hidden && keep());
  if (live.place) live.opened();

  // ---- the worker

  if (!navigator.serviceWorker) return;
  navigator.serviceWorker.addEventListener("message", (event) => {
    if (event.data && event.data.forget) {
      indexedDB.deleteDatabase(NAME);
      location.reload();
    }
  });
  // when everything stands on the glass, for filling the cache takes a slow tablet's breath; and only then is it known
  // which scripts the page needs: those of the charts are loaded with the first chart
  const began = Date.now();
  const calm = setInterval(() => {
    const draws = live.charts || document.querySelector(".dash-graph--pending");
    if (!live.seq || live.state !== "live" || (draws && Date.now() - began < CALM_MS)) return;
    clearInterval(calm);
    navigator.serviceWorker.register("/sw.js").then(() => navigator.serviceWorker.ready).then(fill).catch(() => {
      // no worker here (plain HTTP, or refused): the picture still stays while the tab stays
    });
  }, 1000);

  const controlled = () =>
    new Promise((done) => navigator.serviceWorker.addEventListener("controllerchange", done, { once: true }));

  // what this page had loaded, and the page itself, to the worker; it answers whether all of it is kept
  function give(worker) {
    const asked = [...document.scripts].map((one) => one.src).filter(Boolean); // one on its way is no resource yet
    const loaded = performance.getEntriesByType("resource").map((one) => one.name);
    const urls = [...new Set([location.href.split("#")[0], ...loaded, ...asked])];
    const filled = new MessageChannel();
    worker.postMessage({ urls }, [filled.port2]);
    return new Promise((done) => (filled.port1.onmessage = (event) => done(event.data)));
  }

  async function fill(registration) {
    if (!navigator.serviceWorker.controller) await controlled();
    const whole = await give(registration.active);
    const input = (property, value) => ({ id: "place", property, value });
    const output = (id, property) => ({ id, property });
    await fetch("/_dash-update-component", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        output: "..page.children...watch.data..",
        outputs: [output("page", "children"), output("watch", "data")],
        inputs: [input("pathname", location.pathname), input("search", location.search)],
        changedPropIds: ["place.pathname", "place.search"],
        parsedChangedPropsIds: ["place.pathname", "place.search"],
      }),
    });
    live.ready = whole; // a reload without a network will show this page
  }
})();

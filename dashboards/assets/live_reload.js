// A server of another build: the page loads itself again, once, at a calm moment. Calm is when nobody has touched the
// screen for a while; within a playlist it is the end of a turn, and the playlist does it (early/playlist.js).
(function () {
  "use strict";

  const CALM_MS = 10000; // nobody touched the screen for so long
  const LOOK_MS = 1000;
  const ANSWER_MS = 10000;
  const live = window.iocLive;
  let touchedAt = 0;
  let wanted = ""; // the build that waits for a calm moment
  let asking = false;

  live.renewed = ""; // the build that a playlist around us should load
  live.looks = 0; // how often a build that waits was looked after
  live.answers = answers;
  live.newBuild = (build) => {
    if (wanted || kept() === build) return; // it was tried: something between us keeps old pages, and they work
    if (inPlaylist()) {
      live.renewed = build;
      return;
    }
    wanted = build;
    setTimeout(look, 500 + Math.random() * 2500); // not all screens at once
  };

  function inPlaylist() {
    try {
      return window.parent !== window && Boolean(window.parent.iocPlaylist);
    } catch {
      return false; // a page of somebody else around us
    }
  }

  function look() {
    live.looks += 1;
    load();
    setTimeout(look, LOOK_MS);
  }

  async function load() {
    if (!wanted || asking || Date.now() - touchedAt < CALM_MS) return;
    asking = true;
    if ((await answers()) && Date.now() - touchedAt >= CALM_MS) {
      keep(wanted);
      location.reload();
      return;
    }
    asking = false;
  }

  // whether the server gives this page now: a reload that nobody answers would leave the browser's own error page on
  // the wall for ever
  async function answers() {
    try {
      return (await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS) })).ok;
    } catch {
      return false;
    }
  }

  function kept() {
    try {
      return sessionStorage.getItem("ioc-build") || "";
    } catch {
      return ""; // a browser without storage reloads all the same
    }
  }

  function keep(build) {
    try {
      sessionStorage.setItem("ioc-build", build);
    } catch {
      // see above
    }
  }

  for (const name of ["pointerdown", "keydown", "wheel", "touchstart"]) {
    addEventListener(name, () => (touchedAt = Date.now()), { passive: true, capture: true });
  }
})();

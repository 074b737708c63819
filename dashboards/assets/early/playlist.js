// Turns the walls of a playlist: the next one is fetched and painted in a hidden frame, then shown at once. A wall that
// does not come leaves the present one standing, with its own age on every figure.
(function () {
  "use strict";

  const LEAD_MS = 8000; // so long before its turn the next wall is fetched
  const LATE_MS = 30000; // a wall that has not come by then is asked for anew
  const AGAIN_MS = 5000; // a server that does not answer is asked for the new build again
  const ANSWER_MS = 10000;
  const BESIDE = "/wall/-"; // no page: a frame that is there watches nothing
  const told = JSON.parse(document.documentElement.dataset.playlist);
  const query = location.search;
  const frames = [...document.querySelectorAll("iframe")];
  const own = (window.iocPlaylist = { at: -1, turns: 0, shown: 0, beganAt: 0, endsAt: 0 });

  let shown = 0; // index of the frame that is seen
  let offsetMs = 0; // the server's clock minus ours
  let beganMs = 0;
  let forMs = 0;
  let next = -1;
  let askedMs = 0;
  let asking = false; // whether the server is there to load everything again
  let askAfterMs = 0;

  function now() {
    return Date.now() + offsetMs;
  }

  function inForce(step) {
    return (step.from === null || now() >= step.from) && (step.until === null || now() < step.until);
  }

  function following(at) {
    for (let far = 1; far <= told.steps.length; far += 1) {
      const other = (at + far) % told.steps.length;
      if (inForce(told.steps[other])) return other;
    }
    return -1;
  }

  // a frame that has Dash goes on without loading anything again
  function go(frame, path) {
    const inside = within(frame);
    if (inside && inside.dash_clientside && inside.iocLive) {
      inside.iocLive.painted = 0;
      inside.history.pushState({}, "", path + query);
      inside.dispatchEvent(new inside.CustomEvent("_dashprivate_pushstate"));
      return;
    }
    frame.src = path + query;
  }

  function within(frame) {
    try {
      return frame.contentWindow.location.host === location.host ? frame.contentWindow : null;
    } catch {
      return null; // the browser's own page of an error
    }
  }

  // the server is another build (live_reload.js): everything is loaded again, once, where a turn ends, and only when it
  // answers: else the walls go on
  function renewed() {
    return frames.map((frame) => within(frame)?.iocLive?.renewed).find(Boolean);
  }

  async function load(build) {
    asking = true;
    try {
      const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS) });
      if (answer.ok) {
        keep(build);
        location.reload();
        return;
      }
    } catch {
      // it went away again
    }
    askAfterMs = Date.now() + AGAIN_MS;
    asking = false;
  }

  function keep(build) {
    try {
      sessionStorage.setItem("ioc-build", build);
    } catch {
      // a browser without storage reloads all the same
    }
  }

  function ready(frame, path) {
    const inside = within(frame);
    return Boolean(
      inside && inside.iocLive && inside.location.pathname === path && inside.iocLive.painted > 0
        && inside.iocLive.charts === 0 && inside.document.querySelector(".wall-grid"),
    );
  }

  function show(step) {
    const old = frames[shown];
    shown = step < 0 || own.at < 0 ? shown : 1 - shown;
    const front = frames[shown];
    front.className = "shown";
    front.removeAttribute("aria-hidden");
    front.removeAttribute("tabindex");
    if (old !== front) {
      old.className = "";
      old.setAttribute("aria-hidden", "true");
      old.tabIndex = -1;
      go(old, BESIDE);
    }
    own.turns += own.at < 0 ? 0 : 1;
    own.at = step;
    own.shown = shown;
    next = -1;
    beganMs = Date.now();
    forMs = 1000 * (told.steps[step].seconds + Math.random() * told.jitter_s);
    [own.beganAt, own.endsAt] = [beganMs, beganMs + forMs];
  }

  function tick() {
    const front = within(frames[shown]);
    const beat = front && front.iocLive && front.iocLive.beat;
    if (beat) offsetMs = beat.now - front.iocLive.lastAt;
    if (own.at < 0) {
      begin();
      return;
    }
    const following_ = following(own.at);
    const left = beganMs + forMs - Date.now();
    if (asking) return;
    if (left <= 0 && Date.now() > askAfterMs && renewed()) {
      load(renewed());
      return;
    }
    if (following_ < 0 || following_ === own.at || left > LEAD_MS) return;
    const back = frames[1 - shown];
    const path = told.steps[following_].path;
    if (next !== following_ || Date.now() - askedMs > LATE_MS) {
      if (next === following_) back.src = path + query;
      else go(back, path);
      next = following_;
      askedMs = Date.now();
      return;
    }
    if (left <= 0 && ready(back, path)) show(next);
  }

  function begin() {
    const first = following(told.steps.length - 1);
    const step = first < 0 ? 0 : first; // all are over: the first one says so itself
    if (next !== step || Date.now() - askedMs > LATE_MS) {
      next = step;
      askedMs = Date.now();
      frames[0].src = told.steps[step].path + query;
      return;
    }
    if (within(frames[0]) && within(frames[0]).iocLive) show(step);
  }

  setInterval(tick, 250);
  tick();
})();

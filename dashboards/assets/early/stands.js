// In the document itself, so that it is there when nothing else came: a page on which nothing stands after a while is
// loaded again. Only when the server answers: the browser's own page of an error would stay on a wall for ever.
(function () {
  "use strict";
  const FIRST_MS = 30000;
  const MOST_MS = 120000; // a machine that needs so long to load a page is left to it
  const AGAIN_MS = 5000;
  const ANSWER_MS = 10000;
  const KEY = "ioc-late";

  function tries(now) {
    try {
      if (now !== undefined) sessionStorage.setItem(KEY, String(now));
      return Number(sessionStorage.getItem(KEY) || 0);
    } catch {
      return 0; // a browser without storage
    }
  }

  async function look() {
    if (window.iocPlaylist || document.querySelector("#page > *")) {
      tries(0);
      return;
    }
    try {
      const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS) });
      if (answer.ok) {
        tries(tries() + 1);
        location.reload();
        return;
      }
    } catch {
      // nobody there yet
    }
    setTimeout(look, AGAIN_MS);
  }

  setTimeout(look, Math.min(MOST_MS, FIRST_MS * 2 ** tries()));
})();

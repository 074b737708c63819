"use strict";
// The lane of the flat board: whole pixels with each picture of the screen. An item is asked for just before it comes in, so it is
// as new as it can be; when the server is away the last pictures run on, under the band that says so.
window.signLane = (() => {
  const canvas = document.getElementById("lane");
  const paint = canvas.getContext("2d", { alpha: false });
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  const LEAST_MS = 12, AHEAD = 1, PAUSE_MS = 1000;
  const kept = new Map();
  let lane = null, shape = "", pieces = [], next = 0, loading = false, notBefore = 0, at = 0, running = 0;

  const end = () => pieces.reduce((sum, piece) => sum + piece.width, pieces.x || 0);

  function stop() {
    cancelAnimationFrame(running);
    running = 0;
    pieces.forEach((piece) => piece.close());
    pieces = [];
    kept.clear();
    canvas.hidden = true;
    lane = null;
    shape = "";
  }

  async function load() {
    loading = true;
    const mine = shape, number = next % lane.items;
    let picture = kept.get(number);
    try {
      const answer = await fetch(`${lane.png}&item=${number}`, { cache: "no-store", signal: AbortSignal.timeout(2500) });
      if (answer.ok) picture = await answer.blob();
    } catch { /* the last picture of this item, then */ }
    try {
      const bitmap = picture && await createImageBitmap(picture);
      if (mine !== shape) bitmap?.close();
      else if (bitmap) {
        kept.set(number, picture);
        pieces.push(bitmap);
        next = number + 1;
      } else {
        next = number + 1;
        notBefore = performance.now() + PAUSE_MS;
      }
    } finally {
      loading = false;
    }
  }

  function move(now) {
    running = requestAnimationFrame(move);
    if (now - at < LEAST_MS) return;
    at = now;
    if (pieces.length) pieces.x -= lane.step;
    while (pieces.length && pieces.x + pieces[0].width <= 0) {
      pieces.x += pieces[0].width;
      pieces.shift().close();
    }
    if (!pieces.length) pieces.x = pieces.x < 0 ? lane.width : pieces.x;
    if (!loading && now > notBefore && end() < lane.width * (1 + AHEAD)) load().catch(() => { loading = false; });
    paint.fillRect(0, 0, canvas.width, canvas.height);
    let x = pieces.x;
    for (const piece of pieces) {
      if (x < lane.width) paint.drawImage(piece, x, 0);
      x += piece.width;
    }
    canvas.dataset.x = pieces.x;
  }

  return {
    /** Whether the next page asked for is the one that the lane runs beside. */
    get runs() { return running !== 0; },
    /** Takes what the server says of the lane; null on boards without one. */
    take(said, ratio) {
      if (!said || still.matches) {
        if (running) stop();
        return;
      }
      const now = [said.left, said.top, said.width, said.height, said.step, said.png].join();
      if (now !== shape) {
        stop();
        shape = now;
        Object.assign(canvas, { width: said.width, height: said.height, hidden: false });
        for (const side of ["left", "top", "width", "height"]) canvas.style[side] = `${said[side] / ratio}px`;
        pieces.x = 0;
        next = 0;
        lane = said;
        running = requestAnimationFrame(move);
      }
      lane = said;
      for (const number of kept.keys()) if (number >= said.items) kept.delete(number);
    },
  };
})();

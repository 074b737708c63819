// A swipe turns to the next field of a tablet, as its tab would; the tabs stay for who does not swipe.
(function () {
  "use strict";
  const FAR_PX = 80;
  const STEEP = 0.5; // sideways twice as far as up or down
  const SLOW_MS = 700;
  let start = null;

  // what scrolls sideways itself keeps its swipes
  function scrolls(element) {
    for (let at = element; at && at !== document.body; at = at.parentElement) {
      if (at.scrollWidth > at.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(at).overflowX)) return true;
    }
    return false;
  }

  addEventListener("touchstart", (event) => {
    const touch = event.touches[0];
    const counts = event.touches.length === 1 && event.target.closest(".leader") && !scrolls(event.target);
    start = counts ? { x: touch.clientX, y: touch.clientY, at: event.timeStamp } : null;
  }, { passive: true });

  addEventListener("touchend", (event) => {
    const began = start;
    start = null;
    if (!began || event.timeStamp - began.at > SLOW_MS) return;
    const touch = event.changedTouches[0];
    const x = touch.clientX - began.x;
    const y = touch.clientY - began.y;
    if (Math.abs(x) < FAR_PX || Math.abs(y) > Math.abs(x) * STEEP) return;
    const tabs = [...document.querySelectorAll(".leader .tabs a")];
    const here = tabs.findIndex((tab) => tab.classList.contains("active"));
    const next = here < 0 ? null : tabs[here + (x < 0 ? 1 : -1)];
    if (next) next.click();
  }, { passive: true });
})();

// Runs the age of every element with data-since (an ISO time), by the server's clock as the last beat told it.
(function () {
  "use strict";
  let beat = null;
  let offsetMs = 0;

  function now() {
    const last = window.iocLive && window.iocLive.beat;
    if (last && last !== beat) {
      beat = last;
      offsetMs = last.now - Date.now();
    }
    return Date.now() + offsetMs;
  }

  function length(ms) {
    const whole = Math.max(0, Math.floor(ms / 1000));
    const two = (n) => String(n).padStart(2, "0");
    const hours = Math.floor(whole / 3600);
    if (hours >= 24) {
      const [day, hour] = document.documentElement.lang === "en" ? ["d", "h"] : ["ngày", "giờ"];
      return `${Math.floor(hours / 24)} ${day} ${hours % 24} ${hour}`;
    }
    const rest = `${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
    return hours ? `${two(hours)}:${rest}` : rest;
  }

  function run(element) {
    const text = element.dataset.since ? length(now() - Date.parse(element.dataset.since)) : "";
    if (element.textContent !== text) element.textContent = text;
  }

  function all() {
    document.querySelectorAll("[data-since]").forEach(run);
  }

  new MutationObserver((changes) => changes.forEach((change) => run(change.target))).observe(document, {
    attributes: true, attributeFilter: ["data-since"], subtree: true,
  });
  setInterval(all, 1000);
})();

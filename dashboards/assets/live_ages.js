// A screen never lets a number go without its age: how old each feed is, whether the push and the store are there, and
// what time it is, once a second and with each message.
(function () {
  "use strict";

  const SILENT_MS = 3000; // without a message for so long: the band
  const EMPTY_MS = 10000; // a page that has not come after so long: the band too (early/stands.js loads it again)
  const root = document.documentElement;
  const live = window.iocLive;
  const words = JSON.parse(root.dataset.words || "{}");

  // ---- the band over the screen

  function check() {
    if (!live.place) {
      const empty = performance.now() > EMPTY_MS && !document.querySelector("#page > *");
      if (empty) state("offline", performance.timeOrigin);
      else if (live.state === "offline") state("loading", 0);
    } else if (live.silenceMs() > SILENT_MS) {
      state("offline", live.messages || live.shownAt ? live.lastAt : performance.timeOrigin);
      live.giveUpSilence();
    } else if (live.beat && !live.beat.ok) {
      state("stale", live.beat.as_of ? live.beat.as_of - live.offsetMs : live.lastAt);
    } else if (live.beat) {
      state("live", 0);
    }
  }

  function state(name, since) {
    live.state = name;
    if (root.dataset.state !== name) root.dataset.state = name;
    const old = document.getElementById("connection");
    if (name === "live" || name === "loading") {
      if (old) old.remove();
      return;
    }
    const band = old || document.createElement("div");
    if (!old) {
      band.id = "connection";
      band.append(document.createElement("strong"), document.createElement("span"), document.createElement("small"));
      band.children[0].setAttribute("role", "alert"); // said once: the running time beside it is not read each second
      document.body.append(band);
    }
    put(band.children[0], name === "offline" ? words.lost : words.store_lost);
    put(band.children[1], running(Date.now() - since));
    put(band.children[2], !live.place ? "" : live.attempts > 1 ? fill(words.kept_again, live.attempts) : words.kept);
  }

  // ---- words

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

  // ---- ages

  const RANK = { live: 0, quiet: 1, none: 2, behind: 3, stale: 4 };

  function oldest(names) {
    let worst = null;
    for (const name of names.split(" ")) {
      const feed = live.beat && live.beat.feeds[name];
      if (!feed) continue;
      // what was live when the push fell silent is old now, whatever its last word was
      const fresh = live.state === "offline" && feed[0] !== null ? "stale" : feed[1];
      const own = { at: feed[0], fresh, lag: feed[2], drainS: feed[3] };
      const graver = !worst ? 1 : RANK[own.fresh] - RANK[worst.fresh];
      if (graver > 0 || (graver === 0 && own.at < worst.at)) worst = own;
    }
    return worst;
  }

  function ages() {
    const now = Date.now() + live.offsetMs;
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
      const text = ageText(worst, now);
      // in a title's line, and in the head of a wall, a part that does not fit is left out as a whole
      const whole = /behind|quiet/.test(worst.fresh) && tag.closest(".heading, .wall-header");
      put(tag, whole ? text.replace(/ (?!·)/g, "\u00a0") : text);
    }
    const latency = live.state === "live" && live.beat && live.beat.latency; // of a connection that is there
    for (const tag of document.querySelectorAll("[data-latency]")) {
      const ms = latency && latency[tag.dataset.latency || "p95"];
      const shown = ms >= 1000 ? `${(ms / 1000).toLocaleString(root.lang, { maximumFractionDigits: 1 })} s` : `${ms} ms`;
      put(tag, latency ? shown : "–");
    }
  }

  function ageText(worst, now) {
    if (worst.fresh === "behind") {
      const waits = fill(words.age_behind, worst.lag.toLocaleString(root.lang));
      return worst.drainS == null ? waits : `${waits} · ${fill(words.drains, length(1000 * worst.drainS))}`;
    }
    return worst.at === null ? words.never : fill(words[`age_${worst.fresh}`], length(now - worst.at));
  }

  // ---- clocks

  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: root.dataset.zone || undefined, hourCycle: "h23", weekday: "short", year: "numeric", month: "2-digit",
    day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  });
  const WEEK = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

  function clocks() {
    const of = Object.fromEntries(parts.formatToParts(Date.now() + live.offsetMs).map((part) => [part.type, part.value]));
    const weekday = (words.weekdays || "").split(",")[WEEK.indexOf(of.weekday)] || of.weekday;
    const texts = {
      time: `${of.hour}:${of.minute}`,
      seconds: `${of.hour}:${of.minute}:${of.second}`,
      date: `${weekday} ${of.day}/${of.month}/${of.year}`,
    };
    for (const tag of document.querySelectorAll("[data-clock]")) put(tag, texts[tag.dataset.clock] || texts.time);
  }

  live.tell = () => {
    clocks();
    check();
    ages();
  };

  (function second() {
    live.tell();
    setTimeout(second, 1000 - ((Date.now() + live.offsetMs) % 1000) + 5);
  })();
})();

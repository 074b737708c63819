// My units: what a leader pinned is kept by this browser alone, in localStorage; `?mine=718,725` in an address pins
// these. The server sends the figures of every unit into hidden elements; here they become a list, worst first.
(function () {
  "use strict";
  const root = document.documentElement;
  const PINS = "ioc-pins";
  const SHOWN = "ioc-mine";

  function kept(key, otherwise) {
    try {
      return JSON.parse(localStorage.getItem(key)) ?? otherwise;
    } catch {
      return otherwise; // no storage, or not ours
    }
  }

  function keep(key, value) {
    try {
      localStorage.setItem(key, JSON.stringify(value));
    } catch {
      // a browser without storage forgets with the tab
    }
  }

  let pins = kept(PINS, []).filter((code) => typeof code === "string");
  let shown = kept(SHOWN, null);

  function adopt() {
    const asked = new URLSearchParams(location.search).get("mine");
    if (!asked) return;
    pins = [...new Set([...pins, ...asked.split(",").filter(Boolean)])];
    keep(PINS, pins);
  }

  function number(n, digits = 0) {
    const form = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return n.toLocaleString(root.lang === "en" ? "en-GB" : "vi-VN", form);
  }

  function figures(code) {
    const unit = document.getElementById(`mine--unit-${code}`);
    if (!unit) return null; // not of this province
    const [overdue, soon, open] = (unit.dataset.figures || "0 0 0").split(" ").map(Number);
    return { code, overdue, soon, open, name: unit.dataset.name, href: unit.dataset.href };
  }

  function element(tag, name, ...inside) {
    const made = document.createElement(tag);
    if (name) made.className = name;
    made.append(...inside);
    return made;
  }

  function row(unit, list) {
    const star = element("button", "star", element("span", "i i-star-fill"));
    star.type = "button";
    star.dataset.pin = unit.code;
    star.setAttribute("aria-pressed", "true");
    star.setAttribute("aria-label", `${list.dataset.unpin}: ${unit.name}`);
    const who = element("div", "who", element("b", "name"), element("span", "of"));
    const late = element("span", "late", element("span", "n"), element("small"));
    const go = element("span", "i i-chevron-right go");
    const link = element("a", "", who, element("span", "load"), late, go);
    link.href = unit.href;
    const made = element("li", "", star, link);
    made.dataset.code = unit.code;
    return made;
  }

  function put(node, text) {
    if (node.textContent !== text) node.textContent = text;
  }

  function fill(line, unit, list) {
    const least = Number(list.dataset.least);
    const cut = Number(list.dataset.cut);
    const share = unit.open ? (unit.overdue * 100) / unit.open : 0;
    const few = unit.open < least;
    put(line.querySelector(".name"), unit.name);
    put(line.querySelector(".of"), (few && unit.overdue ? list.dataset.few : list.dataset.open).replace("{open}", number(unit.open)));
    const n = line.querySelector(".n");
    put(n, number(unit.overdue));
    n.classList.toggle("heat", !few && share >= 3);
    const sign = root.lang === "en" ? "%" : "\u202f%";
    put(line.querySelector("small"), few ? "–" : unit.overdue && share < 0.05 ? `< ${number(0.1, 1)}${sign}` : number(share, share ? 1 : 0) + sign);
    const part = (count) => (unit.open ? Math.min(100, ((count / unit.open) * 100 * 100) / cut) : 0);
    const bar = line.querySelector(".load").style;
    bar.setProperty("--a", `${part(unit.overdue).toFixed(1)}%`);
    bar.setProperty("--b", `${part(unit.overdue + unit.soon).toFixed(1)}%`);
    bar.setProperty("--c", unit.open ? "100%" : "0%");
  }

  // worst first as in every ranking: enough cases and late by share, then few cases but late, then the others
  function worst(least) {
    const rank = (unit) => (!unit.overdue ? 2 : unit.open < least ? 1 : 0);
    const value = (unit) => [unit.overdue / (unit.open || 1), unit.overdue, unit.open][rank(unit)];
    return (a, b) => rank(a) - rank(b) || value(b) - value(a) || a.name.localeCompare(b.name, "vi");
  }

  function list() {
    const place = document.getElementById("mine--list");
    if (!place) return;
    const units = pins.map(figures).filter(Boolean).sort(worst(Number(place.dataset.least)));
    const lines = new Map([...place.children].map((line) => [line.dataset.code, line]));
    units.forEach((unit, at) => {
      const line = lines.get(unit.code) || row(unit, place);
      lines.delete(unit.code);
      fill(line, unit, place);
      if (place.children[at] !== line) place.insertBefore(line, place.children[at] || null);
    });
    lines.forEach((line) => line.remove());
    place.parentElement.classList.toggle("empty", !units.length);
  }

  function stars() {
    for (const star of document.querySelectorAll("header .star")) {
      const pressed = String(pins.includes(star.dataset.pin));
      if (star.getAttribute("aria-pressed") !== pressed) star.setAttribute("aria-pressed", pressed);
    }
    const on = shown === null ? pins.length > 0 : shown;
    root.dataset.mine = on ? "on" : "off";
    for (const choice of document.querySelectorAll(".switch [data-mine]")) {
      choice.setAttribute("aria-pressed", String((choice.dataset.mine === "on") === on));
    }
  }

  function all() {
    stars();
    list();
  }

  document.addEventListener("click", (event) => {
    const star = event.target.closest("[data-pin]");
    const choice = event.target.closest(".switch [data-mine]");
    const link = event.target.closest("#mine--list a");
    if (star) {
      const code = star.dataset.pin;
      pins = pins.includes(code) ? pins.filter((other) => other !== code) : [...pins, code];
      keep(PINS, pins);
      all();
    } else if (choice) {
      shown = choice.dataset.mine === "on";
      keep(SHOWN, shown);
      all();
    } else if (link && !event.ctrlKey && !event.metaKey) {
      event.preventDefault(); // as Dash's own links: without loading the page again
      history.pushState({}, "", link.getAttribute("href"));
      dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
      scrollTo(0, 0);
    }
  });
  addEventListener("storage", () => {
    pins = kept(PINS, []);
    all();
  });

  let waiting = 0;
  new MutationObserver((changes) => {
    const ours = changes.some((change) => change.type === "attributes" || !change.target.closest?.("#mine--list"));
    if (ours && !waiting) {
      waiting = requestAnimationFrame(() => {
        waiting = 0;
        all();
      });
    }
  }).observe(document, { attributes: true, attributeFilter: ["data-figures"], subtree: true, childList: true });
  adopt();
  all();
})();

// Until somebody chooses light or dark, a tablet follows what its system prefers: the choice is a cookie that the
// server reads, so a new preference asks for the page once more.
(function () {
  "use strict";
  const root = document.documentElement;
  if (root.dataset.device !== "tablet") return;
  const cookies = Object.fromEntries(document.cookie.split("; ").map((pair) => pair.split("=")));
  const keep = (name, value, age) => (document.cookie = `${name}=${value}; path=/; max-age=${age}; samesite=lax`);
  const chosen = new URLSearchParams(location.search).get("theme");
  if (chosen) {
    keep("ioc_theme_follows", "", 0);
    return;
  }
  if (cookies.ioc_theme && !cookies.ioc_theme_follows) return;
  const light = matchMedia("(prefers-color-scheme: light)");

  function follow() {
    const wanted = light.matches ? "light" : "dark";
    keep("ioc_theme_follows", "1", 31536000);
    keep("ioc_theme", wanted, 31536000);
    if (navigator.cookieEnabled && root.dataset.bsTheme !== wanted) location.reload();
  }

  light.addEventListener("change", follow);
  follow();
})();

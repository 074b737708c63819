// Until somebody chooses light or dark, a tablet follows what its system prefers: the choice is a cookie that the
// server reads, so a new preference asks for the page once more.
(function () {
  "use strict";
  const AGAIN_MS = 10000;
  const ASKED = "ioc-theme-asked"; // the preference that the page was loaded again for
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
  let timer = 0;

  function preferred() {
    return light.matches ? "light" : "dark";
  }

  // without a network the page would come as it was kept, in the old theme: the server is asked first, and only once
  async function follow() {
    clearTimeout(timer);
    keep("ioc_theme_follows", "1", 31536000);
    keep("ioc_theme", preferred(), 31536000);
    if (!navigator.cookieEnabled) return;
    if (root.dataset.bsTheme === preferred()) {
      sessionStorage.removeItem(ASKED);
      return;
    }
    if (sessionStorage.getItem(ASKED) === preferred()) return;
    if (await window.iocLive.answers()) {
      sessionStorage.setItem(ASKED, preferred());
      location.reload();
      return;
    }
    clearTimeout(timer);
    timer = setTimeout(follow, AGAIN_MS);
  }

  light.addEventListener("change", follow);
  follow();
})();

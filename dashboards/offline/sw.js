// Keeps the shell of the tablet's pages for when there is no network. The network is always asked first for a page, so a
// server of another build is seen at once, and what an older build left is thrown away: two builds are never mixed.
// Who is refused loses everything that was kept.
"use strict";

const BUILD = "__BUILD__";
const HEADER = "__HEADER__";
const PAGES = ["__PAGES__"];
const CACHE = `ioc-${BUILD}`;
const PICTURES = "ioc-pictures"; // the database of assets/live_kept.js
const PAGE_CALLBACK = "/_dash-update-component";
const SHELL = ["/_dash-layout", "/_dash-dependencies"];

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(begin()));
addEventListener("message", (event) => {
  const { urls, build } = event.data;
  if (build !== BUILD) event.ports[0].postMessage("another"); // the page's own worker is on its way
  else event.waitUntil(fill(urls).then((whole) => event.ports[0].postMessage(whole)));
});
addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.mode === "navigate") {
    if (PAGES.includes(url.pathname)) event.respondWith(fresh(request, url.href));
  } else if (request.method === "POST" && url.pathname === PAGE_CALLBACK) {
    event.respondWith(callback(request));
  } else if (request.method === "GET" && SHELL.includes(url.pathname)) {
    event.respondWith(fresh(request, url.href));
  } else if (request.method === "GET" && isAsset(url)) {
    event.respondWith(asset(request));
  }
});

function isAsset(url) {
  return url.pathname.startsWith("/assets/") || url.pathname.startsWith("/_dash-component-suites/");
}

async function begin() {
  for (const name of await caches.keys()) if (name.startsWith("ioc-") && name !== CACHE) await caches.delete(name);
  await clients.claim();
}

// what the page had loaded before this worker was there; whether all of it is kept now
async function fill(urls) {
  const cache = await caches.open(CACHE);
  for (const text of urls) {
    const url = new URL(text, location.origin);
    const ours = url.origin === location.origin && (isAsset(url) || SHELL.includes(url.pathname) || PAGES.includes(url.pathname));
    if (!ours || (await cache.match(url.href))) continue;
    try {
      await keep(url.href, await fetch(url.href, { credentials: "same-origin" }));
    } catch {
      return false; // the network went away: the next page fills the rest
    }
  }
  return true;
}

async function keep(key, answer) {
  if (answer.status === 401 || answer.status === 403) return forget();
  const build = answer.headers.get(HEADER);
  if (build && build !== BUILD) {
    await caches.delete(CACHE);
    registration.update();
    return null;
  }
  if (answer.ok && !answer.redirected) await (await caches.open(CACHE)).put(key, answer.clone());
  return null;
}

async function forget() {
  for (const name of await caches.keys()) if (name.startsWith("ioc-")) await caches.delete(name);
  indexedDB.deleteDatabase(PICTURES);
  for (const client of await clients.matchAll()) client.postMessage({ forget: true });
}

async function kept(key) {
  return (await caches.open(CACHE)).match(key);
}

async function fresh(request, key) {
  try {
    const answer = await fetch(request);
    await keep(key, answer);
    return answer;
  } catch (error) {
    const found = await kept(key);
    if (found) return found;
    throw error;
  }
}

async function asset(request) {
  const found = await kept(request.url);
  if (found) return found;
  const answer = await fetch(request);
  await keep(request.url, answer);
  return answer;
}

// the page of an address: the only callback that the server answers
async function callback(request) {
  const asked = await request.clone().json();
  const value = (name) => (asked.inputs || []).find((one) => one.id === "place" && one.property === name)?.value || "";
  const address = value("pathname") + value("search");
  if (!PAGES.includes(value("pathname"))) return fetch(request);
  return fresh(request, new URL(`/_kept?${encodeURIComponent(address)}`, location.origin).href);
}

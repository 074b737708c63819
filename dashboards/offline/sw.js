// Keeps the shell of the tablet's pages for when there is no network. The network is always asked first for a page, so a
// server of another build is seen at once, and what an older build left is thrown away: two builds are never mixed.
// The worker itself is the same for every build, so an upgrade never waits for one worker to give way to the next: each
// answer says of which build it is, and is kept under that build's name.
// Who is refused loses everything that was kept.
"use strict";

const HEADER = "__HEADER__";
const PAGES = ["__PAGES__"];
const PICTURES = "ioc-pictures"; // the database of assets/live_kept.js
const PAGE_CALLBACK = "/_dash-update-component";
const SHELL = ["/_dash-layout", "/_dash-dependencies"];

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("message", (event) => {
  const { urls } = event.data;
  event.waitUntil(fill(urls).then((whole) => event.ports[0].postMessage(whole)));
});
addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.mode === "navigate") {
    if (PAGES.includes(url.pathname)) event.respondWith(fresh(request, url.href, event.clientId));
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

function named(build) {
  return `ioc-${build}`;
}

async function names() {
  return (await caches.keys()).filter((name) => name.startsWith("ioc-"));
}

// what the page had loaded before this worker was there; whether all of it is kept now
async function fill(urls) {
  for (const text of urls) {
    const url = new URL(text, location.origin);
    const ours = url.origin === location.origin && (isAsset(url) || SHELL.includes(url.pathname) || PAGES.includes(url.pathname));
    if (!ours || (await kept(url.href))) continue;
    try {
      await keep(url.href, await fetch(url.href, { credentials: "same-origin" }));
    } catch {
      return false; // the network went away: the next page fills the rest
    }
  }
  return true;
}

// a page of the network decides which build is kept; of another build nothing is
async function keep(key, answer, decides = false, leaving = "") {
  if (answer.status === 401 || answer.status === 403) return forget(leaving);
  const build = answer.headers.get(HEADER);
  if (!build || !answer.ok || answer.redirected) return null;
  const copy = answer.clone();
  const before = await names();
  if (decides) for (const name of before) if (name !== named(build)) await caches.delete(name);
  if (!decides && before.length && !before.includes(named(build))) return null;
  return (await caches.open(named(build))).put(key, copy);
}

// a page that is being left for the refusal must not load itself again in its place
async function forget(leaving) {
  for (const name of await names()) await caches.delete(name);
  indexedDB.deleteDatabase(PICTURES);
  for (const client of await clients.matchAll()) if (client.id !== leaving) client.postMessage({ forget: true });
}

async function kept(key) {
  for (const name of await names()) {
    const found = await (await caches.open(name)).match(key);
    if (found) return found;
  }
  return undefined;
}

async function fresh(request, key, leaving = "") {
  try {
    const answer = await fetch(request);
    await keep(key, answer, request.mode === "navigate", leaving);
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

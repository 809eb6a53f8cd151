// The worker's pages without network. Only the signed-in person's own pages are kept; the server names the
// person behind each page by an opaque mark, and pages under any other mark are deleted before it is shown.
"use strict";
/* SETTINGS */
importScripts(SETTINGS.queue);

const SHELL = `shell-${SETTINGS.version}`;
const PATIENCE = 4000;
const MARK = "X-Worker-Pages";
const PERSONAL = /^\/(my|me|contract|help|accounts\/worker|accounts\/sign-out)(\/|$)/;
let changedAt = 0;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll([...SETTINGS.shell, SETTINGS.offline])).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith("shell-") && name !== SHELL) await caches.delete(name);
    await self.clients.claim();
  })());
});

const keptCaches = async () => (await caches.keys()).filter((name) => name.startsWith("pages-"));

// Only one person's pages exist at a time. An answer that was asked for before the person changed is ignored.
async function belongs(owner, asked) {
  if (asked < changedAt) return false;
  const mine = `pages-${owner}`;
  for (const name of await keptCaches()) {
    if (name !== mine) {
      changedAt = Date.now();
      await caches.delete(name);
    }
  }
  return true;
}

async function note(url, answer, asked) {
  const owner = answer.headers.get(MARK);
  if (owner === null) return;
  if (!(await belongs(owner, asked)) || owner === "none") return;
  if (answer.status !== 200 || answer.redirected || !(answer.headers.get("Content-Type") || "").startsWith("text/html")) return;
  const cache = await caches.open(`pages-${owner}`);
  await cache.put(url.split("#")[0], answer.clone());
}

async function kept(url) {
  for (const name of await keptCaches()) {
    const cache = await caches.open(name);
    const found = await cache.match(url.split("#")[0], { ignoreVary: true });
    if (found) {
      const text = (await found.text()).replace("<html ", "<html data-kept ");
      const headers = new Headers({ "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store" });
      const policy = found.headers.get("Content-Security-Policy");
      if (policy) headers.set("Content-Security-Policy", policy);
      return new Response(text, { headers });
    }
  }
  return null;
}

async function page(event) {
  const url = event.request.url;
  const asked = Date.now();
  const network = fetch(event.request).then(async (answer) => {
    await note(url, answer, asked);
    return answer;
  });
  event.waitUntil(network.catch(() => {}));
  const slow = new Promise((resolve) => { setTimeout(resolve, PATIENCE, "slow"); });
  try {
    const first = await Promise.race([network, slow]);
    if (first === "slow") return (await kept(url)) || (await network);
    if ([502, 503, 504].includes(first.status)) return (await kept(url)) || first;
    return first;
  } catch {
    const cache = await caches.open(SHELL);
    return (await kept(url)) || (await cache.match(SETTINGS.offline)) || Response.error();
  }
}

async function shell(request) {
  const cache = await caches.open(SHELL);
  const found = await cache.match(request, { ignoreVary: true });
  if (found && SETTINGS.hashed) return found;
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put(request, answer.clone());
    return answer;
  } catch (error) {
    if (found) return found;
    throw error;
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith(SETTINGS.static)) event.respondWith(shell(request));
  else if (request.mode === "navigate" && PERSONAL.test(url.pathname)) event.respondWith(page(event));
});

async function keep(urls) {
  for (const url of urls) {
    const asked = Date.now();
    const answer = await fetch(url, { credentials: "same-origin", redirect: "manual" }).catch(() => null);
    if (answer) await note(new URL(url, self.location.origin).href, answer, asked);
  }
}

self.addEventListener("message", (event) => {
  const said = event.data || {};
  if (said.keep) event.waitUntil(keep(said.keep));
  if (said.forget) {
    changedAt = Date.now();
    event.waitUntil(keptCaches().then((names) => Promise.all(names.map((name) => caches.delete(name)))).then(() => event.source && event.source.postMessage("forgotten")));
  }
});
// A notice: the words come sealed from our server and name nobody. What was shown needs no text message any more.
self.addEventListener("push", (event) => {
  let said = {};
  try { said = event.data ? event.data.json() : {}; } catch { /* not ours: shown without words */ }
  event.waitUntil((async () => {
    await self.registration.showNotification(said.title || SETTINGS.brand, { body: said.body || "", icon: SETTINGS.icon, tag: said.shown, data: { url: said.url } });
    if (said.shown) await fetch(SETTINGS.shown, { method: "POST", credentials: "omit", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ shown: said.shown }) }).catch(() => {});
  })());
});
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const url = new URL((event.notification.data || {}).url || "/", self.location.origin);
  if (url.origin === self.location.origin) event.waitUntil(self.clients.openWindow(url.href));
});
self.addEventListener("sync", (event) => {
  if (event.tag === "wagewatch-queue") event.waitUntil(self.wagewatchQueue.flush());
});

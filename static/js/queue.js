// Answers given without network: kept on this phone and sent exactly once when it is back. The page and the
// service worker both load this file; the server knows an answer by its key and does nothing twice.
self.wagewatchQueue = (() => {
  "use strict";
  const KEPT_DAYS = 7;
  const news = self.BroadcastChannel ? new BroadcastChannel("wagewatch-queue") : null;

  const open = () => new Promise((resolve, reject) => {
    const asked = indexedDB.open("wagewatch", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("out", { keyPath: "key" });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  const inStore = async (mode, act) => {
    const base = await open();
    try {
      return await new Promise((resolve, reject) => {
        const step = base.transaction("out", mode);
        const answer = act(step.objectStore("out"));
        step.oncomplete = () => resolve(answer.result);
        step.onerror = step.onabort = () => reject(step.error);
      });
    } finally {
      base.close();
    }
  };
  const all = () => inStore("readonly", (store) => store.getAll());
  const put = (item) => inStore("readwrite", (store) => store.put(item));
  const remove = (key) => inStore("readwrite", (store) => store.delete(key));
  const tell = () => { if (news) news.postMessage("changed"); };

  async function send(item, token) {
    const body = new FormData();
    item.fields.forEach(([name, value]) => body.append(name, value));
    body.set("csrfmiddlewaretoken", token);
    const answer = await fetch(item.url, {
      method: "POST", body, credentials: "same-origin", redirect: "manual", cache: "no-store",
      headers: { Accept: "application/json", "X-CSRFToken": token },
    });
    if (![200, 400, 403, 404, 409, 413].includes(answer.status)) return;
    const said = await answer.json().catch(() => null);
    if (!said || said.code === "csrf") return;
    item.state = answer.status === 200 && said.state === "done" ? "done" : "refused";
    item.message = said.message || "";
    item.go = said.go || "";
    item.at = Date.now();
    item.fields = [];  // signature, photo and voice leave the phone's store once the office has answered
    await put(item);
  }

  async function flushNow() {
    const items = await all();
    for (const item of items) {
      if (item.state !== "waiting" && Date.now() - item.at > KEPT_DAYS * 86400000) await remove(item.key);
    }
    const waiting = items.filter((item) => item.state === "waiting").sort((a, b) => a.made - b.made);
    if (!waiting.length) return;
    const door = await fetch("/my/queue/", { credentials: "same-origin", redirect: "manual", cache: "no-store", headers: { Accept: "application/json" } });
    if (door.status !== 200) return;
    const { owner, token } = await door.json();
    for (const item of waiting) if (item.owner === owner) await send(item, token);
    tell();
  }
  // One sender at a time; where locks are missing, the key keeps a second sending harmless.
  const flush = () => (self.navigator.locks ? self.navigator.locks.request("wagewatch-queue", flushNow) : flushNow());
  const add = async (item) => { await put(item); tell(); };
  const waitingOf = async (owner) => (await all()).filter((item) => item.owner === owner);
  return { add, flush, remove, waitingOf, news };
})();

// Notices on this phone: asked for by a button, never by itself.
(() => {
  "use strict";
  const box = document.querySelector("[data-push-key]");
  if (!box || !("serviceWorker" in navigator) || !("PushManager" in self) || !("Notification" in self)) return;
  const show = (state) => box.querySelectorAll("[data-push-state]").forEach((part) => { part.hidden = part.dataset.pushState !== state; });
  const token = () => box.querySelector("[name=csrfmiddlewaretoken]").value;
  const tell = async (address, body) => {
    const answer = await fetch(address, {
      method: "POST", credentials: "same-origin", body,
      headers: { "Content-Type": "application/json", "X-CSRFToken": token() },
    });
    if (!answer.ok) throw new Error(String(answer.status));
  };
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const current = async () => (await navigator.serviceWorker.ready).pushManager.getSubscription();
  const look = async () => {
    if (Notification.permission === "denied") return show("denied");
    return show((await current()) && box.dataset.pushOn === "1" ? "on" : "off");
  };
  box.querySelector("[data-push-start]").addEventListener("click", async () => {
    show("busy");
    try {
      if ((await Notification.requestPermission()) !== "granted") { await look(); return; }
      const manager = (await navigator.serviceWorker.ready).pushManager;
      const options = { userVisibleOnly: true, applicationServerKey: bytes(box.dataset.pushKey) };
      const made = (await manager.getSubscription()) || (await manager.subscribe(options));
      await tell(box.dataset.pushOnUrl, JSON.stringify(made));
      box.dataset.pushOn = "1";
      show("on");
    } catch {
      show("failed");
    }
  });
  box.querySelector("[data-push-stop]").addEventListener("click", async () => {
    show("busy");
    const made = await current();
    if (made) await made.unsubscribe().catch(() => {});
    await tell(box.dataset.pushOffUrl, "{}").catch(() => {});
    box.dataset.pushOn = "0";
    look();
  });
  look().catch(() => show("failed"));
})();

// A form filled in where the network comes and goes: every change is kept on the phone and sent to the server as a
// draft; what could not be sent is sent when the network is back. Without this script the buttons do the same.
(() => {
  "use strict";
  const over = document.querySelector("[data-draft-over]");
  if (over) { try { localStorage.removeItem(`draft:${over.dataset.draftOver}`); } catch { /* forbidden */ } }
  const form = document.querySelector("form[data-draft]");
  if (!form) return;
  const key = `draft:${form.dataset.draft}`;
  const told = form.querySelector("[data-draft-state]");
  const say = (words) => { if (told) told.textContent = words; };
  const texts = () => [...form.elements].filter((one) => one.name && !["file", "hidden", "submit"].includes(one.type));
  const store = { get: () => { try { return JSON.parse(localStorage.getItem(key) || "null"); } catch { return null; } },
    set: (value) => { try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* full or forbidden */ } },
    drop: () => { try { localStorage.removeItem(key); } catch { /* forbidden */ } } };
  const kept = store.get();
  if (kept) {
    // Only what never reached the server is here, so it is newer than what the server showed.
    texts().forEach((one) => {
      if (!(one.name in kept)) return;
      if (one.type === "radio") one.checked = kept[one.name] === one.value;
      else one.value = kept[one.name];
    });
    say(form.dataset.keptWords);
  }
  const values = () => Object.fromEntries(texts().filter((one) => one.type !== "radio" || one.checked).map((one) => [one.name, one.value]));
  let timer = 0;
  const send = async () => {
    const body = new FormData();
    Object.entries(values()).forEach(([name, value]) => body.append(name, value));
    body.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    body.append("act", "save");
    try {
      const answer = await fetch(location.href, { method: "POST", body, headers: { "X-Requested-With": "draft" }, redirect: "error" });
      if (!answer.ok) throw new Error(String(answer.status));
      store.drop();
      say(form.dataset.savedWords);
    } catch {
      say(form.dataset.keptWords);
    }
  };
  const changed = () => {
    store.set(values());
    clearTimeout(timer);
    timer = setTimeout(send, 1200);
  };
  form.addEventListener("input", (event) => { if (event.target.type !== "file") changed(); });
  window.addEventListener("online", () => { if (store.get()) send(); });
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (!navigator.onLine) {
      event.preventDefault();
      event.stopImmediatePropagation();
      store.set(values());
      say(form.dataset.keptWords);
      return;
    }
    store.set(values());
  }, true);
  if (kept && navigator.onLine) send();
})();

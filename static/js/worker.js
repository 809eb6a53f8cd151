// The worker's phone: read aloud, pages without network, answers kept until they are sent, one submit per click.
(() => {
  "use strict";
  const all = (selector, root = document) => root.querySelectorAll(selector);
  const body = document.body;
  const queue = self.wagewatchQueue;
  const owner = body.dataset.owner || "";

  // ---- read to me -----------------------------------------------------------------------------
  const speech = window.speechSynthesis;
  const english = document.documentElement.lang === "en";
  // A phone without a voice for this language gets a sentence that says so, not a button that stays silent.
  const voiceFor = () => speech.getVoices().find((voice) => voice.lang.replace("_", "-").toLowerCase().startsWith(english ? "en" : "zh"));
  all("[data-speak]").forEach((button) => {
    const fallback = document.querySelector("[data-no-voice]");
    button.hidden = false;
    button.addEventListener("click", () => {
      const mute = () => { if (fallback) fallback.hidden = false; };
      if (!speech) { mute(); return; }
      if (speech.speaking) { speech.cancel(); return; }
      const given = button.dataset.speak;
      const text = given || [...all("main h2, main p, main .w-line, main summary, .w-act .q, [data-say]")]
        .filter((node) => node.offsetParent !== null && !node.closest("[data-quiet]"))
        .map((node) => node.dataset.say || node.innerText.replace(/\n/g, "，")).join("。");
      const words = new SpeechSynthesisUtterance(`${document.querySelector("h1").innerText}。${text}`);
      words.lang = english ? "en" : "zh-CN";
      words.rate = 0.9;
      const voice = voiceFor();
      if (voice) words.voice = voice;
      words.onerror = (event) => { if (!["canceled", "interrupted"].includes(event.error)) mute(); };
      speech.speak(words);
      setTimeout(() => { if (!voiceFor() && !speech.speaking) mute(); }, 800);
    });
  });

  // ---- photo: say which one was taken ------------------------------------------------------------------
  all("[data-photo]").forEach((box) => {
    const input = box.querySelector("input");
    input.addEventListener("change", () => {
      box.querySelector("[data-photo-name]").textContent = input.files.length ? `✓ ${input.files[0].name}` : "";
    });
  });

  // ---- without network: keep my pages ------------------------------------------------------------------
  const workers = navigator.serviceWorker;
  const keepPages = (registration) => {
    const active = registration.active;
    if (!active || !navigator.onLine || document.documentElement.hasAttribute("data-kept")) return;
    const wanted = [location.href, ...[...all("[data-keep], .w-bar a")].map((link) => link.href)];
    active.postMessage({ keep: [...new Set(wanted)] });
  };
  if (workers && body.dataset.app && owner) {
    window.addEventListener("load", () => {
      workers.register(body.dataset.app, { scope: "/", updateViaCache: "none" })
        .then(() => workers.ready).then(keepPages).catch(() => {});
    });
  }
  const forget = async () => {
    const registration = workers ? await workers.getRegistration("/") : null;
    if (!registration || !registration.active) return;
    await new Promise((resolve) => {
      workers.addEventListener("message", resolve, { once: true });
      registration.active.postMessage({ forget: true });
      setTimeout(resolve, 1500);
    });
  };

  // ---- without network: answers that wait --------------------------------------------------------------
  const list = document.querySelector("[data-queue-list]");
  const template = (state) => document.querySelector(`template[data-queue-${state}]`);
  const draw = async () => {
    if (!queue || !owner) return;
    const items = await queue.waitingOf(owner).catch(() => []);
    all("[data-slip]").forEach((node) => {
      const mine = items.find((item) => item.about === node.dataset.slip && item.state !== "refused");
      node.hidden = Boolean(mine);
    });
    if (!list) return;
    list.replaceChildren();
    items.filter((item) => !item.seen).forEach((item) => {
      const row = template(item.state).content.cloneNode(true);
      row.querySelector("[data-queue-what]").textContent = item.what;
      const why = row.querySelector("[data-queue-why]");
      if (why) why.textContent = item.message;
      const go = row.querySelector("a");
      if (go && item.go) go.href = item.go;
      const away = row.querySelector("[data-queue-away]");
      if (away) away.addEventListener("click", () => queue.remove(item.key).then(draw));
      list.append(row);
    });
  };
  const flush = () => (queue && owner ? queue.flush().catch(() => {}).then(draw) : Promise.resolve());
  if (queue && owner) {
    if (queue.news) queue.news.addEventListener("message", draw);
    window.addEventListener("online", flush);
    draw().then(flush);
  }

  const keptAnswer = async (form) => {
    const data = new FormData(form);
    const button = document.querySelector(`button[form="${form.id}"], #${form.id} button.go`);
    if (button && button.name) data.append(button.name, button.value);
    const key = crypto.randomUUID();
    data.set("once", key);
    data.delete("csrfmiddlewaretoken");
    const item = {
      key, owner, url: form.action || location.pathname, about: form.dataset.queue, what: form.dataset.queueWhat,
      fields: [...data.entries()], state: "waiting", message: "", go: "", made: Date.now(), at: Date.now(),
    };
    await queue.add(item);
    return key;
  };
  const answerBy = async (form) => {
    const key = await keptAnswer(form);
    if (navigator.onLine) await flush();
    const mine = (await queue.waitingOf(owner)).find((item) => item.key === key);
    if (mine && mine.state === "done") {
      await queue.remove(key);
      location.assign(mine.go);
    } else if (mine && mine.state === "refused") {
      await queue.remove(key);
      const alert = document.querySelector("[data-queue-alert]");
      alert.querySelector("p").textContent = mine.message;
      alert.hidden = false;
      alert.scrollIntoView({ block: "center" });
      delete form.dataset.sent;
    } else {
      const registration = workers ? await workers.getRegistration("/") : null;
      if (registration && registration.sync) await registration.sync.register("wagewatch-queue").catch(() => {});
      location.assign(form.dataset.queueAfter);
    }
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    if (form.dataset.queue && queue && owner && crypto.randomUUID && window.indexedDB) {
      event.preventDefault();
      answerBy(form).catch(() => form.submit());
    } else if (form.dataset.leave !== undefined && owner && workers) {
      event.preventDefault();
      // "online" only means that there is some network: ask the server itself before leaving the page.
      const gone = async () => {
        const reached = await fetch(body.dataset.app, { cache: "no-store" }).then(() => true, () => false);
        if (reached) { form.submit(); return; }
        document.querySelector("[data-leave-offline]").hidden = false;
        delete form.dataset.sent;
      };
      flush().then(forget).then(gone, gone);
    }
  });
  window.addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => { delete form.dataset.sent; }));
  const first = document.querySelector("[data-focus]");
  if (first) first.focus();
})();

// The worker's phone: read aloud, name the photo taken, one submit per click.
(() => {
  "use strict";
  const all = (selector, root = document) => root.querySelectorAll(selector);

  // ---- read to me -----------------------------------------------------------------------------
  const speech = window.speechSynthesis;
  all("[data-speak]").forEach((button) => {
    if (!speech) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      if (speech.speaking) { speech.cancel(); return; }
      const given = button.dataset.speak;
      const text = given || [...all("main h2, main p, main .w-line, main summary, .w-act .q, [data-say]")]
        .filter((node) => node.offsetParent !== null && !node.closest("[data-quiet]"))
        .map((node) => node.dataset.say || node.innerText.replace(/\n/g, "，")).join("。");
      const words = new SpeechSynthesisUtterance(`${document.querySelector("h1").innerText}。${text}`);
      words.lang = document.documentElement.lang === "en" ? "en" : "zh-CN";
      words.rate = 0.9;
      speech.speak(words);
    });
  });

  // ---- photo: say which one was taken ------------------------------------------------------------------
  all("[data-photo]").forEach((box) => {
    const input = box.querySelector("input");
    input.addEventListener("change", () => {
      box.querySelector("[data-photo-name]").textContent = input.files.length ? `✓ ${input.files[0].name}` : "";
    });
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
  });
  window.addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => { delete form.dataset.sent; }));
  const first = document.querySelector("[data-focus]");
  if (first) first.focus();
})();

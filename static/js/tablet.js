// A site's shared tablet: who touches it stays signed in, who goes away is signed out before the next one comes.
(() => {
  "use strict";
  const strip = document.querySelector("[data-idle]");
  if (!strip) return;
  const idle = Number(strip.dataset.idle) * 1000;
  const words = strip.querySelector("[data-idle-words]");
  const left = strip.querySelector("[data-idle-left]");
  let touched = Date.now();
  let told = touched;
  const leave = () => location.replace(strip.dataset.door);
  const touch = () => {
    touched = Date.now();
    if (touched - told < 30000) return;
    told = touched;
    fetch(strip.dataset.here, { cache: "no-store" }).then((answer) => { if (answer.status === 410) leave(); }).catch(() => {});
  };
  ["pointerdown", "keydown", "scroll", "input"].forEach((name) => addEventListener(name, touch, { passive: true }));
  setInterval(() => {
    const rest = Math.ceil((idle - (Date.now() - touched)) / 1000);
    words.hidden = rest > 20;
    if (rest <= 20) left.textContent = String(Math.max(rest, 0));
    if (rest <= 0) leave();
  }, 1000);
  // The page before must not come back with the arrow.
  addEventListener("pageshow", (event) => { if (event.persisted) leave(); });
})();

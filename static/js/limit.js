// A field that takes no more says so, instead of dropping the end of what somebody pastes.
(() => {
  "use strict";
  const words = document.currentScript.dataset.words;
  const SHORTEST = 20; // shorter ones hold codes, which are full when they are right
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (!(field.maxLength >= SHORTEST)) return;
    const next = field.nextElementSibling;
    const note = next && next.matches("[data-limit]") ? next : null;
    if (field.value.length < field.maxLength) {
      if (note) note.remove();
    } else if (!note) {
      const made = document.createElement("span");
      made.className = "hint";
      made.dataset.limit = "";
      made.setAttribute("role", "status");
      made.textContent = words.replace("{n}", field.maxLength);
      field.after(made);
    }
  });
})();

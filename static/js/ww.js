// Small helpers for pages that work without them: theme, dialogs, copying, one submit per click.
(() => {
  "use strict";
  const all = (selector) => document.querySelectorAll(selector);
  const dark = () => {
    const set = document.documentElement.dataset.theme;
    return set ? set === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };
  all("[data-theme-switch]").forEach((button) => { button.hidden = false; });
  document.addEventListener("click", (event) => {
    const at = (selector) => event.target.closest(selector);
    let hit;
    if (at("[data-theme-switch]")) {
      const theme = dark() ? "light" : "dark";
      document.documentElement.dataset.theme = theme;
      const secure = location.protocol === "https:" ? "; secure" : "";
      document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax${secure}`;
    } else if ((hit = at("[data-dialog]"))) {
      const box = document.getElementById(hit.dataset.dialog);
      if (box && box.showModal) { event.preventDefault(); box.showModal(); }
    } else if ((hit = at("[data-close]"))) {
      hit.closest("dialog").close();
    } else if ((hit = at("[data-copy]")) && navigator.clipboard) {
      navigator.clipboard.writeText(hit.dataset.copy).then(() => {
        hit.textContent = hit.dataset.copied || "✓";
      });
    } else if ((hit = at("[data-print]"))) {
      window.print();
    } else {
      all("details.drawer[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") all("details.drawer[open]").forEach((menu) => {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });
  // A second click on the way to the server does nothing; the server refuses it too.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.dataset.many !== undefined) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    form.querySelectorAll("button:not([type=button])").forEach((button) => button.setAttribute("aria-busy", "true"));
  });
  window.addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  }));
  const first = document.querySelector("[data-focus]");
  if (first) first.focus();
  all("[data-tick-all]").forEach((box) => {
    box.closest("label").hidden = false;
    box.addEventListener("change", () => {
      box.form.querySelectorAll(`input[type="checkbox"][name="${box.dataset.tickAll}"]`).forEach((one) => { one.checked = box.checked; });
    });
  });
  all("select[data-submit]").forEach((select) => select.addEventListener("change", () => select.form.requestSubmit()));
})();

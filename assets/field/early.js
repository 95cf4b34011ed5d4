// Before the first paint: light or dark, and the size of the text, as this phone chose.
(() => {
  let chosen = {};
  try {
    chosen = JSON.parse(localStorage.getItem("gridaudit.field.settings") || "{}");
  } catch {
    chosen = {};
  }
  const root = document.documentElement;
  root.dataset.theme = chosen.theme === "dark" ? "dark" : "light";
  root.dataset.size = ["large", "largest"].includes(chosen.size) ? chosen.size : "usual";
})();

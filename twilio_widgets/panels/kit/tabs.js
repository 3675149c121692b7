// The tabs of several sections, one of which is visible. The kernel shows the sections themselves.

import { fit, makeButton } from "./dom.js";
import { nextTab } from "./keys.js";

/** @param {import("@anywidget/types").RenderProps<{ options: [value: string, text: string][], value: string, label: string }>} context */
function render({ model, el }) {
  const tabs = document.createElement("div");
  tabs.className = "tw-tabs";
  tabs.setAttribute("role", "tablist");
  el.append(tabs);

  /** @param {string} value */
  const choose = (value) => model.send({ t: "choose", value });
  const makeTab = () => {
    const tab = makeButton("");
    tab.setAttribute("role", "tab");
    tab.addEventListener("click", () => choose(tab.dataset.value ?? ""));
    return tab;
  };
  const draw = () => {
    const options = model.get("options");
    const made = fit(tabs, options.length, makeTab);
    tabs.setAttribute("aria-label", model.get("label"));
    options.forEach(([value, text], index) => {
      const tab = made[index];
      const chosen = value === model.get("value");
      tab.dataset.value = value;
      tab.textContent = text;
      tab.tabIndex = chosen ? 0 : -1;
      tab.setAttribute("aria-selected", String(chosen));
    });
  };
  tabs.addEventListener("keydown", (event) => {
    const all = [...tabs.querySelectorAll("button")];
    const at = all.indexOf(/** @type {HTMLButtonElement} */ (event.target));
    const to = nextTab(event.key, at, all.length);
    event.stopPropagation(); // arrows would select another notebook cell
    if (to === undefined || at < 0) return;
    event.preventDefault();
    const next = all[to];
    next.focus();
    choose(next.dataset.value ?? "");
  });
  model.on("change", draw);
  draw();
  return () => model.off("change", draw);
}

export default { render };

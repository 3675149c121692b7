// The same call in several languages: a tab for each, and a Copy button.

import { copies } from "./clipboard.js";
import { element, makeButton, uniqueId } from "./dom.js";
import { nextTab } from "./keys.js";

/** @param {import("@anywidget/types").RenderProps<{ texts: [title: string, text: string][] }>} context */
function render({ model, el }) {
  const name = uniqueId("tw-code");
  const box = element("section", "tw-code");
  const bar = element("div", "tw-code-bar");
  const tabs = element("div");
  tabs.setAttribute("role", "tablist");
  tabs.setAttribute("aria-label", "The code in");
  const copy = makeButton("tw-copy", "Copy");
  const text = element("pre");
  text.id = `${name}-text`;
  text.tabIndex = 0;
  text.setAttribute("role", "tabpanel");
  bar.append(tabs, copy);
  box.append(bar, text);
  el.append(box);

  let chosen = 0;

  const show = () => {
    const texts = model.get("texts");
    chosen = Math.min(chosen, Math.max(0, texts.length - 1));
    text.textContent = texts[chosen]?.[1] ?? "";
    /** @type {NodeListOf<HTMLElement>} */ (tabs.childNodes).forEach((tab, index) => {
      tab.setAttribute("aria-selected", String(index === chosen));
      tab.tabIndex = index === chosen ? 0 : -1;
    });
    if (tabs.children[chosen]) text.setAttribute("aria-labelledby", tabs.children[chosen].id);
    resetCopy();
  };
  const draw = () => {
    const titles = model.get("texts").map(([title]) => title);
    const standing = [...tabs.children].map((tab) => tab.textContent);
    if (titles.join("\n") !== standing.join("\n")) {
      tabs.replaceChildren(
        ...titles.map((title, index) => {
          const tab = makeButton("", title);
          tab.id = `${name}-${index}`;
          tab.setAttribute("role", "tab");
          tab.setAttribute("aria-controls", text.id);
          tab.addEventListener("click", () => {
            chosen = index;
            show();
          });
          return tab;
        }),
      );
    }
    show();
  };
  tabs.addEventListener("keydown", (event) => {
    const next = nextTab(event.key, chosen, tabs.children.length);
    event.stopPropagation(); // arrows would select another notebook cell
    if (next === undefined) return;
    event.preventDefault();
    chosen = next;
    show();
    /** @type {HTMLElement} */ (tabs.children[chosen]).focus();
  });
  const resetCopy = copies(copy, text);

  model.on("change:texts", draw);
  draw();
  return () => {
    resetCopy();
    model.off("change:texts", draw);
  };
}

export default { render };

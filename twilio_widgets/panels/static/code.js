// The same call in several languages: a tab for each, and a button that copies.

/** @param {{ model: any, el: HTMLElement }} context */
function render({ model, el }) {
  const name = `tw-code-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
  const box = document.createElement("section");
  box.className = "tw-code";
  const bar = document.createElement("div");
  bar.className = "tw-code-bar";
  const tabs = document.createElement("div");
  tabs.setAttribute("role", "tablist");
  tabs.setAttribute("aria-label", "The code in");
  const copy = document.createElement("button");
  copy.type = "button";
  copy.className = "tw-copy";
  const text = document.createElement("pre");
  text.id = `${name}-text`;
  text.tabIndex = 0;
  text.setAttribute("role", "tabpanel");
  bar.append(tabs, copy);
  box.append(bar, text);
  el.append(box);

  let chosen = 0;
  let calm = 0;

  const show = () => {
    const texts = model.get("texts");
    chosen = Math.min(chosen, Math.max(0, texts.length - 1));
    text.textContent = texts[chosen]?.[1] ?? "";
    [...tabs.children].forEach((tab, index) => {
      tab.setAttribute("aria-selected", String(index === chosen));
      tab.tabIndex = index === chosen ? 0 : -1;
    });
    if (tabs.children[chosen]) text.setAttribute("aria-labelledby", tabs.children[chosen].id);
    copy.textContent = "Copy";
  };
  const draw = () => {
    const titles = model.get("texts").map(([title]) => title);
    const standing = [...tabs.children].map((tab) => tab.textContent);
    if (titles.join("\n") !== standing.join("\n")) {
      tabs.replaceChildren(...titles.map((title, index) => {
        const tab = document.createElement("button");
        tab.type = "button";
        tab.id = `${name}-${index}`;
        tab.textContent = title;
        tab.setAttribute("role", "tab");
        tab.setAttribute("aria-controls", text.id);
        tab.addEventListener("click", () => { chosen = index; show(); });
        return tab;
      }));
    }
    show();
  };
  tabs.addEventListener("keydown", (event) => {
    const count = tabs.children.length;
    const to = { ArrowRight: chosen + 1, ArrowLeft: chosen - 1, Home: 0, End: count - 1 }[event.key];
    event.stopPropagation(); // arrows would move the notebook to another cell
    if (to === undefined) return;
    event.preventDefault();
    chosen = (to + count) % count;
    show();
    tabs.children[chosen].focus();
  });
  copy.addEventListener("click", async () => {
    copy.textContent = (await copied(text)) ? "Copied" : "Press Ctrl+C";
    clearTimeout(calm);
    calm = setTimeout(() => { copy.textContent = "Copy"; }, 2000);
  });

  model.on("change:texts", draw);
  draw();
  return () => {
    clearTimeout(calm);
    model.off("change:texts", draw);
  };
}

/** Put an element's text on the clipboard; select it where the page may not do so. */
async function copied(element) {
  try {
    await navigator.clipboard.writeText(element.textContent);
    return true;
  } catch {
    getSelection()?.selectAllChildren(element);
    return false;
  }
}

export default { render };

// The names of several sections, of which one is seen. What stands in them is the kernel's to show.

/** @param {{ model: any, el: HTMLElement }} context */
function render({ model, el }) {
  const tabs = document.createElement("div");
  tabs.className = "tw-tabs";
  tabs.setAttribute("role", "tablist");
  el.append(tabs);

  const choose = (value) => model.send({ t: "choose", value });
  const draw = () => {
    const options = model.get("options");
    while (tabs.children.length > options.length) tabs.lastChild.remove();
    while (tabs.children.length < options.length) {
      const tab = document.createElement("button");
      tab.type = "button";
      tab.setAttribute("role", "tab");
      tab.addEventListener("click", () => choose(tab.dataset.value));
      tabs.append(tab);
    }
    tabs.setAttribute("aria-label", model.get("label"));
    options.forEach(([value, text], index) => {
      const tab = tabs.children[index];
      const chosen = value === model.get("value");
      tab.dataset.value = value;
      tab.textContent = text;
      tab.tabIndex = chosen ? 0 : -1;
      tab.setAttribute("aria-selected", String(chosen));
    });
  };
  tabs.addEventListener("keydown", (event) => {
    const count = tabs.children.length;
    const at = [...tabs.children].indexOf(event.target);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: count - 1 }[event.key];
    event.stopPropagation(); // arrows would move the notebook to another cell
    if (to === undefined || at < 0) return;
    event.preventDefault();
    const next = tabs.children[(to + count) % count];
    next.focus();
    choose(next.dataset.value);
  });
  model.on("change", draw);
  draw();
  return () => model.off("change", draw);
}

export default { render };

// @ts-nocheck: its parameters have no types yet.
// One of a few, as joined buttons that a screen reader knows as radio buttons.

/** @param {{ model: any, el: HTMLElement }} context */
function render({ model, el }) {
  const label = document.createElement("span");
  label.id = `tw-choice-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
  const group = document.createElement("div");
  group.setAttribute("role", "radiogroup");
  group.setAttribute("aria-labelledby", label.id);
  el.classList.add("tw-choice");
  el.append(label, group);

  const choose = (value) => model.send({ t: "choose", value });
  const draw = () => {
    const options = model.get("options");
    while (group.children.length > options.length) group.lastChild.remove();
    while (group.children.length < options.length) {
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("role", "radio");
      button.addEventListener("click", () => choose(button.dataset.value));
      group.append(button);
    }
    label.textContent = model.get("label");
    options.forEach(([value, text], index) => {
      const button = group.children[index];
      const chosen = value === model.get("value");
      button.dataset.value = value;
      button.textContent = text;
      button.disabled = model.get("disabled");
      button.tabIndex = chosen ? 0 : -1;
      button.setAttribute("aria-checked", String(chosen));
    });
  };
  group.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    event.stopPropagation(); // arrows would move the notebook to another cell
    const at = [...group.children].indexOf(event.target);
    if (step === undefined || at < 0) return;
    event.preventDefault();
    const next = group.children[(at + step + group.children.length) % group.children.length];
    next.focus();
    choose(next.dataset.value);
  });
  model.on("change", draw);
  draw();
  return () => model.off("change", draw);
}

export default { render };

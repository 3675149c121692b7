// A multi-line text.

import { openEcho } from "../kit/ordered_input.js";

/** @param {{ model: any, el: HTMLElement }} context */
function render({ model, el }) {
  const echo = openEcho({ model, el, shown: () => area.value });
  const label = document.createElement("label");
  const area = document.createElement("textarea");
  area.id = `tw-body-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
  area.rows = 6;
  area.spellcheck = false;
  label.htmlFor = area.id;
  el.classList.add("tw-body-field");
  el.dataset.lmSuppressShortcuts = "true"; // JupyterLab handles keys before this element can
  el.append(label, area);

  area.addEventListener("input", () => echo.say({ t: "typed", text: area.value }));
  area.addEventListener("keydown", (event) => event.stopPropagation());
  const draw = () => {
    label.textContent = model.get("label");
    const text = model.get("value");
    if (echo.isNews() && area.value !== text) area.value = text;
  };
  model.on("change", draw);
  draw();
  return () => model.off("change", draw);
}

export default { render };

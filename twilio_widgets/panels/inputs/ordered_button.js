// A button.

import { openPress } from "../kit/press.js";

/** @param {{ model: any, el: HTMLElement }} context */
function render({ model, el }) {
  const button = document.createElement("button");
  button.type = "button";
  el.classList.add("tw-press");
  el.append(button);
  const pressing = openPress({ model, el });
  button.addEventListener("click", () => pressing.press());
  const draw = () => {
    button.textContent = model.get("text");
    button.className = "tw-button";
    button.classList.toggle("tw-primary", model.get("main"));
    button.classList.toggle("tw-quiet", model.get("quiet"));
    button.disabled = model.get("disabled");
  };
  model.on("change", draw);
  draw();
  return () => {
    pressing.close();
    model.off("change", draw);
  };
}

export default { render };

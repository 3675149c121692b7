// A button whose press says what was typed before it.

import { saidOn } from "./echo.js";

/** @param {{ model: any, el: HTMLElement }} context */
function render({ model, el }) {
  const button = document.createElement("button");
  button.type = "button";
  el.append(button);
  button.addEventListener("click", () => model.send({ t: "press", said: saidOn(el) }));
  const draw = () => {
    button.textContent = model.get("text");
    button.className = `tw-button${model.get("main") ? " tw-primary" : ""}`;
    button.disabled = model.get("disabled");
  };
  model.on("change", draw);
  draw();
  return () => model.off("change", draw);
}

export default { render };

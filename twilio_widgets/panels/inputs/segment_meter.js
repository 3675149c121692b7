// The segments of a text: a bar for each, the counts, and the character that adds segments.

import { fit, write } from "../kit/dom.js";
import { openPress } from "../kit/press.js";

/**
 * @typedef {{ fills: number[], count: string, details: string, about: string, too_long: boolean, blame: string,
 *   cure: string }} View
 */

/** @param {import("@anywidget/types").RenderProps<{ view: View }>} context */
function render({ model, el }) {
  const meter = document.createElement("div");
  meter.className = "tw-meter";
  const bars = document.createElement("div");
  bars.className = "tw-meter-bars";
  bars.setAttribute("aria-hidden", "true");
  const numbers = document.createElement("output");
  numbers.className = "tw-meter-line";
  numbers.setAttribute("aria-live", "off"); // the counts change with every keystroke; the reason does not
  const count = document.createElement("b");
  const details = document.createElement("span");
  numbers.append(count, details);
  const blame = document.createElement("div");
  blame.className = "tw-meter-line tw-meter-blame";
  const why = document.createElement("output");
  const cure = document.createElement("button");
  cure.type = "button";
  cure.className = "tw-meter-cure";
  blame.append(why, " ", cure);
  meter.append(bars, numbers, blame);
  el.append(meter);
  const pressing = openPress({ model, el });
  cure.addEventListener("click", () => pressing.press());

  const draw = () => {
    const view = model.get("view");
    const made = fit(bars, view.fills.length, () => document.createElement("i"));
    view.fills.forEach((fill, index) => {
      made[index].style.setProperty("--fill", `${fill}%`);
    });
    write(count, view.count);
    write(details, view.count && view.details ? ` · ${view.details}` : view.details);
    details.title = view.about;
    numbers.classList.toggle("tw-problem", view.too_long);
    write(why, view.blame);
    write(cure, view.cure);
    blame.hidden = view.blame === "";
    cure.hidden = view.cure === "";
  };
  model.on("change:view", draw);
  draw();
  return () => {
    pressing.close();
    model.off("change:view", draw);
  };
}

export default { render };

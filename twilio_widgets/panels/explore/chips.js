// The filters in force. A click removes the filter that the chip shows.

import { element, fit, makeButton, write } from "../kit/dom.js";
import { askFor } from "../kit/unsaved.js";

/** @typedef {{ name: string, key: string, text: string }} Chip */

/** @param {import("@anywidget/types").RenderProps<{ epoch: number }>} context */
function render({ model, el }) {
  const root = element("div", "tw-chips");
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", "Filters");
  const hint = element("span", "tw-chips-hint", "Click a bar, a cell or a legend to filter.");
  const list = element("ul");
  const clear = makeButton("tw-button tw-quiet", "Clear all");
  root.append(hint, list, clear);
  el.append(root);
  /** @type {Chip[]} */
  let chips = [];

  const makeChip = () => {
    const item = element("li");
    const button = makeButton("tw-chip");
    button.append(element("span"), element("span", "tw-chip-remove", "✕"));
    button.addEventListener("click", () => {
      const { name, key } = chips[[...list.children].indexOf(item)];
      model.send({ t: "remove", name, key });
    });
    item.append(button);
    return item;
  };
  /** @param {Chip[]} content */
  const show = (content) => {
    chips = content;
    fit(list, chips.length, makeChip).forEach((item, index) => {
      const button = /** @type {HTMLElement} */ (item.firstElementChild);
      write(button.children[0], chips[index].text);
      button.setAttribute("aria-label", `Remove the filter ${chips[index].text}`);
    });
    hint.hidden = chips.length > 0;
    clear.hidden = chips.length === 0;
  };
  clear.addEventListener("click", () => model.send({ t: "clear" }));
  return askFor(model, show);
}

export default { render };

// The details of one number, service, usage record or alert.

import { explained, fact } from "../kit/detail_parts.js";
import { element } from "../kit/dom.js";
import { askFor } from "../kit/unsaved.js";

/**
 * @import { Why } from "../kit/detail_parts.js"
 * @typedef {{ name: string, level: string, tone: string, error: Why,
 *   facts: [label: string, text: string][] }} View
 */

/** @param {import("@anywidget/types").RenderProps<{ epoch: number }>} context */
function render({ model, el }) {
  const root = element("article", "tw-message");
  root.setAttribute("aria-label", "Details");
  const head = element("header", "tw-message-head");
  const level = element("span", "tw-pill");
  const name = element("code", "tw-message-sid");
  head.append(level, name);
  const why = element("div", "tw-why-place");
  const facts = element("dl", "tw-message-facts");
  root.append(head, why, facts);
  el.append(root);

  /** @param {View} view */
  const show = (view) => {
    name.textContent = view.name;
    level.textContent = view.level;
    level.dataset.tone = view.tone;
    level.hidden = view.level === "";
    why.replaceChildren(...(view.error.title ? [explained(view.error)] : []));
    facts.replaceChildren(...view.facts.map(fact));
  };
  return askFor(model, show);
}

export default { render };

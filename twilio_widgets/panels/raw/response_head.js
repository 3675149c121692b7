// The head of a response: its status, its facts, and its error explained.

import { explained } from "../kit/detail_parts.js";
import { element } from "../kit/dom.js";

/**
 * @import { Why } from "../kit/detail_parts.js"
 * @typedef {{ status: string, tone: string, facts: string[], problem: string, error: Why }} View
 */

/** @param {import("@anywidget/types").RenderProps<{ view: View }>} context */
function render({ model, el }) {
  const root = element("section", "tw-answer");
  root.setAttribute("aria-label", "Response");
  const head = element("header", "tw-answer-head");
  const status = element("output", "tw-pill");
  const facts = element("span", "tw-answer-facts");
  head.append(status, facts);
  const problem = element("p", "tw-answer-problem");
  const why = element("div", "tw-why-place");
  root.append(head, problem, why);
  el.append(root);

  const draw = () => {
    const view = model.get("view");
    el.classList.toggle("tw-empty", !view.status);
    if (!view.status) return;
    status.textContent = view.status;
    status.className = `tw-pill tw-${view.tone}`;
    facts.replaceChildren(...view.facts.map((fact) => element("span", "", fact)));
    problem.textContent = view.problem;
    problem.className = `tw-answer-problem tw-${view.tone}`;
    problem.hidden = view.problem === "";
    why.replaceChildren(...(view.error.title ? [explained(view.error)] : []));
  };
  model.on("change:view", draw);
  draw();
  return () => model.off("change:view", draw);
}

export default { render };

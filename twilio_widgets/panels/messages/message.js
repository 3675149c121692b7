// The detail view of one message.

import { explained, fact } from "../kit/detail_parts.js";
import { element } from "../kit/dom.js";
import { askFor } from "../kit/unsaved.js";

/**
 * @import { Why } from "../kit/detail_parts.js"
 * @typedef {{ sid: string, status: string, tone: string, reading: boolean, problem: string, error: Why,
 *   body: string | null, facts: [label: string, text: string][] }} View
 */

/** @param {import("@anywidget/types").RenderProps<{ epoch: number }>} context */
function render({ model, el }) {
  const root = element("article", "tw-message");
  root.setAttribute("aria-label", "Message");
  const head = element("header", "tw-message-head");
  const status = element("span", "tw-pill");
  const sid = element("code", "tw-message-sid");
  const state = element("output", "tw-message-state");
  head.append(status, sid, state);
  const problem = element("p", "tw-message-problem");
  const why = element("div", "tw-why-place");
  const body = element("blockquote", "tw-message-body");
  body.dir = "auto";
  const facts = element("dl", "tw-message-facts");
  root.append(head, problem, why, body, facts);
  el.append(root);

  /** @param {View} view */
  const show = (view) => {
    sid.textContent = view.sid;
    status.textContent = view.status;
    status.dataset.tone = view.tone;
    status.hidden = view.status === "";
    state.textContent = view.reading ? "reading…" : "";
    problem.textContent = view.problem;
    problem.hidden = view.problem === "";
    why.replaceChildren(...(view.error.title ? [explained(view.error)] : []));
    body.textContent = view.body || "no text";
    body.classList.toggle("tw-no-text", !view.body);
    body.hidden = (view.body ?? null) === null;
    facts.replaceChildren(...view.facts.map(fact));
  };
  return askFor(model, show);
}

export default { render };

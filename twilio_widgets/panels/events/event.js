// The detail view of one event or rejected request. Its content is requested from the kernel and
// drawn as text.

import { copies } from "../kit/clipboard.js";
import { explained, fact } from "../kit/detail_parts.js";
import { element, makeButton } from "../kit/dom.js";
import { askFor } from "../kit/unsaved.js";

/**
 * @import { Why } from "../kit/detail_parts.js"
 * @typedef {[title: string, count: number, pairs: [name: string, value: string][]]} PairList
 * @typedef {{ title: string, pills: [text: string, tone: string][], sid: string, problem: string, why: Why,
 *   body: string | null, facts: [label: string, text: string][], note: string, lists: PairList[], curl: string }} View
 */

/**
 * All parameters or all headers, collapsible.
 * @param {PairList} list
 * @param {boolean} open
 */
function makePairs([title, count, pairs], open) {
  const box = element("details", "tw-pairs-seen");
  box.open = open;
  box.append(element("summary", "", `${title} (${count})`));
  const list = element("dl", "");
  list.append(
    ...pairs.flatMap(([name, value]) => {
      const description = element("dd", "", value);
      description.dir = "auto";
      return [element("dt", "", name), description];
    }),
  );
  if (pairs.length < count) list.append(element("dt", "", "…"), element("dd", "", "and more"));
  box.append(list);
  return box;
}

/** @param {import("@anywidget/types").RenderProps<{ epoch: number }>} context */
function render({ model, el }) {
  const root = element("article", "tw-message tw-event");
  root.tabIndex = -1;
  root.setAttribute("aria-label", "Event");
  el.classList.add("tw-detail");
  el.append(root);
  const open = new Map();
  const sendClose = () => model.send({ t: "close" });

  /** @param {View} view */
  const actions = ({ curl }) => {
    const row = element("footer", "tw-event-actions");
    const close = makeButton("tw-button", "Close");
    close.addEventListener("click", sendClose);
    row.append(close);
    if (!curl) return [row];
    const copy = makeButton("tw-button", "Copy as curl");
    copy.title = "A command that delivers this event to its listener again";
    const command = element("pre", "tw-event-curl", curl);
    command.hidden = true;
    copy.addEventListener("click", () => {
      command.hidden = false;
    });
    copies(copy, command);
    row.prepend(copy);
    return [row, command];
  };
  /** @param {[text: string, tone: string]} pill */
  const pill = ([text, tone]) => {
    const made = element("span", "tw-pill", text);
    made.dataset.tone = tone;
    return made;
  };
  /** @param {View | null} view */
  const draw = (view) => {
    if (!view) {
      root.replaceChildren();
      return;
    }
    const head = element("header", "tw-message-head");
    head.append(
      element("strong", "", view.title),
      ...view.pills.filter(([text]) => text).map(pill),
    );
    if (view.sid) head.append(element("code", "tw-message-sid", view.sid));
    const parts = [head];
    if (view.problem) parts.push(element("p", "tw-message-problem", view.problem));
    if (view.why.title) parts.push(explained(view.why));
    if (view.body !== null) {
      const body = element("blockquote", "tw-message-body", view.body || "no text");
      body.classList.toggle("tw-no-text", !view.body);
      body.dir = "auto";
      parts.push(body);
    }
    const facts = element("dl", "tw-message-facts");
    facts.append(...view.facts.map(fact));
    parts.push(facts);
    if (view.note) parts.push(element("p", "tw-message-state", view.note));
    for (const list of view.lists) {
      const box = makePairs(list, open.get(list[0]) ?? list[0] === "Parameters");
      box.addEventListener("toggle", () => open.set(list[0], box.open));
      parts.push(box);
    }
    root.replaceChildren(...parts, ...actions(view));
  };
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape") sendClose();
    event.stopPropagation(); // letters are notebook shortcuts
  });
  return askFor(model, draw);
}

export default { render };

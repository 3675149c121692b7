// A conversation as a chat: messages of the contact at the left, yours at the right.

import { element } from "../kit/dom.js";
import { askFor } from "../kit/unsaved.js";

/**
 * @typedef {{ sid: string, inbound: boolean, current: boolean, body: string, day: string,
 *   time: string, status: string, tone: string, number: string }} Line
 */

/** @param {import("@anywidget/types").RenderProps<{ epoch: number }>} context */
function render({ model, el }) {
  const root = element("section", "tw-chat");
  root.setAttribute("aria-label", "Conversation");
  root.tabIndex = 0; // so that it can be scrolled by keyboard
  el.append(root);

  /** @param {{ tz: string, earlier: string, lines: Line[] }} content */
  const show = ({ tz, earlier, lines }) => {
    /** @type {HTMLElement[]} */
    const parts = earlier ? [element("p", "tw-chat-day", earlier)] : [];
    let day = "";
    for (const line of lines) {
      if (line.day !== day) parts.push(element("p", "tw-chat-day", `${line.day}, ${tz}`));
      day = line.day;
      parts.push(bubble(line));
    }
    root.replaceChildren(...parts);
    const current = root.querySelector("[aria-current]");
    if (current) root.scrollTop = /** @type {HTMLElement} */ (current).offsetTop - 60;
  };
  return askFor(model, show);
}

/** @param {Line} line */
function bubble({ inbound, current, body, time, status, tone, number }) {
  const bubble = element("article", inbound ? "tw-bubble tw-in" : "tw-bubble tw-out");
  if (current) bubble.setAttribute("aria-current", "true");
  const text = element("p", "tw-bubble-body", body || "no text");
  text.dir = "auto";
  const foot = element(
    "footer",
    "",
    [time, inbound ? `to ${number}` : `from ${number}`].join(" · "),
  );
  bubble.append(text, foot);
  if (status) {
    const pill = element("span", "tw-pill", status);
    pill.dataset.tone = tone;
    foot.append(" ", pill);
  }
  return bubble;
}

export default { render };

// The parts of a detail view. All texts are untrusted and are drawn as text.

import { element } from "./dom.js";

/**
 * A label and a text, as a row of a description list.
 * @param {[label: string, text: string]} row
 */
export function fact([label, text]) {
  const row = document.createElement("div");
  const description = element("dd", "", text);
  description.dir = "auto";
  row.append(element("dt", "", label), description);
  return row;
}

/**
 * Why a message failed, what to do, and who can fix it; empty if it did not fail.
 * @typedef {{ title?: string, advice?: string, message?: string, who?: string, again?: string, url?: string }} Why
 *
 * @param {Why} why
 */
export function explained({ title, advice, message, who, again, url }) {
  const box = element("div", "tw-why");
  box.append(element("strong", "", title));
  if (advice) box.append(element("p", "", advice));
  if (message) box.append(element("p", "tw-why-message", `Twilio's words: ${message}`));
  if (url) {
    const last = element(
      "p",
      "tw-why-who",
      `Who can fix it: ${who} · ${again ? `Retry: ${again} · ` : ""}`,
    );
    const more = element("a", "", "More at Twilio");
    more.href = url;
    more.target = "_blank";
    more.rel = "noopener noreferrer";
    last.append(more);
    box.append(last);
  }
  return box;
}

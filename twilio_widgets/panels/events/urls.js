// Webhook URLs, each with a Copy button.

import { copies } from "../kit/clipboard.js";
import { element, makeButton } from "../kit/dom.js";
import { askFor } from "../kit/unsaved.js";

/** @param {import("@anywidget/types").RenderProps<{ epoch: number }>} context */
function render({ model, el }) {
  el.classList.add("tw-urls");
  /** @param {[label: string, url: string]} line */
  const line = ([label, url]) => {
    const row = element("div", "tw-url");
    const text = element("code", "", url);
    text.tabIndex = 0;
    const copy = makeButton("tw-button", "Copy");
    copy.setAttribute("aria-label", `Copy the ${label}`);
    copies(copy, text);
    row.append(element("span", "tw-url-label", label), text, copy);
    return row;
  };
  // The server can be reached at the address of this page. Its query may contain a login.
  model.send({ t: "page", url: location.origin + location.pathname });
  return askFor(model, (lines) => el.replaceChildren(...lines.map(line)));
}

export default { render };

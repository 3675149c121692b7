// The first rows of a file, so that a wrong encoding or sheet can be seen.

import { element } from "../kit/dom.js";
import { askFor } from "../kit/unsaved.js";

/** @typedef {{ names: string[], rows: string[][] }} FirstRows */

/** @param {import("@anywidget/types").RenderProps<{ epoch: number }>} context */
function render({ model, el }) {
  const root = element("div", "tw-first-rows");
  root.tabIndex = 0; // so that it can be scrolled by keyboard
  root.setAttribute("role", "region");
  root.setAttribute("aria-label", "First rows");
  el.append(root);

  /** @param {FirstRows | null} content */
  const show = (content) => {
    root.hidden = content === null;
    root.replaceChildren(...(content === null ? [] : [tableOf(content)]));
  };
  show(null);
  return askFor(model, show);
}

/** @param {FirstRows} content */
function tableOf({ names, rows }) {
  const table = element("table");
  const head = element("tr");
  head.append(...["Row", ...names].map((name) => headOf("col", name)));
  const lines = rows.map(([number, ...cells]) => {
    const line = element("tr");
    line.append(headOf("row", number), ...cells.map((cell) => element("td", "", cell)));
    return line;
  });
  table.append(head, ...lines);
  return table;
}

/**
 * @param {string} scope
 * @param {string} text
 */
function headOf(scope, text) {
  const cell = element("th", "", text);
  cell.setAttribute("scope", scope);
  return cell;
}

export default { render };

// One row as it would be sent, with buttons for the next and previous row. All texts are drawn as
// text.

import { element } from "../kit/dom.js";
import { askFor } from "../kit/unsaved.js";

/** @typedef {{ row: number, rows: number, to: string, body: string, problems: [text: string, tone: string][] }} View */

/** @param {import("@anywidget/types").RenderProps<{ epoch: number }>} context */
function render({ model, el }) {
  const root = element("section", "tw-preview");
  root.setAttribute("aria-label", "Preview of one row");
  const bar = element("div", "tw-preview-bar");
  const where = element("span", "tw-preview-where");
  const back = element("button", "tw-button", "‹");
  const on = element("button", "tw-button", "›");
  back.setAttribute("aria-label", "Row before");
  on.setAttribute("aria-label", "Next row");
  const row = element("input", "tw-preview-row");
  Object.assign(row, { type: "number", min: 0, step: 1 });
  row.setAttribute("aria-label", "Row of the preview");
  for (const button of [back, on]) button.type = "button";
  bar.append(element("span", "tw-preview-title", "Preview of row"), back, row, on, where);
  const to = element("div", "tw-preview-to");
  const body = element("blockquote", "tw-preview-body");
  body.dir = "auto";
  const problems = element("ul", "tw-preview-problems");
  problems.setAttribute("aria-live", "polite");
  root.append(bar, to, body, problems);
  el.dataset.lmSuppressShortcuts = "true"; // JupyterLab handles keys before this element can
  el.append(root);

  /** @type {View | null} */
  let shown = null;
  /** @param {number} number */
  const look = (number) => model.send({ t: "look", row: number });
  back.addEventListener("click", () => shown && look(shown.row - 1));
  on.addEventListener("click", () => shown && look(shown.row + 1));
  row.addEventListener("change", () => {
    if (row.value !== "" && Number.isInteger(row.valueAsNumber)) look(row.valueAsNumber);
    else if (shown) row.value = String(shown.row);
  });
  root.addEventListener("keydown", (event) => event.stopPropagation());
  /** @param {View | null} view */
  const draw = (view) => {
    shown = view;
    el.classList.toggle("tw-empty", !view);
    if (!view) return;
    back.disabled = view.row === 0;
    on.disabled = view.row >= view.rows - 1;
    row.max = String(view.rows - 1);
    row.value = String(view.row);
    where.textContent = view.rows > 1 ? `0 to ${(view.rows - 1).toLocaleString("en")}` : "";
    to.textContent = view.to;
    to.hidden = view.to === "";
    body.textContent = view.body;
    body.hidden = view.body === "";
    problems.replaceChildren(
      ...view.problems.map(([text, tone]) => element("li", `tw-note tw-${tone}`, text)),
    );
  };
  el.classList.add("tw-empty");
  return askFor(model, draw);
}

export default { render };

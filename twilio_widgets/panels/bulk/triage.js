// The results of a job, by group.

import { element } from "../kit/dom.js";

/** @typedef {{ status: string, code: string, meaning: string, who: string, advice: string, count: number }} Group */

/** @param {import("@anywidget/types").RenderProps<{ groups: Group[] }>} context */
function render({ model, el }) {
  const list = element("ul", "tw-triage");
  list.setAttribute("aria-label", "Outcomes by reason");
  el.append(list);

  /** @param {Group} group */
  const line = ({ status, code, meaning, who, advice, count }) => {
    const row = element("li", "tw-triage-group");
    row.dataset.outcome = status;
    row.append(element("strong", "tw-triage-count", count.toLocaleString("en")));
    const caption = element("div", "tw-triage-text");
    const title = element("div", "tw-triage-title");
    title.append(element("span", "tw-pill", code ? `${status} ${code}` : status));
    title.append(element("span", "", meaning));
    caption.append(title);
    const acts = who === "nobody" ? "" : `Who can fix it: ${who}.`;
    const next = [advice, acts].filter(Boolean).join(" ");
    if (next) caption.append(element("div", "tw-note", next));
    row.append(caption);
    return row;
  };
  const draw = () => {
    const groups = model.get("groups");
    list.replaceChildren(...groups.map(line));
    el.classList.toggle("tw-empty", groups.length === 0);
  };
  model.on("change:groups", draw);
  draw();
  return () => model.off("change:groups", draw);
}

export default { render };

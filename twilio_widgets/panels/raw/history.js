// The requests of this session, newest first, each with two buttons. All texts are drawn as text.

import { element, fit, makeButton } from "../kit/dom.js";
import { openPress } from "../kit/press.js";

/** @param {import("@anywidget/types").RenderProps<{ rows: [number: number, method: string, path: string, outcome: string, tone: string, facts: string][], disabled: boolean }>} context */
function render({ model, el }) {
  const list = document.createElement("ol");
  list.className = "tw-history";
  list.setAttribute("aria-label", "Requests of this session");
  el.append(list);
  const pressing = openPress({ model, el });

  const line = () => {
    const row = element("li", "tw-sent");
    const buttons = [
      ["open", "Open"],
      ["again", "Send again"],
    ].map(([action, text]) => {
      const button = makeButton("tw-button tw-small", text);
      button.addEventListener("click", () =>
        pressing.press([action, Number(row.dataset.number)]),
      );
      return button;
    });
    row.append(
      element("b", "tw-sent-method"),
      element("code", "tw-sent-path"),
      element("span", "tw-pill"),
      element("span", "tw-sent-facts"),
      ...buttons,
    );
    return row;
  };
  const draw = () => {
    const rows = model.get("rows");
    const lines = fit(list, rows.length, line);
    rows.forEach(([number, method, path, outcome, tone, facts], index) => {
      const row = lines[index];
      const [verb, where, pill, detail] = /** @type {HTMLElement[]} */ ([...row.children]);
      const [open, again] = row.querySelectorAll("button");
      row.dataset.number = String(number);
      verb.textContent = method;
      where.textContent = path;
      where.title = path;
      pill.textContent = outcome;
      pill.className = `tw-pill tw-${tone}`;
      detail.textContent = facts;
      open.setAttribute("aria-label", `Open ${method} ${path} in the form`);
      again.setAttribute("aria-label", `Send ${method} ${path} again`);
      open.disabled = again.disabled = model.get("disabled");
    });
  };
  model.on("change", draw);
  draw();
  return () => {
    pressing.close();
    model.off("change", draw);
  };
}

export default { render };

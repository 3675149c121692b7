// The requests of this session, newest first, each with two buttons. Their texts enter as text.

import { element, fit, makeButton } from "./dom.js";

/** @param {{ model: any, el: HTMLElement }} context */
function render({ model, el }) {
  const list = document.createElement("ol");
  list.className = "tw-history";
  list.setAttribute("aria-label", "Requests of this session");
  el.append(list);

  const line = () => {
    const row = element("li", "tw-sent");
    const buttons = [["open", "Open"], ["again", "Send again"]].map(([action, text]) => {
      const button = makeButton("tw-small-button", text);
      button.addEventListener("click", () => model.send({ t: action, id: Number(row.dataset.number) }));
      return button;
    });
    row.append(
      element("b", "tw-sent-method"), element("code", "tw-sent-path"), element("span", "tw-pill"),
      element("span", "tw-sent-facts"), ...buttons,
    );
    return row;
  };
  const draw = () => {
    const rows = model.get("rows");
    fit(list, rows.length, line);
    rows.forEach(([number, method, path, outcome, tone, facts], index) => {
      const row = list.children[index];
      const [verb, where, pill, said, open, again] = row.children;
      row.dataset.number = number;
      verb.textContent = method;
      where.textContent = path;
      where.title = path;
      pill.textContent = outcome;
      pill.className = `tw-pill tw-${tone}`;
      said.textContent = facts;
      open.setAttribute("aria-label", `Open ${method} ${path} in the form`);
      again.setAttribute("aria-label", `Send ${method} ${path} again`);
      open.disabled = again.disabled = model.get("disabled");
    });
  };
  model.on("change", draw);
  draw();
  return () => model.off("change", draw);
}

export default { render };

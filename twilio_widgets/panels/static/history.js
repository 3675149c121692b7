// The requests of this session, newest first, each with two buttons. Their texts enter as text.

/** @param {{ model: any, el: HTMLElement }} context */
function render({ model, el }) {
  const list = document.createElement("ol");
  list.className = "tw-history";
  list.setAttribute("aria-label", "Requests of this session");
  el.append(list);

  const part = (tag, className) => {
    const made = document.createElement(tag);
    made.className = className;
    return made;
  };
  const line = () => {
    const row = part("li", "tw-sent");
    const buttons = [["open", "Open"], ["again", "Send again"]].map(([action, text]) => {
      const button = part("button", "tw-small-button");
      button.type = "button";
      button.textContent = text;
      button.addEventListener("click", () => model.send({ t: action, id: Number(row.dataset.number) }));
      return button;
    });
    row.append(
      part("b", "tw-sent-method"), part("code", "tw-sent-path"), part("span", "tw-pill"),
      part("span", "tw-sent-facts"), ...buttons,
    );
    return row;
  };
  const draw = () => {
    const rows = model.get("rows");
    while (list.children.length > rows.length) list.lastChild.remove();
    while (list.children.length < rows.length) list.append(line());
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

// Facts, as rows of a label and a text.

/** @param {import("@anywidget/types").RenderProps<{ rows: [label: string, text: string][] }>} context */
function render({ model, el }) {
  const list = document.createElement("dl");
  list.className = "tw-facts";
  el.append(list);

  const draw = () => {
    const rows = model.get("rows").map(([label, text]) => {
      const term = document.createElement("dt");
      term.textContent = label;
      const description = document.createElement("dd");
      description.textContent = text;
      const row = document.createElement("div"); // so that a line breaks between rows only
      row.append(term, description);
      return row;
    });
    list.replaceChildren(...rows);
  };
  model.on("change:rows", draw);
  draw();
  return () => model.off("change:rows", draw);
}

export default { render };

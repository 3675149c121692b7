// The title row of a panel, with its state at the right.

/** @param {import("@anywidget/types").RenderProps<{ title: string, pill: string, tone: string,
 *   saved: string }>} context */
function render({ model, el }) {
  const head = document.createElement("div");
  head.className = "tw-head";
  const title = document.createElement("h3");
  const pill = document.createElement("output");
  const saved = document.createElement("span");
  saved.className = "tw-saved-words";
  head.append(title, saved, pill);
  el.append(head);

  const draw = () => {
    title.textContent = model.get("title");
    saved.textContent = model.get("saved");
    pill.textContent = model.get("pill");
    pill.className = `tw-pill tw-${model.get("tone")}`;
  };
  model.on("change", draw);
  draw();
  return () => model.off("change", draw);
}

export default { render };

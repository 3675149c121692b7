// A text, requested from the kernel.

/** @param {import("@anywidget/types").RenderProps<{ epoch: number, label: string, note: string }>} context */
function render({ model, el }) {
  const text = document.createElement("pre");
  text.className = "tw-answer-text";
  text.tabIndex = 0;
  const note = document.createElement("div");
  note.className = "tw-note";
  el.append(text, note);

  /** @param {{ t: string, epoch: number, text: string }} message */
  const receive = (message) => {
    if (message?.t === "text" && message.epoch === model.get("epoch"))
      text.textContent = message.text;
  };
  const draw = () => {
    text.textContent = "";
    text.setAttribute("aria-label", model.get("label"));
    note.textContent = model.get("note");
    if (model.get("epoch") > 0) model.send({ t: "want", epoch: model.get("epoch") });
  };
  model.on("change:epoch", draw);
  model.on("msg:custom", receive);
  draw();
  return () => {
    model.off("change:epoch", draw);
    model.off("msg:custom", receive);
  };
}

export default { render };

// A text that the kernel sends when it is asked for.

/** @param {{ model: any, el: HTMLElement }} context */
function render({ model, el }) {
  const text = document.createElement("pre");
  text.className = "tw-answer-text";
  text.tabIndex = 0;
  const note = document.createElement("div");
  note.className = "tw-note";
  el.append(text, note);

  const hear = (message) => {
    if (message?.t === "text" && message.epoch === model.get("epoch")) text.textContent = message.text;
  };
  const draw = () => {
    text.textContent = "";
    text.setAttribute("aria-label", model.get("label"));
    note.textContent = model.get("note");
    if (model.get("epoch") > 0) model.send({ t: "want", epoch: model.get("epoch") });
  };
  model.on("change:epoch", draw);
  model.on("msg:custom", hear);
  draw();
  return () => {
    model.off("change:epoch", draw);
    model.off("msg:custom", hear);
  };
}

export default { render };

// A sentence under a field or in a row: a hint, a warning, a problem or a success.

import { uniqueId } from "./dom.js";

/** @param {import("@anywidget/types").RenderProps<{ text: string, tone: string }>} context */
function render({ model, el }) {
  const note = document.createElement("div");
  note.id = uniqueId("tw-note");
  note.setAttribute("aria-live", "polite");
  el.classList.add("tw-note-box");
  el.append(note);

  // A standard ipywidgets control cannot set aria-describedby, so the note sets it.
  const introduce = () => {
    const field = el.closest(".tw-field");
    if (!field || field.querySelector(".tw-filters")) return; // it is about no single filter
    const typed = field.querySelector("input:not([type='file']), textarea");
    const control = typed ?? field.querySelector("select");
    if (!control) return;
    const isShown = note.textContent !== "";
    if (isShown) control.setAttribute("aria-describedby", note.id);
    else control.removeAttribute("aria-describedby");
    control.setAttribute("aria-invalid", String(isShown && model.get("tone") === "problem"));
  };
  const draw = () => {
    note.textContent = model.get("text");
    note.className = `tw-note tw-${model.get("tone")}`;
    el.classList.toggle("tw-empty", note.textContent === "");
    introduce();
  };
  model.on("change", draw);
  draw();
  // The first draw happens before the note is next to its control.
  const placed = new ResizeObserver(introduce);
  placed.observe(note);
  return () => {
    placed.disconnect();
    model.off("change", draw);
  };
}

export default { render };

// One file, chosen with a button or dropped on it, and uploaded in chunks.

import { openEcho } from "../kit/ordered_input.js";
import { openUploads } from "../kit/uploads.js";

/** @param {import("@anywidget/types").RenderProps<{ disabled: boolean, problem: string, heard: string, piece: number }>} context */
function render({ model, el }) {
  const echo = openEcho({ model, el, shown: () => [] });
  const root = document.createElement("div");
  root.className = "tw-upload";
  const choose = document.createElement("button");
  choose.type = "button";
  choose.className = "tw-button";
  choose.textContent = "Choose a file…";
  const state = document.createElement("output");
  const picker = document.createElement("input");
  Object.assign(picker, { type: "file", accept: ".csv,.tsv,.txt,.xlsx", hidden: true });
  picker.setAttribute("aria-label", "CSV or Excel file");
  root.append(choose, state, picker);
  el.append(root);

  const say = () => {
    const coming = uploads.text();
    state.textContent = coming || uploads.failure() || model.get("problem");
    state.className = coming ? "tw-note" : "tw-note tw-problem";
  };
  const uploads = openUploads({ model, echo, say });
  const draw = () => {
    choose.disabled = model.get("disabled");
    say();
  };
  choose.addEventListener("click", () => picker.click());
  picker.addEventListener("change", () => {
    uploads.begin(picker.files ?? []);
    picker.value = ""; // or choosing the same file again would fire no event
  });
  root.addEventListener("dragover", (event) => {
    event.preventDefault();
    event.stopPropagation();
  });
  root.addEventListener("drop", (event) => {
    event.preventDefault();
    event.stopPropagation(); // JupyterLab would open the file instead
    if (!model.get("disabled")) uploads.begin([...(event.dataTransfer?.files ?? [])].slice(0, 1));
  });
  model.on("change", draw);
  draw();
  return () => {
    model.off("change", draw);
    uploads.close();
  };
}

export default { render };

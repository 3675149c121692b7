// The files of a request: their field names, and a button that adds one.

import { openEcho } from "../kit/ordered_input.js";
import { openUploads } from "../kit/uploads.js";

/** @param {import("@anywidget/types").RenderProps<{ rows: [number: number, name: string, file: string, size: string][], disabled: boolean, problem: string, heard: string, piece: number }>} context */
function render({ model, el }) {
  const shown = () =>
    [.../** @type {Iterable<HTMLElement>} */ (table.children)].map((row) => {
      const [name, file] = /** @type {Iterable<HTMLInputElement>} */ (row.children);
      return [Number(row.dataset.number), name.value, file.value];
    });
  const echo = openEcho({ model, el, shown });
  const root = document.createElement("div");
  root.className = "tw-files";
  const table = document.createElement("div");
  table.className = "tw-pairs";
  table.setAttribute("role", "group");
  table.setAttribute("aria-label", "Files");
  const add = document.createElement("button");
  add.type = "button";
  add.className = "tw-button tw-small";
  add.textContent = "Add a file…";
  const state = document.createElement("output");
  const picker = document.createElement("input");
  picker.type = "file";
  picker.multiple = true;
  picker.hidden = true;
  picker.setAttribute("aria-label", "Files to send");
  root.append(table, add, state, picker);
  el.dataset.lmSuppressShortcuts = "true"; // JupyterLab handles keys before this element can
  el.append(root);

  /** @param {string} number */
  const line = (number) => {
    const row = document.createElement("div");
    row.className = "tw-pair tw-file";
    row.dataset.number = number;
    const texts = ["Field name", "File name"].map((label) => {
      const input = document.createElement("input");
      Object.assign(input, { type: "text", autocomplete: "off", spellcheck: false });
      input.setAttribute("aria-label", label);
      input.addEventListener("input", () => {
        const [name, file] = texts;
        echo.say({ t: "typed", id: Number(number), name: name.value, file: file.value });
      });
      return input;
    });
    const size = document.createElement("span");
    size.className = "tw-file-size";
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "tw-pair-remove";
    remove.textContent = "×";
    remove.addEventListener("click", () => {
      echo.say({ t: "remove", id: Number(number) });
      add.focus();
    });
    row.append(...texts, size, remove);
    return row;
  };
  const draw = () => {
    const rows = model.get("rows");
    const lines = /** @type {HTMLElement[]} */ ([...table.children]);
    const standing = new Map(lines.map((row) => [row.dataset.number, row]));
    const wanted = rows.map(([number]) => standing.get(String(number)) ?? line(String(number)));
    if (
      wanted.some((row, index) => table.children[index] !== row) ||
      standing.size !== rows.length
    ) {
      table.replaceChildren(...wanted);
    }
    rows.forEach(([, name, file, size], index) => {
      const [nameField, fileField] = wanted[index].querySelectorAll("input");
      const [remove] = wanted[index].querySelectorAll("button");
      if (echo.isNews() && nameField.value !== name) nameField.value = name;
      if (echo.isNews() && fileField.value !== file) fileField.value = file;
      wanted[index].children[2].textContent = size;
      remove.setAttribute("aria-label", `Remove ${file}`);
      for (const part of [nameField, fileField, remove]) part.disabled = model.get("disabled");
    });
    add.disabled = model.get("disabled");
    say();
  };
  const say = () => {
    const coming = uploads.text();
    state.textContent = coming || uploads.failure() || model.get("problem");
    state.className = coming ? "tw-note" : "tw-note tw-problem";
  };
  const uploads = openUploads({ model, echo, say });
  picker.addEventListener("change", () => {
    uploads.begin(picker.files ?? []);
    picker.value = ""; // or choosing the same file again would fire no event
  });
  add.addEventListener("click", () => picker.click());
  table.addEventListener("keydown", (event) => event.stopPropagation());
  model.on("change", draw);
  draw();
  return () => {
    model.off("change", draw);
    uploads.close();
  };
}

export default { render };

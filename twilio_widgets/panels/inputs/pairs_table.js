// Rows of a name and a value, with an empty row at the end that is added by typing in it.

import { openEcho } from "../kit/ordered_input.js";

/** @typedef {[name: string, value: string, used: boolean]} Pair */

/** @param {import("@anywidget/types").RenderProps<{ rows: Pair[], label: string, most: number, disabled: boolean, heard: string }>} context */
function render({ model, el }) {
  const echo = openEcho({ model, el, shown: () => read() });
  const table = document.createElement("div");
  table.className = "tw-pairs";
  table.setAttribute("role", "group");
  el.dataset.lmSuppressShortcuts = "true"; // JupyterLab handles keys before this element can
  el.append(table);

  /**
   * @param {string} type
   * @param {string} className
   */
  const input = (type, className) => {
    const made = document.createElement("input");
    Object.assign(made, { type, className, autocomplete: "off", spellcheck: false });
    return made;
  };
  const addRow = () => {
    const row = document.createElement("div");
    row.className = "tw-pair";
    const used = input("checkbox", "tw-pair-used");
    const name = input("text", "tw-pair-name");
    const value = input("text", "tw-pair-value");
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = "×";
    remove.className = "tw-pair-remove";
    used.checked = true;
    name.placeholder = "Name";
    value.placeholder = "Value";
    used.addEventListener("change", say);
    name.addEventListener("input", say);
    value.addEventListener("input", say);
    remove.addEventListener("click", () => removeRow(row));
    row.append(used, name, value, remove);
    table.append(row);
  };
  /**
   * @param {Element} row
   * @returns {[used: HTMLInputElement, name: HTMLInputElement, value: HTMLInputElement, remove: HTMLButtonElement]}
   */
  const parts = (row) => /** @type {any} */ ([...row.children]);
  const read = () => {
    /** @type {Pair[]} */
    const rows = [...table.children].map((row) => {
      const [used, name, value] = parts(row);
      return [name.value, value.value, used.checked];
    });
    const last = rows.findLastIndex(([name, value]) => name !== "" || value !== "");
    return rows.slice(0, last + 1);
  };
  const say = () => {
    const rows = read();
    shape(rows.length);
    echo.say({ t: "rows", rows });
  };
  /** @param {Element} row */
  const removeRow = (row) => {
    const at = [...table.children].indexOf(row);
    row.remove();
    say();
    parts(table.children[Math.min(at, table.children.length - 1)])[1].focus();
  };
  /**
   * Adjusts the rows to one per pair and an empty one, each labelled with its number.
   * @param {number} count
   */
  const shape = (count) => {
    const wanted = Math.min(count + 1, model.get("most"));
    while (table.children.length > wanted) table.lastElementChild?.remove();
    while (table.children.length < wanted) addRow();
    const label = model.get("label");
    [...table.children].forEach((row, index) => {
      const [used, name, value, remove] = parts(row);
      const blank = index >= count;
      used.setAttribute("aria-label", `Use ${label.toLowerCase()} ${index + 1}`);
      name.setAttribute("aria-label", `${label} name ${index + 1}`);
      value.setAttribute("aria-label", `${label} value ${index + 1}`);
      remove.setAttribute("aria-label", `Remove ${label.toLowerCase()} ${index + 1}`);
      row.classList.toggle("tw-blank", blank);
      row.classList.toggle("tw-unused", !used.checked);
      used.disabled = remove.disabled = blank || model.get("disabled");
      name.disabled = value.disabled = model.get("disabled");
    });
    table.setAttribute("aria-label", `${label}s`);
  };
  const draw = () => {
    const rows = echo.isNews() ? model.get("rows") : read();
    shape(rows.length);
    [...table.children].forEach((row, index) => {
      const [used, name, value] = parts(row);
      const [wanted, text, on] = rows[index] ?? ["", "", true];
      if (name.value !== wanted) name.value = wanted;
      if (value.value !== text) value.value = text;
      used.checked = on;
      row.classList.toggle("tw-unused", !on);
    });
  };
  table.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    event.stopPropagation(); // arrows would select another notebook cell
    if (!(event.target instanceof Element)) return;
    const row = event.target.closest(".tw-pair");
    if (!row) return;
    const column = [...row.children].indexOf(event.target);
    const step = event.key === "ArrowUp" ? -1 : 1;
    if (
      !["ArrowDown", "ArrowUp", "Enter"].includes(event.key) ||
      (event.key === "Enter" && column === 3)
    )
      return;
    const rows = [...table.children];
    const next = rows[rows.indexOf(row) + step];
    if (!next) return;
    event.preventDefault();
    parts(next)[event.key === "Enter" ? 1 : column].focus();
  });

  model.on("change", draw);
  draw();
  return () => model.off("change", draw);
}

export default { render };

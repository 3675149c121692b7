// The choices, numbers and check boxes of a form.

import { element, makeButton } from "../kit/dom.js";
import { openEcho } from "../kit/ordered_input.js";

/**
 * @typedef {{ name: string, label: string, kind: "choice" | "select" | "number" | "tick",
 *   options: [value: string, text: string][], least: number, most: number, whole: boolean }} Field
 * @typedef {{ row: HTMLElement, field: HTMLElement, parts: { disabled: boolean }[],
 *   put: (value: any) => void, read: () => unknown }} Control `put` draws a value, `read` returns it
 * @typedef {(field: Field, id: string) => Control} Make
 */

/** @type {Record<string, number>} */
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** @param {{ model: any, el: HTMLElement }} context */
function render({ model, el }) {
  const shown = () => Object.fromEntries(all.map(({ name, read }) => [name, read()]));
  const echo = openEcho({ model, el, shown });
  const stem = `tw-field-${[...crypto.getRandomValues(new Uint32Array(2))].join("-")}`;
  /** @type {(name: string, value: unknown) => void} */
  const set = (name, value) => echo.say({ t: "set", name, value });

  /** Joined buttons, announced as radio buttons. @type {Make} */
  const choice = ({ name, label, options }, id) => {
    const row = element("div", "tw-choice");
    const caption = element("span", "", label);
    caption.id = `${id}-label`;
    const group = element("div");
    group.id = id;
    group.setAttribute("role", "radiogroup");
    group.setAttribute("aria-labelledby", caption.id);
    const buttons = options.map(([value, text]) => {
      const button = makeButton("", text);
      button.setAttribute("role", "radio");
      button.addEventListener("click", () => pick(value));
      return button;
    });
    /** @type {(value: string) => void} */
    const put = (value) => {
      for (const [index, button] of buttons.entries()) {
        const chosen = options[index][0] === value;
        button.setAttribute("aria-checked", String(chosen));
        button.tabIndex = chosen ? 0 : -1;
      }
    };
    /** @type {(value: string) => void} */
    const pick = (value) => {
      put(value);
      set(name, value);
    };
    group.addEventListener("keydown", (event) => {
      const step = STEPS[event.key];
      const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (event.target));
      if (step === undefined || at < 0) return;
      event.preventDefault();
      const next = (at + step + buttons.length) % buttons.length;
      buttons[next].focus();
      pick(options[next][0]);
    });
    group.append(...buttons);
    row.append(caption, group);
    const read = () =>
      options.find((_, index) => buttons[index].ariaChecked === "true")?.[0] ?? null;
    return { row, put, read, field: group, parts: buttons };
  };
  /** @type {Make} */
  const select = ({ name, label, options }, id) => {
    const row = element("div", "tw-line");
    const field = element("select");
    field.append(...options.map(([value, text]) => new Option(text, value)));
    field.addEventListener("change", () => set(name, field.value));
    labelled(row, field, label, id);
    /** @type {(value: string) => void} */
    const put = (value) => {
      field.value = value;
    };
    return { row, put, read: () => field.value, field, parts: [field] };
  };
  /** @type {Make} */
  const number = ({ name, label, least, most, whole }, id) => {
    const row = element("div", "tw-line");
    const field = element("input");
    Object.assign(field, { type: "number", min: least, max: most, step: whole ? 1 : "any" });
    field.addEventListener("input", () => {
      if (field.value !== "" && field.validity.valid) set(name, field.valueAsNumber);
    });
    // On blur, a number out of range becomes the nearest allowed one.
    field.addEventListener("change", () => {
      if (field.value !== "" && field.validity.valid) return;
      const typed = Number.isFinite(field.valueAsNumber) ? field.valueAsNumber : least;
      const near = Math.min(most, Math.max(least, whole ? Math.round(typed) : typed));
      field.value = String(near);
      set(name, near);
    });
    labelled(row, field, label, id);
    /** @type {(value: number) => void} */
    const put = (value) => {
      const typing = document.activeElement === field && !field.validity.valid;
      if (!typing && field.valueAsNumber !== value) field.value = String(value);
    };
    // A number out of range is never sent, so a press must not act while there is one.
    const read = () => (field.validity.valid ? field.valueAsNumber : null);
    return { row, put, read, field, parts: [field] };
  };
  /** @type {Make} */
  const tick = ({ name, label }, id) => {
    const row = element("label", "tw-tick");
    const field = element("input");
    field.type = "checkbox";
    field.id = id;
    field.addEventListener("change", () => set(name, field.checked));
    row.append(field, element("span", "", label));
    /** @type {(value: boolean) => void} */
    const put = (value) => {
      field.checked = value;
    };
    return { row, put, read: () => field.checked, field, parts: [field] };
  };
  /** @type {(row: HTMLElement, field: HTMLElement, text: string, id: string) => void} */
  const labelled = (row, field, text, id) => {
    field.id = id;
    if (model.get("bare")) {
      field.setAttribute("aria-label", text);
      row.append(field);
      return;
    }
    const label = element("label", "", text);
    label.htmlFor = id;
    row.append(label, field);
  };

  const kinds = { choice, select, number, tick };
  /** @type {Field[]} */
  const fields = model.get("fields");
  const all = fields.map((field, index) => {
    const id = `${stem}-${index}`;
    const made = kinds[field.kind](field, id);
    const note = element("div", "tw-note");
    note.id = `${id}-note`;
    return { name: field.name, note, ...made };
  });
  el.classList.add("tw-fields");
  el.dataset.lmSuppressShortcuts = "true"; // JupyterLab handles keys before this element can
  el.append(...all.flatMap(({ row, note }) => [row, note]));
  el.addEventListener("keydown", (event) => event.stopPropagation());

  const draw = () => {
    const [values, notes] = [model.get("values"), model.get("notes")];
    for (const { name, row, put, field, parts, note } of all) {
      if (echo.isNews()) put(values[name]);
      const [text, tone] = notes[name] ?? ["", "hint"];
      const seen = !model.get("hidden").includes(name);
      row.hidden = !seen;
      note.hidden = !seen || text === "";
      note.textContent = text;
      note.className = `tw-note tw-${tone}`;
      if (text) field.setAttribute("aria-describedby", note.id);
      else field.removeAttribute("aria-describedby");
      for (const part of parts) part.disabled = model.get("off").includes(name);
    }
  };
  model.on("change", draw);
  draw();
  return () => model.off("change", draw);
}

export default { render };

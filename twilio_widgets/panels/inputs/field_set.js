// @ts-nocheck: its parameters have no types yet.
// The choices, numbers and ticks of a form.

import { openEcho } from "../kit/ordered_input.js";

/** @param {{ model: any, el: HTMLElement }} context */
function render({ model, el }) {
  const shown = () => Object.fromEntries(all.map(({ name, read }) => [name, read()]));
  const echo = openEcho({ model, el, shown });
  const stem = `tw-field-${[...crypto.getRandomValues(new Uint32Array(2))].join("-")}`;
  const make = (tag, className = "", text = "") => {
    const made = document.createElement(tag);
    made.className = className;
    made.textContent = text;
    return made;
  };
  const set = (name, value) => echo.say({ t: "set", name, value });

  /** Joined buttons, which a screen reader knows as radio buttons. */
  const choice = ({ name, label, options }, id) => {
    const row = make("div", "tw-choice");
    const words = make("span", "", label);
    words.id = `${id}-label`;
    const group = make("div");
    group.id = id;
    group.setAttribute("role", "radiogroup");
    group.setAttribute("aria-labelledby", words.id);
    const buttons = options.map(([value, text]) => {
      const button = make("button", "", text);
      button.type = "button";
      button.setAttribute("role", "radio");
      button.addEventListener("click", () => pick(value));
      return button;
    });
    const put = (value) =>
      buttons.forEach((button, index) => {
        const chosen = options[index][0] === value;
        button.setAttribute("aria-checked", String(chosen));
        button.tabIndex = chosen ? 0 : -1;
      });
    const pick = (value) => {
      put(value);
      set(name, value);
    };
    group.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const at = buttons.indexOf(event.target);
      if (step === undefined || at < 0) return;
      event.preventDefault();
      const next = (at + step + buttons.length) % buttons.length;
      buttons[next].focus();
      pick(options[next][0]);
    });
    group.append(...buttons);
    row.append(words, group);
    const read = () =>
      options.find((_, index) => buttons[index].ariaChecked === "true")?.[0] ?? null;
    return { row, put, read, field: group, parts: buttons };
  };
  const select = ({ name, label, options }, id) => {
    const row = make("div", "tw-line");
    const field = make("select");
    field.append(...options.map(([value, text]) => new Option(text, value)));
    field.addEventListener("change", () => set(name, field.value));
    labelled(row, field, label, id);
    const put = (value) => {
      field.value = value;
    };
    return { row, put, read: () => field.value, field, parts: [field] };
  };
  const number = ({ name, label, least, most, whole }, id) => {
    const row = make("div", "tw-line");
    const field = make("input");
    Object.assign(field, { type: "number", min: least, max: most, step: whole ? 1 : "any" });
    field.addEventListener("input", () => {
      if (field.value !== "" && field.validity.valid) set(name, field.valueAsNumber);
    });
    // What cannot be is brought to the nearest that can when the field is left.
    field.addEventListener("change", () => {
      if (field.value !== "" && field.validity.valid) return;
      const typed = Number.isFinite(field.valueAsNumber) ? field.valueAsNumber : least;
      const near = Math.min(most, Math.max(least, whole ? Math.round(typed) : typed));
      field.value = String(near);
      set(name, near);
    });
    labelled(row, field, label, id);
    const put = (value) => {
      const typing = document.activeElement === field && !field.validity.valid;
      if (!typing && field.valueAsNumber !== value) field.value = String(value);
    };
    // What cannot be is sent to nobody, so a press that finds it is not acted on.
    const read = () => (field.validity.valid ? field.valueAsNumber : null);
    return { row, put, read, field, parts: [field] };
  };
  const tick = ({ name, label }, id) => {
    const row = make("label", "tw-tick");
    const field = make("input");
    field.type = "checkbox";
    field.id = id;
    field.addEventListener("change", () => set(name, field.checked));
    row.append(field, make("span", "", label));
    const put = (value) => {
      field.checked = value;
    };
    return { row, put, read: () => field.checked, field, parts: [field] };
  };
  const labelled = (row, field, text, id) => {
    field.id = id;
    if (model.get("bare")) {
      field.setAttribute("aria-label", text);
      row.append(field);
      return;
    }
    const label = make("label", "", text);
    label.htmlFor = id;
    row.append(label, field);
  };

  const kinds = { choice, select, number, tick };
  const all = model.get("fields").map((field, index) => {
    const id = `${stem}-${index}`;
    const made = kinds[field.kind](field, id);
    const note = make("div", "tw-note");
    note.id = `${id}-note`;
    return { name: field.name, note, ...made };
  });
  el.classList.add("tw-fields");
  el.dataset.lmSuppressShortcuts = "true"; // JupyterLab listens before we could stop it
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

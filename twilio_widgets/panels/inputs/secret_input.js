// A field whose text is sent once, when the kernel requests it, and never becomes widget state.
//
// Kernel → page: { t: "ask", n, page } asks the page of a press for the secret. Page → kernel:
// { t: "secret", n } with the text in a binary buffer answers; { t: "clear" } empties the field, which
// keeps its text until then, so that it need not be typed again after a lost connection. Enter is a
// press. A custom message
// is neither saved in the notebook nor repeated to the kernel's other clients, as a synced trait
// is; and a kernel that logs what it receives writes down a message's content, not its buffers.

import { uniqueId } from "../kit/dom.js";
import { openPress, pageId } from "../kit/press.js";

/** @typedef {{ label: string, hint: string, placeholder: string, problem: string, locked: boolean }} State */

export default () => {
  /** @type {Set<HTMLInputElement>} */
  const inputs = new Set(); // one per view of this model
  /** @type {Map<HTMLInputElement, string>} */
  const pressed = new Map(); // the text at the last press on the card of a view

  /** @param {import("@anywidget/types").InitializeProps<State>} context */
  function initialize({ model }) {
    model.on("msg:custom", (message) => {
      if (message?.t === "clear") {
        pressed.clear();
        for (const input of inputs) input.value = "";
      }
      if (message?.t !== "ask" || message.page !== pageId()) return;
      const others = [...inputs].filter((input) => !pressed.has(input));
      const texts = [...pressed.values(), ...others.map((input) => input.value)];
      const value = texts.find((text) => text !== "") ?? "";
      pressed.clear();
      model.send({ t: "secret", n: message.n }, undefined, [new TextEncoder().encode(value)]);
    });
  }

  /** @param {import("@anywidget/types").RenderProps<State>} context */
  function render({ model, el }) {
    const name = uniqueId("tw-secret");
    const label = document.createElement("label");
    label.htmlFor = name;
    const input = document.createElement("input");
    Object.assign(input, { id: name, type: "password", autocomplete: "off", spellcheck: false });
    input.dataset.lpignore = input.dataset["1pIgnore"] = "true"; // password managers: not a login
    const note = document.createElement("div");
    note.id = `${name}-note`;
    note.setAttribute("aria-live", "polite");
    input.setAttribute("aria-describedby", note.id);
    el.classList.add("tw-secret");
    el.dataset.lmSuppressShortcuts = "true"; // JupyterLab handles keys before this element can
    el.append(label, input, note);
    inputs.add(input);
    const pressing = openPress({ model, el });

    const draw = () => {
      const problem = model.get("problem");
      label.textContent = model.get("label");
      input.placeholder = model.get("placeholder");
      input.readOnly = model.get("locked"); // disabling the field would move the focus
      input.setAttribute("aria-invalid", String(problem !== ""));
      note.textContent = problem || model.get("hint");
      note.className = `tw-note tw-${problem ? "problem" : "hint"}`;
    };
    /** @param {KeyboardEvent} event */
    const submit = (event) => {
      if (event.key === "Enter" && !event.isComposing) pressing.press();
    };
    // Keep the events from the notebook's shortcuts and other listeners on the page.
    /** @param {Event} event */
    const keep = ({ target }) => {
      const card = target instanceof Element ? target.closest(".tw-card") : null;
      if (card?.contains(input)) pressed.set(input, input.value);
    };
    /** @param {Event} event */
    const hush = (event) => event.stopPropagation();
    const heard = [
      "keydown",
      "keyup",
      "keypress",
      "beforeinput",
      "input",
      "change",
      "copy",
      "cut",
      "paste",
    ];
    input.addEventListener("keydown", submit);
    document.addEventListener("tw-press", keep);
    for (const kind of heard) input.addEventListener(kind, hush);
    model.on("change", draw);
    draw();
    return () => {
      input.value = "";
      inputs.delete(input);
      pressed.delete(input);
      document.removeEventListener("tw-press", keep);
      pressing.close();
      model.off("change", draw);
    };
  }

  return { initialize, render };
};

// One field: a line of text, an area, a list to choose from, or a date.

import { openEcho } from "../kit/ordered_input.js";
import { openPress } from "../kit/press.js";

/** @type {Record<string, string>} */
const TAGS = { area: "textarea", select: "select" };

const LOCAL = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  timeZoneName: "short",
});

/** @param {{ model: any, el: HTMLElement }} context */
function render({ model, el }) {
  const kind = model.get("kind");
  const label = document.createElement("label");
  /** @type {any} an input, a textarea or a select */
  const input = document.createElement(TAGS[kind] ?? "input");
  if (!TAGS[kind]) input.type = kind;
  if (kind === "area") input.rows = model.get("rows");
  // An incomplete date has an empty value too, but is not the same as no date.
  const read = () => (input.validity.badInput ? null : input.value);
  let last = read(); // the kernel's value is drawn below
  const lazy = model.get("lazy");
  const say = () => {
    if (lazy && input.value !== input.value.trim()) input.value = input.value.trim();
    if (read() === last) return;
    last = read();
    echo.say({ t: "typed", text: last });
  };
  // Some browser extensions fill in a field without an event, so a press reads the field.
  const echo = openEcho({
    model,
    el,
    shown: () => {
      say();
      return read();
    },
  });
  // Each model runs its own copy of the module, so a counter would not be unique.
  input.id = `tw-entry-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
  input.autocomplete = "off";
  input.spellcheck = false;
  if (kind === "text" || kind === "area") input.maxLength = model.get("longest");
  label.htmlFor = input.id;
  const offered = document.createElement("datalist");
  offered.id = `${input.id}-offered`;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "tw-entry-button";
  el.classList.add("tw-entry", `tw-${kind}-entry`);
  el.dataset.lmSuppressShortcuts = "true"; // JupyterLab handles keys before this element can
  el.append(label, input, offered, button);
  const pressing = openPress({ model, el });

  const enter = () => {
    if (model.get("enters")) pressing.press();
  };
  const localTime = document.createElement("output");
  localTime.className = "tw-local-time";
  if (kind === "datetime-local") el.append(localTime);
  const showLocalTime = () => {
    const moment = new Date(`${input.value}Z`); // the field is in UTC
    const known = input.value !== "" && !Number.isNaN(moment.getTime());
    localTime.textContent = known ? `UTC = ${LOCAL.format(moment)} here` : "UTC";
  };
  input.addEventListener("input", showLocalTime);
  if (!lazy) input.addEventListener("input", say);
  input.addEventListener("change", say);
  input.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return;
    event.stopPropagation(); // arrows would select another notebook cell
    if (event.key !== "Enter" || kind === "area") return;
    event.preventDefault();
    say();
    enter();
  });
  button.addEventListener("click", enter);
  const offer = () => {
    /** @type {[value: string, text: string][]} */
    const offers = model.get("options");
    const options = offers.map(([value, text]) => new Option(text, value));
    if (kind === "select") input.replaceChildren(...options);
    else offered.replaceChildren(...options);
    if (kind === "text" && options.length > 0) input.setAttribute("list", offered.id);
    else input.removeAttribute("list");
  };
  let standing = "";
  const draw = () => {
    const { before, value } = { before: read(), value: model.get("value") };
    label.textContent = model.get("label");
    label.hidden = label.textContent === "";
    input.placeholder = model.get("placeholder");
    input.disabled = button.disabled = model.get("disabled");
    button.textContent = model.get("action");
    button.hidden = button.textContent === "";
    const options = JSON.stringify(model.get("options"));
    if (options !== standing) {
      standing = options;
      offer();
      if (kind === "select") input.value = before;
    }
    const typing = lazy && before !== last; // a change that was not sent yet
    if (echo.isNews() && read() !== value && !typing) {
      input.value = value;
      last = value;
    }
    showLocalTime();
  };
  model.on("change", draw);
  draw();
  return () => {
    pressing.close();
    model.off("change", draw);
  };
}

export default { render };

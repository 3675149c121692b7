// A text field with suggestions in a list below it.

import { openEcho } from "../kit/ordered_input.js";
import { openPress } from "../kit/press.js";

const GAP = 2; // pixels between the field and its list
const LOWEST = 264; // maximum height of the list, in pixels

/** @param {{ model: any, el: HTMLElement }} context */
function render({ model, el }) {
  const echo = openEcho({ model, el, shown: () => input.value });
  const name = `tw-path-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
  const input = document.createElement("input");
  Object.assign(input, { type: "text", autocomplete: "off", spellcheck: false });
  const list = document.createElement("ul");
  list.id = `${name}-list`;
  list.className = "tw-path-list";
  list.popover = "manual"; // in the top layer, because the card clips its content
  list.setAttribute("role", "listbox");
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  el.classList.add("tw-path");
  el.dataset.lmSuppressShortcuts = "true"; // JupyterLab handles keys before this element can
  el.append(input, list);
  const pressing = openPress({ model, el });

  let marked = -1;
  const isOpen = () => list.matches(":popover-open");

  const close = () => {
    if (isOpen()) list.hidePopover();
    marked = -1;
    mark();
  };
  const mark = () => {
    input.setAttribute("aria-expanded", String(isOpen()));
    [...list.children].forEach((item, index) => {
      item.setAttribute("aria-selected", String(index === marked));
    });
    const item = list.children[marked];
    if (item) {
      input.setAttribute("aria-activedescendant", item.id);
      item.scrollIntoView({ block: "nearest" });
    } else {
      input.removeAttribute("aria-activedescendant");
    }
  };
  const open = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    /** @type {[path: string, summary: string][]} */
    const offers = model.get("options");
    const found = offers.filter(([path, summary]) => {
      const text = `${path} ${summary}`.toLowerCase();
      return path !== input.value && words.every((word) => text.includes(word));
    });
    list.replaceChildren(...found.map(([path, summary], index) => item(path, summary, index)));
    marked = -1;
    if (found.length === 0) return close();
    if (!isOpen()) list.showPopover();
    place();
    mark();
  };
  /** @type {(path: string, summary: string, index: number) => HTMLElement} */
  const item = (path, summary, index) => {
    const made = document.createElement("li");
    made.id = `${name}-${index}`;
    made.dataset.path = path;
    made.setAttribute("role", "option");
    const where = document.createElement("code");
    where.textContent = path;
    const why = document.createElement("span");
    why.textContent = summary;
    made.append(where, why);
    made.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the focus stays in the field
      choose(path);
    });
    return made;
  };
  const place = () => {
    const box = input.getBoundingClientRect();
    const below = innerHeight - box.bottom - 2 * GAP;
    const above = below < 120 && box.top > below;
    const room = Math.min(LOWEST, above ? box.top - 2 * GAP : below);
    Object.assign(list.style, {
      left: `${box.left}px`,
      width: `${box.width}px`,
      maxHeight: `${room}px`,
      top: above ? "auto" : `${box.bottom + GAP}px`,
      bottom: above ? `${innerHeight - box.top + GAP}px` : "auto",
    });
  };
  /** @type {(path: string) => void} */
  const choose = (path) => {
    input.value = path;
    echo.say({ t: "typed", text: path });
    close();
    const gap = /\{\w+\}/.exec(path);
    if (gap) input.setSelectionRange(gap.index, gap.index + gap[0].length);
    else input.setSelectionRange(path.length, path.length);
  };
  /** @type {(step: number) => void} */
  const move = (step) => {
    if (!isOpen()) open();
    const count = list.children.length;
    if (count === 0) return;
    marked = marked < 0 && step < 0 ? count - 1 : (marked + step + count) % count;
    mark();
  };

  input.addEventListener("input", () => {
    echo.say({ t: "typed", text: input.value });
    open();
  });
  input.addEventListener("click", () => {
    if (!isOpen()) open();
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    event.stopPropagation(); // arrows would select another notebook cell
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Escape" && isOpen()) {
      event.preventDefault();
      close();
    } else if (event.key === "Enter") {
      event.preventDefault();
      const chosen = /** @type {HTMLElement | undefined} */ (list.children[marked]);
      if (chosen) choose(chosen.dataset.path ?? "");
      else {
        close();
        pressing.press();
      }
    }
  });
  /** @type {(event: Event) => void} */
  const scrolled = (event) => {
    if (event.target !== list) close();
  };
  document.addEventListener("scroll", scrolled, true);

  // The suggestions may depend on the text: an open list follows them, and so does a text that
  // ends with a slash, which asks for what comes next.
  const offersChanged = () => {
    if (document.activeElement === input && (isOpen() || input.value.endsWith("/"))) open();
  };

  const draw = () => {
    input.setAttribute("aria-label", model.get("label"));
    list.setAttribute("aria-label", model.get("offers"));
    input.placeholder = model.get("placeholder");
    input.disabled = model.get("disabled");
    const text = model.get("value");
    if (echo.isNews() && input.value !== text) input.value = text;
  };
  model.on("change", draw);
  model.on("change:options", offersChanged);
  draw();
  mark();
  return () => {
    document.removeEventListener("scroll", scrolled, true);
    pressing.close();
    model.off("change", draw);
    model.off("change:options", offersChanged);
  };
}

export default { render };

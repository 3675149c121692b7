// The menu of a table's columns: show, hide and move them, and choose the zone of times.

import { element, makeButton } from "../kit/dom.js";
import { hiddenNames, moved, orderOf, toggled, zoneName } from "./table_columns.js";

/**
 * @import { Choice } from "./table_columns.js"
 * @import { Column } from "./table_rows.js"
 */

/**
 * Makes the menu and the button that opens it.
 * @param {Column[]} columns
 * @param {() => Choice} choice returns what is chosen
 * @param {(choice: Choice) => void} choose
 */
export function makeColumnsMenu(columns, choice, choose) {
  const button = makeButton("tw-tool", "Columns");
  button.setAttribute("aria-expanded", "false");
  const menu = element("div", "tw-columns");
  menu.setAttribute("role", "group");
  menu.setAttribute("aria-label", "Columns");
  menu.hidden = true;
  const list = element("ul", "tw-columns-list");
  const zone = /** @type {HTMLSelectElement} */ (element("select", "tw-filter"));
  zone.setAttribute("aria-label", "Times in");
  zone.append(new Option("Times in UTC", ""), new Option(`Times in ${zoneName()}`, "local"));
  const reset = makeButton("tw-tool", "Reset");
  const foot = element("div", "tw-columns-foot");
  if (columns.some(({ kind }) => kind === "time")) foot.append(zone);
  foot.append(reset);
  menu.append(list, foot);

  /** @param {string} name */
  const makeRow = (name) => {
    const { title } = /** @type {Column} */ (columns.find((column) => column.name === name));
    const row = element("li");
    const label = element("label");
    const box = element("input");
    box.type = "checkbox";
    box.checked = !hiddenNames(columns, choice()).includes(name);
    box.addEventListener("change", () => choose(toggled(columns, choice(), name)));
    label.append(box, title);
    row.append(label, makeMover(name, title, -1), makeMover(name, title, 1));
    return row;
  };
  /**
   * @param {string} name
   * @param {string} title
   * @param {number} by
   */
  const makeMover = (name, title, by) => {
    const mover = makeButton("tw-mover", by < 0 ? "↑" : "↓");
    mover.setAttribute("aria-label", `Move ${title} ${by < 0 ? "forward" : "back"}`);
    mover.dataset.move = `${name} ${by}`;
    mover.addEventListener("click", () => choose(moved(columns, choice(), name, by)));
    return mover;
  };
  const draw = () => {
    const focused = /** @type {HTMLElement | null} */ (menu.querySelector(":focus"));
    const move = focused?.dataset.move;
    const at =
      focused instanceof HTMLInputElement
        ? [...list.querySelectorAll("input")].indexOf(focused)
        : -1;
    list.replaceChildren(...orderOf(columns, choice()).map(makeRow));
    zone.value = choice().local ? "local" : "";
    const again = move
      ? list.querySelector(`[data-move="${CSS.escape(move)}"]`)
      : list.querySelectorAll("input")[at];
    /** @type {HTMLElement | null | undefined} */ (again)?.focus();
  };
  /** @param {boolean} open */
  const show = (open) => {
    menu.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (open) draw();
  };
  button.addEventListener("click", () => show(menu.hidden !== false));
  zone.addEventListener("change", () => choose({ ...choice(), local: zone.value === "local" }));
  reset.addEventListener("click", () => choose({}));
  menu.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key !== "Escape") return;
    show(false);
    button.focus();
  });
  return { button, menu, draw, show };
}

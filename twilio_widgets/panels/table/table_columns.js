// The columns of one view: which are shown, in which order and how wide. Without the DOM.

/**
 * @import { Column } from "./table_rows.js"
 *
 * What the user chose; a missing part is the table's own choice. `order` and `hidden` contain the names
 * of columns, `widths` their widths in ch, and `local` is whether times are in the browser's zone.
 * @typedef {{ order?: string[], hidden?: string[], widths?: Record<string, number>, local?: boolean }} Choice
 */

const NARROWEST_CHOICE = 4;
const WIDEST_CHOICE = 120;

/**
 * The indexes of the columns to show, in the order of display.
 * @param {Column[]} columns
 * @param {Choice} choice
 * @param {boolean} narrow whether not all fit: those of less use then come last
 */
export function shownColumns(columns, choice, narrow) {
  const hidden = hiddenNames(columns, choice);
  const names = orderOf(columns, choice, narrow).filter((name) => !hidden.includes(name));
  const shown = names.map((name) => columns.findIndex((column) => column.name === name));
  return shown.length ? shown : [0];
}

/**
 * The names of all columns, in the order of display.
 * @param {Column[]} columns
 * @param {Choice} choice
 * @param {boolean} [narrow]
 */
export function orderOf(columns, { order }, narrow = false) {
  const names = columns.map(({ name }) => name);
  if (order) {
    const known = order.filter((name) => names.includes(name));
    return [...known, ...names.filter((name) => !known.includes(name))];
  }
  if (!narrow) return names;
  const late = columns.filter((column) => column.late).map(({ name }) => name);
  return [...names.filter((name) => !late.includes(name)), ...late];
}

/**
 * @param {Column[]} columns
 * @param {Choice} choice
 */
export function hiddenNames(columns, { hidden }) {
  return hidden ?? columns.filter(({ shown }) => !shown).map(({ name }) => name);
}

/**
 * Shows a column or hides it; the last one stays.
 * @param {Column[]} columns
 * @param {Choice} choice
 * @param {string} name
 * @returns {Choice}
 */
export function toggled(columns, choice, name) {
  const hidden = hiddenNames(columns, choice);
  if (hidden.includes(name)) return { ...choice, hidden: hidden.filter((one) => one !== name) };
  return hidden.length < columns.length - 1 ? { ...choice, hidden: [...hidden, name] } : choice;
}

/**
 * Moves a column by so many places.
 * @param {Column[]} columns
 * @param {Choice} choice
 * @param {string} name
 * @param {number} by
 * @returns {Choice}
 */
export function moved(columns, choice, name, by) {
  const order = orderOf(columns, choice);
  const from = order.indexOf(name);
  const to = Math.max(0, Math.min(order.length - 1, from + by));
  order.splice(from, 1);
  order.splice(to, 0, name);
  return { ...choice, order };
}

/**
 * @param {Choice} choice
 * @param {string} name
 * @param {number} width in ch
 * @returns {Choice}
 */
export function resized(choice, name, width) {
  const kept = Math.round(Math.max(NARROWEST_CHOICE, Math.min(WIDEST_CHOICE, width)));
  return { ...choice, widths: { ...choice.widths, [name]: kept } };
}

/**
 * Returns a stored choice, without anything that is not one: the page's storage is untrusted.
 * @param {string | null} text
 * @returns {Choice}
 */
export function choiceIn(text) {
  let found;
  try {
    found = JSON.parse(text ?? "{}");
  } catch {
    return {};
  }
  if (typeof found !== "object" || found === null) return {};
  /** @type {Choice} */
  const choice = {};
  if (areNames(found.order)) choice.order = found.order;
  if (areNames(found.hidden)) choice.hidden = found.hidden;
  if (typeof found.local === "boolean") choice.local = found.local;
  for (const [name, width] of Object.entries(found.widths ?? {})) {
    if (typeof width === "number" && width >= NARROWEST_CHOICE && width <= WIDEST_CHOICE) {
      choice.widths = { ...choice.widths, [name]: width };
    }
  }
  return choice;
}

/**
 * The heading of a column; that of a time names the zone.
 * @param {Column} column
 * @param {boolean} local
 */
export function headingOf({ title, kind }, local) {
  return kind === "time" && local ? title.replace("(UTC)", `(${zoneName()})`) : title;
}

/** The browser's time zone: "Europe/Berlin". */
export function zoneName() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** @param {unknown} value */
function areNames(value) {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

// The elements of a table, built once. All texts are drawn as text.

import { uniqueId, write } from "../kit/dom.js";
import { firstWord, shownText, visible } from "./table_text.js";

/** @import { Column, Kind, Row } from "./table_rows.js" */

/**
 * @typedef {{ column: number, element: HTMLSelectElement }} Filter
 * @typedef {ReturnType<typeof makeParts>} Parts
 *
 * A reusable row element and its content: a row, the change drawn, the zone of its times, its index,
 * whether it is the opened row, its marked cell or -1, and its selected cells.
 * @typedef {{ element: HTMLElement, cells: HTMLElement[], row: Row | null, change: number,
 *   local: boolean, index: number, opened: boolean | null, marked: number, chosen: string }} Slot
 */

/**
 * Makes an element with these properties and children.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Partial<HTMLElementTagNameMap[Tag]> & { role?: string, label?: string }} [properties]
 * @param {...Node} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, properties = {}, ...children) {
  const { role, label, ...rest } = properties;
  const element = Object.assign(document.createElement(tag), rest);
  if (role) element.setAttribute("role", role);
  if (label) element.setAttribute("aria-label", label);
  element.append(...children);
  return element;
}

/**
 * @param {string} textContent
 * @param {string} [title] what the text does not say
 */
function makeTool(textContent, title = "") {
  return make("button", { type: "button", className: "tw-tool", textContent, title });
}

const FORMATS = [
  ["csv", "CSV"],
  ["xlsx", "Excel"],
  ["parquet", "Parquet"],
];

export const ROW = 26; // row height in pixels, including its border

/**
 * Builds a table's elements.
 * @param {Column[]} columns
 * @param {string} label
 * @param {boolean} live
 * @param {number} height
 */
export function makeParts(columns, label, live, height) {
  const id = uniqueId("tw-table");
  const search = make("input", {
    type: "search",
    className: "tw-search",
    placeholder: "Search these rows",
    label: `Search ${label}`,
    autocomplete: "off",
    spellcheck: false,
  });
  const filters = columns.flatMap((column, index) =>
    column.choice ? [{ column: index, element: makeFilter(column.title) }] : [],
  );
  const pause = makeTool("Pause", "Stop adding new rows until you resume");
  pause.hidden = !live;
  const copy = makeTool("Copy row", "With several cells selected, these. Ctrl+C does the same.");
  const save = make("select", { className: "tw-filter tw-download", label: "Download these rows" });
  save.append(new Option("Download…", ""));
  for (const [format, text] of FORMATS) save.append(new Option(text, format));
  const tools = make(
    "div",
    { className: "tw-tools" },
    search,
    ...filters.map(({ element }) => element),
    pause,
    copy,
    save,
  );
  const heads = columns.map((column, index) => makeHead(column, `${id}-head-${index}`));
  const head = make("div", { className: "tw-head", role: "row" }, ...heads);
  head.setAttribute("aria-rowindex", "1");
  const body = make("div", { className: "tw-rows", role: "rowgroup" });
  const empty = make("div", { className: "tw-empty" });
  const grid = make(
    "div",
    { className: "tw-grid", role: "grid", label, tabIndex: 0 },
    make("div", { role: "rowgroup", className: "tw-heads" }, head),
    body,
  );
  grid.style.maxHeight = `${height}px`;
  grid.setAttribute("aria-multiselectable", "true");
  const fresh = make("button", { type: "button", className: "tw-fresh", hidden: true });
  const count = make("span", { className: "tw-count" });
  const note = make("span", { className: "tw-note" });
  const spoken = make("span", { className: "tw-unseen", role: "status" });
  const frame = make("div", { className: "tw-frame" }, grid, fresh, empty);
  const root = make(
    "section",
    { className: "tw-table", label },
    tools,
    frame,
    make("div", { className: "tw-foot" }, count, note),
    spoken,
  );
  root.style.setProperty("--tw-row", `${ROW}px`);
  // JupyterLab would handle letters and arrows as cell shortcuts; it checks the focused element.
  /** @type {NodeListOf<HTMLElement>} */
  const focusable = root.querySelectorAll("button, select, input, [tabindex]");
  for (const element of focusable) {
    element.dataset.lmSuppressShortcuts = "true";
  }
  return {
    id,
    root,
    search,
    filters,
    pause,
    copy,
    save,
    tools,
    frame,
    head,
    heads,
    body,
    empty,
    grid,
    fresh,
    count,
    note,
    spoken,
  };
}

/** @param {string} title */
function makeFilter(title) {
  const any = make("option", { value: "", textContent: `Any ${title.toLowerCase()}` });
  return make("select", { className: "tw-filter", label: `Filter by ${title}` }, any);
}

/**
 * Offers the words of a status column, and the selected one even if no row has it any more.
 * @param {Filter} filter
 * @param {Set<string>} words
 */
export function offerWords({ element }, words) {
  const chosen = element.value;
  const offered = [...new Set(chosen ? [...words, chosen] : words)].sort();
  const standing = [...element.options].slice(1).map(({ value }) => value);
  if (offered.join(" ") === standing.join(" ")) return;
  const options = offered.map((word) =>
    make("option", { value: word, textContent: visible(word) }),
  );
  element.replaceChildren(element.options[0], ...options);
  element.value = chosen;
}

/**
 * @param {Column} column
 * @param {string} id
 */
function makeHead({ title, kind }, id) {
  const head = make(
    "div",
    { id, className: `tw-cell tw-${kind}`, role: "columnheader" },
    make("span", { className: "tw-title", textContent: title }),
    make("span", { className: "tw-grip" }),
  );
  return head;
}

/**
 * A reusable row element; few of them show any number of rows.
 * @param {Column[]} columns
 * @param {string} id
 * @returns {Slot}
 */
export function makeSlot(columns, id) {
  const cells = columns.map(({ kind }, column) => {
    const cell = make("div", {
      id: `${id}-${column}`,
      className: `tw-cell tw-${kind}`,
      role: "gridcell",
    });
    cell.setAttribute("aria-colindex", String(column + 1));
    if (kind === "text") cell.dir = "auto";
    if (kind === "status") cell.append(make("span", { className: "tw-pill" }));
    return cell;
  });
  const element = make("div", { className: "tw-row", role: "row" }, ...cells);
  return {
    element,
    cells,
    row: null,
    change: -1,
    local: false,
    index: -1,
    opened: null,
    marked: -1,
    chosen: "",
  };
}

/**
 * Draws a row in a slot.
 * @param {Slot} slot
 * @param {Row} row
 * @param {Column[]} columns
 * @param {Record<string, string>} tones
 * @param {boolean} local whether times are in the browser's zone
 */
export function fillSlot(slot, row, columns, tones, local) {
  if (slot.row === row && slot.change === row.change && slot.local === local) return;
  slot.row = row;
  slot.change = row.change;
  slot.local = local;
  columns.forEach(({ kind }, column) => {
    const text = visible(shownText(row.cells[column], kind, local));
    const cell = slot.cells[column];
    const target = kind === "status" ? /** @type {HTMLElement} */ (cell.firstChild) : cell;
    write(target, text);
    if (kind === "status") {
      target.dataset.tone = tones[firstWord(row.cells[column])] ?? "none";
      target.hidden = text === "";
    }
  });
}

// Widths in ch, the width of a 0; most characters are narrower.
/** @type {Record<Kind, number>} */
const WIDTHS = { time: 17, phone: 13, number: 6, status: 11, text: 12 };
const GROWING = new Set(["phone", "number", "status"]);
const WIDEST = 34;
const LONGEST = 90;

/**
 * Fits columns to their content. They only grow, so that the layout stays stable.
 * @param {Column[]} columns
 * @param {number[]} widths
 * @param {number[]} wants the longest text of each text column, which share the remaining width by it
 * @param {Row[]} rows
 */
export function fitColumns(columns, widths, wants, rows) {
  const before = `${widths} ${wants}`;
  columns.forEach(({ kind, title, width }, column) => {
    const head = title.length + 3; // with the cue of sorting
    let wide = Math.max(head, width ?? Math.max(WIDTHS[kind], widths[column] ?? 0));
    let longest = wants[column] ?? WIDTHS[kind];
    for (const { cells } of rows) {
      const length = cells[column].length + 1;
      if ((width ?? null) === null && GROWING.has(kind))
        wide = Math.max(wide, Math.min(WIDEST, length));
      longest = Math.max(longest, Math.min(LONGEST, length));
    }
    widths[column] = wide;
    wants[column] = longest;
  });
  return `${widths} ${wants}` !== before;
}

/**
 * The widths as grid tracks, the same in every row; text columns share the remaining width.
 * @param {Column[]} columns those shown, in the order of display
 * @param {number[]} widths of these, in ch
 * @param {number[]} wants of these
 * @param {boolean[]} fixed whether the user chose the width
 */
export function tracksOf(columns, widths, wants, fixed) {
  /** @param {number} place */
  const stretches = (place) =>
    columns[place].kind === "text" && !columns[place].width && !fixed[place];
  const stretchy = columns.some((_, place) => stretches(place));
  const tracks = columns.map((_, place) => {
    const least = `calc(${widths[place]}ch + 20px)`;
    if (stretches(place)) return `minmax(${least}, ${wants[place]}fr)`;
    return !stretchy && place === columns.length - 1 ? `minmax(${least}, 1fr)` : least;
  });
  const sum = widths.reduce((total, width) => total + width, 0);
  return { tracks: tracks.join(" "), least: `calc(${sum}ch + ${20 * columns.length}px)` };
}

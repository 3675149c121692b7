// User input of one view, by mouse and by keyboard.

import { copyText } from "../kit/clipboard.js";
import { keyTarget } from "../kit/keys.js";
import { csvOf } from "./table_csv.js";
import { summary } from "./table_footer.js";
import { draw, heightOf, reveal } from "./table_paint.js";
import { make, ROW } from "./table_parts.js";
import { indexOf, pause, rebuild, rowAt } from "./table_rows.js";

/**
 * @import { Row } from "./table_rows.js"
 * @import { View } from "./table_view.js"
 */

const TYPING = 150; // milliseconds after the last key before a search starts

/**
 * Adds the listeners of a view. They are on its own elements, so they need no removal.
 * @param {View} view
 */
export function listen(view) {
  const { grid, search, filters, pause: pauseButton, copy, save, fresh } = view.parts;
  grid.addEventListener(
    "scroll",
    () => {
      if (grid.scrollTop === 0) view.unseen = 0;
      draw(view);
    },
    { passive: true },
  );
  grid.addEventListener("keydown", (event) => press(view, event));
  grid.addEventListener("click", (event) => click(view, event));
  grid.addEventListener("mouseover", ({ target }) => showFullText(target));
  search.addEventListener("input", () => {
    clearTimeout(view.typing);
    view.typing = setTimeout(() => searchFor(view, search.value), TYPING);
  });
  for (const { column, element } of filters) {
    element.addEventListener("change", () => filterBy(view, column, element.value));
  }
  pauseButton.addEventListener("click", () => {
    pause(view.order, view.order.paused === null);
    draw(view);
  });
  copy.addEventListener("click", () => copyRow(view));
  save.addEventListener("click", () => download(view));
  fresh.addEventListener("click", () => {
    grid.scrollTop = 0;
    grid.focus();
  });
}

/**
 * @param {View} view
 * @param {string} text
 */
function searchFor(view, text) {
  view.order.search = text.trim().toLowerCase();
  reorder(view);
}

/**
 * @param {View} view
 * @param {number} column
 * @param {string} word
 */
function filterBy(view, column, word) {
  if (word) view.order.filters.set(column, word);
  else view.order.filters.delete(column);
  reorder(view);
}

/**
 * Cycles through ascending, descending and the original order.
 * @param {View} view
 * @param {number} column
 */
function sortBy(view, column) {
  const { sort } = view.order;
  if (sort?.column !== column) view.order.sort = { column, descending: false };
  else view.order.sort = sort.descending ? null : { column, descending: true };
  Object.assign(view.mark, { row: null, column });
  reorder(view);
}

/** @param {View} view */
function reorder(view) {
  rebuild(view.order);
  view.parts.grid.scrollTop = 0;
  view.unseen = 0;
  announce(view, summary(view.order));
  draw(view);
}

/**
 * @param {View} view
 * @param {string} sentence
 */
function announce({ parts: { spoken } }, sentence) {
  spoken.textContent = sentence;
}

/**
 * @param {View} view
 * @param {MouseEvent} event
 */
function click(view, event) {
  const cell = event.target instanceof Element && event.target.closest(".tw-cell");
  if (!(cell instanceof HTMLDivElement) || hasSelection()) return; // selecting text must not open a row
  const head = view.parts.heads.indexOf(cell);
  if (head >= 0) {
    sortBy(view, head);
    return;
  }
  const slot = view.slots.find(({ cells }) => cells.includes(cell));
  if (!slot) return;
  Object.assign(view.mark, { row: slot.row, column: slot.cells.indexOf(cell) });
  if (slot.row) openRow(view, slot.row);
}

/**
 * @param {View} view
 * @param {Row} row
 */
function openRow(view, row) {
  view.mark.opened = row;
  view.open?.(row);
  draw(view);
}

function hasSelection() {
  return getSelection()?.isCollapsed === false;
}

/**
 * Sets the tooltip of a truncated cell to its full text.
 * @param {EventTarget | null} target
 */
function showFullText(target) {
  const cell = target instanceof Element && target.closest(".tw-row .tw-cell");
  if (cell instanceof HTMLElement)
    cell.title = cell.scrollWidth > cell.clientWidth ? cell.textContent : "";
}

/**
 * @param {View} view
 * @param {KeyboardEvent} event
 */
function press(view, event) {
  if (event.altKey) return;
  const command = event.ctrlKey || event.metaKey;
  const to = keyTarget(event.key, command, placeOf(view));
  if (to) moveTo(view, ...to);
  else if (command && event.key === "c" && !hasSelection()) copyCell(view);
  else if (!command && (event.key === "Enter" || event.key === " ")) enter(view);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/**
 * Where the marked cell is, in the terms of `keyTarget`.
 * @param {View} view
 */
function placeOf(view) {
  const {
    mark: { row, column },
    order,
    columns,
  } = view;
  return {
    row: row ? indexOf(order, row) : -1,
    column,
    rows: order.shown.length,
    columns: columns.length,
    page: Math.max(1, Math.floor(heightOf(view) / ROW) - 1),
  };
}

/**
 * @param {View} view
 * @param {number} index
 * @param {number} column
 */
function moveTo(view, index, column) {
  const { mark, order, columns } = view;
  const row = Math.max(-1, Math.min(order.shown.length - 1, index));
  mark.row = row < 0 ? null : rowAt(order, row);
  mark.column = Math.max(0, Math.min(columns.length - 1, column));
  reveal(view, Math.max(0, row), mark.column);
  draw(view);
}

/** @param {View} view */
function enter(view) {
  if (view.mark.row) openRow(view, view.mark.row);
  else sortBy(view, view.mark.column);
}

/** @param {View} view */
async function copyCell(view) {
  const {
    mark: { row, column },
    columns,
    parts: { root },
  } = view;
  const done = await copyText(row ? row.cells[column] : columns[column].title, root);
  announce(view, done ? "Cell copied." : "The browser blocked copying.");
}

/** @param {View} view */
async function copyRow(view) {
  const row = view.mark.row ?? view.mark.opened;
  const done = row && (await copyText(row.cells.join("\t"), view.parts.root));
  const refused = row ? "The browser blocked copying." : "Select a row first.";
  announce(view, done ? "Row copied." : refused);
}

/** @param {View} view */
function download({ order, label }) {
  const { state, rows } = order.store;
  const total = Math.max(state?.total ?? 0, rows.length + (state?.dropped ?? 0));
  const name =
    label
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "") || "rows";
  const href = URL.createObjectURL(new Blob([csvOf(order)], { type: "text/csv;charset=utf-8" }));
  make("a", { href, download: `${name}-${order.shown.length}-of-${total}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(href));
}

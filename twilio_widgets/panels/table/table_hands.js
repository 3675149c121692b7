// User input of one view, by mouse and by keyboard.

import { copyTable } from "../kit/clipboard.js";
import { keyTarget } from "../kit/keys.js";
import { moved, resized, zoneName } from "./table_columns.js";
import { csvOf } from "./table_csv.js";
import { counted, summary } from "./table_footer.js";
import { makeColumnsMenu } from "./table_menu.js";
import { arrange, cueScroll, draw, heightOf, reveal } from "./table_paint.js";
import { make, ROW } from "./table_parts.js";
import { indexOf, pause, rebuild, rowAt } from "./table_rows.js";
import { cellsIn, copyOf, rangeOf, rowThatBegins } from "./table_selection.js";
import { storeChoice } from "./table_view.js";

/**
 * @import { Choice } from "./table_columns.js"
 * @import { Row } from "./table_rows.js"
 * @import { Range } from "./table_selection.js"
 * @import { View } from "./table_view.js"
 */

const TYPING = 150; // milliseconds after the last key before a search starts
const TYPE_AHEAD = 900; // milliseconds after which letters begin a new word

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
      cueScroll(view);
      draw(view);
    },
    { passive: true },
  );
  grid.addEventListener("keydown", (event) => press(view, event));
  grid.addEventListener("click", (event) => click(view, event));
  listenToDragging(view);
  listenToColumns(view);
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
  save.addEventListener("change", () => {
    const format = save.value;
    save.value = "";
    if (format === "csv") download(view);
    else if (format) askForFile(view, format);
  });
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
  view.anchor = null;
  reorder(view);
}

/**
 * Adds the menu of columns, and their resizing by the edges of their heads.
 * @param {View} view
 */
function listenToColumns(view) {
  const { tools, heads, copy } = view.parts;
  const columnsMenu = makeColumnsMenu(
    view.columns,
    () => view.choice,
    (choice) => choose(view, choice),
  );
  copy.before(columnsMenu.button);
  tools.after(columnsMenu.menu);
  columnsMenu.button.dataset.lmSuppressShortcuts = "true";
  columnsMenu.menu.dataset.lmSuppressShortcuts = "true";
  view.menu = columnsMenu;
  heads.forEach((head, column) => {
    const grip = /** @type {HTMLElement} */ (head.lastElementChild);
    grip.addEventListener("pointerdown", (event) => startResize(view, column, event));
    grip.addEventListener("click", (event) => event.stopPropagation()); // does not sort
  });
}

/**
 * @param {View} view
 * @param {Choice} choice
 */
function choose(view, choice) {
  view.choice = choice;
  storeChoice(view, choice);
  arrange(view);
  view.menu?.draw();
}

/**
 * @param {View} view
 * @param {number} column
 * @param {PointerEvent} event
 */
function startResize(view, column, event) {
  event.preventDefault();
  event.stopPropagation();
  const grip = /** @type {HTMLElement} */ (event.target);
  const from = event.clientX;
  const width = widthOf(view, column);
  const { name } = view.columns[column];
  grip.setPointerCapture(event.pointerId);
  /** @param {PointerEvent} moving */
  const move = (moving) => {
    view.choice = resized(view.choice, name, width + (moving.clientX - from) / chOf(view));
    arrange(view);
  };
  grip.addEventListener("pointermove", move);
  grip.addEventListener(
    "lostpointercapture",
    () => {
      grip.removeEventListener("pointermove", move);
      choose(view, view.choice);
    },
    { once: true },
  );
}

/**
 * The width of a column in ch, as it is drawn.
 * @param {View} view
 * @param {number} column
 */
function widthOf(view, column) {
  return (view.parts.heads[column].offsetWidth - 20) / chOf(view);
}

/**
 * The width of one ch in pixels.
 * @param {View} view
 */
function chOf({ parts: { spoken } }) {
  const probe = make("span", { textContent: "0".repeat(50) });
  spoken.after(probe);
  probe.style.cssText = "position: absolute; visibility: hidden";
  const width = probe.offsetWidth / 50;
  probe.remove();
  return width || 7;
}

/**
 * Alt with an arrow resizes the column of the marked head; with Shift too, it moves the column.
 * @param {View} view
 * @param {KeyboardEvent} event
 * @returns {boolean} whether it did
 */
function changeColumn(view, { key, shiftKey }) {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[key];
  if (!by || view.mark.row) return false;
  const { column } = view.mark;
  const { name } = view.columns[column];
  const { choice } = view;
  if (shiftKey) choose(view, moved(view.columns, choice, name, by));
  else choose(view, resized(choice, name, widthOf(view, column) + 2 * by));
  view.mark.column = column;
  return true;
}

/**
 * Selects the cells over which the mouse is dragged.
 * @param {View} view
 */
function listenToDragging(view) {
  const { grid } = view.parts;
  grid.addEventListener("mousedown", (event) => {
    const cell = cellAt(view, event.target);
    view.dragged = false;
    if (!cell || event.button !== 0) return;
    if (event.shiftKey) {
      view.anchor ??= view.mark.row ? { row: view.mark.row, column: view.mark.column } : cell;
      view.dragged = true; // the click that follows opens no row
    } else {
      view.anchor = null;
    }
    Object.assign(view.mark, cell);
    draw(view);
  });
  grid.addEventListener("mouseover", ({ target, buttons }) => {
    const cell = cellAt(view, target);
    const { row, column } = view.mark;
    if (!cell || !(buttons & 1) || !row || (cell.row === row && cell.column === column)) return;
    view.anchor ??= { row, column };
    view.dragged = true;
    Object.assign(view.mark, cell);
    draw(view);
  });
}

/**
 * @param {View} view
 * @param {EventTarget | null} target
 */
function cellAt(view, target) {
  const element = target instanceof Element && target.closest(".tw-row .tw-cell");
  if (!(element instanceof HTMLElement)) return null;
  const slot = view.slots.find(({ cells }) => cells.includes(element));
  return slot?.row ? { row: slot.row, column: slot.cells.indexOf(element) } : null;
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
 * Announces a sentence to screen readers; a problem is also shown.
 * @param {View} view
 * @param {string} sentence
 * @param {boolean} [isProblem]
 */
export function announce({ parts: { spoken } }, sentence, isProblem = false) {
  spoken.textContent = sentence;
  spoken.className = isProblem ? "tw-table-problem" : "tw-unseen";
}

/**
 * @param {View} view
 * @param {MouseEvent} event
 */
function click(view, event) {
  const head = event.target instanceof Element && event.target.closest(".tw-head .tw-cell");
  if (head instanceof HTMLDivElement) {
    sortBy(view, view.parts.heads.indexOf(head));
    return;
  }
  const cell = cellAt(view, event.target);
  if (!cell || view.dragged) return; // selecting cells must not open a row
  Object.assign(view.mark, cell);
  openRow(view, cell.row);
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
  if (event.altKey ? changeColumn(view, event) : handle(view, event)) {
    event.preventDefault();
    event.stopPropagation();
  }
}

/**
 * @param {View} view
 * @param {KeyboardEvent} event
 * @returns {boolean} whether the key means something here
 */
function handle(view, { key, shiftKey, ctrlKey, metaKey }) {
  const command = ctrlKey || metaKey;
  const to = keyTarget(key, command, placeOf(view));
  if (to) moveTo(view, ...to, shiftKey);
  else if (command && key === "a") selectAll(view);
  else if (command && key === "c") copySelection(view);
  else if (command) return false;
  else if (shiftKey && key === " ") selectRow(view);
  else if (key === "Enter" || (key === " " && !isTyping(view))) enter(view);
  else if (key.length === 1) typeAhead(view, key);
  else return false;
  return true;
}

/** @param {View} view */
function isTyping({ typed }) {
  return typed.text !== "" && performance.now() - typed.at < TYPE_AHEAD;
}

/**
 * Marks the next row whose cell in the marked column begins with the letters typed.
 * @param {View} view
 * @param {string} key
 */
function typeAhead(view, key) {
  const before = isTyping(view) ? view.typed.text : "";
  const text = before === key.toLowerCase() ? before : before + key.toLowerCase();
  view.typed = { text, at: performance.now() };
  const index = rowThatBegins(view.order, view.mark, text, before === "" || before === text);
  if (index >= 0) moveTo(view, index, view.order.visible.indexOf(view.mark.column), false);
}

/** @param {View} view */
function selectAll(view) {
  const { order, mark } = view;
  if (!order.shown.length) return;
  view.anchor = { row: rowAt(order, 0), column: order.visible[0] };
  mark.row = rowAt(order, order.shown.length - 1);
  mark.column = /** @type {number} */ (order.visible.at(-1));
  announce(view, `${counted(order.shown.length)} rows selected.`);
  draw(view);
}

/** @param {View} view */
function selectRow(view) {
  const { order, mark } = view;
  if (!mark.row) return;
  view.anchor = { row: view.anchor?.row ?? mark.row, column: order.visible[0] };
  mark.column = /** @type {number} */ (order.visible.at(-1));
  draw(view);
}

/**
 * Where the marked cell is, in the terms of `keyTarget`.
 * @param {View} view
 */
function placeOf(view) {
  const {
    mark: { row, column },
    order,
  } = view;
  return {
    row: row ? indexOf(order, row) : -1,
    column: order.visible.indexOf(column),
    rows: order.shown.length,
    columns: order.visible.length,
    page: Math.max(1, Math.floor(heightOf(view) / ROW) - 1),
  };
}

/**
 * @param {View} view
 * @param {number} index
 * @param {number} place of a column, in the order of display
 * @param {boolean} extend whether the selection goes on to there
 */
function moveTo(view, index, place, extend) {
  const { mark, order } = view;
  if (!extend) view.anchor = null;
  else if (mark.row) view.anchor ??= { row: mark.row, column: mark.column };
  const row = Math.max(view.anchor ? 0 : -1, Math.min(order.shown.length - 1, index));
  mark.row = row < 0 ? null : rowAt(order, row);
  mark.column = order.visible[Math.max(0, Math.min(order.visible.length - 1, place))];
  reveal(view, Math.max(0, row), mark.column);
  draw(view);
}

/** @param {View} view */
function enter(view) {
  if (view.mark.row) openRow(view, view.mark.row);
  else sortBy(view, view.mark.column);
}

/**
 * Copies the marked cell, or the selected ones.
 * @param {View} view
 */
async function copySelection(view) {
  const range = rangeOf(view.order, view.mark, view.anchor);
  if (range) await copyRange(view, range);
  else announce(view, "Select a row first.");
}

/**
 * Copies the selected cells, or the marked or opened row.
 * @param {View} view
 */
async function copyRow(view) {
  const { order, mark, anchor } = view;
  const row = mark.row ?? mark.opened;
  const range = anchor && rangeOf(order, mark, anchor);
  const index = row ? indexOf(order, row) : -1;
  if (range) await copyRange(view, range);
  else if (index < 0) announce(view, "Select a row first.");
  else
    await copyRange(view, { top: index, bottom: index, left: 0, right: order.visible.length - 1 });
}

/**
 * @param {View} view
 * @param {Range} range
 */
async function copyRange(view, range) {
  const { text, html } = copyOf(view.order, range);
  const done = await copyTable(text, html, view.parts.root);
  const cells = cellsIn(range);
  const what = cells === 1 ? "Cell copied." : `${counted(cells)} cells copied, with headings.`;
  announce(view, done ? what : "The browser blocked copying.");
}

/**
 * Asks the kernel for a file of exactly the cells shown; `receiveFile` saves it.
 * @param {View} view
 * @param {string} format
 */
function askForFile(view, format) {
  const { order, columns, store } = view;
  view.fetchFile?.({
    t: "export",
    format,
    epoch: store.epoch,
    places: [...order.shown].reverse().map(({ place }) => place),
    columns: order.visible.map((column) => columns[column].name),
    zone: order.local ? zoneName() : "UTC",
    name: fileName(view),
  });
  announce(view, "The kernel is writing the file.");
}

/** @param {View} view */
function fileName({ order, label }) {
  const { state, rows } = order.store;
  const total = Math.max(state?.total ?? 0, rows.length + (state?.dropped ?? 0));
  const stem =
    label
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "") || "rows";
  return `${stem}-${order.shown.length}-of-${total}`;
}

/** @param {View} view */
function download(view) {
  saveFile(
    `${fileName(view)}.csv`,
    new Blob([csvOf(view.order)], { type: "text/csv;charset=utf-8" }),
  );
}

/**
 * @param {string} name
 * @param {Blob} content
 */
export function saveFile(name, content) {
  const href = URL.createObjectURL(content);
  make("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href));
}

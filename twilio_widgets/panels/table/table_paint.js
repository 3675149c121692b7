// Drawing one view: the visible rows, the header, and the texts around them.

import { write } from "../kit/dom.js";
import { headingOf, shownColumns } from "./table_columns.js";
import { counted, emptiness, summary } from "./table_footer.js";
import { fillSlot, fitColumns, makeSlot, offerWords, ROW, tracksOf } from "./table_parts.js";
import { follow, indexOf, rowAt } from "./table_rows.js";
import { rangeOf } from "./table_selection.js";
import { visible } from "./table_text.js";

/**
 * @import { Slot } from "./table_parts.js"
 * @import { Change } from "./table_rows.js"
 * @import { View } from "./table_view.js"
 */

const LEAST_ROWS = 3; // so that there is room for a sentence
const MARGIN = 5; // rows drawn above and below the visible ones

/**
 * Draws a view in the next frame; several calls draw once.
 * @param {View} view
 */
export function draw(view) {
  view.frame ||= requestAnimationFrame(() => {
    view.frame = 0;
    paint(view);
  });
}

/** @param {View} view */
function paint(view) {
  const {
    order,
    slots,
    parts: { grid, body },
  } = view;
  const count = order.shown.length;
  body.style.height = `${count * ROW}px`;
  keepHeight(view);
  const tall = heightOf(view);
  const first = Math.max(0, Math.floor(grid.scrollTop / ROW) - MARGIN);
  const last = Math.min(count, Math.ceil((grid.scrollTop + tall) / ROW) + MARGIN);
  growSlots(view, last - first);
  fitTracks(view, first, last);
  const range = rangeOf(order, view.mark, view.anchor);
  tellSelection(view, range);
  view.topIndex = Math.floor(grid.scrollTop / ROW);
  view.top = rowAt(order, view.topIndex) ?? null;
  const used = new Set();
  for (let index = first; index < last; index += 1) {
    const slot = slots[index % slots.length];
    place(view, slot, index);
    markRange(view, slot, index, range);
    used.add(slot);
  }
  for (const slot of slots) slot.element.hidden = !used.has(slot);
  grid.setAttribute("aria-rowcount", String(count + 1));
  paintHeads(view);
  paintAround(view);
  paintFilters(view);
  const marked = markedId(view, used);
  if (marked) grid.setAttribute("aria-activedescendant", marked);
  else grid.removeAttribute("aria-activedescendant");
}

/**
 * Makes the grid as high as all its rows need, up to the set height; a filter does not shrink it.
 * @param {View} view
 */
function keepHeight({ store, parts: { grid } }) {
  const needed = ROW * (1 + Math.max(LEAST_ROWS, store.rows.length));
  grid.style.minHeight = `${Math.min(needed, Number.parseFloat(grid.style.maxHeight))}px`;
}

/**
 * The height of the visible rows in pixels, without the header. A grid detached from the page, while
 * JupyterLab moves it, has no height; the set height is used, or it would be drawn without rows.
 * @param {View} view
 */
export function heightOf({ parts: { grid } }) {
  return Math.max(0, (grid.clientHeight || Number.parseFloat(grid.style.maxHeight)) - ROW);
}

/**
 * @param {View} view
 * @param {number} count
 */
function growSlots(view, count) {
  const { slots, columns, parts } = view;
  const { id, body } = parts;
  while (slots.length < count) {
    const slot = makeSlot(columns, `${id}-${slots.length}`);
    body.append(slot.element);
    slots.push(slot);
    orderCells(slot.cells, view.order.visible);
  }
}

/**
 * Shows the visible columns of a row or of the heads, in their order.
 * @param {HTMLElement[]} cells
 * @param {number[]} visibleColumns
 */
function orderCells(cells, visibleColumns) {
  cells.forEach((cell, column) => {
    const place = visibleColumns.indexOf(column);
    cell.hidden = place < 0;
    cell.style.order = String(place);
    cell.setAttribute("aria-colindex", String(place + 1));
  });
}

/**
 * Applies the choice of columns, or the other order of a view that has become narrow or wide.
 * @param {View} view
 */
export function arrange(view) {
  const { order, columns, choice, slots, parts } = view;
  order.visible = shownColumns(columns, choice, view.narrow);
  order.local = choice.local === true;
  if (!order.visible.includes(view.mark.column)) view.mark.column = order.visible[0];
  view.anchor = null;
  for (const slot of slots) orderCells(slot.cells, order.visible);
  orderCells(parts.heads, order.visible);
  parts.grid.setAttribute("aria-colcount", String(order.visible.length));
  parts.heads.forEach((head, column) => {
    const title = /** @type {HTMLElement} */ (head.firstChild);
    write(title, headingOf(columns[column], order.local));
  });
  setTracks(view);
  draw(view);
}

/**
 * Whether the columns are wider than the grid, so that those of less use should come last.
 * @param {View} view
 */
function isNarrow({ parts: { grid, body } }) {
  return grid.clientWidth > 0 && body.offsetWidth > grid.clientWidth + 1;
}

/** @param {View} view */
export function fitWidth(view) {
  const narrow = isNarrow(view);
  if (narrow !== view.narrow) {
    view.narrow = narrow;
    arrange(view);
  }
  cueScroll(view);
}

/**
 * Shows at its edges that the grid can be scrolled sideways.
 * @param {View} view
 */
export function cueScroll({ parts: { grid, frame } }) {
  const { scrollLeft, clientWidth, scrollWidth } = grid;
  frame.classList.toggle("tw-more-left", scrollLeft > 1);
  frame.classList.toggle("tw-more-right", scrollLeft + clientWidth < scrollWidth - 1);
}

/**
 * @param {View} view
 * @param {Slot} slot
 * @param {number} index
 */
function place({ order, columns, tones, mark }, slot, index) {
  const row = rowAt(order, index);
  fillSlot(slot, row, columns, tones, order.local);
  const { element } = slot;
  if (slot.index !== index) {
    slot.index = index;
    element.style.transform = `translateY(${index * ROW}px)`;
    element.setAttribute("aria-rowindex", String(index + 2));
  }
  const opened = row === mark.opened;
  if (slot.opened !== opened) {
    slot.opened = opened;
    element.setAttribute("aria-selected", String(opened));
  }
  const marked = row === mark.row ? mark.column : -1;
  if (slot.marked !== marked) {
    slot.cells[slot.marked]?.classList.remove("tw-marked");
    slot.cells[marked]?.classList.add("tw-marked");
    slot.marked = marked;
  }
}

/**
 * Tells the kernel which rows are selected, when that has changed.
 * @param {View} view
 * @param {import("./table_selection.js").Range | null} range
 */
function tellSelection(view, range) {
  const chosen = view.anchor && range;
  const told = chosen ? `${chosen.top}-${chosen.bottom}` : "";
  if (told === view.told) return;
  view.told = told;
  const rows = [];
  if (chosen) {
    for (let index = chosen.top; index <= chosen.bottom; index += 1) {
      rows.push(rowAt(view.order, index));
    }
  }
  view.select?.(rows);
}

/**
 * Draws the selected cells of a row.
 * @param {View} view
 * @param {Slot} slot
 * @param {number} index
 * @param {import("./table_selection.js").Range | null} range
 */
function markRange({ order, anchor }, slot, index, range) {
  const inside = anchor && range && index >= range.top && index <= range.bottom;
  const chosen = inside ? order.visible.slice(range.left, range.right + 1) : [];
  if (slot.chosen === chosen.join()) return;
  slot.chosen = chosen.join();
  slot.cells.forEach((cell, column) => {
    cell.classList.toggle("tw-chosen", chosen.includes(column));
    cell.setAttribute("aria-selected", String(chosen.includes(column)));
  });
}

/**
 * @param {View} view
 * @param {number} first
 * @param {number} last
 */
function fitTracks(view, first, last) {
  const { order, columns, widths, wants } = view;
  const visibleRows = [];
  for (let index = first; index < last; index += 1) visibleRows.push(rowAt(order, index));
  if (!fitColumns(columns, widths, wants, visibleRows)) return;
  setTracks(view);
  fitWidth(view);
}

/** @param {View} view */
function setTracks({ order, columns, widths, wants, choice, parts: { root } }) {
  const { visible: shown } = order;
  const own = choice.widths ?? {};
  const { tracks, least } = tracksOf(
    shown.map((column) => columns[column]),
    shown.map((column) => own[columns[column].name] ?? widths[column] ?? 0),
    shown.map((column) => wants[column] ?? 1),
    shown.map((column) => columns[column].name in own),
  );
  root.style.setProperty("--tw-tracks", tracks);
  root.style.setProperty("--tw-least", least);
}

/** @param {View} view */
function paintHeads({ order: { sort }, mark, parts: { heads } }) {
  heads.forEach((head, column) => {
    const way = sort?.descending ? "descending" : "ascending";
    head.setAttribute("aria-sort", sort?.column === column ? way : "none");
    head.classList.toggle("tw-marked", mark.row === null && mark.column === column);
  });
}

/** @param {View} view */
function paintAround({ order, store, unseen, parts }) {
  write(parts.count, summary(order));
  write(parts.note, visible(store.state?.note ?? ""));
  write(parts.empty, order.shown.length ? "" : emptiness(order));
  write(parts.pause, order.paused ? `Resume (${counted(order.waiting)} new)` : "Pause");
  parts.pause.setAttribute("aria-pressed", String(order.paused !== null));
  write(parts.fresh, `↑ ${counted(unseen)} new`);
  parts.fresh.hidden = unseen === 0;
}

/**
 * Updates the filter choices, which only change with the rows and not on scrolling.
 * @param {View} view
 */
function paintFilters(view) {
  if (!view.wordsMayDiffer) return;
  view.wordsMayDiffer = false;
  for (const filter of view.parts.filters) {
    offerWords(filter, view.words.get(filter.column) ?? new Set());
  }
}

/**
 * @param {View} view
 * @param {Set<Slot>} used
 */
function markedId({ mark, slots, parts: { heads } }, used) {
  if (!mark.row) return heads[mark.column].id;
  const slot = slots.find((one) => used.has(one) && one.row === mark.row);
  return slot ? slot.cells[mark.column].id : "";
}

/**
 * Applies a change of the store; visible rows keep their position when rows are added above.
 * @param {View} view
 * @param {Change} change
 */
export function changed(view, change) {
  const {
    order,
    mark,
    parts: { grid, body },
  } = view;
  follow(order, change);
  view.wordsMayDiffer = true;
  if (change.reset) {
    Object.assign(mark, { row: null, opened: null });
    view.anchor = null;
  }
  const now = view.top && !change.reset ? indexOf(order, view.top) : -1;
  const addedAbove = Math.max(0, now - view.topIndex);
  if (addedAbove > 0 && grid.scrollTop > 0) {
    body.style.height = `${order.shown.length * ROW}px`; // must grow before scrollTop can
    grid.scrollTop += addedAbove * ROW;
    view.topIndex += addedAbove;
    view.unseen += addedAbove;
  }
  draw(view);
}

/**
 * Scrolls a row, by its index, and a column into view.
 * @param {View} view
 * @param {number} index
 * @param {number} column
 */
export function reveal(view, index, column) {
  const { grid, heads } = view.parts;
  const top = index * ROW,
    tall = heightOf(view);
  if (top < grid.scrollTop) grid.scrollTop = top;
  else if (top + ROW > grid.scrollTop + tall) grid.scrollTop = top + ROW - tall;
  const { offsetLeft, offsetWidth } = heads[column];
  const over = offsetLeft + offsetWidth - grid.scrollLeft - grid.clientWidth;
  if (offsetLeft < grid.scrollLeft || offsetWidth > grid.clientWidth) grid.scrollLeft = offsetLeft;
  else if (over > 0) grid.scrollLeft += over;
}

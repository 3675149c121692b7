// Drawing one view: the visible rows, the header, and the texts around them.

import { write } from "../kit/dom.js";
import { counted, emptiness, summary } from "./table_footer.js";
import { fillSlot, fitColumns, makeSlot, offerWords, ROW, tracksOf } from "./table_parts.js";
import { follow, indexOf, rowAt } from "./table_rows.js";
import { visible } from "./table_text.js";

/**
 * @import { Slot } from "./table_parts.js"
 * @import { Change } from "./table_rows.js"
 * @import { View } from "./table_view.js"
 */

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
  const tall = heightOf(view);
  body.style.height = `${count * ROW}px`;
  const first = Math.max(0, Math.floor(grid.scrollTop / ROW) - MARGIN);
  const last = Math.min(count, Math.ceil((grid.scrollTop + tall) / ROW) + MARGIN);
  growSlots(view, last - first);
  fitTracks(view, first, last);
  view.topIndex = Math.floor(grid.scrollTop / ROW);
  view.top = rowAt(order, view.topIndex) ?? null;
  const used = new Set();
  for (let index = first; index < last; index += 1) {
    const slot = slots[index % slots.length];
    place(view, slot, index);
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
 * The height of the visible rows in pixels, without the header. A grid detached from the page, while
 * JupyterLab moves it, has no height; the set height is used, or it would be drawn without rows.
 * @param {View} view
 */
export function heightOf({ parts: { grid } }) {
  return Math.max(0, (grid.clientHeight || Number.parseFloat(grid.style.height)) - ROW);
}

/**
 * @param {View} view
 * @param {number} count
 */
function growSlots({ slots, columns, parts: { id, body } }, count) {
  while (slots.length < count) {
    const slot = makeSlot(columns, `${id}-${slots.length}`);
    body.append(slot.element);
    slots.push(slot);
  }
}

/**
 * @param {View} view
 * @param {Slot} slot
 * @param {number} index
 */
function place({ order, columns, tones, mark }, slot, index) {
  const row = rowAt(order, index);
  fillSlot(slot, row, columns, tones);
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
 * @param {View} view
 * @param {number} first
 * @param {number} last
 */
function fitTracks({ order, columns, widths, parts: { root } }, first, last) {
  const visibleRows = [];
  for (let index = first; index < last; index += 1) visibleRows.push(rowAt(order, index));
  if (!fitColumns(columns, widths, visibleRows)) return;
  const { tracks, least } = tracksOf(columns, widths);
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
  if (change.reset) Object.assign(mark, { row: null, opened: null });
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

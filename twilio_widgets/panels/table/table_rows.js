// The rows of a page, and the order in which one view shows them. Without the DOM.

import { shownText, wordsOf } from "./table_text.js";

/**
 * @typedef {"text" | "number" | "status" | "time" | "phone"} Kind
 * @typedef {{ name: string, title: string, width: number | null, kind: Kind, choice: boolean,
 *   shown: boolean, late: boolean }} Column
 *
 * A row: its place among all rows, the number of its last change, and its texts. `found` is the text
 * to search, `digits` its phone numbers and `keys` are the sort keys; they are computed when needed.
 * @typedef {{ place: number, change: number, cells: string[], found: string | null,
 *   digits: string | null, keys: (string | number)[] }} Row
 *
 * The state of the kernel's table: changes and rows are numbered from 0 within an epoch.
 * @typedef {{ epoch: number, base: number, upto: number, first: number, count: number, dropped: number,
 *   total: number | null, note: string, after: number, to: number }} State
 * @typedef {State & { t: "rows", rows: [place: number, change: number, ...cells: string[]][] }} Message
 *
 * @typedef {{ rows: Row[], byPlace: Map<number, Row>, epoch: number, seen: number, state: State | null }} Store
 * @typedef {{ reset: boolean, added: Row[], updated: Row[], dropped: boolean, missed: boolean }} Change
 *
 * One view: its search, filters and sort order, and the resulting rows. They are in reverse display
 * order, because new rows appear at the top and an array grows at its end. `paused` are the rows of
 * a paused view, and `waiting` counts those added since.
 * @typedef {{ store: Store, columns: Column[], unsorted: string, search: string,
 *   filters: Map<number, string>, sort: { column: number, descending: boolean } | null,
 *   paused: Row[] | null, waiting: number, shown: Row[], visible: number[], local: boolean }} Order
 */

const PART_OF_A_NUMBER = /^[+\d][\d ().-]*$/;

/** @returns {Store} */
export function makeStore() {
  return { rows: [], byPlace: new Map(), epoch: -1, seen: -1, state: null };
}

/**
 * Applies one message of the kernel. Repeated and outdated messages have no effect.
 * @param {Store} store
 * @returns {Change | null}
 * @param {Message} message
 */
export function take(store, message) {
  if (message.epoch < store.epoch) return null;
  const reset = message.epoch > store.epoch;
  if (reset) {
    Object.assign(store, makeStore(), { epoch: message.epoch, seen: message.base });
  }
  const missed = message.after > store.seen;
  if (!missed) store.seen = Math.max(store.seen, message.to);
  const { rows, ...state } = message;
  store.state = state;
  const { added, updated } = storeRows(store, rows, state.first);
  return { reset, added, updated, dropped: dropOldRows(store, state.first), missed };
}

/**
 * @param {Store} store
 * @param {Message["rows"]} rows
 * @param {number} first
 */
function storeRows(store, rows, first) {
  /** @type {Row[]} */
  const added = [],
    updated = [];
  for (const [place, change, ...cells] of rows) {
    if (place < first) continue;
    const known = store.byPlace.get(place);
    if (!known) {
      const row = { place, change, cells, found: null, digits: null, keys: [] };
      store.byPlace.set(place, row);
      added.push(row);
    } else if (known.change < change) {
      Object.assign(known, { change, cells, found: null, digits: null, keys: [] });
      updated.push(known);
    }
  }
  added.sort(byPlace);
  const last = store.rows.at(-1);
  for (const row of added) store.rows.push(row);
  if (last && added.length && added[0].place < last.place) store.rows.sort(byPlace);
  return { added, updated };
}

/**
 * @param {Store} store
 * @param {number} first
 */
function dropOldRows(store, first) {
  let count = 0;
  while (count < store.rows.length && store.rows[count].place < first) {
    store.byPlace.delete(store.rows[count].place);
    count += 1;
  }
  store.rows.splice(0, count);
  return count > 0;
}

/**
 * @param {Row} a
 * @param {Row} b
 */
function byPlace(a, b) {
  return a.place - b.place;
}

/**
 * @param {Store} store
 * @param {Column[]} columns
 * @param {string} unsorted
 * @returns {Order}
 */
export function makeOrder(store, columns, unsorted) {
  return {
    store,
    columns,
    unsorted,
    search: "",
    filters: new Map(),
    sort: null,
    paused: null,
    waiting: 0,
    shown: store.rows,
    visible: columns.map((_, column) => column),
    local: false,
  };
}

/** @param {Order} order */
export function isNarrowed(order) {
  return order.search !== "" || order.filters.size > 0;
}

/** @param {Order} order */
function isWhole(order) {
  return !isNarrowed(order) && order.sort === null;
}

/**
 * Updates a view after a change of the store.
 * @param {Order} order
 * @param {Change} change
 */
export function follow(order, change) {
  if (change.reset) order.paused = null;
  if (order.paused) {
    order.waiting += change.added.length;
  } else if (change.reset || isWhole(order)) {
    rebuild(order);
  } else {
    const changedRows = new Set(change.updated);
    const first = order.store.state?.first ?? 0;
    const kept =
      changedRows.size || change.dropped
        ? order.shown.filter((row) => row.place >= first && !changedRows.has(row))
        : order.shown;
    const incoming = [...change.added, ...change.updated]
      .filter((row) => row.place >= first && matches(order, row))
      .sort(backwards(order));
    order.shown = merged(kept, incoming, backwards(order));
  }
}

/**
 * Recomputes a view from all rows.
 * @param {Order} order
 */
export function rebuild(order) {
  const rows = order.paused ?? order.store.rows;
  order.shown = isNarrowed(order) ? rows.filter((row) => matches(order, row)) : rows;
  if (order.sort) order.shown = [...order.shown].sort(backwards(order));
}

/**
 * Pauses a view, so that it shows no new rows, or resumes it.
 * @param {Order} order
 * @param {boolean} isPaused
 */
export function pause(order, isPaused) {
  order.paused = isPaused ? [...order.store.rows] : null;
  order.waiting = 0;
  rebuild(order);
}

/**
 * @param {Order} order
 * @param {Row} row
 */
function matches(order, row) {
  for (const [column, word] of order.filters) {
    if (!wordsOf(row.cells[column]).includes(word)) return false;
  }
  if (order.search === "") return true;
  row.found ??= row.cells.join("\n").toLowerCase();
  return row.found.includes(order.search) || hasNumber(order, row) || isLocalTime(order, row);
}

/**
 * Whether a part of a phone number is searched, however it is written, and this row has it.
 * @param {Order} order
 * @param {Row} row
 */
function hasNumber({ search, columns }, row) {
  if (!PART_OF_A_NUMBER.test(search)) return false;
  const digits = search.replace(/\D/g, "");
  const isPhone = (/** @type {string} */ _, /** @type {number} */ column) =>
    columns[column].kind === "phone";
  row.digits ??= row.cells
    .filter(isPhone)
    .join("\n")
    .replace(/[^\d\n]/g, "");
  return digits.length >= 3 && row.digits.includes(digits);
}

/**
 * @param {Order} order
 * @param {Row} row
 */
function isLocalTime({ search, columns, local }, row) {
  if (!local) return false;
  return row.cells.some(
    (text, column) =>
      columns[column].kind === "time" && shownText(text, "time", true).includes(search),
  );
}

/**
 * @param {Order} order
 * @returns {(a: Row, b: Row) => number} the opposite of the order of display
 */
function backwards(order) {
  if (!order.sort) return byPlace;
  const { column, descending } = order.sort;
  const { kind } = order.columns[column];
  return (a, b) => {
    const x = sortKey(a, column, kind),
      y = sortKey(b, column, kind);
    if (x === y) return a.place - b.place;
    return x < y === descending ? -1 : 1;
  };
}

/**
 * @param {Row} row
 * @param {number} column
 * @param {Kind} kind
 */
function sortKey(row, column, kind) {
  row.keys[column] ??=
    kind === "number" ? numberOf(row.cells[column]) : row.cells[column].toLowerCase();
  return row.keys[column];
}

/**
 * The number to sort by; other texts sort before all numbers.
 * @param {string} text
 */
function numberOf(text) {
  const number = text === "" ? NaN : Number(text);
  return Number.isNaN(number) ? -Infinity : number;
}

/**
 * @param {Row[]} a
 * @param {Row[]} b
 * @param {(a: Row, b: Row) => number} compare
 */
function merged(a, b, compare) {
  if (b.length === 0) return a;
  if (a.length === 0 || compare(a[a.length - 1], b[0]) < 0) return a.concat(b);
  const all = [];
  let i = 0,
    j = 0;
  while (i < a.length && j < b.length) all.push(compare(a[i], b[j]) < 0 ? a[i++] : b[j++]);
  while (i < a.length) all.push(a[i++]);
  while (j < b.length) all.push(b[j++]);
  return all;
}

/**
 * @param {Order} order
 * @param {number} index
 */
export function rowAt(order, index) {
  return order.shown[order.shown.length - 1 - index];
}

/**
 * Where a row is displayed in a view, or -1.
 * @param {Order} order
 * @param {Row} row
 */
export function indexOf(order, row) {
  const compare = backwards(order);
  let low = 0,
    high = order.shown.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const other = order.shown[middle];
    if (other === row) return order.shown.length - 1 - middle;
    if (compare(other, row) < 0) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

// Rows, messages and views for the tests of the table.

import {
  follow,
  makeOrder,
  makeStore,
  rowAt,
  take,
} from "../../twilio_widgets/panels/table/table_rows.js";

/** @typedef {import("../../twilio_widgets/panels/table/table_rows.js").Kind} Kind */

/** @param {string} title @param {Kind} kind */
const column = (title, kind) => ({
  name: title,
  title,
  width: null,
  kind,
  choice: false,
  shown: true,
  late: false,
});

export const COLUMNS = [
  column("To", "phone"),
  column("Status", "status"),
  column("Price", "number"),
];

/**
 * A message of the kernel: one row for each tuple of place, change and cells.
 * @param {[place: number, change: number, ...cells: string[]][]} rows
 */
export function message(rows, changes = {}) {
  const upto = Math.max(0, ...rows.map(([, change]) => change));
  return {
    t: /** @type {const} */ ("rows"),
    epoch: 1,
    base: 0,
    after: 0,
    to: upto,
    upto,
    first: 0,
    count: rows.length,
    dropped: 0,
    total: null,
    note: "",
    rows,
    ...changes,
  };
}

/** A store that took these messages. */
export function storeOf(...messages) {
  const store = makeStore();
  for (const one of messages) take(store, one);
  return store;
}

/** A view of these rows; change it through its `order` and `rebuild`. */
export function viewOf(rows) {
  return makeOrder(storeOf(message(rows)), COLUMNS, "newest first");
}

/** Let a view take in one more message. */
export function receive(order, one) {
  const change = take(order.store, one);
  if (change) follow(order, change);
}

/** The first cell of each row, in the order of display. */
export function shown(order) {
  return order.shown.map((_, index) => rowAt(order, index).cells[0]);
}

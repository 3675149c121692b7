// The footer of a table: how many rows it shows, in which order, and why it shows none.

import { isNarrowed } from "./table_rows.js";

/** @import { Order } from "./table_rows.js" */

const NUMBERS = new Intl.NumberFormat("en-US"); // created once, because toLocaleString creates one per call
/** @param {number} number */
export const counted = (number) => NUMBERS.format(number);

/**
 * The footer text. It accounts for every row that is not shown.
 * @param {Order} order
 */
export function summary(order) {
  const { state } = order.store;
  if (!state) return "Loading rows from the kernel…";
  const held = order.store.rows.length;
  const total = Math.max(state.total ?? 0, state.count + state.dropped);
  const parts = [`Showing ${counted(order.shown.length)} of ${counted(total)}`];
  if (held < state.count) parts.push(`loading, ${counted(held)} of ${counted(state.count)} here`);
  if (isNarrowed(order)) parts.push(`filtered from ${counted(held)} loaded`);
  if (order.paused) parts.push(`paused, ${counted(order.waiting)} new`);
  if (state.dropped) parts.push(`the oldest ${counted(state.dropped)} were dropped`);
  parts.push(orderText(order));
  return parts.join(" · ");
}

/** @param {Order} order */
function orderText({ sort, columns, unsorted }) {
  if (!sort) return unsorted;
  return `by ${columns[sort.column].title}, ${sort.descending ? "descending" : "ascending"}`;
}

/**
 * The text shown instead of rows.
 * @param {Order} order
 */
export function emptiness(order) {
  const { state } = order.store;
  if (!state) return "Loading rows from the kernel…";
  if (order.store.rows.length < state.count) return "Loading…";
  return state.count ? "No rows match." : "No rows yet.";
}

// What a table says of itself: how many rows it shows, in which order, and why it shows none.

import { isNarrowed } from "./table_rows.js";

/** @import { Order } from "./table_rows.js" */

const NUMBERS = new Intl.NumberFormat("en-US"); // made once: toLocaleString makes one each time
/** @param {number} number */
export const counted = (number) => NUMBERS.format(number);

/**
 * What the footer says; no row is ever left out in silence.
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
  parts.push(orderSaid(order));
  return parts.join(" · ");
}

/** @param {Order} order */
function orderSaid({ sort, columns, unsorted }) {
  if (!sort) return unsorted;
  return `by ${columns[sort.column].title}, ${sort.descending ? "descending" : "ascending"}`;
}

/**
 * Why there is nothing to see.
 * @param {Order} order
 */
export function emptiness(order) {
  const { state } = order.store;
  if (!state) return "Loading rows from the kernel…";
  if (order.store.rows.length < state.count) return "Loading…";
  return state.count ? "No rows match." : "No rows yet.";
}

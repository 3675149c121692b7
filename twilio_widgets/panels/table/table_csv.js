// The rows that a view shows, as CSV.

/** @import { Order } from "./table_rows.js" */

const NUMBER = /^[+-]?\d+(\.\d+)?$/;
const E164 = /^\+\d{1,15}$/;
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

/**
 * A cell that no spreadsheet interprets as a formula; numbers stay numbers.
 * @param {string} text
 * @param {string} kind
 */
export function csvCell(text, kind) {
  const plain = E164.test(text) || (kind === "number" && NUMBER.test(text));
  const safe = !plain && FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/**
 * The rows a view shows, in its order, as CSV.
 * @param {Order} order
 */
export function csvOf(order) {
  const { columns, shown } = order;
  const lines = [columns.map(({ title }) => csvCell(title, "text")).join(",")];
  for (const { cells } of [...shown].reverse()) {
    lines.push(columns.map(({ kind }, column) => csvCell(cells[column], kind)).join(","));
  }
  return `${lines.join("\r\n")}\r\n`;
}

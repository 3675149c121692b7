// The selected cells of a view, and what they are on the clipboard. Without the DOM.

import { headingOf } from "./table_columns.js";
import { csvCell, guarded } from "./table_csv.js";
import { indexOf, rowAt } from "./table_rows.js";
import { shownText } from "./table_text.js";

/**
 * @import { Order, Row } from "./table_rows.js"
 *
 * A cell: a row (null for the heads) and the index of a column.
 * @typedef {{ row: Row | null, column: number }} Cell
 *
 * Rows by their place in the display, and columns by theirs; both ends belong to it.
 * @typedef {{ top: number, bottom: number, left: number, right: number }} Range
 */

/**
 * The range between two cells; null without a row, or when a row is no longer shown.
 * @param {Order} order
 * @param {Cell} mark
 * @param {Cell | null} anchor where the selection began
 * @returns {Range | null}
 */
export function rangeOf(order, mark, anchor) {
  const begin = anchor ?? mark;
  if (!mark.row || !begin.row) return null;
  const rows = [indexOf(order, begin.row), indexOf(order, mark.row)];
  const columns = [order.visible.indexOf(begin.column), order.visible.indexOf(mark.column)];
  if (rows.includes(-1) || columns.includes(-1)) return null;
  return {
    top: Math.min(...rows),
    bottom: Math.max(...rows),
    left: Math.min(...columns),
    right: Math.max(...columns),
  };
}

/** @param {Range} range */
export function cellsIn({ top, bottom, left, right }) {
  return (bottom - top + 1) * (right - left + 1);
}

/**
 * A range as tab-separated text and as an HTML table, with the heads of its columns; one cell is only
 * its text. No spreadsheet takes a cell for a formula, and a tab or line break stays in its cell.
 * @param {Order} order
 * @param {Range} range
 * @returns {{ text: string, html: string }}
 */
export function copyOf(order, range) {
  const columns = order.visible.slice(range.left, range.right + 1);
  const rows = [];
  for (let index = range.top; index <= range.bottom; index += 1) {
    const row = rowAt(order, index);
    rows.push(
      columns.map((column) => shownText(row.cells[column], kindOf(order, column), order.local)),
    );
  }
  const heads = columns.map((column) => headingOf(order.columns[column], order.local));
  const kinds = columns.map((column) => kindOf(order, column));
  if (cellsIn(range) === 1) {
    const text = kinds[0] === "number" ? rows[0][0] : guarded(rows[0][0]);
    return { text, html: `<span>${escaped(text)}</span>` };
  }
  const lines = [heads.map((head) => csvCell(head, "text", "\t"))];
  for (const row of rows) lines.push(row.map((text, place) => csvCell(text, kinds[place], "\t")));
  return {
    text: lines.map((line) => line.join("\t")).join("\r\n"),
    html: tableOf(heads, rows, kinds),
  };
}

/**
 * @param {Order} order
 * @param {number} column
 */
function kindOf(order, column) {
  return order.columns[column].kind;
}

/**
 * @param {string[]} heads
 * @param {string[][]} rows
 * @param {string[]} kinds
 */
function tableOf(heads, rows, kinds) {
  const head = heads.map((text) => `<th>${escaped(guarded(text))}</th>`).join("");
  const body = rows.map((row) => {
    const cells = row.map((text, place) => {
      if (kinds[place] === "number") return `<td>${escaped(text)}</td>`;
      return `<td style="mso-number-format:'\\@'">${escaped(guarded(text))}</td>`; // text, in Excel
    });
    return `<tr>${cells.join("")}</tr>`;
  });
  return `<table><thead><tr>${head}</tr></thead><tbody>${body.join("")}</tbody></table>`;
}

/** @param {string} text */
function escaped(text) {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/**
 * The row below a cell whose text in its column begins so, from the cell on and round; or -1.
 * @param {Order} order
 * @param {Cell} from
 * @param {string} typed in lower case
 * @param {boolean} further whether the row of the cell itself does not count
 */
export function rowThatBegins(order, from, typed, further) {
  const count = order.shown.length;
  const start = from.row ? indexOf(order, from.row) : 0;
  for (let step = further ? 1 : 0; step < count; step += 1) {
    const index = (start + step) % count;
    const text = shownText(
      rowAt(order, index).cells[from.column],
      kindOf(order, from.column),
      order.local,
    );
    const digits = kindOf(order, from.column) === "phone" ? text.replace(/^\+/, "") : text;
    if (text.toLowerCase().startsWith(typed) || digits.toLowerCase().startsWith(typed))
      return index;
  }
  return -1;
}

// The rows that a view shows, as CSV.

import { headingOf } from "./table_columns.js";
import { shownText } from "./table_text.js";

/** @import { Order } from "./table_rows.js" */

const NUMBER = /^[+-]?\d+(\.\d+)?$/;

// The rule of core/formulas.py, which explains it; both are tested with tests/js/formula_cases.json.
const TRIGGERS = "=+@＝＋＠－﹢﹣﹦﹫−-";
const SEPARATORS = String.raw`,;|\t\r\n`;
const BLANKS =
  String.raw`\x00-\x20\x7f-\xa0\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff` +
  String.raw`"'\x60´‘’‚‛“”„‟«»‹›＂＇`;
const RUN = `[${SEPARATORS}${BLANKS}]`;
const BEGINNING = new RegExp(`(^${RUN}*|(?<!${RUN})${RUN}+)([${TRIGGERS}])`, "g");
const SEPARATOR = new RegExp(`[${SEPARATORS}]`);
const BARE = /^'*(?:[\t\r\n]|$)/;
const E164 = /^\+[1-9]\d{6,14}$/;

/**
 * Escapes a text so that no spreadsheet interprets it as a formula.
 * @param {string} text
 */
export function guarded(text) {
  if (E164.test(text)) return text;
  const visible = BARE.test(text) ? `'${text}` : text;
  return visible.replace(BEGINNING, (found, run, trigger, place) =>
    place === 0 || SEPARATOR.test(run) ? `${run}'${trigger}` : found,
  );
}

/**
 * One cell of a CSV file. Numbers stay numbers, and a cell without a text stays empty.
 * @param {string} text
 * @param {string} kind
 * @param {string} separator between cells: a comma, or a tab on the clipboard
 */
export function csvCell(text, kind, separator = ",") {
  const plain = text === "" || (kind === "number" && NUMBER.test(text));
  const safe = plain ? text : guarded(text);
  const quoted = /["\r\n]/.test(safe) || safe.includes(separator);
  return quoted ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/**
 * The rows a view shows, in its order, as CSV.
 * @param {Order} order
 */
export function csvOf(order) {
  const { columns, shown, visible, local } = order;
  const lines = [
    visible.map((column) => csvCell(headingOf(columns[column], local), "text")).join(","),
  ];
  for (const { cells } of [...shown].reverse()) {
    const texts = visible.map((column) => {
      const { kind } = columns[column];
      return csvCell(shownText(cells[column], kind, local), kind);
    });
    lines.push(texts.join(","));
  }
  return `${lines.join("\r\n")}\r\n`;
}

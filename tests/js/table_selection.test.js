import assert from "node:assert/strict";
import { test } from "node:test";
import { csvOf } from "../../twilio_widgets/panels/table/table_csv.js";
import { rebuild, rowAt } from "../../twilio_widgets/panels/table/table_rows.js";
import {
  cellsIn,
  copyOf,
  rangeOf,
  rowThatBegins,
} from "../../twilio_widgets/panels/table/table_selection.js";
import { shownText } from "../../twilio_widgets/panels/table/table_text.js";
import { shown, viewOf } from "./table_cases.js";

// To, Status, Price; the newest first: the row with the highest place.
const ROWS = [
  [0, 1, "+14155550100", "sent", "0.5"],
  [1, 2, "+14155550101", '=HYPERLINK("http://evil")', "10"],
  [2, 3, "+447700900102", "a\tb\nc", ""],
];

const cell = (order, index, column) => ({ row: rowAt(order, index), column });

test("a range lies between two cells, in whichever direction it was drawn", () => {
  const order = viewOf(ROWS);
  const range = { top: 0, bottom: 2, left: 0, right: 1 };

  assert.deepEqual(rangeOf(order, cell(order, 2, 1), cell(order, 0, 0)), range);
  assert.deepEqual(rangeOf(order, cell(order, 0, 0), cell(order, 2, 1)), range);
  assert.equal(cellsIn(range), 6);
});

test("a range needs rows that are shown, and columns that are shown", () => {
  const order = viewOf(ROWS);
  const [first, last] = [cell(order, 0, 0), cell(order, 2, 2)];
  order.visible = [0, 1];
  assert.equal(rangeOf(order, last, first), null);
  order.visible = [0, 1, 2];
  order.search = "0101";
  rebuild(order);

  assert.equal(rangeOf(order, last, first), null);
  assert.equal(rangeOf(order, { row: null, column: 0 }, null), null);
});

test("several cells are copied with headings, and no spreadsheet finds a formula in them", () => {
  const order = viewOf(ROWS);
  const { text, html } = copyOf(order, { top: 0, bottom: 2, left: 0, right: 2 });

  assert.equal(
    text,
    [
      "To\tStatus\tPrice",
      '+447700900102\t"a\tb\nc"\t',
      '+14155550101\t"\'=HYPERLINK(""http://evil"")"\t10',
      "+14155550100\tsent\t0.5",
    ].join("\r\n"),
  );
  assert.equal(
    html.match(/<tr>.*?<\/tr>/gs)?.[2],
    `<tr><td style="mso-number-format:'\\@'">+14155550101</td>` +
      `<td style="mso-number-format:'\\@'">'=HYPERLINK(&quot;http://evil&quot;)</td><td>10</td></tr>`,
  );
});

test("one cell is copied as its text alone, guarded as in a file", () => {
  const order = viewOf(ROWS);
  const one = (index, column) =>
    copyOf(order, { top: index, bottom: index, left: column, right: column }).text;

  assert.deepEqual(
    [one(1, 0), one(1, 1), one(1, 2)],
    ["+14155550101", '\'=HYPERLINK("http://evil")', "10"],
  );
});

test("what is copied and saved has the columns that are shown, in their order", () => {
  const order = viewOf(ROWS.slice(0, 1));
  order.visible = [2, 0];

  assert.equal(
    copyOf(order, { top: 0, bottom: 0, left: 0, right: 1 }).text,
    "Price\tTo\r\n0.5\t+14155550100",
  );
  assert.equal(csvOf(order), "Price,To\r\n0.5,+14155550100\r\n");
});

test("letters lead to the next row that begins with them, and round", () => {
  const order = viewOf(ROWS);
  const from = cell(order, 0, 0);

  assert.equal(rowThatBegins(order, from, "1415555010", true), 1, "without the plus");
  assert.equal(rowThatBegins(order, cell(order, 1, 0), "+1415", true), 2);
  assert.equal(rowThatBegins(order, cell(order, 2, 0), "+44", true), 0);
  assert.equal(rowThatBegins(order, cell(order, 1, 1), "se", true), 2);
  assert.equal(rowThatBegins(order, from, "+44", false), 0, "the row itself, while typing on");
  assert.equal(rowThatBegins(order, from, "x", true), -1);
});

/** @type {[search: string, found: string[]][]} */
const SEARCHES = [
  ["415 555-0101", ["+14155550101"]],
  ["(0)7700 900102", []],
  ["7700 900 102", ["+447700900102"]],
  ["0.5", ["+14155550100"]],
  ["55", ["+14155550101", "+14155550100"]],
];
for (const [search, found] of SEARCHES) {
  test(`a search for ${search} finds ${found.length}`, () => {
    const order = viewOf(ROWS);
    order.search = search;
    rebuild(order);

    assert.deepEqual(shown(order), found);
  });
}

test("a time is shown in the browser's zone when that is chosen", () => {
  const wall = new Date("2026-01-15T12:00:01Z");
  const two = (number) => String(number).padStart(2, "0");
  const time = [wall.getHours(), wall.getMinutes(), wall.getSeconds()].map(two).join(":");

  assert.equal(shownText("2026-01-15 12:00:01", "time", false), "2026-01-15 12:00:01");
  assert.ok(shownText("2026-01-15 12:00:01", "time", true).endsWith(time));
  assert.equal(shownText("2026-01-15", "text", true), "2026-01-15");
  assert.equal(shownText("", "time", true), "");
});

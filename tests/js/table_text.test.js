import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { csvCell, csvOf, guarded } from "../../twilio_widgets/panels/table/table_csv.js";
import { emptiness, summary } from "../../twilio_widgets/panels/table/table_footer.js";
import {
  makeOrder,
  makeStore,
  pause,
  rebuild,
} from "../../twilio_widgets/panels/table/table_rows.js";
import { firstWord, visible, wordsOf } from "../../twilio_widgets/panels/table/table_text.js";
import { COLUMNS, message, receive, viewOf } from "./table_cases.js";

const SHOWN = [
  ["a\r\nb\nc\rd\te", "a⏎b⏎c␍d⇥e"],
  ["\u0000\u001b\u007f", "␀␛␡"],
  ["a\u202eb\u200bc", "a⟨U+202E⟩b⟨U+200B⟩c"],
  ["Grüße 👩‍👧", "Grüße 👩‍👧"],
];
for (const [text, expected] of SHOWN) {
  test(`${JSON.stringify(text)} is shown as ${expected}`, () =>
    assert.equal(visible(text), expected));
}

/** @type {[string, string, string[]][]} */
const WORDS = [
  ["undelivered 30006", "undelivered", ["undelivered", "undelivered 30006"]],
  ["sent", "sent", ["sent"]],
  ["sent later", "sent", ["sent"]],
  ["", "", []],
];
for (const [text, first, words] of WORDS) {
  test(`the status ${JSON.stringify(text)} can be chosen by ${words.length} words`, () => {
    assert.equal(firstWord(text), first);
    assert.deepEqual(wordsOf(text), words);
  });
}

const CSV = [
  ["=1+1", "text", "'=1+1"],
  ["＝1+1", "text", "'＝1+1"],
  ["@SUM(A1)", "text", "'@SUM(A1)"],
  ["\t=1", "text", "'\t'=1"],
  ["", "text", ""],
  ["a; =1", "text", "a; '=1"],
  ["-5", "number", "-5"],
  ["-5", "text", "'-5"],
  ["+15005550006", "text", "+15005550006"],
  ["+15005550006; x", "text", "'+15005550006; x"],
  ['say "hi", now', "text", '"say ""hi"", now"'],
  ["two\nlines", "text", '"two\nlines"'],
];
for (const [text, kind, expected] of CSV) {
  test(`a ${kind} cell ${JSON.stringify(text)} is saved as ${JSON.stringify(expected)}`, () => {
    assert.equal(csvCell(text, kind), expected);
  });
}

// tests/unit/core/test_formulas.py reads the same cases.
const GUARDED = JSON.parse(readFileSync(new URL("formula_cases.json", import.meta.url), "utf8"));
for (const [text, expected] of GUARDED) {
  test(`${JSON.stringify(text)} is guarded as ${JSON.stringify(expected)}`, () => {
    assert.equal(guarded(text), expected);
  });
}

/** @type {[place: number, change: number, ...cells: string[]][]} */
const TWO = [
  [0, 1, "+15005550006", "sent", "0.0075"],
  [1, 2, "a, b", "failed 30006", ""],
];

test("the CSV has the rows that are shown, in their order", () => {
  assert.equal(
    csvOf(viewOf(TWO)),
    'To,Status,Price\r\n"a, b",failed 30006,\r\n+15005550006,sent,0.0075\r\n',
  );
});

test("the footer counts the rows and names their order", () => {
  assert.equal(summary(viewOf(TWO)), "Showing 2 of 2 · newest first");
});

test("the footer names what is left out", () => {
  const order = viewOf(TWO);
  order.search = "sent";
  order.sort = { column: 0, descending: true };
  rebuild(order);

  assert.equal(summary(order), "Showing 1 of 2 · filtered from 2 loaded · by To, descending");
});

test("the footer of a table that loads names how many rows came so far", () => {
  const order = viewOf([]);
  receive(order, message(TWO, { count: 1500, total: 83_112 }));

  assert.equal(summary(order), "Showing 2 of 83,112 · loading, 2 of 1,500 here · newest first");
  assert.equal(emptiness(order), "Loading…");
});

test("the footer of a paused table counts the rows that wait", () => {
  const order = viewOf(TWO);
  pause(order, true);
  receive(order, message([[2, 3, "c", "sent", ""]], { after: 2, count: 3 }));

  assert.equal(summary(order), "Showing 2 of 3 · paused, 1 new · newest first");
});

test("a table that shows no row gives the reason", () => {
  const filtered = viewOf(TWO);
  filtered.search = "nobody";
  rebuild(filtered);

  assert.equal(
    emptiness(makeOrder(makeStore(), COLUMNS, "newest first")),
    "Loading rows from the kernel…",
  );
  assert.equal(emptiness(viewOf([])), "No rows yet.");
  assert.equal(emptiness(filtered), "No rows match.");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  choiceIn,
  headingOf,
  moved,
  orderOf,
  resized,
  shownColumns,
  toggled,
  zoneName,
} from "../../twilio_widgets/panels/table/table_columns.js";

/** @type {import("../../twilio_widgets/panels/table/table_rows.js").Column[]} */
const COLUMNS = ["Sent (UTC)", "From", "To", "SID"].map((title, index) => ({
  name: title[0].toLowerCase() + index,
  title,
  width: null,
  kind: index === 0 ? "time" : "phone",
  choice: false,
  shown: title !== "SID",
  late: index === 0,
}));

/** @type {[string, import("../../twilio_widgets/panels/table/table_columns.js").Choice, boolean, number[]][]} */
const SHOWN = [
  ["the table's own", {}, false, [0, 1, 2]],
  ["those of less use last, in a narrow table", {}, true, [1, 2, 0]],
  ["the user's order, in a narrow table too", { order: ["t2", "s0", "f1", "s3"] }, true, [2, 0, 1]],
  ["a column that was added since, at the end", { order: ["t2"], hidden: [] }, false, [2, 0, 1, 3]],
  ["all but the hidden", { hidden: ["f1"] }, false, [0, 2, 3]],
  ["no column that there is not", { order: ["x"], hidden: ["y"] }, false, [0, 1, 2, 3]],
  ["one at least", { hidden: ["s0", "f1", "t2", "s3"] }, false, [0]],
];
for (const [what, choice, narrow, expected] of SHOWN) {
  test(`a view shows ${what}`, () => {
    assert.deepEqual(shownColumns(COLUMNS, choice, narrow), expected);
  });
}

test("a column is shown and hidden, but never the last one", () => {
  const shown = toggled(COLUMNS, {}, "s3");
  assert.deepEqual(shown, { hidden: [] });
  assert.deepEqual(toggled(COLUMNS, shown, "s0"), { hidden: ["s0"] });
  const one = { hidden: ["s0", "f1", "t2"] };
  assert.deepEqual(toggled(COLUMNS, one, "s3"), one);
});

test("a column moves by places and stops at the ends", () => {
  const order = (choice) => orderOf(COLUMNS, choice);
  assert.deepEqual(order(moved(COLUMNS, {}, "t2", -1)), ["s0", "t2", "f1", "s3"]);
  assert.deepEqual(order(moved(COLUMNS, {}, "s0", -1)), ["s0", "f1", "t2", "s3"]);
  assert.deepEqual(order(moved(COLUMNS, {}, "s0", 9)), ["f1", "t2", "s3", "s0"]);
});

test("a width stays within its limits", () => {
  assert.deepEqual(resized({}, "f1", 20.4), { widths: { f1: 20 } });
  assert.deepEqual(resized({ widths: { t2: 9 } }, "f1", -5), { widths: { t2: 9, f1: 4 } });
  assert.deepEqual(resized({}, "f1", 1e6), { widths: { f1: 120 } });
});

/** @type {[string | null, import("../../twilio_widgets/panels/table/table_columns.js").Choice][]} */
const STORED = [
  [null, {}],
  ["not JSON", {}],
  ["null", {}],
  ['{"order": [1], "hidden": "x", "local": 1, "widths": {"f1": "wide", "t2": 1e9}}', {}],
  [
    '{"order": ["f1"], "local": true, "widths": {"f1": 12}, "other": 1}',
    { order: ["f1"], local: true, widths: { f1: 12 } },
  ],
];
for (const [text, choice] of STORED) {
  test(`${text} in the page's storage is ${JSON.stringify(choice)}`, () => {
    assert.deepEqual(choiceIn(text), choice);
  });
}

test("the heading of a time names the zone", () => {
  assert.equal(headingOf(COLUMNS[0], false), "Sent (UTC)");
  assert.equal(headingOf(COLUMNS[0], true), `Sent (${zoneName()})`);
  assert.equal(headingOf(COLUMNS[1], true), "From");
});

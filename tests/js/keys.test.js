import assert from "node:assert/strict";
import { test } from "node:test";
import { keyTarget, nextTab } from "../../twilio_widgets/panels/kit/keys.js";

/** @type {[string, number, number | undefined][]} */
const TABS = [
  ["ArrowRight", 0, 1],
  ["ArrowRight", 2, 0],
  ["ArrowLeft", 1, 0],
  ["ArrowLeft", 0, 2],
  ["Home", 2, 0],
  ["End", 0, 2],
  ["ArrowDown", 1, undefined],
  ["a", 1, undefined],
];
for (const [key, at, expected] of TABS) {
  test(`${key} leads from tab ${at} of three to ${expected}`, () => {
    assert.equal(nextTab(key, at, 3), expected);
  });
}

const PLACE = { row: 5, column: 1, rows: 20, columns: 3, page: 10 };
/** @type {[string, boolean, number[] | undefined][]} */
const CELLS = [
  ["ArrowDown", false, [6, 1]],
  ["ArrowUp", false, [4, 1]],
  ["ArrowRight", false, [5, 2]],
  ["ArrowLeft", false, [5, 0]],
  ["PageDown", false, [15, 1]],
  ["PageUp", false, [0, 1]],
  ["Home", false, [5, 0]],
  ["End", false, [5, 2]],
  ["Home", true, [0, 0]],
  ["End", true, [19, 2]],
  ["ArrowDown", true, [19, 1]],
  ["ArrowUp", true, [0, 1]],
  ["ArrowRight", true, [5, 2]],
  ["ArrowLeft", true, [5, 0]],
  ["PageDown", true, undefined],
  ["Enter", false, undefined],
];
for (const [key, command, expected] of CELLS) {
  test(`${command ? "Ctrl+" : ""}${key} leads to ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(keyTarget(key, command, PLACE), expected);
  });
}

test("an arrow leads from the first row to the heads", () => {
  assert.deepEqual(keyTarget("ArrowUp", false, { ...PLACE, row: 0 }), [-1, 1]);
});

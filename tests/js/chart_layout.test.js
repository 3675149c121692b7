import assert from "node:assert/strict";
import { test } from "node:test";
import {
  everyNth,
  isPicked,
  labelOf,
  markAt,
  nextMark,
  pickOf,
  placeCells,
  placeColumns,
  readingOf,
  tableOf,
} from "../../twilio_widgets/panels/charts/chart_layout.js";

const series = (name, values, fields = {}) => ({
  name,
  key: name,
  tone: "good",
  shade: 1,
  values,
  texts: values.map(String),
  ...fields,
});

/** @type {import("../../twilio_widgets/panels/charts/chart_layout.js").ChartView} */
const STACK = {
  kind: "stacked_bars",
  title: "Messages by day",
  total: "10 messages",
  note: "",
  empty: "",
  axis: "Sent · UTC",
  heading: "Sent",
  labels: ["1 Jan 2026", "2 Jan", "3 Jan"],
  names: ["Thu 1 Jan 2026", "Fri 2 Jan 2026", "Sat 3 Jan 2026"],
  steps: [1, 2, 7],
  ticks: [
    [0, "0"],
    [5, "5"],
    [10, "10"],
  ],
  totals: ["6", "0", "4"],
  keys: ["2026-01-01", "2026-01-02", "2026-01-03"],
  series: [series("delivered", [4, 0, 4]), series("failed", [2, 0, 0])],
  picked: [["2026-01-01", null]],
};

/** @type {import("../../twilio_widgets/panels/charts/chart_layout.js").ChartView} */
const HEAT = {
  ...STACK,
  kind: "heat_map",
  series: [series("Mon", [1, 2, 3]), series("Tue", [0, 0, 4])],
  picked: [],
};

test("bars of two series are stacked from the base line", () => {
  const { paths, height, lines } = placeColumns(STACK, 400);

  const [base, , top] = lines;
  assert.equal(height, 168);
  assert.deepEqual([base, top], [150, 7]);
  // 4 of 10 for the first series, then 2 more; a value of 0 draws nothing.
  assert.match(paths[0], /^M\S+ 150.0h\S+V92.8h-\S+zM\S+ 150.0h\S+V92.8h-\S+z$/);
  assert.match(paths[1], /^M\S+ 92.8h\S+V64.2h-\S+z$/);
});

test("a mark covers the whole column of each category", () => {
  const { marks, left } = placeColumns(STACK, 400);

  assert.equal(marks.length, 3);
  assert.equal(marks[0].x, left);
  assert.equal(marks[2].x + marks[2].width, 400);
});

test("one bar alone is not as wide as the chart", () => {
  const one = { ...STACK, labels: ["15 Jan"], series: [series("delivered", [4])] };

  assert.match(placeColumns(one, 400).paths[0], /h44\.0V/);
});

test("bins touch, apart from a hair", () => {
  const bins = { ...STACK, kind: "histogram" };
  const { marks, paths } = placeColumns(bins, 400);

  assert.ok(paths[0].includes(`h${(marks[0].width - 1).toFixed(1)}V`));
});

test("the cells of a heat map go row by row, with their share of the largest", () => {
  const { marks, shares, height } = placeCells(HEAT, 400);

  assert.deepEqual(shares, [0.25, 0.5, 0.75, 0, 0, 1]);
  assert.equal(height, 58);
  assert.deepEqual(
    marks.map(({ y }) => y),
    [0, 0, 0, 20, 20, 20],
  );
});

test("a chart of zeros is drawn without a division by zero", () => {
  const zeros = { ...HEAT, series: [series("Mon", [0, 0, 0])] };

  assert.deepEqual(placeCells(zeros, 400).shares, [0, 0, 0]);
});

for (const [step, expected] of [
  [100, 1],
  [30, 2],
  [10, 7],
  [2, 28],
]) {
  test(`with ${step} pixels from one label to the next, every ${expected}th is shown`, () => {
    assert.equal(everyNth(["1 Jan", "2 Jan", "3 Jan"], step, [1, 2, 7, 28]), expected);
  });
}

test("where no step has room, labels are thinned out by any number", () => {
  assert.equal(everyNth(["1 Jan", "2 Jan"], 1, [1, 2]), 42);
});

test("a label at the left edge is not cut", () => {
  const { labels } = placeColumns({ ...STACK, labels: ["1 January 2026, long", "2", "3"] }, 100);

  assert.ok(labels[0].x >= (labels[0].text.length * 6.7) / 2);
});

test("a mark of bars selects its category, one of a heat map its cell", () => {
  assert.deepEqual(pickOf(STACK, markAt(STACK, 1)), ["2026-01-02", null]);
  assert.deepEqual(pickOf(HEAT, markAt(HEAT, 5)), ["2026-01-03", "Tue"]);
});

test("a chart without keys selects nothing", () => {
  assert.equal(pickOf({ ...STACK, keys: [] }, markAt(STACK, 1)), null);
  const rows = [series("Mon", [1, 2, 3], { key: null })];
  assert.equal(pickOf({ ...HEAT, series: rows }, markAt(HEAT, 1)), null);
});

test("a pick is selected when both of its keys are", () => {
  assert.equal(isPicked(STACK, ["2026-01-01", null]), true);
  assert.equal(isPicked(STACK, ["2026-01-01", "failed"]), false);
  assert.equal(isPicked(STACK, null), false);
});

test("a stacked bar reads with its parts, without those that are 0", () => {
  assert.equal(labelOf(STACK, markAt(STACK, 0)), "Thu 1 Jan 2026: 6 (delivered 4, failed 2)");
  assert.equal(labelOf(STACK, markAt(STACK, 1)), "Fri 2 Jan 2026: 0");
});

test("a cell reads with its row and column", () => {
  const { title, value } = readingOf(HEAT, markAt(HEAT, 5));

  assert.deepEqual([title, value], ["Tue Sat 3 Jan 2026", "4"]);
});

/** @type {[import("../../twilio_widgets/panels/charts/chart_layout.js").ChartView, string, number, number | undefined][]} */
const KEYS = [
  [STACK, "ArrowRight", 0, 1],
  [STACK, "ArrowDown", 0, 1],
  [STACK, "ArrowLeft", 0, 0],
  [STACK, "End", 0, 2],
  [STACK, "Home", 2, 0],
  [STACK, "a", 0, undefined],
  [HEAT, "ArrowDown", 1, 4],
  [HEAT, "ArrowUp", 4, 1],
  [HEAT, "ArrowUp", 1, 1],
  [HEAT, "ArrowRight", 2, 3],
];
for (const [view, key, from, expected] of KEYS) {
  test(`${key} leads from mark ${from} of a ${view.kind} to ${expected}`, () => {
    assert.equal(nextMark(view, key, from, view === HEAT ? 6 : 3), expected);
  });
}

test("the table has a column for each series, and one for all of a stack", () => {
  assert.deepEqual(tableOf(STACK), [
    ["Sent", "delivered", "failed", "All"],
    ["Thu 1 Jan 2026", "4", "2", "6"],
    ["Fri 2 Jan 2026", "0", "0", "0"],
    ["Sat 3 Jan 2026", "4", "0", "4"],
  ]);
});

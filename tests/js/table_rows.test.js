import assert from "node:assert/strict";
import { test } from "node:test";
import {
  indexOf,
  makeStore,
  pause,
  rebuild,
  rowAt,
  take,
} from "../../twilio_widgets/panels/table/table_rows.js";
import { message, receive, shown, storeOf, viewOf } from "./table_cases.js";

const cells = (rows) => rows.map((row) => row.cells);

test("the rows of a message are taken in the order of their places", () => {
  const store = storeOf(
    message([
      [1, 2, "b"],
      [0, 1, "a"],
    ]),
  );

  assert.deepEqual(cells(store.rows), [["a"], ["b"]]);
  assert.equal(store.seen, 2);
});

test("a message that comes twice changes nothing", () => {
  const store = storeOf(message([[0, 1, "a"]]));

  assert.deepEqual(take(store, message([[0, 1, "a"]])), {
    reset: false,
    added: [],
    updated: [],
    dropped: false,
    missed: false,
  });
});

test("a newer change of a row replaces its cells and what was made of them", () => {
  const store = storeOf(message([[0, 1, "a"]]));
  Object.assign(store.rows[0], { found: "a", keys: ["a"] });
  take(store, message([[0, 2, "b"]], { after: 1 }));

  assert.deepEqual(store.rows, [
    { place: 0, change: 2, cells: ["b"], found: null, digits: null, keys: [] },
  ]);
});

test("an older change of a row is not taken", () => {
  const store = storeOf(message([[0, 2, "new"]]));
  take(store, message([[0, 1, "old"]]));

  assert.deepEqual(cells(store.rows), [["new"]]);
});

test("a row that comes late stands at its place", () => {
  const store = storeOf(
    message([
      [0, 1, "a"],
      [2, 3, "c"],
    ]),
    message([[1, 2, "b"]]),
  );

  assert.deepEqual(cells(store.rows), [["a"], ["b"], ["c"]]);
});

test("rows before the first of the kernel's are dropped", () => {
  const store = storeOf(
    message([
      [0, 1, "a"],
      [1, 2, "b"],
    ]),
  );
  const change = take(store, message([], { first: 1, dropped: 1 }));

  assert.equal(change.dropped, true);
  assert.deepEqual(cells(store.rows), [["b"]]);
  assert.deepEqual([...store.byPlace.keys()], [1]);
});

test("a row that the kernel has dropped already is not taken", () => {
  const change = take(
    makeStore(),
    message(
      [
        [0, 1, "a"],
        [1, 2, "b"],
      ],
      { first: 1, dropped: 1 },
    ),
  );

  assert.deepEqual(cells(change.added), [["b"]]);
});

test("a gap is reported, and what was seen stays what it was", () => {
  const store = storeOf(message([[0, 1, "a"]]));
  const change = take(store, message([[3, 4, "d"]], { after: 3 }));

  assert.equal(change.missed, true);
  assert.equal(store.seen, 1);
});

test("a new epoch begins with no rows, and an old one is over", () => {
  const store = storeOf(message([[0, 1, "a"]]));
  const change = take(store, message([[0, 9, "z"]], { epoch: 2, base: 8, after: 8 }));

  assert.equal(change.reset, true);
  assert.deepEqual(cells(store.rows), [["z"]]);
  assert.equal(take(store, message([[0, 2, "late"]])), null);
});

test("an empty store has seen nothing", () => {
  assert.deepEqual(makeStore(), { rows: [], byPlace: new Map(), epoch: -1, seen: -1, state: null });
});

const FOUR = [
  [0, 1, "ann", "sent", "10"],
  [1, 2, "Bob", "failed 30006", "9"],
  [2, 3, "cid", "failed 30003", ""],
  [3, 4, "dan", "sent", "x"],
];

test("the newest row is shown first", () => {
  assert.deepEqual(shown(viewOf(FOUR)), ["dan", "cid", "Bob", "ann"]);
});

/** @type {[string, { column: number, descending: boolean }, string[]][]} */
const SORTS = [
  ["text, in any case, ascending", { column: 0, descending: false }, ["ann", "Bob", "cid", "dan"]],
  ["text descending", { column: 0, descending: true }, ["dan", "cid", "Bob", "ann"]],
  [
    "numbers by value, and what is none first",
    { column: 2, descending: false },
    ["dan", "cid", "Bob", "ann"],
  ],
  ["numbers descending", { column: 2, descending: true }, ["ann", "Bob", "dan", "cid"]],
];
for (const [what, sort, expected] of SORTS) {
  test(`a view sorts ${what}`, () => {
    const order = viewOf(FOUR);
    order.sort = sort;
    rebuild(order);

    assert.deepEqual(shown(order), expected);
  });
}

test("a number below zero comes after what is no number", () => {
  const order = viewOf([
    [0, 1, "a", "", "-1"],
    [1, 2, "b", "", "n/a"],
  ]);
  order.sort = { column: 2, descending: false };
  rebuild(order);

  assert.deepEqual(shown(order), ["b", "a"]);
});

/** @type {[string, [number, string][], string[]][]} */
const FILTERS = [
  ["the word of a status", [[1, "failed"]], ["cid", "Bob"]],
  ["a status with its code", [[1, "failed 30006"]], ["Bob"]],
  [
    "two columns",
    [
      [1, "sent"],
      [0, "dan"],
    ],
    ["dan"],
  ],
  ["a word that no row has", [[1, "read"]], []],
];
for (const [what, filters, expected] of FILTERS) {
  test(`a view filters by ${what}`, () => {
    const order = viewOf(FOUR);
    order.filters = new Map(filters);
    rebuild(order);

    assert.deepEqual(shown(order), expected);
  });
}

test("a search looks through every cell, in any case", () => {
  const order = viewOf(FOUR);
  order.search = "bob";
  rebuild(order);

  assert.deepEqual(shown(order), ["Bob"]);
});

test("a row that comes joins a sorted and filtered view where it belongs", () => {
  const order = viewOf(FOUR);
  order.sort = { column: 0, descending: false };
  order.filters = new Map([[1, "sent"]]);
  rebuild(order);
  receive(
    order,
    message(
      [
        [4, 5, "bea", "sent", "1"],
        [5, 6, "eve", "failed", "1"],
      ],
      { after: 4 },
    ),
  );

  assert.deepEqual(shown(order), ["ann", "bea", "dan"]);
});

test("a row that changes leaves a view it no longer belongs to", () => {
  const order = viewOf(FOUR);
  order.filters = new Map([[1, "sent"]]);
  rebuild(order);
  receive(order, message([[3, 5, "dan", "delivered", "1"]], { after: 4 }));

  assert.deepEqual(shown(order), ["ann"]);
});

test("a paused view counts what comes, and shows it when it goes on", () => {
  const order = viewOf(FOUR);
  pause(order, true);
  receive(order, message([[4, 5, "eve", "sent", "1"]], { after: 4 }));
  const still = shown(order);
  const waiting = order.waiting;
  pause(order, false);

  assert.deepEqual(still, ["dan", "cid", "Bob", "ann"]);
  assert.equal(waiting, 1);
  assert.deepEqual(shown(order), ["eve", "dan", "cid", "Bob", "ann"]);
});

test("a new epoch ends a pause", () => {
  const order = viewOf(FOUR);
  pause(order, true);
  receive(order, message([[0, 9, "eve", "sent", "1"]], { epoch: 2, base: 8, after: 8 }));

  assert.deepEqual(shown(order), ["eve"]);
});

test("every row is found at the index where it is shown, and no other row is found", () => {
  const order = viewOf(FOUR);
  order.sort = { column: 2, descending: true };
  order.filters = new Map([[1, "sent"]]);
  rebuild(order);
  const found = order.shown.map((_, index) => indexOf(order, rowAt(order, index)));

  assert.deepEqual(found, [0, 1]);
  assert.equal(indexOf(order, order.store.rows[1]), -1);
});

// The table: one store of rows for a model, and any number of views of it.

import { openControl } from "./control.js";
import { listen } from "./table_hands.js";
import { changed, draw } from "./table_paint.js";
import { makeParts } from "./table_parts.js";
import { makeOrder, makeStore, take } from "./table_rows.js";
import { wordsOf } from "./table_text.js";

const PATIENCE = 1500; // milliseconds to wait for what was asked for
const MOST_WORDS = 50; // offered by a filter

// anywidget gives `initialize` and `render` different proxies of one model; what they share is here.
export default () => {
  const store = makeStore();
  const shared = { store, words: new Map(), open: null };
  const views = new Set();

  function initialize({ model }) {
    const columns = model.get("columns");
    const line = openControl(model);
    const keeper = makeKeeper(store, line);
    const hear = (message) => {
      if (message?.t !== "rows") return;
      const change = take(store, message);
      if (!change) return;
      collectWords(shared.words, columns, change);
      keeper.heard(change);
      for (const view of views) changed(view, change);
    };
    model.on("msg:custom", hear);
    shared.open = (row) => line.send({ t: "open", epoch: store.epoch, place: row.place });
    keeper.ask(); // never awaited: anywidget gives a model up that is not ready in two seconds
    return () => {
      model.off("msg:custom", hear);
      keeper.stop();
      line.close();
    };
  }

  function render({ model, el }) {
    const view = makeView(model, shared);
    el.append(view.parts.root);
    listen(view);
    const resized = new ResizeObserver(() => draw(view));
    resized.observe(view.parts.grid);
    views.add(view);
    draw(view);
    return () => {
      views.delete(view);
      resized.disconnect();
      cancelAnimationFrame(view.frame);
      clearTimeout(view.typing);
    };
  }

  return { initialize, render };
};

/** Asks for what is missing until nothing is: at first, after a gap, when an answer stays away. */
function makeKeeper(store, line) {
  let timer = 0, askedFor = NaN, tries = 0;
  const isBehind = () => !store.state || store.seen < store.state.upto;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => { if (isBehind()) ask(); }, PATIENCE * 2 ** Math.min(tries, 3));
  };
  const ask = () => {
    askedFor = store.seen;
    line.send({ t: "want", epoch: store.epoch, since: store.seen }, tries > 0);
    tries += 1;
    wait();
  };
  const heard = ({ missed }) => {
    if (missed) {
      if (askedFor !== store.seen) ask(); // once for each gap; the timer asks again
      return;
    }
    tries = 0;
    if (isBehind()) wait(); // more is under way
    else clearTimeout(timer);
  };
  return { ask, heard, stop: () => clearTimeout(timer) };
}

function collectWords(words, columns, { reset, added, updated }) {
  columns.forEach(({ choice }, column) => {
    if (!choice) return;
    if (reset || !words.has(column)) words.set(column, new Set());
    const known = words.get(column);
    for (const { cells } of [...added, ...updated]) {
      for (const word of wordsOf(cells[column])) if (known.size < MOST_WORDS) known.add(word);
    }
  });
}

function makeView(model, { store, words, open }) {
  const columns = model.get("columns");
  const label = model.get("label");
  return {
    columns, label, store, words, open,
    tones: model.get("tones"),
    parts: makeParts(columns, label, model.get("live"), model.get("height")),
    order: makeOrder(store, columns, model.get("order")),
    slots: [],
    widths: [],
    /** The marked cell: a row (null for the heads) and a column; and the row opened last. */
    mark: { row: null, column: 0, opened: null },
    /** The topmost row in sight when last drawn, and its index; rows that came above it since. */
    top: null,
    topIndex: 0,
    unseen: 0,
    wordsMayDiffer: true,
    frame: 0,
    typing: 0,
  };
}

// The table: one store of rows for a model, and any number of views of it.

import { openControl } from "../kit/side_channel.js";
import { listen } from "./table_hands.js";
import { changed, draw } from "./table_paint.js";
import { makeStore, take } from "./table_rows.js";
import { wordsOf } from "./table_text.js";
import { makeView } from "./table_view.js";

/**
 * @import { Change, Column, Message, Store } from "./table_rows.js"
 * @import { Shared, TableState, View, Words } from "./table_view.js"
 */

const PATIENCE = 1500; // milliseconds to wait for what was asked for
const MOST_WORDS = 50; // offered by a filter

// anywidget gives `initialize` and `render` different proxies of one model; what they share is here.
export default () => {
  const store = makeStore();
  /** @type {Shared} */
  const shared = { store, words: new Map(), open: null };
  /** @type {Set<View>} */
  const views = new Set();

  /** @param {import("@anywidget/types").InitializeProps<TableState>} context */
  function initialize({ model }) {
    const columns = model.get("columns");
    const line = openControl(model);
    const keeper = makeKeeper(store, line);
    /** @param {Message} message */
    const receive = (message) => {
      if (message?.t !== "rows") return;
      const change = take(store, message);
      if (!change) return;
      collectWords(shared.words, columns, change);
      keeper.received(change);
      for (const view of views) changed(view, change);
    };
    model.on("msg:custom", receive);
    shared.open = (row) => line.send({ t: "open", epoch: store.epoch, place: row.place });
    keeper.ask(); // never awaited: anywidget gives a model up that is not ready in two seconds
    return () => {
      model.off("msg:custom", receive);
      keeper.stop();
      line.close();
    };
  }

  /** @param {import("@anywidget/types").RenderProps<TableState>} context */
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

/**
 * Asks for what is missing until nothing is: at first, after a gap, when an answer stays away.
 * @param {Store} store
 * @param {ReturnType<typeof openControl>} line
 */
function makeKeeper(store, line) {
  let timer = 0,
    askedFor = NaN,
    tries = 0;
  const isBehind = () => !store.state || store.seen < store.state.upto;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(
      () => {
        if (isBehind()) ask();
      },
      PATIENCE * 2 ** Math.min(tries, 3),
    );
  };
  const ask = () => {
    askedFor = store.seen;
    line.send({ t: "want", epoch: store.epoch, since: store.seen }, tries > 0);
    tries += 1;
    wait();
  };
  /** @param {Change} change */
  const received = ({ missed }) => {
    if (missed) {
      if (askedFor !== store.seen) ask(); // once for each gap; the timer asks again
      return;
    }
    tries = 0;
    if (isBehind())
      wait(); // more is under way
    else clearTimeout(timer);
  };
  return { ask, received, stop: () => clearTimeout(timer) };
}

/**
 * @param {Words} words
 * @param {Column[]} columns
 * @param {Change} change
 */
function collectWords(words, columns, { reset, added, updated }) {
  columns.forEach(({ choice }, column) => {
    if (!choice) return;
    const known = (!reset && words.get(column)) || new Set();
    words.set(column, known);
    for (const { cells } of [...added, ...updated]) {
      for (const word of wordsOf(cells[column])) if (known.size < MOST_WORDS) known.add(word);
    }
  });
}

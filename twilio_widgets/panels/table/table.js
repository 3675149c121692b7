// The table: one store of rows for a model, and any number of views of it.

import { openControl } from "../kit/side_channel.js";
import { announce, listen, saveFile } from "./table_hands.js";
import { arrange, changed, draw, fitWidth } from "./table_paint.js";
import { makeStore, take } from "./table_rows.js";
import { wordsOf } from "./table_text.js";
import { makeView } from "./table_view.js";

/**
 * @import { Change, Column, Message, Store } from "./table_rows.js"
 * @import { Shared, TableState, View, Words } from "./table_view.js"
 */

const REQUEST_TIMEOUT = 1500; // milliseconds until a request is repeated
const FILE_TIMEOUT = 10_000; // milliseconds after which a file that has not arrived is mentioned
const NO_FILE = "The kernel has not answered, so no file was saved. If it does, the file is saved then.";
const MOST_WORDS = 50; // choices of one filter

// anywidget gives `initialize` and `render` different proxies of one model; shared state is here.
export default () => {
  const store = makeStore();
  /** @type {Shared} */
  const shared = { store, words: new Map(), open: null, fetchFile: null, select: null };
  /** @type {Set<View>} */
  const views = new Set();

  /** @param {import("@anywidget/types").InitializeProps<TableState>} context */
  function initialize({ model }) {
    const columns = model.get("columns");
    const channel = openControl(model);
    const synchronizer = makeSynchronizer(store, channel);
    /**
     * @param {any} message
     * @param {DataView[]} buffers
     */
    const receive = (message, buffers) => {
      if (message?.t === "file") receiveFile(message, buffers);
      if (message?.t !== "rows") return;
      const change = take(store, message);
      if (!change) return;
      collectWords(shared.words, columns, change);
      synchronizer.received(change);
      for (const view of views) changed(view, change);
    };
    model.on("msg:custom", receive);
    /** @type {Set<string>} */
    const wanted = new Set(); // files that this page asked for
    shared.fetchFile = (request) => {
      const id = crypto.randomUUID();
      wanted.add(id);
      setTimeout(() => wanted.has(id) && tell(NO_FILE, true), FILE_TIMEOUT);
      channel.send({ ...request, id });
    };
    /** @type {(sentence: string, isProblem: boolean) => void} */
    const tell = (sentence, isProblem) => {
      for (const view of views) announce(view, sentence, isProblem);
    };
    /**
     * @param {{ id: string, name: string, problem: string }} message
     * @param {DataView[]} buffers
     */
    const receiveFile = ({ id, name, problem }, buffers) => {
      if (!wanted.delete(id)) return;
      if (!problem) saveFile(name, new Blob(/** @type {BlobPart[]} */ (buffers)));
      tell(problem || "The file is saved.", problem !== "");
    };
    shared.select = (rows) => {
      channel.send({ t: "select", epoch: store.epoch, places: rows.map(({ place }) => place) });
    };
    shared.open = (row) => channel.send({ t: "open", epoch: store.epoch, place: row.place });
    synchronizer.request(); // not awaited: anywidget drops a model that is not ready within two seconds
    return () => {
      model.off("msg:custom", receive);
      synchronizer.stop();
      channel.close();
    };
  }

  /** @param {import("@anywidget/types").RenderProps<TableState>} context */
  function render({ model, el }) {
    const view = makeView(model, shared);
    el.append(view.parts.root);
    listen(view);
    arrange(view);
    const resized = new ResizeObserver(() => {
      fitWidth(view);
      draw(view);
    });
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
 * Requests missing rows until none are: at the start, after a gap, and when a response is lost.
 * @param {Store} store
 * @param {ReturnType<typeof openControl>} channel
 */
function makeSynchronizer(store, channel) {
  let timer = 0,
    askedFor = NaN,
    attempts = 0;
  const isBehind = () => !store.state || store.seen < store.state.upto;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(
      () => {
        if (isBehind()) request();
      },
      REQUEST_TIMEOUT * 2 ** Math.min(attempts, 3),
    );
  };
  const request = () => {
    askedFor = store.seen;
    channel.send({ t: "want", epoch: store.epoch, since: store.seen }, attempts > 0);
    attempts += 1;
    wait();
  };
  /** @param {Change} change */
  const received = ({ missed }) => {
    if (missed) {
      if (askedFor !== store.seen) request(); // once for each gap; the timer repeats it
      return;
    }
    attempts = 0;
    if (isBehind())
      wait(); // more messages will arrive
    else clearTimeout(timer);
  };
  return { request, received, stop: () => clearTimeout(timer) };
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

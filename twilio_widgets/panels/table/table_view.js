// One view of a table: its elements, its order of rows, and what it has drawn.

import { choiceIn } from "./table_columns.js";
import { makeParts } from "./table_parts.js";
import { makeOrder } from "./table_rows.js";

/**
 * @import { AnyModel } from "@anywidget/types"
 * @import { Slot } from "./table_parts.js"
 * @import { Choice } from "./table_columns.js"
 * @import { Column, Row, Store } from "./table_rows.js"
 * @import { Cell } from "./table_selection.js"
 *
 * @typedef {{ columns: Column[], label: string, height: number, live: boolean, order: string,
 *   tones: Record<string, string>, channel: string }} TableState
 * @typedef {Map<number, Set<string>>} Words what each column can be filtered by
 * @typedef {{ store: Store, words: Words, open: ((row: Row) => void) | null,
 *   fetchFile: ((request: object) => void) | null,
 *   select: ((rows: Row[]) => void) | null }} Shared
 * @typedef {ReturnType<typeof makeView>} View
 */

/**
 * @param {AnyModel<TableState>} model
 * @param {Shared} shared what all views of a model have in common
 */
export function makeView(model, { store, words, open, fetchFile, select }) {
  const columns = model.get("columns");
  const label = model.get("label");
  const view = {
    columns,
    label,
    choice: storedChoice(label, columns),
    narrow: false,
    store,
    words,
    open,
    fetchFile,
    select,
    told: "",
    tones: model.get("tones"),
    parts: makeParts(columns, label, model.get("live"), model.get("height")),
    order: makeOrder(store, columns, model.get("order")),
    /** @type {Slot[]} */
    slots: [],
    /** @type {number[]} */
    widths: [],
    /** @type {number[]} */
    wants: [],
    /**
     * The marked cell: a row (null for the heads) and a column; and the row opened last.
     * @type {{ row: Row | null, column: number, opened: Row | null }}
     */
    mark: { row: null, column: 0, opened: null },
    /**
     * The cell at which the selection began; null while only one cell is marked.
     * @type {Cell | null}
     */
    anchor: null,
    typed: { text: "", at: 0 },
    dragged: false,
    /** @type {{ draw: () => void } | null} */
    menu: null,
    /**
     * The topmost row in sight when last drawn, and its index; rows that came above it since.
     * @type {Row | null}
     */
    top: null,
    topIndex: 0,
    unseen: 0,
    wordsMayDiffer: true,
    frame: 0,
    typing: 0,
  };
  return view;
}

/**
 * @param {string} label
 * @param {Column[]} columns
 */
function storageKey(label, columns) {
  return `tw-table ${label}: ${columns.map(({ name }) => name).join(",")}`;
}

/**
 * What the user chose for the columns of such a table before, also in another notebook.
 * @param {string} label
 * @param {Column[]} columns
 */
function storedChoice(label, columns) {
  try {
    return choiceIn(localStorage.getItem(storageKey(label, columns)));
  } catch {
    return {}; // the page may not store anything
  }
}

/**
 * @param {View} view
 * @param {Choice} choice
 */
export function storeChoice({ label, columns }, choice) {
  try {
    localStorage.setItem(storageKey(label, columns), JSON.stringify(choice));
  } catch {
    // the page may not store anything: the choice holds while it is open
  }
}

// One view of a table: its elements, its order of rows, and what it has drawn.

import { makeParts } from "./table_parts.js";
import { makeOrder } from "./table_rows.js";

/**
 * @import { AnyModel } from "@anywidget/types"
 * @import { Slot } from "./table_parts.js"
 * @import { Column, Row, Store } from "./table_rows.js"
 *
 * @typedef {{ columns: Column[], label: string, height: number, live: boolean, order: string,
 *   tones: Record<string, string>, channel: string }} TableState
 * @typedef {Map<number, Set<string>>} Words what each column can be filtered by
 * @typedef {{ store: Store, words: Words, open: ((row: Row) => void) | null }} Shared
 * @typedef {ReturnType<typeof makeView>} View
 */

/**
 * @param {AnyModel<TableState>} model
 * @param {Shared} shared what all views of a model have in common
 */
export function makeView(model, { store, words, open }) {
  const columns = model.get("columns");
  const label = model.get("label");
  return {
    columns,
    label,
    store,
    words,
    open,
    tones: model.get("tones"),
    parts: makeParts(columns, label, model.get("live"), model.get("height")),
    order: makeOrder(store, columns, model.get("order")),
    /** @type {Slot[]} */
    slots: [],
    /** @type {number[]} */
    widths: [],
    /**
     * The marked cell: a row (null for the heads) and a column; and the row opened last.
     * @type {{ row: Row | null, column: number, opened: Row | null }}
     */
    mark: { row: null, column: 0, opened: null },
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
}

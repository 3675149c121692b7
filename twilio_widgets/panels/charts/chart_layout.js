// Where the parts of a chart are, and how a mark reads. Without the DOM.

/**
 * @typedef {{ name: string, key: string | null, tone: string, shade: number, values: number[],
 *   texts: string[] }} Series
 *
 * @typedef {[category: string | null, series: string | null]} Pick the keys that a mark selects
 *
 * @typedef {{ kind: string, title: string, total: string, note: string, empty: string, axis: string,
 *   heading: string, labels: string[], names: string[], steps: number[],
 *   ticks: [value: number, text: string][], totals: string[], keys: string[], series: Series[],
 *   picked: Pick[] }} ChartView `view_of` in view.py makes it
 *
 * @typedef {{ x: number, y: number, width: number, height: number }} Box
 * @typedef {{ x: number, y: number, text: string }} Word
 * @typedef {{ category: number, series: number | null }} Mark the places of a mark's keys
 */

export const CHARACTER = 6.7; // pixels of an average character of the axis
const BOTTOM = 18; // pixels for the labels below the axis
const TOP = 7;
const ROW = 20; // pixels of a row of a heat map
const WIDEST = 44; // pixels of a bar, unless it is a bin

/**
 * Returns the height of a drawing in pixels.
 * @param {ChartView} view
 */
export function heightOf(view) {
  return view.kind === "heat_map" ? view.series.length * ROW + BOTTOM : 168;
}

/**
 * Returns the pixels that the longest of some texts takes.
 * @param {string[]} texts
 */
const longest = (texts) => Math.max(0, ...texts.map((text) => text.length)) * CHARACTER;

/**
 * Places stacked bars or bins: one path for each series, and a mark for each category.
 * @param {ChartView} view
 * @param {number} width pixels
 */
export function placeColumns(view, width) {
  const height = heightOf(view);
  const left = Math.ceil(longest(view.ticks.map(([, text]) => text))) + 8;
  const base = height - BOTTOM;
  const top = view.ticks[view.ticks.length - 1][0];
  /** @param {number} value */
  const y = (value) => base - ((base - TOP) * value) / top;
  const step = (width - left) / Math.max(view.labels.length, 1);
  const bar = barWidth(view.kind, step);
  const sums = new Array(view.labels.length).fill(0);
  const paths = view.series.map(({ values }) => {
    let path = "";
    values.forEach((value, index) => {
      if (value <= 0) return;
      const x = left + index * step + (step - bar) / 2;
      const from = y(sums[index]);
      sums[index] += value;
      path += `M${x.toFixed(1)} ${from.toFixed(1)}h${bar.toFixed(1)}V${y(sums[index]).toFixed(1)}h-${bar.toFixed(1)}z`;
    });
    return path;
  });
  return {
    height,
    left,
    paths,
    marks: view.labels.map((_, index) => ({
      x: left + index * step,
      y: TOP,
      width: step,
      height: base - TOP,
    })),
    lines: view.ticks.map(([value]) => y(value)),
    ticks: view.ticks.map(([value, text]) => ({ x: left - 6, y: y(value) + 4, text })),
    labels: placeLabels(view, left, step, height),
  };
}

/**
 * Returns the width of a bar, with a gap where there is room. Bins touch.
 * @param {string} kind
 * @param {number} step pixels from one bar to the next
 */
function barWidth(kind, step) {
  if (kind === "histogram") return step - (step > 4 ? 1 : 0);
  return Math.min(step > 5 ? step * 0.82 : step, WIDEST);
}

/**
 * Places the cells of a heat map, row by row.
 * @param {ChartView} view
 * @param {number} width pixels
 */
export function placeCells(view, width) {
  const height = heightOf(view);
  const left = Math.ceil(longest(view.series.map(({ name }) => name))) + 8;
  const step = (width - left) / Math.max(view.labels.length, 1);
  const most = Math.max(...view.series.flatMap(({ values }) => values), 0) || 1;
  const gap = step > 6 ? 2 : 1;
  return {
    height,
    left,
    marks: view.series.flatMap((_, row) =>
      view.labels.map((_, column) => ({
        x: left + column * step,
        y: row * ROW,
        width: Math.max(step - gap, 1),
        height: ROW - 2,
      })),
    ),
    shares: view.series.flatMap(({ values }) => values.map((value) => value / most)),
    ticks: view.series.map(({ name }, row) => ({ x: left - 6, y: row * ROW + 13, text: name })),
    labels: placeLabels(view, left, step, height),
  };
}

/**
 * Places as many labels below the axis as there is room for.
 * @param {ChartView} view
 * @param {number} left where the first category begins
 * @param {number} step pixels from one category to the next
 * @param {number} height of the drawing
 * @returns {Word[]}
 */
function placeLabels(view, left, step, height) {
  const every = everyNth(view.labels, step, view.steps);
  return view.labels
    .map((text, index) => ({ x: left + (index + 0.5) * step, y: height - 4, text, index }))
    .filter(({ index }) => index % every === 0)
    .map(({ x, y, text }) => ({ x: Math.max(x, (text.length * CHARACTER) / 2), y, text }));
}

/**
 * Returns how many categories share one label.
 * @param {string[]} labels
 * @param {number} step pixels from one category to the next
 * @param {number[]} steps the counts that make sense, ascending
 */
export function everyNth(labels, step, steps) {
  // The first label may be longer than the others: it has the year.
  const room = Math.max(longest(labels.slice(1)), longest(labels.slice(0, 1)) * 0.75) + 8;
  return steps.find((every) => every * step >= room) ?? Math.max(1, Math.ceil(room / step));
}

/**
 * Returns the places of a mark's keys. A heat map has a mark for each cell, row by row.
 * @param {ChartView} view
 * @param {number} index
 * @returns {Mark}
 */
export function markAt(view, index) {
  if (view.kind !== "heat_map") return { category: index, series: null };
  const columns = view.labels.length;
  return { category: index % columns, series: Math.floor(index / columns) };
}

/**
 * Returns what a mark selects; null if nothing.
 * @param {ChartView} view
 * @param {Mark} mark
 * @returns {Pick | null}
 */
export function pickOf(view, { category, series }) {
  if (view.keys.length === 0) return null;
  if (series === null) return [view.keys[category], null];
  const { key } = view.series[series];
  return key === null ? null : [view.keys[category], key];
}

/**
 * Returns whether a pick is selected.
 * @param {ChartView} view
 * @param {Pick | null} pick
 */
export function isPicked(view, pick) {
  return pick !== null && view.picked.some(([one, other]) => one === pick[0] && other === pick[1]);
}

/**
 * Returns how a mark reads: a title, and a row for each value that is not 0.
 * @param {ChartView} view
 * @param {Mark} mark
 * @returns {{ title: string, value: string, rows: Series[] }} `value` is the whole bar or the cell
 */
export function readingOf(view, { category, series }) {
  const name = view.names[category];
  if (series !== null) {
    const row = view.series[series];
    return { title: `${row.name} ${name}`, value: row.texts[category], rows: [] };
  }
  const rows = view.series.length > 1 ? view.series.filter((one) => one.values[category] > 0) : [];
  return { title: name, value: view.totals[category], rows };
}

/**
 * Returns a mark's reading as one line, for screen readers.
 * @param {ChartView} view
 * @param {Mark} mark
 */
export function labelOf(view, mark) {
  const { title, value, rows } = readingOf(view, mark);
  const parts = rows.map((row) => `${row.name} ${row.texts[mark.category]}`);
  return `${title}: ${value}${parts.length > 0 ? ` (${parts.join(", ")})` : ""}`;
}

/**
 * Returns the mark that a key leads to; undefined if it is not a navigation key.
 * @param {ChartView} view
 * @param {string} key
 * @param {number} index the mark it leads from
 * @param {number} count
 * @returns {number | undefined}
 */
export function nextMark(view, key, index, count) {
  const line = view.kind === "heat_map" ? view.labels.length : 1;
  const targets = {
    ArrowRight: index + 1,
    ArrowLeft: index - 1,
    ArrowDown: index + line,
    ArrowUp: index - line,
    Home: 0,
    End: count - 1,
  };
  const target = targets[/** @type {keyof typeof targets} */ (key)];
  if (target === undefined) return undefined;
  return target < 0 || target >= count ? index : target;
}

/**
 * Returns the table behind a chart: its head, then a row for each category.
 * @param {ChartView} view
 * @returns {string[][]}
 */
export function tableOf(view) {
  const sums = view.kind === "stacked_bars" && view.series.length > 1;
  const head = [view.heading, ...view.series.map(({ name }) => name), ...(sums ? ["All"] : [])];
  const rows = view.names.map((name, index) => [
    name,
    ...view.series.map(({ texts }) => texts[index]),
    ...(sums ? [view.totals[index]] : []),
  ]);
  return [head, ...rows];
}

// A chart: its title, legend, drawing and table. It reports which mark the user selects, by its keys.

import { element, fit, write } from "../kit/dom.js";
import { askFor } from "../kit/unsaved.js";
import { drawPlot, isDim, put } from "./chart_drawing.js";
import { isPicked, markAt, nextMark, pickOf, readingOf, tableOf } from "./chart_layout.js";

/** @import { ChartView } from "./chart_layout.js" */

/** @param {import("@anywidget/types").RenderProps<{ epoch: number }>} context */
function render({ model, el }) {
  const parts = build();
  const { figure, plot, legend } = parts;
  el.append(figure);
  /** @type {ChartView | null} */
  let view = null;
  /** @type {Element[]} */
  let marks = [];
  let current = 0;

  const draw = () => {
    if (!view) return;
    writeTexts(parts, view);
    drawLegend(legend, view);
    current = Math.min(current, Math.max(0, marks.length - 1));
    marks = drawPlot(plot, view, current);
  };
  /** @param {ChartView} content */
  const show = (content) => {
    view = content;
    draw();
    afterwards(() => drawTable(parts.table, content));
  };
  /** @param {import("./chart_layout.js").Pick | null} pick */
  const toggle = (pick) => {
    if (!view || !pick) return;
    const [category, series] = pick;
    model.send({ t: "pick", category, series, on: !isPicked(view, pick) });
  };
  /** @param {Event} event */
  const markOf = ({ target }) =>
    marks.indexOf(/** @type {Element} */ (/** @type {Element} */ (target).closest("[data-mark]")));
  /** @param {number} index */
  const focus = (index) => {
    put(marks[current], { tabindex: -1 });
    current = index;
    put(marks[current], { tabindex: 0 });
    /** @type {HTMLElement | SVGElement} */ (marks[current]).focus();
  };
  /** @param {number} index */
  const tell = (index) => {
    if (view && index >= 0) showTip(parts, view, index, marks[index]);
    else parts.tip.hidden = true;
  };

  plot.addEventListener("pointerover", (event) => tell(markOf(event)));
  plot.addEventListener("pointerleave", () => tell(-1));
  plot.addEventListener("focusin", (event) => tell(markOf(event)));
  plot.addEventListener("focusout", () => tell(-1));
  plot.addEventListener("click", (event) => {
    const index = markOf(event);
    if (!view || index < 0) return;
    focus(index);
    toggle(pickOf(view, markAt(view, index)));
  });
  legend.addEventListener("click", ({ target }) => {
    const button = /** @type {Element} */ (target).closest("button");
    const index = [...legend.querySelectorAll("button")].indexOf(/** @type {any} */ (button));
    if (view && index >= 0) toggle([null, view.series[index].key]);
  });
  figure.addEventListener("keydown", (event) => {
    if (!view) return;
    const index = markOf(event);
    const next = index < 0 ? undefined : nextMark(view, event.key, index, marks.length);
    if (event.key === "Escape" && view.picked.length > 0) model.send({ t: "clear" });
    else if (next !== undefined) focus(next);
    else if (index >= 0 && (event.key === "Enter" || event.key === " ")) {
      toggle(pickOf(view, markAt(view, index)));
    } else return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab has shortcuts of its own for these keys
  });

  const resized = new ResizeObserver(draw);
  resized.observe(plot);
  const stop = askFor(model, show);
  return () => {
    resized.disconnect();
    stop();
  };
}

function build() {
  const figure = element("figure", "tw-chart");
  const head = element("figcaption", "tw-chart-head");
  const parts = {
    figure,
    title: element("strong"),
    total: element("span", "tw-chart-total"),
    legend: element("ul", "tw-chart-legend"),
    plot: element("div", "tw-chart-plot"),
    empty: element("p", "tw-chart-empty"),
    axis: element("p", "tw-chart-axis"),
    note: element("p", "tw-chart-note"),
    tip: element("div", "tw-chart-tip"),
    table: element("table", "tw-unseen"),
  };
  const { title, total, legend, plot, empty, axis, note, tip, table } = parts;
  head.append(title, total);
  table.append(element("caption"), element("tbody"));
  tip.hidden = true;
  tip.setAttribute("aria-hidden", "true"); // the mark itself has the same words
  figure.append(head, legend, plot, empty, axis, note, tip, table);
  return parts;
}

/**
 * @param {ReturnType<typeof build>} parts
 * @param {ChartView} view
 */
function writeTexts({ figure, title, total, plot, empty, axis, note }, view) {
  figure.dataset.kind = view.kind;
  write(title, view.title);
  write(total, view.total);
  write(empty, view.empty);
  write(axis, view.axis);
  write(note, view.note);
  for (const node of [empty, axis, note]) node.hidden = node.textContent === "";
  plot.hidden = view.empty !== "";
}

/**
 * Draws the names of the series as buttons; for a heat map, the colours of its smallest and largest.
 * @param {HTMLElement} legend
 * @param {ChartView} view
 */
function drawLegend(legend, view) {
  const isHeat = view.kind === "heat_map";
  const named = view.kind === "stacked_bars" && view.series.length > 0 ? view.series : [];
  legend.hidden = view.empty !== "" || (named.length === 0 && !isHeat);
  legend.dataset.kind = view.kind;
  if (isHeat) {
    const most = view.ticks[view.ticks.length - 1][1];
    fit(legend, 1, () => element("li")).forEach((item) => {
      if (!item.firstElementChild || item.querySelector("button")) {
        item.replaceChildren(element("span"), element("i", "tw-scale"), element("span"));
      }
      write(item.children[0], view.ticks[0][1]);
      write(item.children[2], most);
    });
    return;
  }
  fit(legend, named.length, () => element("li")).forEach((item, index) => {
    if (!item.querySelector("button")) {
      const button = element("button", "tw-chart-key");
      button.type = "button";
      button.append(element("i"), element("span"));
      item.replaceChildren(button);
    }
    const button = /** @type {HTMLButtonElement} */ (item.firstElementChild);
    const { name, tone, shade, key } = named[index];
    const [swatch, label] = button.children;
    put(swatch, { "data-tone": tone, style: `opacity: ${shade}` });
    write(label, name);
    button.disabled = key === null;
    put(button, { "data-dim": isDim(view, key) });
    if (key === null) button.removeAttribute("aria-pressed");
    else put(button, { "aria-pressed": isPicked(view, [null, key]) });
  });
}

/**
 * @param {HTMLTableElement} table
 * @param {ChartView} view
 */
function drawTable(table, view) {
  const rows = tableOf(view);
  const [caption, body] = table.children;
  write(caption, view.title);
  fit(body, rows.length, () => element("tr")).forEach((row, line) => {
    const isHead = () => line === 0 || row.children.length === 0;
    const cells = fit(row, rows[line].length, () => element(isHead() ? "th" : "td"));
    cells.forEach((cell, column) => {
      write(cell, rows[line][column]);
      if (cell.tagName === "TH") put(cell, { scope: line === 0 ? "col" : "row" });
    });
  });
}

/**
 * Shows the reading of a mark beside it.
 * @param {ReturnType<typeof build>} parts
 * @param {ChartView} view
 * @param {number} index
 * @param {Element} mark
 */
function showTip({ figure, tip }, view, index, mark) {
  if (view.kind === "bars") return; // its bars are labelled already
  const place = markAt(view, index);
  const { title, value, rows } = readingOf(view, place);
  const head = element("div", "tw-chart-tip-head");
  head.append(element("span", "", title), element("b", "", value));
  const lines = rows.toReversed().map(({ name, tone, shade, texts }) => {
    const line = element("div");
    const swatch = element("i");
    put(swatch, { "data-tone": tone, style: `opacity: ${shade}` });
    line.append(swatch, element("span", "", name), element("b", "", texts[place.category]));
    return line;
  });
  tip.replaceChildren(head, ...lines);
  tip.hidden = false;
  const box = figure.getBoundingClientRect();
  const at = mark.getBoundingClientRect();
  const middle = at.left + at.width / 2 - box.left;
  const isRight = middle > box.width / 2;
  const beside = at.width / 2 + 6;
  tip.style.left = isRight ? "auto" : `${middle + beside}px`;
  tip.style.right = isRight ? `${box.width - middle + beside}px` : "auto";
  tip.style.top = `${Math.max(0, at.top - box.top - (view.kind === "heat_map" ? 8 : 0))}px`;
}

/**
 * Runs a step when the page is idle: nobody waits for the table behind the chart.
 * @param {() => void} step
 */
function afterwards(step) {
  if ("requestIdleCallback" in globalThis) requestIdleCallback(step, { timeout: 500 });
  else setTimeout(step, 100);
}

export default { render };

// The drawings of a chart. Each is updated in place, so a mark keeps the focus when its value changes.

import { element, fit, write } from "../kit/dom.js";
import { isPicked, labelOf, markAt, pickOf, placeCells, placeColumns } from "./chart_layout.js";

/** @import { Box, ChartView, Word } from "./chart_layout.js" */

const NAMESPACE = "http://www.w3.org/2000/svg";

/**
 * Makes an SVG element.
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} [className]
 * @returns {SVGElementTagNameMap[Tag]}
 */
function shape(tag, className = "") {
  const made = document.createElementNS(NAMESPACE, tag);
  if (className) made.setAttribute("class", className);
  return made;
}

/**
 * Sets attributes, those that differ.
 * @param {Element} node
 * @param {Record<string, string | number | boolean>} attributes
 */
export function put(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    const text = typeof value === "number" ? String(Math.round(value * 10) / 10) : String(value);
    if (node.getAttribute(name) !== text) node.setAttribute(name, text);
  }
}

/**
 * Draws a chart and returns its marks.
 * @param {HTMLElement} plot
 * @param {ChartView} view
 * @param {number} current the mark that Tab reaches
 * @returns {Element[]}
 */
export function drawPlot(plot, view, current) {
  if (plot.dataset.kind !== view.kind) {
    plot.dataset.kind = view.kind;
    plot.replaceChildren(view.kind === "bars" ? element("ol", "tw-bars") : makeDrawing());
  }
  const root = /** @type {Element} */ (plot.firstElementChild);
  put(root, { role: view.kind === "bars" ? "list" : "group", "aria-label": view.title });
  const marks = view.kind === "bars" ? drawBars(root, view) : drawSvg(root, view, plot.clientWidth);
  marks.forEach((mark, index) => {
    const place = markAt(view, index);
    const pick = pickOf(view, place);
    put(mark, { "data-mark": index, tabindex: index === current ? 0 : -1 });
    put(mark, { role: pick ? "button" : "img", "aria-label": labelOf(view, place) });
    if (pick) put(mark, { "aria-pressed": isPicked(view, pick) });
    else mark.removeAttribute("aria-pressed");
  });
  const hasPick = marks.some((mark) => mark.getAttribute("aria-pressed") === "true");
  put(plot, { "data-picked": hasPick });
  return marks;
}

function makeDrawing() {
  const root = shape("svg");
  root.append(
    ...["lines", "paths", "marks", "texts"].map((name) => shape("g", `tw-chart-${name}`)),
  );
  return root;
}

/**
 * @param {Element} root
 * @param {ChartView} view
 * @param {number} clientWidth
 */
function drawSvg(root, view, clientWidth) {
  const width = Math.max(clientWidth, 200);
  const [lines, paths, marks, texts] = root.children;
  const isHeat = view.kind === "heat_map";
  const placed = isHeat ? placeCells(view, width) : placeColumns(view, width);
  put(root, { width, height: placed.height });
  const drawn = fit(marks, placed.marks.length, () => shape("rect"));
  drawn.forEach((mark, index) => {
    put(mark, { ...placed.marks[index], rx: isHeat ? 2 : 0 });
  });
  if ("shares" in placed) {
    drawn.forEach((mark, index) => {
      mark.style.setProperty("--tw-share", placed.shares[index].toFixed(3));
    });
  }
  if ("paths" in placed) {
    drawLines(lines, placed.lines, placed.left, width);
    fit(paths, placed.paths.length, () => shape("path")).forEach((path, index) => {
      const { tone, shade, key } = view.series[index];
      put(path, { d: placed.paths[index], "data-tone": tone, "fill-opacity": shade });
      put(path, { "data-dim": isDim(view, key) });
    });
  }
  drawTexts(texts, placed.ticks, placed.labels);
  return drawn;
}

/**
 * Returns whether another series is selected.
 * @param {ChartView} view
 * @param {string | null} key
 */
export function isDim(view, key) {
  const picked = view.picked.filter(([category]) => category === null);
  return picked.length > 0 && !isPicked(view, [null, key]);
}

/**
 * @param {Element} group
 * @param {number[]} lines
 * @param {number} left
 * @param {number} width
 */
function drawLines(group, lines, left, width) {
  fit(group, lines.length, () => shape("line")).forEach((line, index) => {
    put(line, { x1: left, x2: width, y1: lines[index], y2: lines[index] });
  });
}

/**
 * @param {Element} group
 * @param {Word[]} ticks
 * @param {Word[]} labels
 */
function drawTexts(group, ticks, labels) {
  const texts = [...ticks, ...labels];
  fit(group, texts.length, () => shape("text")).forEach((word, index) => {
    const { x, y, text } = texts[index];
    put(word, { x, y, "text-anchor": index < ticks.length ? "end" : "middle" });
    put(word, { "aria-hidden": true });
    write(word, text);
  });
}

/**
 * Draws horizontal bars, one under the other: a label, a bar and a value each.
 * @param {Element} list
 * @param {ChartView} view
 */
function drawBars(list, view) {
  const [series] = view.series;
  const most = Math.max(...(series?.values ?? []), 0) || 1;
  const items = fit(list, series ? view.names.length : 0, makeBar);
  return items.map((item, index) => {
    const mark = /** @type {HTMLElement} */ (item.firstElementChild);
    const [label, bar, value] = mark.children;
    write(label, view.names[index]);
    put(label, { title: view.names[index] }); // it may be cut off
    write(value, series.texts[index]);
    put(bar, { "data-tone": series.tone });
    /** @type {HTMLElement} */ (bar).style.setProperty(
      "--tw-share",
      (Math.max(series.values[index], 0) / most).toFixed(3),
    );
    return mark;
  });
}

function makeBar() {
  const item = element("li");
  const mark = element("div", "tw-bar");
  // The space separates both texts for screen readers and copies; a flex box does not show it.
  mark.append(element("span", "tw-bar-label"), element("i"), " ", element("span", "tw-bar-value"));
  item.append(mark);
  return item;
}

// The target of a navigation key. Without the DOM.

/**
 * Returns the index of the tab a key selects, wrapping around; undefined for any other key.
 * @param {string} key
 * @param {number} at the index of the tab that has the focus
 * @param {number} count
 * @returns {number | undefined}
 */
export function nextTab(key, at, count) {
  switch (key) {
    case "ArrowRight":
      return (at + 1) % count;
    case "ArrowLeft":
      return (at - 1 + count) % count;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return undefined;
  }
}

/**
 * Returns the table cell a key selects: a row index (-1 for the header) and a column, either of which
 * may be outside the table; undefined for any other key.
 * @param {string} key
 * @param {boolean} command whether Ctrl or Cmd is held
 * @param {{ row: number, column: number, rows: number, columns: number, page: number }} place the cell
 *   it leads from, the size of the table, and the rows of a page
 * @returns {[row: number, column: number] | undefined}
 */
export function keyTarget(key, command, { row, column, rows, columns, page }) {
  if (command) {
    switch (key) {
      case "Home":
        return [0, 0];
      case "End":
        return [rows - 1, columns - 1];
      case "ArrowDown":
        return [rows - 1, column];
      case "ArrowUp":
        return [Math.min(0, row), column];
      case "ArrowRight":
        return [row, columns - 1];
      case "ArrowLeft":
        return [row, 0];
      default:
        return undefined;
    }
  }
  switch (key) {
    case "ArrowDown":
      return [row + 1, column];
    case "ArrowUp":
      return [row - 1, column];
    case "ArrowRight":
      return [row, column + 1];
    case "ArrowLeft":
      return [row, column - 1];
    case "PageDown":
      return [row + page, column];
    case "PageUp":
      return [Math.max(0, row - page), column];
    case "Home":
      return [row, 0];
    case "End":
      return [row, columns - 1];
    default:
      return undefined;
  }
}

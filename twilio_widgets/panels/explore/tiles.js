// The figures of the explore panel, each with its change against the period before.

import { element, fit, write } from "../kit/dom.js";
import { askFor } from "../kit/unsaved.js";

/** @typedef {{ label: string, value: string, change: string, tone: string }} Tile */

/** @param {import("@anywidget/types").RenderProps<{ epoch: number }>} context */
function render({ model, el }) {
  const list = element("dl", "tw-tiles");
  el.append(list);

  /** @param {Tile[]} tiles */
  const show = (tiles) => {
    fit(list, tiles.length, makeTile).forEach((tile, index) => {
      const { label, value, change, tone } = tiles[index];
      const [name, figure, difference] = tile.children;
      write(name, label);
      write(figure, value);
      write(difference, change);
      /** @type {HTMLElement} */ (difference).dataset.tone = tone;
    });
  };
  return askFor(model, show);
}

function makeTile() {
  const tile = element("div", "tw-tile");
  tile.append(element("dt"), element("dd", "tw-tile-value"), element("dd", "tw-tile-change"));
  return tile;
}

export default { render };

// JSON as a tree. The kernel sends a node with some of its members; the others are requested when the
// node is opened. All values are untrusted and are drawn as text.

import { element, makeButton, uniqueId } from "../kit/dom.js";

/**
 * A value: its name or index in its parent, and for an object or array the total number of members
 * and those received so far.
 * @typedef {{ kind: string, name: string | number | null, text: string, total: number, members: JsonNode[] }} JsonNode
 * @typedef {HTMLLIElement & { node: JsonNode, path: number[], level: number }} Line
 */

/** @param {import("@anywidget/types").RenderProps<{ epoch: number, label: string, root: string }>} context */
function render({ model, el }) {
  const name = uniqueId("tw-tree");
  const tree = element("ul", "tw-tree");
  tree.setAttribute("role", "tree");
  const where = element("code", "tw-tree-where");
  el.append(tree, where);

  let made = 0; // elements created, for unique ids
  /** @type {Line | null} */
  let current = null; // the item in the tab order

  /**
   * @param {number[]} path
   * @param {number} [from]
   */
  const request = (path, from = 0) => {
    model.send({ t: "want", epoch: model.get("epoch"), path, from });
  };
  /** @param {JsonNode} node */
  const isContainer = (node) => node.kind === "object" || node.kind === "array";
  /** @param {JsonNode} node */
  const countText = ({ kind, total }) => {
    const [one, open, close] = kind === "object" ? ["member", "{", "}"] : ["item", "[", "]"];
    return `${open} ${total.toLocaleString("en")} ${one}${total === 1 ? "" : "s"} ${close}`;
  };

  /**
   * One line, with its members below it once they are shown.
   * @param {JsonNode} node
   * @param {number[]} path
   * @param {number} level
   * @returns {Line}
   */
  const item = (node, path, level) => {
    made += 1;
    const line = Object.assign(element("li", "tw-node"), { node, path, level });
    line.id = `${name}-${made}`;
    line.setAttribute("role", "treeitem");
    line.setAttribute("aria-level", String(level));
    line.tabIndex = -1;
    const row = element("div", "tw-node-row");
    row.style.setProperty("--tw-level", String(level - 1));
    row.append(element("i", "tw-twist"));
    if ((node.name ?? null) !== null) {
      row.append(
        element("span", "tw-node-name", String(node.name)),
        element("span", "tw-node-colon", ": "),
      );
    }
    const value = element(
      "span",
      `tw-node-value tw-${node.kind}`,
      isContainer(node) ? countText(node) : node.text,
    );
    value.dir = "auto";
    row.append(value);
    line.append(row);
    row.addEventListener("click", () => {
      if (getSelection()?.toString()) return; // the user is selecting text
      focus(line);
      if (isContainer(node)) toggle(line);
    });
    if (isContainer(node) && node.total > 0) line.setAttribute("aria-expanded", "false");
    return line;
  };
  /** @param {Line} line */
  const group = (line) => /** @type {HTMLElement | null} */ (line.querySelector(":scope > ul"));
  /** @param {Line} line */
  const parentOf = (line) =>
    /** @type {Line | null} */ (line.parentElement?.closest(".tw-node") ?? null);
  /** @param {Line} line */
  const firstBelow = (line) => /** @type {Line | null} */ (line.querySelector(".tw-node"));
  const allLines = () => /** @type {Line[]} */ ([...tree.querySelectorAll(".tw-node")]);
  /** @param {Line} line */
  const isOpen = (line) => line.getAttribute("aria-expanded") === "true";
  /**
   * @param {Line} line
   * @param {boolean} [open]
   */
  const toggle = (line, open = !isOpen(line)) => {
    if (!line.hasAttribute("aria-expanded")) return;
    line.setAttribute("aria-expanded", String(open));
    if (!open) {
      group(line)?.remove();
      return;
    }
    if (!group(line)) {
      const below = element("ul", "tw-nodes");
      below.setAttribute("role", "group");
      line.append(below);
    }
    if (line.node.members.length === 0) request(line.path);
    fill(line);
  };
  /**
   * Draw the members received, and how many are missing.
   * @param {Line} line
   */
  const fill = (line) => {
    const { node, path, level } = line;
    const below = group(line);
    if (!below) return;
    below.querySelector(":scope > .tw-more")?.remove();
    for (let place = below.children.length; place < node.members.length; place += 1) {
      below.append(item(node.members[place], [...path, place], level + 1));
    }
    const [here, all] = [node.members.length, node.total];
    if (here >= all || here === 0) return; // none: already requested
    const more = element("li", "tw-more");
    more.setAttribute("role", "none");
    const counts = [here, all].map((count) => count.toLocaleString("en"));
    const caption = element("span", "", `showing ${counts[0]} of ${counts[1]} `);
    const button = makeButton("", "Show more");
    button.addEventListener("click", () => {
      focus(/** @type {Line | undefined} */ (below.children[here - 1]) ?? line);
      request(path, here);
    });
    more.style.setProperty("--tw-level", String(level));
    more.append(caption, button);
    below.append(more);
  };
  /**
   * @param {Line} line
   * @param {boolean} [take]
   */
  const focus = (line, take = true) => {
    if (current) {
      current.tabIndex = -1;
      current.removeAttribute("aria-current");
    }
    current = line;
    line.tabIndex = 0;
    line.setAttribute("aria-current", "true");
    if (take) line.focus();
    where.textContent = model.get("root") + expression(line);
  };
  /**
   * The Python subscripts of a node; JSON string literals are also valid in Python.
   * @param {Line} line
   */
  const expression = (line) => {
    const names = [];
    /** @type {Line | null} */
    let at = line;
    while (at && (at.node.name ?? null) !== null) {
      names.unshift(`[${JSON.stringify(at.node.name)}]`);
      at = parentOf(at);
    }
    return names.join("");
  };

  /** @param {{ t: string, epoch: number, path: number[], from: number, node: JsonNode }} message */
  const receive = (message) => {
    if (message?.t !== "node" || message.epoch !== model.get("epoch")) return;
    const { path, from, node } = message;
    if (path.length === 0 && from === 0 && !tree.firstChild) {
      const root = item(node, [], 1);
      tree.replaceChildren(root);
      focus(root, false);
      toggle(root, true);
      return;
    }
    const line = allLines().find((at) => String(at.path) === String(path));
    if (!line || line.node.members.length !== from) return; // requested twice
    line.node.members.push(...node.members);
    if (isOpen(line)) fill(line);
  };
  tree.addEventListener("keydown", (event) => {
    event.stopPropagation(); // arrows would move the notebook to another cell
    if (!(event.target instanceof Element) || event.target.tagName === "BUTTON") return;
    const line = /** @type {Line | null} */ (event.target.closest(".tw-node"));
    if (!line) return;
    const lines = allLines();
    const at = lines.indexOf(line);
    /** @param {Line | null | undefined} to */
    const focusOn = (to) => {
      if (to) focus(to);
    };
    /** @type {Record<string, () => void>} */
    const keys = {
      ArrowDown: () => focusOn(lines[at + 1]),
      ArrowUp: () => focusOn(lines[at - 1]),
      Home: () => focusOn(lines[0]),
      End: () => focusOn(lines.at(-1)),
      ArrowRight: () => (isOpen(line) ? focusOn(firstBelow(line)) : toggle(line, true)),
      ArrowLeft: () => (isOpen(line) ? toggle(line, false) : focusOn(parentOf(line))),
      Enter: () => toggle(line),
      " ": () => toggle(line),
    };
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
  });
  const restart = () => {
    tree.setAttribute("aria-label", model.get("label"));
    tree.replaceChildren();
    current = null;
    where.textContent = "";
    if (model.get("epoch") > 0) request([]);
  };
  model.on("msg:custom", receive);
  model.on("change:epoch", restart);
  restart();
  return () => {
    model.off("msg:custom", receive);
    model.off("change:epoch", restart);
  };
}

export default { render };

// JSON as a tree. The kernel sends a node with some of its members and what it does not say yet is
// asked for when it is opened. Everything shown came from elsewhere and only ever enters as text.

import { element, makeButton, uniqueId } from "./dom.js";

/** @param {{ model: any, el: HTMLElement }} context */
function render({ model, el }) {
  const name = uniqueId("tw-tree");
  const tree = element("ul", "tw-tree");
  tree.setAttribute("role", "tree");
  const where = element("code", "tw-tree-where");
  el.append(tree, where);

  let made = 0; // elements so far, to give each a name of its own
  let current = null; // the item that Tab leads to

  const want = (path, from = 0) => {
    model.send({ t: "want", epoch: model.get("epoch"), path, from });
  };
  const holds = (node) => node.kind === "object" || node.kind === "array";
  const counted = ({ kind, total }) => {
    const [one, open, close] = kind === "object" ? ["member", "{", "}"] : ["item", "[", "]"];
    return `${open} ${total.toLocaleString("en")} ${one}${total === 1 ? "" : "s"} ${close}`;
  };

  /** One line, and below it its members once they are seen. */
  const item = (node, path, level) => {
    const line = element("li", "tw-node");
    line.id = `${name}-${(made += 1)}`;
    line.node = node;
    line.path = path;
    line.level = level;
    line.setAttribute("role", "treeitem");
    line.setAttribute("aria-level", String(level));
    line.tabIndex = -1;
    const row = element("div", "tw-node-row");
    row.style.setProperty("--tw-level", level - 1);
    row.append(element("i", "tw-twist"));
    if (node.name !== null) {
      row.append(element("span", "tw-node-name", String(node.name)), element("span", "tw-node-colon", ": "));
    }
    const value = element("span", `tw-node-value tw-${node.kind}`, holds(node) ? counted(node) : node.text);
    value.dir = "auto";
    row.append(value);
    line.append(row);
    row.addEventListener("click", () => {
      if (getSelection()?.toString()) return; // a person is selecting text
      focus(line);
      if (holds(node)) toggle(line);
    });
    if (holds(node) && node.total > 0) line.setAttribute("aria-expanded", "false");
    return line;
  };
  const group = (line) => line.querySelector(":scope > ul");
  const isOpen = (line) => line.getAttribute("aria-expanded") === "true";
  const toggle = (line, open = !isOpen(line)) => {
    if (!line.hasAttribute("aria-expanded")) return;
    line.setAttribute("aria-expanded", String(open));
    if (!open) return group(line)?.remove();
    if (!group(line)) {
      const below = element("ul", "tw-nodes");
      below.setAttribute("role", "group");
      line.append(below);
    }
    if (line.node.members.length === 0) want(line.path);
    fill(line);
  };
  /** Draw the members there are, and say how many there are not. */
  const fill = (line) => {
    const { node, path, level } = line;
    const below = group(line);
    below.querySelector(":scope > .tw-more")?.remove();
    for (let place = below.children.length; place < node.members.length; place += 1) {
      below.append(item(node.members[place], [...path, place], level + 1));
    }
    const [here, all] = [node.members.length, node.total];
    if (here >= all || here === 0) return; // none: they are on their way
    const more = element("li", "tw-more");
    more.setAttribute("role", "none");
    const counts = [here, all].map((count) => count.toLocaleString("en"));
    const words = element("span", "", `showing ${counts[0]} of ${counts[1]} `);
    const button = makeButton("", "Show more");
    button.addEventListener("click", () => {
      focus(below.children[here - 1] ?? line);
      want(path, here);
    });
    more.style.setProperty("--tw-level", level);
    more.append(words, button);
    below.append(more);
  };
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
  /** The Python subscripts that lead to a node; JSON and Python write names alike. */
  const expression = (line) => {
    const names = [];
    for (let at = line; at?.node && at.node.name !== null; at = at.parentElement.closest(".tw-node")) {
      names.unshift(`[${JSON.stringify(at.node.name)}]`);
    }
    return names.join("");
  };

  const hear = (message) => {
    if (message?.t !== "node" || message.epoch !== model.get("epoch")) return;
    const { path, from, node } = message;
    if (path.length === 0 && from === 0 && !tree.firstChild) {
      const root = item(node, [], 1);
      tree.replaceChildren(root);
      focus(root, false);
      toggle(root, true);
      return;
    }
    const line = [...tree.querySelectorAll(".tw-node")].find((at) => String(at.path) === String(path));
    if (!line || line.node.members.length !== from) return; // asked for twice
    line.node.members.push(...node.members);
    if (isOpen(line)) fill(line);
  };
  tree.addEventListener("keydown", (event) => {
    event.stopPropagation(); // arrows would move the notebook to another cell
    const line = event.target.closest(".tw-node");
    if (!line || event.target.tagName === "BUTTON") return;
    const lines = [...tree.querySelectorAll(".tw-node")];
    const at = lines.indexOf(line);
    const go = (to) => { if (to) focus(to); };
    const keys = {
      ArrowDown: () => go(lines[at + 1]),
      ArrowUp: () => go(lines[at - 1]),
      Home: () => go(lines[0]),
      End: () => go(lines.at(-1)),
      ArrowRight: () => (isOpen(line) ? go(group(line)?.querySelector(".tw-node")) : toggle(line, true)),
      ArrowLeft: () => (isOpen(line) ? toggle(line, false) : go(line.parentElement.closest(".tw-node"))),
      Enter: () => toggle(line),
      " ": () => toggle(line),
    };
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
  });
  const begin = () => {
    tree.setAttribute("aria-label", model.get("label"));
    tree.replaceChildren();
    current = null;
    where.textContent = "";
    if (model.get("epoch") > 0) want([]);
  };
  model.on("msg:custom", hear);
  model.on("change:epoch", begin);
  begin();
  return () => {
    model.off("msg:custom", hear);
    model.off("change:epoch", begin);
  };
}

export default { render };

// Making elements and changing what stands in them. Text only ever enters as text.

/**
 * Makes an element with a class and a text.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} [className]
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

/**
 * Makes a button that submits no form.
 * @param {string} className
 * @param {string} [text]
 */
export function makeButton(className, text = "") {
  const made = element("button", className, text);
  made.type = "button";
  return made;
}

/**
 * Changes a text only when it is another one: a screen reader reads what changed, and the same text
 * again would be laid out again.
 * @param {Node} node
 * @param {string} text
 */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Brings the children of an element to a number. Those that stay keep the focus.
 * @template {Element} Child
 * @param {Element} parent
 * @param {number} count
 * @param {() => Child} make makes one more
 * @returns {Child[]} all its children
 */
export function fit(parent, count, make) {
  while (parent.children.length > count) parent.lastElementChild?.remove();
  while (parent.children.length < count) parent.append(make());
  return /** @type {Child[]} */ ([...parent.children]);
}

/**
 * Returns an id that no other element has. Each model runs a copy of its module, so counting would
 * not tell two elements apart.
 * @param {string} stem
 */
export function uniqueId(stem) {
  return `${stem}-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
}

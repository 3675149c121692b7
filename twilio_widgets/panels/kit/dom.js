// Creating elements and changing their content. All texts are set as text, never as HTML.

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
 * Sets a text only if it differs: otherwise a screen reader would repeat it and the page would lay it
 * out again.
 * @param {Node} node
 * @param {string} text
 */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Adjusts the number of children of an element. Those that remain keep the focus.
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
 * Returns a unique id. Each model runs its own copy of the module, so a counter would not be unique.
 * @param {string} stem
 */
export function uniqueId(stem) {
  return `${stem}-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
}

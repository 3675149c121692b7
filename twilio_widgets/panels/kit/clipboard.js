// Copying. Over plain http a page has no access to the clipboard API.

/**
 * Puts a text on the clipboard.
 * @param {string} text
 * @returns {Promise<boolean>} whether the browser let the page do so
 */
export async function putOnClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * Puts a text on the clipboard, if needed through a selected temporary field.
 * @param {string} text
 * @param {Element} root where that field is added temporarily
 * @returns {Promise<boolean>} whether the text is on the clipboard
 */
export async function copyText(text, root) {
  if (await putOnClipboard(text)) return true;
  const field = document.createElement("textarea");
  const before = /** @type {HTMLElement | null} */ (document.activeElement);
  field.value = text;
  field.className = "tw-unseen";
  root.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  before?.focus();
  return done;
}

/**
 * Puts cells on the clipboard as text and as an HTML table.
 * @param {string} text
 * @param {string} html
 * @param {Element} root where a temporary field is added, if the page may copy only so
 * @returns {Promise<boolean>} whether they are on the clipboard
 */
export async function copyTable(text, html, root) {
  try {
    const item = new ClipboardItem({
      "text/plain": new Blob([text], { type: "text/plain" }),
      "text/html": new Blob([html], { type: "text/html" }),
    });
    await navigator.clipboard.write([item]);
    return true;
  } catch {
    return copyText(text, root);
  }
}

/**
 * Makes a button copy the text of an element, or select it if the page may not copy.
 * @param {HTMLButtonElement} button
 * @param {Element} source
 * @returns {() => void} gives the button its label back at once
 */
export function copies(button, source) {
  const label = button.textContent;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const reset = () => {
    clearTimeout(timer);
    button.textContent = label;
  };
  button.addEventListener("click", async () => {
    const done = await putOnClipboard(source.textContent ?? "");
    if (!done) getSelection()?.selectAllChildren(source);
    button.textContent = done ? "Copied" : "Press Ctrl+C";
    clearTimeout(timer);
    timer = setTimeout(reset, 2000);
  });
  return reset;
}

// Text in and out of cells: what is hidden made visible, status words, the footer, CSV.

const HIDDEN = new RegExp(
  "[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180e\\u200b"
  + "\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u2069\\ufeff\\ufff9-\\ufffb]", "g");
const PICTURES = { "\n": "⏎", "\r": "␍", "\t": "⇥", "\x7f": "␡" };

/** Line breaks, control and bidirectional characters, made visible: a stranger's SMS holds them. */
function visible(text) {
  return text.replaceAll("\r\n", "\n").replace(HIDDEN, (character) => {
    const code = character.charCodeAt(0);
    if (character in PICTURES) return PICTURES[character];
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}

/** The word of a status cell: "undelivered 30006" is an "undelivered". */
function firstWord(text) {
  const end = text.indexOf(" ");
  return end < 0 ? text : text.slice(0, end);
}

/** What a cell can be chosen by: its first word, and the error code that may stand after that. */
function wordsOf(text) {
  const word = firstWord(text);
  if (word === "") return [];
  return text.length > word.length && /^ \d+$/.test(text.slice(word.length)) ? [word, text] : [word];
}

const NUMBERS = new Intl.NumberFormat("en-US"); // made once: toLocaleString makes one each time
const counted = (number) => NUMBERS.format(number);

/** What the footer says; no row is ever left out in silence. */
function summary(order) {
  const { state } = order.store;
  if (!state) return "Asking the kernel for rows…";
  const held = order.store.rows.length;
  const total = Math.max(state.total ?? 0, state.count + state.dropped);
  const parts = [`Showing ${counted(order.shown.length)} of ${counted(total)}`];
  if (held < state.count) parts.push(`loading, ${counted(held)} of ${counted(state.count)} here`);
  if (isNarrowed(order)) parts.push(`filtered from ${counted(held)} loaded`);
  if (order.paused) parts.push(`paused, ${counted(order.waiting)} new`);
  if (state.dropped) parts.push(`the oldest ${counted(state.dropped)} were let go`);
  parts.push(orderSaid(order));
  return parts.join(" · ");
}

function orderSaid({ sort, columns, unsorted }) {
  if (!sort) return unsorted;
  return `by ${columns[sort.column].title}, ${sort.descending ? "descending" : "ascending"}`;
}

/** Why there is nothing to see. */
function emptiness(order) {
  const { state } = order.store;
  if (!state) return "Asking the kernel for rows…";
  if (order.store.rows.length < state.count) return "Loading…";
  return state.count ? "No row matches." : "No rows yet.";
}

const NUMBER = /^[+-]?\d+(\.\d+)?$/;
const E164 = /^\+\d{1,15}$/;
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

/** A cell that no spreadsheet takes for a formula; numbers stay numbers. */
function csvCell(text, kind) {
  const plain = E164.test(text) || (kind === "number" && NUMBER.test(text));
  const safe = !plain && FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** The rows a view shows, in its order, as CSV. */
function csvOf(order) {
  const { columns, shown } = order;
  const lines = [columns.map(({ title }) => csvCell(title, "text")).join(",")];
  for (let index = 0; index < shown.length; index += 1) {
    const { cells } = rowAt(order, index);
    lines.push(columns.map(({ kind }, column) => csvCell(cells[column], kind)).join(","));
  }
  return `${lines.join("\r\n")}\r\n`;
}

/** @returns {Promise<boolean>} whether the text is on the clipboard */
async function copyText(text, root) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch { // no clipboard over plain http: the old way, through a field in our own element
    const field = document.createElement("textarea");
    const before = document.activeElement;
    field.value = text;
    field.className = "tw-unseen";
    root.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    before?.focus?.();
    return done;
  }
}

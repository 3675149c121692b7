// Cell texts: invisible characters made visible, and the words of a status.

const HIDDEN = new RegExp(
  "[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180e\\u200b" +
    "\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u2069\\ufeff\\ufff9-\\ufffb]",
  "g",
);
/** @type {Record<string, string>} */
const PICTURES = { "\n": "⏎", "\r": "␍", "\t": "⇥", "\x7f": "␡" };

/**
 * Makes line breaks, control and bidirectional characters visible: an SMS is untrusted text.
 * @param {string} text
 */
export function visible(text) {
  return text.replaceAll("\r\n", "\n").replace(HIDDEN, (character) => {
    const code = character.charCodeAt(0);
    if (character in PICTURES) return PICTURES[character];
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}

/**
 * A cell's text as it is shown: times are in UTC, or in the browser's own zone.
 * @param {string} text
 * @param {string} kind
 * @param {boolean} local
 */
export function shownText(text, kind, local) {
  if (kind !== "time" || !local) return text;
  const moment = new Date(`${text.replace(" ", "T")}Z`);
  if (Number.isNaN(moment.getTime())) return text;
  const wall = new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000);
  return wall.toISOString().slice(0, 19).replace("T", " ");
}

/**
 * The status word of a cell: "undelivered" for "undelivered 30006".
 * @param {string} text
 */
export function firstWord(text) {
  const end = text.indexOf(" ");
  return end < 0 ? text : text.slice(0, end);
}

/**
 * The filter choices of a cell: its first word, and the word with the error code after it.
 * @param {string} text
 */
export function wordsOf(text) {
  const word = firstWord(text);
  if (word === "") return [];
  return text.length > word.length && /^ \d+$/.test(text.slice(word.length))
    ? [word, text]
    : [word];
}

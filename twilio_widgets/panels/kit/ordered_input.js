// A field sends each change to the kernel at once, with a number; the kernel answers with the number up
// to which it has processed this view's changes. Until it has processed the newest one, the kernel's
// value is older than the field's and is not drawn. `shownOn` reads every field of a card.

/** @typedef {HTMLElement & { twShown: () => [key: string, number: string, value: unknown] }} Field */

/** @param {{ model: any, el: HTMLElement, shown: () => unknown }} context `shown` reads the field now */
export function openEcho({ model, el, shown }) {
  const view = [...crypto.getRandomValues(new Uint32Array(2))].join("-");
  let sent = 0;
  let composing = false; // an input method is active: writing into the field would break its word
  el.addEventListener("compositionstart", () => {
    composing = true;
  });
  el.addEventListener("compositionend", () => {
    composing = false;
  });
  el.dataset.twField = model.get("key");
  /** @type {Field} */ (el).twShown = () => [model.get("key"), `${view}:${sent}`, shown()];
  return {
    /** @param {object} message @param {ArrayBuffer[]} [buffers] */
    say(message, buffers) {
      sent += 1;
      model.send({ ...message, n: `${view}:${sent}` }, undefined, buffers);
    },
    isNews: () => !composing && (model.get("heard")[view] ?? 0) >= sent,
  };
}

/**
 * Reads every field of the card that an element is on: its key, the newest change sent, its value.
 * @param {HTMLElement} element
 */
export function shownOn(element) {
  const card = element.closest(".tw-card");
  /** @type {Iterable<Field>} */
  const fields = card?.querySelectorAll("[data-tw-field]") ?? [];
  return [...fields].map((field) => field.twShown());
}

// What is typed goes to the kernel at once, with a number for each change; the kernel answers with the
// number up to which it has taken this view's changes. Until it has taken the newest, the kernel's
// value is older than the field's, and is not drawn. `shownOn` reads every field of a card.

/** @param {{ model: any, el: HTMLElement, shown: () => any }} context `shown` reads the field now */
export function openEcho({ model, el, shown }) {
  const view = [...crypto.getRandomValues(new Uint32Array(2))].join("-");
  let said = 0;
  let composing = false; // an input method is at work: writing into the field would break its word
  el.addEventListener("compositionstart", () => {
    composing = true;
  });
  el.addEventListener("compositionend", () => {
    composing = false;
  });
  el.dataset.twField = model.get("key");
  el.twShown = () => [model.get("key"), `${view}:${said}`, shown()];
  return {
    say(message, buffers) {
      said += 1;
      model.send({ ...message, n: `${view}:${said}` }, undefined, buffers);
    },
    isNews: () => !composing && (model.get("heard")[view] ?? 0) >= said,
  };
}

/** Every field of the card an element is on: its key, the newest change sent, and what it shows. */
export function shownOn(element) {
  const fields = element.closest(".tw-card")?.querySelectorAll("[data-tw-field]") ?? [];
  return [...fields].map((field) => field.twShown());
}

// @ts-nocheck: its parameters have no types yet.
// What is typed goes to the kernel at once, with a number; the kernel says which number it heard.
// Until it has heard the newest, what it says of the fields is older than what stands in them. The
// number also stands on the element, where a press finds it (press.js).

/** @param {{ model: any, el: HTMLElement }} context */
export function openEcho({ model, el }) {
  const view = [...crypto.getRandomValues(new Uint32Array(2))].join("-");
  let said = 0;
  return {
    say(message, buffers) {
      said += 1;
      el.dataset.twSaid = `${view}:${said}`;
      model.send({ ...message, n: el.dataset.twSaid }, undefined, buffers);
    },
    isNews() {
      const heard = model.get("heard");
      return !heard.startsWith(`${view}:`) || heard === `${view}:${said}`;
    },
  };
}

/** Everything that was typed on a card until now. */
export function saidOn(element) {
  const fields = element.closest(".tw-card")?.querySelectorAll("[data-tw-said]") ?? [];
  return [...fields].map((field) => field.dataset.twSaid);
}

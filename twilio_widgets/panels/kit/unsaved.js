// Content that is not widget state. The kernel sends it to pages that asked for it once.

const PATIENCE = 250; // milliseconds to wait for content that the kernel sends by itself

/**
 * Requests the content now, and after a change if it does not arrive by itself.
 * @param {import("@anywidget/types").AnyModel<{ epoch: number }>} model
 * @param {(content: any) => void} show
 * @returns {() => void} ends it
 */
export function askFor(model, show) {
  let shown = 0; // the epoch of the content shown
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @param {any} message */
  const receive = (message) => {
    // A message may be handled before the change of the epoch that was sent before it.
    if (message?.t !== "content" || message.epoch < Math.max(shown, model.get("epoch"))) return;
    shown = message.epoch;
    show(message.content);
  };
  const ask = () => {
    if (model.get("epoch") > shown) model.send({ t: "want", epoch: model.get("epoch") });
  };
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PATIENCE);
  };
  model.on("change:epoch", wait);
  model.on("msg:custom", receive);
  ask();
  return () => {
    clearTimeout(timer);
    model.off("change:epoch", wait);
    model.off("msg:custom", receive);
  };
}

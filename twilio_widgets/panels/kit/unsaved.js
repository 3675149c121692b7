// Content that is not widget state: a page requests it from the kernel.

/**
 * Requests the content now and after every change.
 * @param {import("@anywidget/types").AnyModel<{ epoch: number }>} model
 * @param {(content: any) => void} show
 * @returns {() => void} ends it
 */
export function askFor(model, show) {
  /** @param {any} message */
  const receive = (message) => {
    if (message?.t === "content" && message.epoch === model.get("epoch")) show(message.content);
  };
  const ask = () => {
    if (model.get("epoch") > 0) model.send({ t: "want", epoch: model.get("epoch") });
  };
  model.on("change:epoch", ask);
  model.on("msg:custom", receive);
  ask();
  return () => {
    model.off("change:epoch", ask);
    model.off("msg:custom", receive);
  };
}

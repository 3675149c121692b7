// Asks the kernel for what is to be shown, now and whenever there is something else.

/**
 * @param {any} model
 * @param {(content: any) => void} show
 * @returns {() => void} ends it
 */
function askFor(model, show) {
  const hear = (message) => {
    if (message?.t === "content" && message.epoch === model.get("epoch")) show(message.content);
  };
  const ask = () => {
    if (model.get("epoch") > 0) model.send({ t: "want", epoch: model.get("epoch") });
  };
  model.on("change:epoch", ask);
  model.on("msg:custom", hear);
  ask();
  return () => {
    model.off("change:epoch", ask);
    model.off("msg:custom", hear);
  };
}

/** Puts a text on the clipboard. @returns {Promise<boolean>} whether that was allowed */
async function putOnClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch { // no clipboard over plain http
    return false;
  }
}

/** Lets a button say for a moment what became of a press. @returns {(text: string) => void} */
function speaker(button) {
  const usual = button.textContent;
  let calm = 0;
  return (text) => {
    button.textContent = text;
    clearTimeout(calm);
    calm = setTimeout(() => { button.textContent = usual; }, 2000);
  };
}

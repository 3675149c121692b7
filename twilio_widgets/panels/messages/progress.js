// How far a reading has come: a sentence, a bar, and a button that stops it.

import { openControl } from "../kit/side_channel.js";

/** @typedef {{ text: string, share: number | null, stopping: boolean, channel: string }} State */

export default () => {
  /** @type {ReturnType<typeof openControl> | undefined} */
  let line;

  /** @param {import("@anywidget/types").InitializeProps<State>} context */
  function initialize({ model }) {
    line = openControl(model);
    return () => line?.close();
  }

  /** @param {import("@anywidget/types").RenderProps<State>} context */
  function render({ model, el }) {
    const root = document.createElement("div");
    root.className = "tw-strip tw-reading";
    const bar = document.createElement("progress");
    bar.setAttribute("aria-label", "Messages read");
    const words = document.createElement("output");
    const cancel = document.createElement("button");
    cancel.type = "button";
    cancel.className = "tw-button tw-small";
    cancel.textContent = "Cancel";
    // By both ways: a kernel may not hear ours, and cancelling twice is cancelling.
    cancel.addEventListener("click", () => line?.send({ t: "cancel" }, true));
    root.append(bar, words, cancel);
    el.append(root);

    const draw = () => {
      const share = model.get("share");
      words.textContent = model.get("text");
      if (share === null) bar.removeAttribute("value");
      else bar.value = share;
      cancel.disabled = model.get("stopping");
      el.classList.toggle("tw-empty", words.textContent === "");
    };
    model.on("change", draw);
    draw();
    return () => model.off("change", draw);
  }

  return { initialize, render };
};

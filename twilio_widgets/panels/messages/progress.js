// The progress of reading the log: a sentence, a bar and a Cancel button.

import { openPress } from "../kit/press.js";
import { openControl } from "../kit/side_channel.js";

/** @typedef {{ text: string, share: number | null, stopping: boolean, channel: string }} State */

export default () => {
  /** @type {ReturnType<typeof openControl> | undefined} */
  let channel;

  /** @param {import("@anywidget/types").InitializeProps<State>} context */
  function initialize({ model }) {
    channel = openControl(model);
    return () => channel?.close();
  }

  /** @param {import("@anywidget/types").RenderProps<State>} context */
  function render({ model, el }) {
    const root = document.createElement("div");
    root.className = "tw-strip tw-reading";
    const bar = document.createElement("progress");
    bar.setAttribute("aria-label", "Messages read");
    const caption = document.createElement("output");
    const cancel = document.createElement("button");
    cancel.type = "button";
    cancel.className = "tw-button tw-small";
    cancel.textContent = "Cancel";
    root.append(bar, caption, cancel);
    el.append(root);
    const pressing = openPress({
      model,
      el,
      channel: { send: (message) => channel?.send(message, true) },
    });
    cancel.addEventListener("click", () => pressing.press(null, { atOnce: true }));

    const draw = () => {
      const share = model.get("share") ?? null; // in JupyterLite, Python's None arrives as undefined
      caption.textContent = model.get("text");
      if (share === null) bar.removeAttribute("value");
      else bar.value = share;
      cancel.disabled = model.get("stopping");
      el.classList.toggle("tw-empty", caption.textContent === "");
    };
    model.on("change", draw);
    draw();
    return () => {
      pressing.close();
      model.off("change", draw);
    };
  }

  return { initialize, render };
};

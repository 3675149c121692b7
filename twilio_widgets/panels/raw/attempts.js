// The attempts of a request, with a countdown to the next and a Cancel button.

import { openPress } from "../kit/press.js";
import { openControl } from "../kit/side_channel.js";

/** @typedef {{ busy: boolean, steps: [text: string, tone: string][], text: string, wait: number, pause: number, stopping: boolean, channel: string }} State */

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
    root.className = "tw-strip tw-attempts";
    const track = document.createElement("ol");
    track.className = "tw-track";
    track.setAttribute("aria-live", "polite");
    const caption = document.createElement("output");
    const cancel = document.createElement("button");
    cancel.type = "button";
    cancel.className = "tw-button tw-small";
    cancel.textContent = "Cancel";
    root.append(track, caption, cancel);
    el.append(root);
    const pressing = openPress({
      model,
      el,
      channel: { send: (message) => channel?.send(message, true) },
    });
    cancel.addEventListener("click", () => pressing.press(null, { atOnce: true }));

    let timer = 0;
    let ends = 0; // end of the pause, by performance.now()
    let counted = 0; // number of the pause being counted down

    const drawCountdown = () => {
      const left = Math.max(0, (ends - performance.now()) / 1000);
      caption.textContent = model.get("text").replace("{}", left.toFixed(left < 10 ? 1 : 0));
      if (left === 0) clearInterval(timer);
    };
    const draw = () => {
      const busy = model.get("busy");
      track.replaceChildren(
        ...model.get("steps").map(([text, tone]) => {
          const step = document.createElement("li");
          step.className = `tw-step tw-${tone}`;
          step.textContent = text;
          return step;
        }),
      );
      if (model.get("pause") !== counted) {
        counted = model.get("pause");
        ends = performance.now() + model.get("wait") * 1000;
        clearInterval(timer);
        if (model.get("wait") > 0) timer = setInterval(drawCountdown, 100);
      }
      drawCountdown();
      cancel.hidden = !busy;
      cancel.disabled = model.get("stopping");
      el.classList.toggle("tw-empty", !busy && model.get("steps").length === 0);
    };
    model.on("change", draw);
    draw();
    return () => {
      clearInterval(timer);
      pressing.close();
      model.off("change", draw);
    };
  }

  return { initialize, render };
};

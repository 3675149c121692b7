// The progress of a job: a segmented bar, a line of text, and buttons that use the side channel.

import { element, fit, makeButton, write } from "../kit/dom.js";
import { openPress } from "../kit/press.js";
import { openControl } from "../kit/side_channel.js";

/**
 * @typedef {{ parts: [status: string, count: number, tone: string][], total: number, line: string, note: string,
 *   buttons: [wish: string, text: string][], starts_in: number | null }} View empty before the first drawing
 * @typedef {{ view: Partial<View>, disabled: boolean, turn: number, channel: string }} State
 */

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
    const root = element("div", "tw-job-line");
    const bar = element("div", "tw-job-bar");
    bar.setAttribute("role", "progressbar");
    bar.setAttribute("aria-label", "Rows done");
    const legend = element("ul", "tw-job-legend");
    const caption = element("output", "tw-job-text");
    caption.setAttribute("aria-live", "off"); // the text changes ten times a second; the note does not
    const note = element("div", "tw-note tw-warning");
    note.setAttribute("aria-live", "polite");
    const buttons = element("div", "tw-job-buttons");
    const below = element("div", "tw-job-below");
    below.append(caption, buttons);
    root.append(bar, below, legend, note);
    el.append(root);

    let since = performance.now();
    const pressing = openPress({
      model,
      el: root,
      channel: { send: (message) => line?.send(message, true) },
    });
    /** @param {string} text */
    const withSeconds = (text) => {
      const left = (model.get("view").starts_in ?? 0) - (performance.now() - since) / 1000;
      return text.replace("{}", String(Math.max(0, Math.ceil(left))));
    };
    const drawTexts = () => {
      const { line: text = "", buttons: wanted = [] } = model.get("view");
      write(caption, withSeconds(text));
      for (const [index, [, label]] of wanted.entries()) {
        write(buttons.children[index], withSeconds(label));
      }
    };
    const draw = () => {
      const view = model.get("view");
      const undo = view.starts_in !== null && view.starts_in !== undefined;
      const parts = view.parts ?? [];
      const ahead = parts.filter(([status]) => status === "pending" || status === "attempted");
      const left = ahead.reduce((sum, [, count]) => sum + count, 0);
      bar.setAttribute("aria-valuemax", String(view.total ?? 0));
      bar.setAttribute("aria-valuenow", String((view.total ?? 0) - left));
      const pieces = fit(bar, parts.length, () => element("i"));
      const entries = fit(legend, parts.length, () => element("li"));
      parts.forEach(([status, count, tone], index) => {
        pieces[index].className = `tw-part-${tone}`;
        pieces[index].style.flexGrow = String(count);
        entries[index].className = `tw-part-${tone}`;
        write(entries[index], `${count.toLocaleString("en")} ${status}`);
      });
      write(note, view.note ?? "");
      const wanted = view.buttons ?? [];
      const made = fit(buttons, wanted.length, () => makeButton("tw-button"));
      wanted.forEach(([wish], index) => {
        const button = made[index];
        button.disabled = model.get("disabled");
        button.onclick = () => pressing.press(wish, { atOnce: wish !== "resume" });
        button.classList.toggle("tw-undo", undo);
      });
      drawTexts();
    };
    const looked = () => {
      since = performance.now();
    };
    const clock = setInterval(drawTexts, 250);
    model.on("change:view", looked);
    model.on("change", draw);
    draw();
    return () => {
      clearInterval(clock);
      pressing.close();
      model.off("change:view", looked);
      model.off("change", draw);
    };
  }

  return { initialize, render };
};

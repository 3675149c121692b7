// A press of a button. The page first asks whether the kernel is ready, and only if the response
// arrives in time sends the action, with the contents of the page at the press. A press delayed by a
// running cell or the network therefore does nothing, and the page shows that.

import { shownOn } from "./ordered_input.js";

const PATIENCE = 10_000; // milliseconds for each of the two steps
const SOON = 700; // milliseconds after which the page shows that it waits

const WORDS = {
  waiting: "Waiting for the kernel…",
  late: "The kernel was busy or could not be reached, so nothing was done. Press again when it is idle.",
  open: "The kernel has not confirmed this. It may have been done: look before you press again.",
};

/** @typedef {{ id: string, page: string, fields: unknown[], turn: number, what: unknown, sent?: boolean }} Press */

/** @returns {string} a name for this page, the same in every element on it */
export function pageId() {
  const page = /** @type {{ twPage?: string }} */ (globalThis); // each element runs its own copy of the module
  page.twPage ??= crypto.randomUUID();
  return page.twPage;
}

/**
 * Makes an element pressable. The answer to a press is shown at the end of `el`, or in the foot of its
 * card while `el` is hidden (an "Undo" that came too late).
 * @param {{ model: any, el: HTMLElement, channel?: { send(message: object): void } }} context `channel`
 *   carries the messages to the kernel instead of the model
 */
export function openPress({ model, el, channel = model }) {
  const note = document.createElement("output");
  note.className = "tw-note tw-press-note";
  note.hidden = true;
  el.append(note);
  const foot = () => el.closest(".tw-card")?.querySelector(":scope > .tw-foot");
  /** @type {Press | null} the one that is not answered */
  let press = null;
  /** @type {ReturnType<typeof setTimeout>[]} */
  let timers = [];

  /** @type {(text: string, tone: string) => void} */
  const say = (text, tone) => {
    note.textContent = text;
    note.className = `tw-note tw-press-note tw-${tone}`;
    note.hidden = text === "";
    const isSeen = el.getClientRects().length > 0;
    ((isSeen ? null : foot()) ?? el).append(note);
  };
  /** @type {(...steps: [step: () => void, milliseconds: number][]) => void} */
  const wait = (...steps) => {
    for (const timer of timers) clearTimeout(timer);
    timers = steps.map(([step, milliseconds]) => setTimeout(step, milliseconds));
  };
  /** @type {(text: string) => void} */
  const end = (text) => {
    press = null;
    wait();
    say(text, "problem");
  };
  /** @type {(message: object) => void} */
  const send = (message) => {
    try {
      channel.send(message);
    } catch {
      end(WORDS.late); // the kernel is gone
    }
  };
  /** @type {(message: { t: string, id: string, text: string } | undefined) => void} */
  const hear = (message) => {
    if (!press || !message || message.id !== press.id) return; // for another page, or too late
    if (message.t === "answer") end(message.text);
    if (message.t === "ready" && !press.sent) act(press);
  };
  /** @param {Press} ready */
  const act = (ready) => {
    ready.sent = true;
    wait([() => say(WORDS.waiting, "hint"), SOON], [() => end(WORDS.open), PATIENCE]);
    send({ t: "act", ...ready });
  };
  /** @type {(event: Event) => void} */
  const forget = ({ target }) => {
    const card = el.closest(".tw-card");
    if (!press && target instanceof Node && card?.contains(target)) note.hidden = true;
  };
  model.on("msg:custom", hear);
  document.addEventListener("input", forget); // the answer belongs to what the fields contained before
  return {
    /**
     * A second press while the first is not answered is the same press.
     * @param {unknown} [what] which of several buttons it is
     * @param {{ atOnce?: boolean }} [how] `atOnce`: stops something, so a late press is better than none
     */
    press(what = null, { atOnce = false } = {}) {
      if (press) return;
      const id = [...crypto.getRandomValues(new Uint32Array(2))].join("-");
      press = { id, page: pageId(), fields: shownOn(el), turn: model.get("turn"), what };
      /** @type {Iterable<HTMLElement>} */
      const others = el.closest(".tw-card")?.querySelectorAll(".tw-press-note") ?? [];
      for (const other of others) other.hidden = true; // they answer earlier presses
      el.dispatchEvent(new Event("tw-press", { bubbles: true })); // a secret is kept as it is now
      say("", "hint");
      if (atOnce) {
        act(press);
        return;
      }
      wait([() => say(WORDS.waiting, "hint"), SOON], [() => end(WORDS.late), PATIENCE]);
      send({ t: "press", id });
    },
    close() {
      wait();
      note.remove();
      model.off("msg:custom", hear);
      document.removeEventListener("input", forget);
    },
  };
}

// A press. The kernel is asked first whether it is there; only when it answers in time is it told to
// act, with what the page showed at the press. So a press that waited behind a long cell, or for a
// network, does nothing and says so.

import { shownOn } from "./ordered_input.js";

const PATIENCE = 10_000; // milliseconds for each of the two steps
const SOON = 700; // milliseconds after which a wait is put into words

const WORDS = {
  waiting: "Waiting for the kernel…",
  late: "The kernel was busy or could not be reached, so nothing was done. Press again when it is idle.",
  open: "The kernel has not confirmed this. It may have been done: look before you press again.",
};

/**
 * @param {{ model: any, el: HTMLElement }} context the answer stands at the end of `el`; while `el` is
 *   hidden (an "Undo" that came too late), in the foot of its card
 */
export function openPress({ model, el }) {
  const note = document.createElement("output");
  note.className = "tw-note tw-press-note";
  note.hidden = true;
  el.append(note);
  const foot = () => el.closest(".tw-card")?.querySelector(".tw-foot");
  let press = null; // the one that is not answered
  let timers = [];

  const say = (text, tone) => {
    note.textContent = text;
    note.className = `tw-note tw-press-note tw-${tone}`;
    note.hidden = text === "";
    const isSeen = el.getClientRects().length > 0;
    ((isSeen ? null : foot()) ?? el).append(note);
  };
  const wait = (...steps) => {
    timers.forEach(clearTimeout);
    timers = steps.map(([step, milliseconds]) => setTimeout(step, milliseconds));
  };
  const end = (text) => {
    press = null;
    wait();
    say(text, "problem");
  };
  const send = (message) => {
    try {
      model.send(message);
    } catch {
      end(WORDS.late); // there is no kernel any more
    }
  };
  const hear = (message) => {
    if (!press || message?.id !== press.id) return; // another page's, or too late
    if (message.t === "answer") end(message.text);
    if (message.t === "ready" && !press.sent) {
      press.sent = true;
      wait([() => say(WORDS.waiting, "hint"), SOON], [() => end(WORDS.open), PATIENCE]);
      send({ t: "act", ...press });
    }
  };
  model.on("msg:custom", hear);
  return {
    /** A second press while the first is not answered is the same press. */
    press() {
      if (press) return;
      const id = [...crypto.getRandomValues(new Uint32Array(2))].join("-");
      globalThis.twPage ??= crypto.randomUUID();
      press = { id, page: globalThis.twPage, fields: shownOn(el), turn: model.get("turn") };
      for (const old of foot()?.querySelectorAll(":scope > .tw-press-note") ?? []) old.hidden = true;
      say("", "hint");
      wait([() => say(WORDS.waiting, "hint"), SOON], [() => end(WORDS.late), PATIENCE]);
      send({ t: "press", id });
    },
    close() {
      wait();
      note.remove();
      model.off("msg:custom", hear);
    },
  };
}

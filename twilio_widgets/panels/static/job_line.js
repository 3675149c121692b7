// How far a job has come: a bar in parts, a line of words, and buttons that speak over the page's own
// comm. `openControl` stands before this text, in control.js.

export default () => {
  let line = null;

  /** @param {{ model: any }} context */
  function initialize({ model }) {
    line = openControl(model);
    return () => line.close();
  }

  /** @param {{ model: any, el: HTMLElement }} context */
  function render({ model, el }) {
    const make = (tag, className) => {
      const made = document.createElement(tag);
      made.className = className;
      return made;
    };
    const root = make("div", "tw-job-line");
    const bar = make("div", "tw-job-bar");
    bar.setAttribute("role", "progressbar");
    bar.setAttribute("aria-label", "Rows done");
    const legend = make("ul", "tw-job-legend");
    const words = make("output", "tw-job-words");
    words.setAttribute("aria-live", "off"); // they change ten times a second; the note does not
    const note = make("div", "tw-note tw-warning");
    note.setAttribute("aria-live", "polite");
    const buttons = make("div", "tw-job-buttons");
    const below = make("div", "tw-job-below");
    below.append(words, buttons);
    root.append(bar, below, legend, note);
    el.append(root);

    const press = (wish) => {
      // By both ways: a kernel may not hear ours. Which press it is, the turn says.
      line?.send({ t: "wish", wish, turn: model.get("turn") }, true);
    };
    const draw = () => {
      const view = model.get("view");
      const parts = view.parts ?? [];
      const ahead = parts.filter(([status]) => status === "pending" || status === "attempted");
      const left = ahead.reduce((sum, [, count]) => sum + count, 0);
      bar.setAttribute("aria-valuemax", String(view.total ?? 0));
      bar.setAttribute("aria-valuenow", String((view.total ?? 0) - left));
      fit(bar, parts.length, "i");
      fit(legend, parts.length, "li");
      parts.forEach(([status, count, tone], index) => {
        bar.children[index].className = `tw-part-${tone}`;
        bar.children[index].style.flexGrow = String(count);
        legend.children[index].className = `tw-part-${tone}`;
        write(legend.children[index], `${count.toLocaleString("en")} ${status}`);
      });
      write(words, view.line ?? "");
      write(note, view.note ?? "");
      const wanted = view.buttons ?? [];
      fit(buttons, wanted.length, "button");
      wanted.forEach(([wish, text], index) => {
        const button = buttons.children[index];
        button.type = "button";
        button.className = "tw-button";
        button.disabled = model.get("busy");
        button.onclick = () => press(wish);
        write(button, text);
      });
    };
    model.on("change", draw);
    draw();
    return () => model.off("change", draw);
  }

  return { initialize, render };
};

/** Let an element have so many children of this kind; those that stay keep the focus. */
function fit(element, count, tag) {
  while (element.children.length > count) element.lastChild.remove();
  while (element.children.length < count) element.append(document.createElement(tag));
}

/** Change a text only when it is another, so that a screen reader hears what is new. */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

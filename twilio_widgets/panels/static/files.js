// The files of a request. A chosen file goes to the kernel in pieces, each when the kernel asks for
// it; the page keeps nothing of it. `openEcho` stands before this text, in echo.js.

/** @param {{ model: any, el: HTMLElement }} context */
function render({ model, el }) {
  const echo = openEcho({ model, el });
  const root = document.createElement("div");
  root.className = "tw-files";
  const table = document.createElement("div");
  table.className = "tw-pairs";
  table.setAttribute("role", "group");
  table.setAttribute("aria-label", "Files");
  const add = document.createElement("button");
  add.type = "button";
  add.className = "tw-small-button";
  add.textContent = "Add a file…";
  const state = document.createElement("output");
  const picker = document.createElement("input");
  picker.type = "file";
  picker.multiple = true;
  picker.hidden = true;
  picker.setAttribute("aria-label", "Files to send");
  root.append(table, add, state, picker);
  el.dataset.lmSuppressShortcuts = "true"; // JupyterLab listens before we could stop it
  el.append(root);

  const uploads = new Map(); // the files on their way, by the number each was begun with

  const line = (number) => {
    const row = document.createElement("div");
    row.className = "tw-pair tw-file";
    row.dataset.number = number;
    const texts = ["Field name", "File name"].map((label) => {
      const input = document.createElement("input");
      Object.assign(input, { type: "text", autocomplete: "off", spellcheck: false });
      input.setAttribute("aria-label", label);
      input.addEventListener("input", () => {
        const [name, file] = row.children;
        echo.say({ t: "typed", id: Number(number), name: name.value, file: file.value });
      });
      return input;
    });
    const size = document.createElement("span");
    size.className = "tw-file-size";
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "tw-pair-remove";
    remove.textContent = "×";
    remove.addEventListener("click", () => {
      echo.say({ t: "remove", id: Number(number) });
      add.focus();
    });
    row.append(...texts, size, remove);
    return row;
  };
  const draw = () => {
    const rows = model.get("rows");
    const standing = new Map([...table.children].map((row) => [row.dataset.number, row]));
    const wanted = rows.map(([number]) => standing.get(String(number)) ?? line(String(number)));
    if (wanted.some((row, index) => table.children[index] !== row) || standing.size !== rows.length) {
      table.replaceChildren(...wanted);
    }
    rows.forEach(([, name, file, size], index) => {
      const parts = wanted[index].children;
      if (echo.isNews() && parts[0].value !== name) parts[0].value = name;
      if (echo.isNews() && parts[1].value !== file) parts[1].value = file;
      parts[2].textContent = size;
      parts[3].setAttribute("aria-label", `Remove ${file}`);
      for (const part of [parts[0], parts[1], parts[3]]) part.disabled = model.get("disabled");
    });
    add.disabled = model.get("disabled");
    say();
  };
  const say = () => {
    const coming = [...uploads.values()].map(({ file, sent }) => {
      const share = file.size === 0 ? 100 : Math.floor((100 * sent) / file.size);
      return `${file.name}: ${share} %`;
    });
    state.textContent = coming.join(" · ") || model.get("problem");
    state.className = coming.length > 0 ? "tw-note" : "tw-note tw-problem";
  };
  picker.addEventListener("change", () => {
    for (const file of picker.files) {
      const upload = [...crypto.getRandomValues(new Uint32Array(2))].join("-");
      uploads.set(upload, { file, sent: 0 });
      echo.say({ t: "begin", u: upload, name: file.name, size: file.size });
    }
    picker.value = ""; // so that the same file can be chosen again
    say();
  });
  add.addEventListener("click", () => picker.click());
  const hear = async (message) => {
    const coming = uploads.get(message?.u);
    if (!coming) return; // another page's
    if (message.t !== "go") {
      uploads.delete(message.u);
      say();
      return;
    }
    const from = message.from;
    coming.sent = from;
    say();
    try {
      const piece = await coming.file.slice(from, from + model.get("piece")).arrayBuffer();
      model.send({ t: "piece", u: message.u, from }, undefined, [piece]);
    } catch {
      uploads.delete(message.u);
      state.textContent = `${coming.file.name} could not be read. Choose it again.`;
      state.className = "tw-note tw-problem";
    }
  };
  table.addEventListener("keydown", (event) => event.stopPropagation());
  model.on("change", draw);
  model.on("msg:custom", hear);
  draw();
  return () => {
    model.off("change", draw);
    model.off("msg:custom", hear);
  };
}

export default { render };

// @ts-nocheck: its parameters have no types yet.
// A line of text. What is typed and Enter travel the same way, so that neither overtakes the other.

/** @param {{ model: any, el: HTMLElement }} context */
function render({ model, el }) {
  const label = document.createElement("label");
  const input = document.createElement("input");
  input.type = "text";
  // Each model runs a module of its own, so counting would not tell two fields apart.
  input.id = `tw-entry-${Math.random().toString(36).slice(2)}`;
  input.autocomplete = "off";
  input.spellcheck = false;
  input.maxLength = model.get("longest");
  label.htmlFor = input.id;
  const offered = document.createElement("datalist");
  offered.id = `${input.id}-offered`;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "tw-entry-button";
  el.classList.add("tw-entry");
  el.append(label, input, offered, button);

  const enter = () => model.send({ t: "enter", text: input.value });
  input.addEventListener("input", () => model.send({ t: "typed", text: input.value }));
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    enter();
  });
  button.addEventListener("click", enter);
  const draw = () => {
    label.textContent = model.get("label");
    input.placeholder = model.get("placeholder");
    input.disabled = button.disabled = model.get("disabled");
    button.textContent = model.get("action");
    button.hidden = button.textContent === "";
    const options = model.get("options");
    if (options.length > 0) input.setAttribute("list", offered.id);
    else input.removeAttribute("list");
    offered.replaceChildren(...options.map((text) => new Option(text, text)));
    // While a person types, what comes back is older than what stands there.
    if (document.activeElement !== input) input.value = model.get("value");
  };
  model.on("change", draw);
  draw();
  return () => model.off("change", draw);
}

export default { render };

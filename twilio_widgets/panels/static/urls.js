// URLs to paste, with a button each that copies. kept_out.js stands before this text.

/** @param {{ model: any, el: HTMLElement }} context */
function render({ model, el }) {
  el.classList.add("tw-urls");
  const line = ([label, url]) => {
    const row = document.createElement("div");
    row.className = "tw-url";
    const name = document.createElement("span");
    name.className = "tw-url-label";
    name.textContent = label;
    const text = document.createElement("code");
    text.textContent = url;
    text.tabIndex = 0;
    const copy = document.createElement("button");
    copy.type = "button";
    copy.textContent = "Copy";
    copy.setAttribute("aria-label", `Copy the ${label}`);
    const say = speaker(copy);
    copy.addEventListener("click", async () => {
      if (await putOnClipboard(url)) say("Copied");
      else {
        getSelection()?.selectAllChildren(text);
        say("Press Ctrl+C");
      }
    });
    row.append(name, text, copy);
    return row;
  };
  // From where this page was loaded, so may its server be called. The query may hold a login.
  model.send({ t: "page", url: location.origin + location.pathname });
  return askFor(model, (lines) => el.replaceChildren(...lines.map(line)));
}

export default { render };

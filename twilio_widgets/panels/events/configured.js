// The numbers and services whose webhooks were set to this listener, each with a button that
// restores its previous webhook.

import { openPress } from "../kit/press.js";

/** @param {import("@anywidget/types").RenderProps<{ rows: [sid: string, text: string][], disabled: boolean }>} context */
function render({ model, el }) {
  const list = document.createElement("ul");
  list.className = "tw-pointed";
  list.setAttribute("aria-label", "Connected numbers and services");
  el.append(list);
  const pressing = openPress({ model, el });

  const draw = () => {
    list.replaceChildren(
      ...model.get("rows").map(([sid, text]) => {
        const row = document.createElement("li");
        const caption = document.createElement("span");
        caption.textContent = text;
        const back = document.createElement("button");
        back.type = "button";
        back.className = "tw-button";
        back.textContent = "Restore previous setting";
        back.disabled = model.get("disabled");
        back.addEventListener("click", () => pressing.press(sid));
        row.append(caption, back);
        return row;
      }),
    );
  };
  model.on("change", draw);
  draw();
  return () => {
    pressing.close();
    model.off("change", draw);
  };
}

export default { render };

// An image, or the name and size of a file, with a Save button. The bytes are requested on demand.

import { openPress, pageId } from "../kit/press.js";

/** @param {import("@anywidget/types").RenderProps<{ epoch: number, picture: string, name: string, size: string }>} context */
function render({ model, el }) {
  const root = document.createElement("figure");
  root.className = "tw-blob";
  const image = document.createElement("img");
  const caption = document.createElement("figcaption");
  const label = document.createElement("span");
  const save = document.createElement("button");
  save.type = "button";
  save.className = "tw-button tw-small";
  save.textContent = "Save…";
  caption.append(label, save);
  root.append(image, caption);
  el.append(root);

  let address = ""; // object URL of the image
  let saving = false; // whether this view was pressed

  const requestBytes = () => model.send({ t: "want", epoch: model.get("epoch") });
  const revokeImage = () => {
    if (address) URL.revokeObjectURL(address);
    address = "";
    image.removeAttribute("src");
  };
  const draw = () => {
    revokeImage();
    image.hidden = model.get("picture") === "";
    image.alt = `The response: ${model.get("name")}`;
    label.textContent = `${model.get("name")} · ${model.get("size")}`;
    if (!image.hidden && model.get("epoch") > 0) requestBytes();
  };
  /**
   * @param {{ t: string, epoch: number, page: string }} message `page`: the one that saves the bytes
   * @param {DataView[]} buffers
   */
  const receive = (message, buffers) => {
    if (message?.t !== "bytes" || message.epoch !== model.get("epoch")) return;
    const bytes = /** @type {BlobPart[]} */ (buffers);
    const picture = model.get("picture");
    if (picture && !address) {
      address = URL.createObjectURL(new Blob(bytes, { type: picture }));
      image.src = address;
    }
    if (!saving || message.page !== pageId()) return;
    saving = false;
    // A generic type, so that the browser saves the file instead of opening it.
    const file = URL.createObjectURL(new Blob(bytes, { type: "application/octet-stream" }));
    const link = document.createElement("a");
    link.href = file;
    link.download = model.get("name");
    link.click();
    setTimeout(() => URL.revokeObjectURL(file), 60_000);
  };
  image.addEventListener("load", () => {
    label.textContent = `${model.get("name")} · ${image.naturalWidth} × ${image.naturalHeight} · ${model.get("size")}`;
  });
  image.addEventListener("error", () => {
    image.hidden = true;
  });
  const pressing = openPress({ model, el: root });
  save.addEventListener("click", () => {
    saving = true;
    pressing.press();
  });

  model.on("change:epoch", draw);
  model.on("msg:custom", receive);
  draw();
  return () => {
    revokeImage();
    pressing.close();
    model.off("change:epoch", draw);
    model.off("msg:custom", receive);
  };
}

export default { render };

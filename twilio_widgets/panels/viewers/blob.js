// An image, or a file's name and size, with a button that saves it. The bytes come when asked for.

/** @param {import("@anywidget/types").RenderProps<{ epoch: number, picture: string, name: string, size: string }>} context */
function render({ model, el }) {
  const root = document.createElement("figure");
  root.className = "tw-blob";
  const image = document.createElement("img");
  const caption = document.createElement("figcaption");
  const words = document.createElement("span");
  const save = document.createElement("button");
  save.type = "button";
  save.className = "tw-button tw-small";
  save.textContent = "Save…";
  caption.append(words, save);
  root.append(image, caption);
  el.append(root);

  let address = ""; // of the image on this page
  let saving = false; // whether the bytes on their way are to be saved

  const want = () => model.send({ t: "want", epoch: model.get("epoch") });
  const forget = () => {
    if (address) URL.revokeObjectURL(address);
    address = "";
    image.removeAttribute("src");
  };
  const draw = () => {
    forget();
    saving = false;
    image.hidden = model.get("picture") === "";
    image.alt = `The response: ${model.get("name")}`;
    words.textContent = `${model.get("name")} · ${model.get("size")}`;
    if (!image.hidden && model.get("epoch") > 0) want();
  };
  /**
   * @param {{ t: string, epoch: number }} message
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
    if (!saving) return;
    saving = false;
    // Of no particular type, so that no browser opens it instead of saving.
    const file = URL.createObjectURL(new Blob(bytes, { type: "application/octet-stream" }));
    const link = document.createElement("a");
    link.href = file;
    link.download = model.get("name");
    link.click();
    setTimeout(() => URL.revokeObjectURL(file), 60_000);
  };
  image.addEventListener("load", () => {
    words.textContent = `${model.get("name")} · ${image.naturalWidth} × ${image.naturalHeight} · ${model.get("size")}`;
  });
  image.addEventListener("error", () => {
    image.hidden = true;
  });
  save.addEventListener("click", () => {
    saving = true;
    want();
  });

  model.on("change:epoch", draw);
  model.on("msg:custom", receive);
  draw();
  return () => {
    forget();
    model.off("change:epoch", draw);
    model.off("msg:custom", receive);
  };
}

export default { render };

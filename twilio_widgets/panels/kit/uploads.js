// Uploads of files to the kernel, in chunks that the kernel requests; the page keeps no copy.

/** @import { openEcho } from "./ordered_input.js" */

/**
 * @param {{ model: import("@anywidget/types").AnyModel<any>, echo: ReturnType<typeof openEcho>, say: () => void }} context
 *   `say` is called when the text changes
 */
export function openUploads({ model, echo, say }) {
  /** @type {Map<string, { file: File, sent: number }>} the files on their way, by the number of each */
  const uploads = new Map();
  let failed = "";

  /** @param {{ t: string, u: string, from: number }} message */
  const receive = async (message) => {
    const coming = uploads.get(message?.u);
    if (!coming) return; // for another page
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
      failed = `${coming.file.name} could not be read. Choose it again.`;
      say();
    }
  };
  model.on("msg:custom", receive);
  return {
    /** @param {Iterable<File>} files */
    begin(files) {
      failed = "";
      for (const file of files) {
        const upload = [...crypto.getRandomValues(new Uint32Array(2))].join("-");
        uploads.set(upload, { file, sent: 0 });
        echo.say({ t: "begin", u: upload, name: file.name, size: file.size });
      }
      say();
    },
    /** The files being uploaded, as text; empty if there are none. */
    text() {
      return [...uploads.values()]
        .map(({ file, sent }) => {
          const share = file.size === 0 ? 100 : Math.floor((100 * sent) / file.size);
          return `${file.name}: ${share} %`;
        })
        .join(" · ");
    },
    failure: () => failed,
    close() {
      model.off("msg:custom", receive);
    },
  };
}

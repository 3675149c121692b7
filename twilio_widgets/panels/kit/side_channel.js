// A separate comm from the page to the kernel. A kernel with subshells handles its messages while a
// cell runs. Without it, the model's comm is used, which waits for the running cell.

/**
 * @typedef {{ open(data: object): void, send(data: object): void, close(): void, isDisposed: boolean,
 *   onClose: () => void }} Comm what of Jupyter's comm is used here
 *
 * @param {import("@anywidget/types").AnyModel<any>} model one with a `channel`
 * @returns {{ send(message: object, sure?: boolean): void, close(): void }}
 */
export function openControl(model) {
  /** @type {Comm | null} */
  let comm = null;
  try {
    const manager = /** @type {any} */ (model.widget_manager); // only JupyterLab's manager has a kernel
    comm = manager?.kernel?.createComm("tw.control") ?? null;
    if (comm) {
      comm.onClose = () => {
        comm = null;
      };
      comm.open({ channel: model.get("channel") });
    }
  } catch {
    comm = null; // no live kernel: the model's comm reports that
  }
  return {
    /** `sure`: by the model's comm too, in case nobody listens on ours. */
    send(message, sure = false) {
      comm?.send(message);
      if (!comm || sure) model.send(message);
    },
    close() {
      const open = comm;
      comm = null;
      if (open && !open.isDisposed) open.close();
    },
  };
}

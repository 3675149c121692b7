// The page's own line to the kernel: messages on it are answered while a cell runs, where the kernel
// can do that. Where there is none, the model's comm does, and waits for the running cell.

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
    const manager = /** @type {any} */ (model.widget_manager); // only JupyterLab's has a kernel
    comm = manager?.kernel?.createComm("tw.control") ?? null;
    if (comm) {
      comm.onClose = () => {
        comm = null;
      };
      comm.open({ channel: model.get("channel") });
    }
  } catch {
    comm = null; // a page without a live kernel: the model's comm says so in its own way
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

"""Run every notebook in a fresh kernel and update its stored outputs.

Widget state is not stored: without a kernel, readers see the static HTML of each panel. Review the
diff before committing it; `scripts/test` checks that the outputs are current.
"""

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

# A second output names its widget, which differs from run to run.
os.environ["TWILIO_WIDGETS_STATIC"] = "inline"

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"


def refresh(path: Path) -> None:
    """Run one notebook and save it without anything that differs from run to run."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        store_widget_state=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    notebook.metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
    }
    for number, cell in enumerate(notebook.cells):
        cell.id, cell.metadata = f"cell-{number:02}", {}
        for output in cell.get("outputs", ()):
            # The live view has a different ID in every kernel and is useless without one.
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
            output["metadata"] = {}
    nbformat.write(notebook, path)
    print(f"{path.name}: {sum(cell.cell_type == 'code' for cell in notebook.cells)} cells run")


if __name__ == "__main__":
    chosen = [Path(name) for name in sys.argv[1:]] or sorted(NOTEBOOKS.glob("*.ipynb"))
    for path in chosen:
        refresh(path.resolve())

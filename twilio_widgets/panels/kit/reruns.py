"""Close the panel of a cell when the cell has run again and made another one.

ipywidgets keeps every widget until it is closed, so each run of a cell would leave a panel of a
hundred widgets behind, which still receive messages. A panel is closed when its cell has run again
without displaying it and nothing else uses it: no other cell displayed it, no box contains it, and
none of its work is running.
"""

from __future__ import annotations

import sys
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

import ipywidgets

if TYPE_CHECKING:
    from collections.abc import Iterator


class Rerunnable(Protocol):
    """A panel, or a box of panels."""

    def in_use(self) -> bool:
        """Return whether it must stay although no page shows it."""

    def close(self) -> None:
        """Remove it and stop its work."""


class CellPanels:
    """The panels that each cell of one notebook made and displayed.

    Args:
        shell: The notebook's IPython shell.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._cell = ""
        self._made: dict[str, list[weakref.ref[Any]]] = {}
        """The panels made by each cell, by its id."""
        self._shown: weakref.WeakKeyDictionary[Any, set[str]] = weakref.WeakKeyDictionary()
        """The cells that displayed a panel; those of the running cell count as of this run."""
        self._current: weakref.WeakSet[Any] = weakref.WeakSet()
        """The panels made or displayed by the running cell."""
        shell.events.register("pre_run_cell", self._begin)
        shell.events.register("post_run_cell", self._end)

    def made(self, panel: Rerunnable) -> None:
        """The running cell made a panel."""
        if cell := self._running():
            self._made.setdefault(cell, []).append(weakref.ref(panel))
            self._current.add(panel)

    def shown(self, panel: Rerunnable) -> None:
        """The running cell displayed a panel."""
        if cell := self._running():
            self._shown.setdefault(panel, set()).add(cell)
            self._current.add(panel)

    def _running(self) -> str:
        """Return the id of the running cell; the first cell began before this listened."""
        if self._cell:
            return self._cell
        parent: Any = getattr(self._shell, "get_parent", dict)()
        return str(parent.get("metadata", {}).get("cellId") or "")

    def _begin(self, info: Any) -> None:
        self._cell = getattr(info, "cell_id", None) or ""
        self._current.clear()

    def _end(self, result: Any) -> None:
        cell, self._cell = self._running(), ""
        if getattr(result, "success", False):
            for panel in self._replaced_in(cell):
                panel.close()

    def _replaced_in(self, cell: str) -> Iterator[Any]:
        made = [panel for ref in self._made.get(cell, ()) if (panel := ref()) is not None]
        again = any(panel in self._current for panel in made)
        old = [panel for panel in made if panel not in self._current] if again else []
        kept = [panel for panel in made if panel not in old or self._is_used(panel, cell)]
        if cell in self._made:
            self._made[cell] = [weakref.ref(panel) for panel in kept]
        yield from (panel for panel in old if panel not in kept)

    def _is_used(self, panel: Any, cell: str) -> bool:
        elsewhere = self._shown.get(panel, set()) - {cell}
        return bool(elsewhere) or panel.in_use() or _is_in_a_box(panel)


_panels: weakref.WeakKeyDictionary[Any, CellPanels] = weakref.WeakKeyDictionary()


def cell_panels() -> CellPanels | None:
    """Return the panels of the notebook that runs now; None outside IPython."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is None:
        return None
    with suppress(TypeError):  # a shell that cannot be referenced weakly
        if shell not in _panels:
            _panels[shell] = CellPanels(shell)
        return _panels[shell]
    return None


def _is_in_a_box(panel: object) -> bool:
    instances = ipywidgets.widgets.widget._instances
    return any(
        any(child is panel for child in getattr(widget, "children", ()))
        for widget in tuple(instances.values())
    )

"""The elements of the explore panel: tiles and filter chips."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_widgets.panels.kit.assets import asset
from twilio_widgets.panels.kit.unsaved import Unsaved

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from twilio_widgets.panels.explore.text import Tile


class Tiles(Unsaved):
    """Figures, each with its change against the period before."""

    _esm = asset(__file__, "tiles.js")
    _css = asset(__file__, "explore.css")

    def show(self, tiles: Sequence[Tile]) -> None:
        """Show tiles."""
        self._put(list(tiles))


class Chips(Unsaved):
    """The filters in force, each a button that removes it.

    Args:
        remove: Called with the dimension and the key of a filter. It must not raise.
        clear: Called to remove all filters. It must not raise.
    """

    _esm = asset(__file__, "chips.js")

    def __init__(self, remove: Callable[[str, str], object], clear: Callable[[], object]) -> None:
        super().__init__()
        self._remove, self._clear = remove, clear

    def show(self, chips: Sequence[dict[str, str]]) -> None:
        """Show filters."""
        self._put(list(chips))

    def _receive(self, _widget: object, content: object, _buffers: object) -> None:
        """Handle a message of a page; anything unexpected is ignored as untrusted input."""
        match content:
            case {"t": "remove", "name": str(name), "key": str(key)}:
                self._remove(name, key)
            case {"t": "clear"}:
                self._clear()
            case _:
                super()._receive(_widget, content, _buffers)

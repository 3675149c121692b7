"""A table of names and values that a person fills in: query parameters, headers, form fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import traitlets

from twilio_widgets.panels.inputs.ordered_input import OrderedInput, text_in
from twilio_widgets.panels.kit.assets import asset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MOST_PAIRS = 100
"""Rows of one table. More are code's work."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One row: a name, a value, and whether it is used. A name may stand in several rows."""

    name: str
    value: str
    used: bool = True


class PairsTable(OrderedInput):
    """Rows of a name and a value, with a new row always at the end.

    Nothing secret is expected in it: what is typed is widget state, which a notebook may save.

    Args:
        label: What the rows are called, one at a time: ``"Header"``.
        forbidden: Names, in lower case, whose values are never kept.
    """

    _esm = asset(__file__, "pairs_table.js")
    label = traitlets.Unicode().tag(sync=True)
    rows = traitlets.List[list[object]]().tag(sync=True)
    most = traitlets.Int(MOST_PAIRS).tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)

    def __init__(self, label: str, *, forbidden: frozenset[str] = frozenset()) -> None:
        super().__init__(label=label)
        self._forbidden = forbidden
        self._on_change: Callable[[tuple[Pair, ...]], object] | None = None
        self.on_msg(self._receive)

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The rows, those that are not used included."""
        return tuple(Pair(*row) for row in self.rows)  # type: ignore[arg-type]

    def on_change(self, callback: Callable[[tuple[Pair, ...]], object]) -> None:
        """Call back with the rows when a person changed them. It must not raise."""
        self._on_change = callback

    def write(self, pairs: Iterable[Pair]) -> None:
        """Put these rows into the table."""
        self.rows = [[pair.name, pair.value, pair.used] for pair in pairs]

    @property
    def shown(self) -> object:
        """The rows, as a page that shows them sends them."""
        return self.rows

    def _receive(self, _widget: object, content: object, _buffers: object) -> None:
        """Take whole tables, and nothing else: a page is input like any other."""
        if isinstance(content, dict) and content.get("t") == "rows":
            self._take(content, self._keep)

    def _keep(self, content: dict[str, object]) -> None:
        pairs = pairs_in(content.get("rows"))
        if pairs is None or self.disabled:
            return
        kept = tuple(self._without_secrets(pair) for pair in pairs)
        self.rows = [[pair.name, pair.value, pair.used] for pair in kept]
        if self._on_change is not None:
            self._on_change(kept)

    def _without_secrets(self, pair: Pair) -> Pair:
        forbidden = pair.name.strip().casefold() in self._forbidden
        return Pair(pair.name, "", pair.used) if forbidden else pair


def pairs_in(rows: object) -> tuple[Pair, ...] | None:
    """Return the rows that a page sent; None when they are not such rows."""
    if not isinstance(rows, list) or len(rows) > MOST_PAIRS:
        return None
    pairs = [_pair_in(row) for row in rows]
    known = tuple(pair for pair in pairs if pair is not None)
    return known if len(known) == len(pairs) else None


def _pair_in(row: object) -> Pair | None:
    if not isinstance(row, list) or len(row) != 3 or type(row[2]) is not bool:
        return None
    name, value = text_in(row[0]), text_in(row[1])
    return None if name is None or value is None else Pair(name, value, row[2])

"""The one table of the product: rows by the hundred thousand, live, sorted, searched, filtered."""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING, Any

import traitlets

from twilio_widgets.errors import ConfigurationError
from twilio_widgets.panels.kit import side_channel as control
from twilio_widgets.panels.kit.assets import asset
from twilio_widgets.panels.kit.elements import Element
from twilio_widgets.panels.kit.throttle import throttle
from twilio_widgets.panels.table.cells import TONES, TableColumn, check_columns
from twilio_widgets.panels.table.protocol import Open, Want, messages_since, nothing_new, request_of
from twilio_widgets.panels.table.rows import RowLog
from twilio_widgets.panels.table.static_html import STATIC_ROWS, static_table

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from twilio_widgets.panels.kit.throttle import Throttle

    Row = dict[str, object]
    OnSelect = Callable[[Row | None], object]
    Bundle = tuple[dict[Any, Any], dict[Any, Any]]

MOST_ROWS = 500_000
"""Beyond it browsers cannot make an element tall enough to scroll through."""

HEIGHT = 312
"""Pixels that the rows of a table take up by default: the heads and eleven rows."""

MESSAGES_A_BEAT = 15
"""A hundred thousand rows take a second and a half, at a sixth of what Jupyter's server passes."""


class VirtualTable(Element):
    """A table that shows any number of rows and keeps up with a thousand new ones a second.

    Rows are mappings; what a column does not show is kept for `selected`. They are no part of the
    widget's state: they travel to a page when it asks, so a page that is opened late or loaded
    again shows them all. Every method is safe from any thread.

    Args:
        columns: What is shown of each row.
        label: What the table is called, for screen readers and in a saved notebook.
        height: Pixels that the rows take up.
        max_rows: How many rows are held. The oldest are let go, and the footer says how many.
        key: The field that tells rows apart, so that a row which comes again changes in place.
        live: Whether rows keep coming, and a person may want to pause them.
        order: In which order the rows are, until a person sorts them.

    Raises:
        ConfigurationError: When an argument cannot be right.

    Example:
        >>> table = VirtualTable([Column("body", "Body")], label="Messages")
        >>> table.append([{"body": "Ahoy"}])
        >>> table
        VirtualTable(label='Messages', rows=1)
    """

    _css = asset(__file__, "table.css")
    _esm = asset(__file__, "table.js")

    columns = traitlets.List[dict[str, object]]().tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    height = traitlets.Int().tag(sync=True)
    live = traitlets.Bool().tag(sync=True)
    order = traitlets.Unicode().tag(sync=True)
    tones = traitlets.Dict().tag(sync=True)
    channel = traitlets.Unicode().tag(sync=True)

    _pulse: Throttle | None = None

    def __init__(
        self,
        columns: Iterable[TableColumn],
        *,
        label: str,
        height: int = HEIGHT,
        max_rows: int = 100_000,
        key: str | None = None,
        live: bool = False,
        order: str = "newest first",
    ) -> None:
        self._columns = check_columns(columns)
        _check_range("height", height, 80, 2_000)
        _check_range("max_rows", max_rows, 1, MOST_ROWS)
        self._lock = threading.RLock()
        self._log = RowLog(self._columns, key=key, max_rows=max_rows)
        self._told: int | None = None  # up to which change pages were told; None: nobody listens
        self._selected: tuple[int, int] | None = None
        self._on_select: list[OnSelect] = []
        super().__init__(
            columns=[_described(column) for column in self._columns],
            label=label,
            height=height,
            live=live,
            order=order,
            tones={word: tone for tone, words in TONES.items() for word in words},
            channel=uuid.uuid4().hex,
        )
        self._pulse = throttle("twilio_widgets-table", self._tell, self._tell_end)
        self.on_msg(lambda _table, message, _buffers: self.on_control(message))
        control.listen(self.channel, self)

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows held, newest first."""
        with self._lock:
            return tuple(dict(entry.row) for entry in self._log)

    @property
    def selected(self) -> Row | None:
        """The row a person opened last, with the fields no column shows; None when it is gone."""
        with self._lock:
            if self._selected is None or self._selected[0] != self._log.epoch:
                return None
            entry = self._log.at(self._selected[1])
            return None if entry is None else dict(entry.row)

    def append(self, rows: Iterable[Mapping[str, object]]) -> None:
        """Add rows in the order they happened: the last becomes the topmost.

        A row whose key is held already changes that row, where it stands.
        """
        with self._lock:
            self._log.append(rows)
        self._changed()

    def append_older(self, rows: Iterable[Mapping[str, object]]) -> None:
        """Add rows below all others, newest first: how a message log is read, page by page."""
        with self._lock:
            self._log.append_older(rows)
        self._changed()

    def replace(
        self, rows: Iterable[Mapping[str, object]], *, total: int | None = None, note: str = ""
    ) -> None:
        """Show these rows, newest first, in place of all others.

        Args:
            rows: The rows.
            total: How many there are altogether, where that is known: "Showing 200 of 83,112".
            note: A sentence to stand beside it.
        """
        with self._lock:
            self._log.replace(rows, total=total, note=note)
        self._changed()

    def annotate(self, *, total: int | None, note: str) -> None:
        """Change what the footer says about the rows, and leave them as they are."""
        with self._lock:
            self._log.total, self._log.note = total, note
        self._changed()

    def update(self, key: Hashable, row: Mapping[str, object]) -> bool:
        """Change fields of the row with this key, where it stands.

        Returns:
            Whether there is such a row; one that was let go is not brought back.
        """
        with self._lock:
            found = self._log.update(key, row)
        if found:
            self._changed()
        return found

    def clear(self) -> None:
        """Show no rows."""
        self.replace(())

    def on_select(self, callback: OnSelect, *, remove: bool = False) -> None:
        """Call back with a row when a person opens it, by a click or with Enter.

        It may be called on any thread, also while a cell runs, and should return soon.
        """
        if remove:
            self._on_select.remove(callback)
        else:
            self._on_select.append(callback)

    def close(self) -> None:
        """Take the table off every page, and end what keeps it up to date."""
        control.unlisten(self.channel)
        if self._pulse is not None:  # a table that was refused is closed too, when it is collected
            self._pulse.stop()
        super().close()

    def on_control(self, message: object) -> None:
        """Hear one message of a page: checked here, on whichever thread it comes."""
        match request_of(message):
            case Want() as want:
                self._want(want)
            case Open() as opened:
                self._open(opened)

    def _want(self, want: Want) -> None:
        with self._lock:
            log = self._log
            known = want.since if want.epoch == log.epoch else log.base
            known = min(max(known, log.base), log.change)
            self._told = known if self._told is None else min(self._told, known)
        self._ask()

    def _open(self, opened: Open) -> None:
        with self._lock:
            if opened.epoch != self._log.epoch or self._log.at(opened.place) is None:
                return  # the row went while the message was on its way
            self._selected = (opened.epoch, opened.place)
            callbacks = tuple(self._on_select)
        for callback in callbacks:
            callback(self.selected)

    def _changed(self) -> None:
        if self._told is not None:
            self._ask()

    def _ask(self) -> None:
        if self._pulse is not None:
            self._pulse.ask()

    def _tell(self) -> None:
        """Tell the pages what is new, as much as they can take at once."""
        with self._lock:
            if self._told is None:
                return
            messages, self._told = messages_since(self._log, self._told, MESSAGES_A_BEAT)
            more = self._told < self._log.change
        for message in messages:
            self.send(message)
        if more:
            self._ask()

    def _tell_end(self) -> None:
        """Say once how far it went: a page that lost the last message learns of it by this."""
        with self._lock:
            message = nothing_new(self._log)
        self.send(message)

    def __repr__(self) -> str:
        return f"VirtualTable(label={self.label!r}, rows={len(self._log)})"

    def _repr_mimebundle_(self, **kwargs: dict[Any, Any]) -> Bundle | None:
        """Add what a saved notebook shows with no kernel: the newest rows, as static HTML."""
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        return {**data, "text/plain": repr(self), "text/html": self._still()}, metadata

    def _still(self) -> str:
        with self._lock:
            log = self._log
            held, note = len(log), log.note
            cells = [entry.cells for entry, _ in zip(log, range(STATIC_ROWS), strict=False)]
            total = max(log.total or 0, held + log.dropped)
        return static_table(
            self._columns,
            cells,
            label=self.label,
            held=held,
            total=total,
            note=note,
            order=self.order,
        )


def _described(column: TableColumn) -> dict[str, object]:
    return {
        "name": column.name,
        "title": column.heading,
        "width": column.width,
        "kind": column.kind,
        "choice": column.choice or column.kind == "status",
    }


def _check_range(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ConfigurationError(
            f"{name} is {value:,}. Use a whole number from {low:,} to {high:,}.", field=name
        )

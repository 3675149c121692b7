"""The table of every panel: hundreds of thousands of rows, live, with sorting and filters."""

from __future__ import annotations

import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

import traitlets

from twilio_widgets.core.system.thread_lock import ThreadLock
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.panels.kit import side_channel as control
from twilio_widgets.panels.kit import work
from twilio_widgets.panels.kit.assets import asset
from twilio_widgets.panels.kit.elements import Element
from twilio_widgets.panels.kit.saved_picture import SavedPicture
from twilio_widgets.panels.kit.throttle import throttle
from twilio_widgets.panels.table.cells import TONES, TableColumn, check_columns
from twilio_widgets.panels.table.export import exported
from twilio_widgets.panels.table.protocol import (
    Export,
    Open,
    Select,
    Want,
    messages_since,
    request_of,
    state_message,
)
from twilio_widgets.panels.table.rows import RowLog
from twilio_widgets.panels.table.static_html import STATIC_ROWS, static_table

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from twilio_widgets.panels.kit.saved_picture import Static
    from twilio_widgets.panels.kit.throttle import Throttle

    Row = dict[str, object]
    OnSelect = Callable[[Row | None], object]
    Bundle = tuple[dict[Any, Any], dict[Any, Any]]

MOST_ROWS = 500_000
"""Beyond it browsers cannot make an element tall enough to scroll through."""

HEIGHT = 312
"""Default height in pixels: the header and eleven rows."""

MESSAGES_PER_TICK = 15
"""100,000 rows then take 1.5 s, at a sixth of the message rate limit of Jupyter's server."""


class VirtualTable(SavedPicture, Element):
    """A table that shows any number of rows and keeps up with a thousand new ones a second.

    Rows are mappings; fields without a column are kept for `selected`. Rows are not widget state:
    a page requests them, so a page that is opened late or reloaded shows all of them. Every method
    is thread-safe.

    Args:
        columns: The columns.
        label: The name of the table for screen readers and saved notebooks.
        height: Height of the rows in pixels.
        max_rows: The maximum number of rows. The oldest are dropped; the footer counts them.
        key: The field that identifies a row, so that adding it again updates it in place.
        live: Whether rows keep arriving; adds a Pause button.
        order: The order of the rows until the user sorts them, as text.
        static: Whether the notebook file keeps the newest rows as a picture: True with masked
            numbers, ``"unmasked"`` with whole ones, False none.

    Raises:
        ConfigurationError: An argument is invalid.

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

    _throttle: Throttle | None = None

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
        static: Static = True,
    ) -> None:
        self._columns = check_columns(columns)
        _check_range("height", height, 80, 2_000)
        _check_range("max_rows", max_rows, 1, MOST_ROWS)
        self._lock = ThreadLock()
        self._log = RowLog(self._columns, key=key, max_rows=max_rows)
        self._sent_change: int | None = None  # the change sent last; None: no page has asked
        self._selected: tuple[int, int] | None = None
        self._on_select: list[OnSelect] = []
        self._chosen: tuple[int, ...] = ()
        """The places of the rows selected last."""
        self._on_choose: list[Callable[[], object]] = []
        super().__init__(
            columns=[_described(column) for column in self._columns],
            label=label,
            height=height,
            live=live,
            order=order,
            tones={word: tone for tone, words in TONES.items() for word in words},
            channel=uuid.uuid4().hex,
        )
        self._throttle = throttle("twilio_widgets-table", self._send_changes, self._send_state)
        self.on_msg(lambda _table, message, _buffers: self.on_control(message))
        control.listen(self.channel, self)
        self._begin_picture(static)

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows, newest first."""
        with self._lock:
            return tuple(dict(entry.row) for entry in self._log)

    @property
    def selected(self) -> Row | None:
        """The row opened last, with all its fields; None if it no longer exists."""
        with self._lock:
            if self._selected is None or self._selected[0] != self._log.epoch:
                return None
            entry = self._log.at(self._selected[1])
            return None if entry is None else dict(entry.row)

    @property
    def chosen(self) -> tuple[Row, ...]:
        """The rows selected on the page that selected last, in its order; else the opened row."""
        with self._lock:
            entries = [self._log.at(place) for place in self._chosen]
            rows = tuple(dict(entry.row) for entry in entries if entry is not None)
        opened = self.selected
        return rows or (() if opened is None else (opened,))

    def on_choose(self, callback: Callable[[], object]) -> None:
        """Call back when `chosen` may have changed, on any thread."""
        self._on_choose.append(callback)

    def append(self, rows: Iterable[Mapping[str, object]]) -> None:
        """Add rows, oldest first: the last one appears at the top.

        A row whose key exists updates that row in place.
        """
        with self._lock:
            self._log.append(rows)
        self._changed()

    def append_older(self, rows: Iterable[Mapping[str, object]]) -> None:
        """Add rows below all others, newest first, as a log is read page by page."""
        with self._lock:
            self._log.append_older(rows)
        self._changed()

    def replace(
        self, rows: Iterable[Mapping[str, object]], *, total: int | None = None, note: str = ""
    ) -> None:
        """Replace all rows; the new ones are given newest first.

        Args:
            rows: The rows.
            total: The total number of rows, if known: "Showing 200 of 83,112".
            note: A sentence for the footer.
        """
        with self._lock:
            self._log.replace(rows, total=total, note=note)
            self._chosen = ()
        self._changed()

    def annotate(self, *, total: int | None, note: str) -> None:
        """Change the total and the note of the footer without changing the rows."""
        with self._lock:
            self._log.total, self._log.note = total, note
        self._changed()

    def update(self, key: Hashable, row: Mapping[str, object]) -> bool:
        """Update fields of the row with this key in place.

        Returns:
            Whether there is such a row; a dropped row is not added again.
        """
        with self._lock:
            found = self._log.update(key, row)
        if found:
            self._changed()
        return found

    def clear(self) -> None:
        """Remove all rows."""
        self.replace(())

    def on_select(self, callback: OnSelect, *, remove: bool = False) -> None:
        """Call back with a row when the user opens it, by a click or Enter.

        The callback may run on any thread, also while a cell runs, and should return quickly.
        """
        if remove:
            self._on_select.remove(callback)
        else:
            self._on_select.append(callback)

    def close(self) -> None:
        """Remove the table from every page and stop its updates."""
        control.unlisten(self.channel)
        self._end_picture()
        if (
            self._throttle is not None
        ):  # None if the constructor raised; the garbage collector calls close too
            self._throttle.stop()
        super().close()

    def on_control(self, message: object) -> None:
        """Validate and handle one message of a page, on any thread."""
        match request_of(message):
            case Want() as want:
                self._want(want)
            case Open() as opened:
                self._open(opened)
            case Select() as chosen:
                self._choose(chosen)
            case Export() as export:
                # Writing a long workbook takes seconds, in which the kernel has other things to do.
                work.start(self._export, export, on_error=partial(self._no_file, export))

    def _want(self, want: Want) -> None:
        with self._lock:
            log = self._log
            known = want.since if want.epoch == log.epoch else log.base
            known = min(max(known, log.base), log.change)
            self._sent_change = (
                known if self._sent_change is None else min(self._sent_change, known)
            )
        self._ask()

    def _open(self, opened: Open) -> None:
        with self._lock:
            if opened.epoch != self._log.epoch or self._log.at(opened.place) is None:
                return  # the row was dropped before the message arrived
            self._selected, self._chosen = (opened.epoch, opened.place), ()
            callbacks, choosers = tuple(self._on_select), tuple(self._on_choose)
        for callback in callbacks:
            callback(self.selected)
        for chooser in choosers:
            chooser()

    def _choose(self, chosen: Select) -> None:
        with self._lock:
            if chosen.epoch != self._log.epoch:
                return
            self._chosen = chosen.places
            callbacks = tuple(self._on_choose)
        for callback in callbacks:
            callback()

    def _export(self, export: Export) -> None:
        with self._lock:
            if export.epoch != self._log.epoch:
                raise ConfigurationError(
                    "The rows have changed. Download them again.", field="rows"
                )
            found = [self._log.at(place) for place in export.places]
        by_name = {column.name: column for column in self._columns}
        columns = [by_name[name] for name in export.columns if name in by_name]
        entries = [entry for entry in found if entry is not None]
        content = exported(entries, columns, export.file_format, export.zone)
        name = f"{export.name}.{export.file_format}"
        self.send({"t": "file", "id": export.number, "name": name, "problem": ""}, [content])

    def _no_file(self, export: Export, error: Exception) -> None:
        problem = f"No file was written. {error}"
        self.send({"t": "file", "id": export.number, "name": "", "problem": problem})

    def _picture_html(self) -> str:
        return self.static_html()

    def _changed(self) -> None:
        self._picture_changed()
        if self._sent_change is not None:
            self._ask()

    def _ask(self) -> None:
        if self._throttle is not None:
            self._throttle.ask()

    def _send_changes(self) -> None:
        """Send the pages the new changes, up to the limit of one tick."""
        with self._lock:
            if self._sent_change is None:
                return
            messages, self._sent_change = messages_since(
                self._log, self._sent_change, MESSAGES_PER_TICK
            )
            more = self._sent_change < self._log.change
        for message in messages:
            self.send(message)
        if more:
            self._ask()

    def _send_state(self) -> None:
        """Send the final state once, so that a page that lost the last message detects the gap."""
        with self._lock:
            message = state_message(self._log)
        self.send(message)

    def __repr__(self) -> str:
        return f"VirtualTable(label={self.label!r}, rows={len(self._log)})"

    def _repr_mimebundle_(self, **kwargs: dict[Any, Any]) -> Bundle | None:
        """Add the newest rows as static HTML, shown in a saved notebook without a kernel."""
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        return self._bundle_with_picture(data), metadata

    def static_html(self) -> str:
        """Return the newest rows as static HTML."""
        with self._lock:
            log = self._log
            held, note = len(log), log.note
            shown = [place for place, column in enumerate(self._columns) if column.shown]
            newest = [entry.cells for entry, _ in zip(log, range(STATIC_ROWS), strict=False)]
            cells = [[row[place] for place in shown] for row in newest]
            total = max(log.total or 0, held + log.dropped)
        return static_table(
            [self._columns[place] for place in shown],
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
        "shown": column.shown,
        "late": column.late,
    }


def _check_range(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ConfigurationError(
            f"{name} is {value:,}. Use a whole number from {low:,} to {high:,}.", field=name
        )

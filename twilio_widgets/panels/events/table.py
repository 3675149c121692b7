"""The live table of a listener's or poller's events, with a detail view of one event."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Protocol

import ipywidgets

from twilio_widgets.core.system.thread_lock import ThreadLock
from twilio_widgets.errors import TwilioWidgetsError
from twilio_widgets.listener.events.reading import Reader
from twilio_widgets.panels.events.curl import replay_command
from twilio_widgets.panels.events.detail import (
    EventDetail,
    event_view,
    missing_view,
    rejection_view,
)
from twilio_widgets.panels.events.feed import MOST_ROWS, Feed
from twilio_widgets.panels.events.rows import COLUMNS, KEY, REJECTED
from twilio_widgets.panels.kit.elements import CardHeader, close_tree
from twilio_widgets.panels.kit.panel import saved_words
from twilio_widgets.panels.kit.saved_picture import SavedPicture
from twilio_widgets.panels.table.table import HEIGHT, VirtualTable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from twilio_widgets.panels.events.detail import View
    from twilio_widgets.panels.events.rows import Row
    from twilio_widgets.panels.kit.saved_picture import Static

_DELETED = "This event is no longer in the store: it was deleted, or is older than the retention."


class StoredEvents(Protocol):
    """The part of `Listener` and `Poller` that the table uses."""

    @property
    def store(self) -> Path:
        """The file of the events."""

    @property
    def port(self) -> int | None:
        """The port that receives webhooks, if one does."""

    def on_change(self, changed: Callable[[], object]) -> Callable[[], None]:
        """Call a function after every change, until the function returned here is called."""


class EventsTable(SavedPicture, ipywidgets.VBox):
    """A live table with a row for each event or rejected request, newest first.

    New rows appear without a refresh, also while a cell runs. A click or Enter opens a row: its
    error explained, its parameters and headers, and a curl command that delivers it again. The
    table can be displayed several times, and still shows the events after the listener closed.

    Args:
        source: The `Listener` or `Poller`.
        height: Height of the rows in pixels.
        framed: Whether to draw it as a card with a title.
        static: Whether the notebook file keeps the newest rows as a picture: True with masked
            numbers, ``"unmasked"`` with whole ones, False none.
    """

    _open = False

    def __init__(
        self,
        source: StoredEvents,
        *,
        height: int = HEIGHT,
        framed: bool = True,
        static: Static = True,
    ) -> None:
        self._source = source
        self._lock = ThreadLock()
        self._feed = Feed(Reader(source.store))
        self._counts = Counter[bool]()
        self._head = CardHeader(title="Events") if framed else None
        self.rows = VirtualTable(
            COLUMNS, label="Events", height=height, max_rows=MOST_ROWS, key=KEY, live=True
        )
        """The table itself."""
        self._detail = EventDetail(on_close=self._put_away)
        head = () if self._head is None else (self._head,)
        super().__init__([*head, self.rows, self._detail])
        self.add_class("tw-events-table")
        if self._head is not None:
            self.add_class("tw-card")
        self._open = True
        self._begin_picture(static)
        if self._head is not None:
            self._head.saved = saved_words(self._picture_static)
        self.rows.on_select(self._opened)
        self._end = source.on_change(self.look)
        self.look()

    def look(self) -> None:
        """Show the changes since the last call. Called automatically after every change."""
        with self._lock:
            if not self._open:
                return
            news = self._feed.read()
            if news.replaces_all:
                self._counts.clear()
                self.rows.replace(reversed(news.rows))
            elif news.rows:
                self.rows.append(news.rows)
            for row in news.changed:
                self.rows.update(str(row[KEY]), row)
            self._counts.update(row["kind"] == REJECTED for row in news.rows)
        if self._head is not None:
            self._head.show(self._counted(), "warning" if self._counts[True] else "idle")
        self._picture_changed()

    def close(self) -> None:
        """Remove the table from every page. The listener and its events are not changed."""
        if not self._open:
            return
        self._open = False
        self._end_picture()
        self._end()
        with self._lock:
            self._feed.close()
        close_tree(self)

    def _opened(self, row: Row | None) -> None:
        self._detail.show(None if row is None else self._view_of(row))

    def _put_away(self) -> None:
        self._detail.show(None)

    def _view_of(self, row: Row) -> View:
        number = int(str(row["id"]))
        try:
            if row["kind"] == REJECTED:
                rejection = self._feed.rejection(number)
                return rejection_view(rejection) if rejection else missing_view(_DELETED)
            event = self._feed.event(number)
            if event is None:
                return missing_view(_DELETED)
            return event_view(event, replay_command(event, self._source.port))
        except TwilioWidgetsError as error:
            return missing_view(str(error))

    def _counted(self) -> str:
        events, rejected = self._counts[False], self._counts[True]
        counted = f"{events:,} event{'s'[: events != 1]}"
        return f"{counted} · {rejected:,} rejected" if rejected else counted

    def _picture_html(self) -> str:
        return self.rows.static_html()

    def __repr__(self) -> str:
        return f"EventsTable({self._counted()})"

    def _repr_mimebundle_(self, **kwargs: dict[Any, Any]) -> dict[str, object]:
        """Add the newest rows as static HTML, shown in a saved notebook without a kernel."""
        bundle: dict[str, object] = super()._repr_mimebundle_(**kwargs)
        return self._bundle_with_picture(bundle)

"""`EventSource`: the API that `Listener` and `Poller` share."""

from __future__ import annotations

import inspect
import os
import stat
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, SupportsIndex

from twilio_widgets.client import Twilio
from twilio_widgets.core.closing import ClosesOnExit
from twilio_widgets.core.credentials.connection import KEY_CANNOT_VALIDATE, Connection
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.listener.consumers.dispatcher import (
    DeadLetter,
    EventDispatcher,
    OnEvent,
    Unsubscribe,
)
from twilio_widgets.listener.consumers.replay import replay, signed_url_of, target_of
from twilio_widgets.listener.consumers.selection import ids_of
from twilio_widgets.listener.events.rejection_match import matches

if TYPE_CHECKING:
    from datetime import datetime

    from twilio_widgets.core.credentials.secret import Secret
    from twilio_widgets.frames.events import EventFrame
    from twilio_widgets.frames.safe_frame import SafeFrame
    from twilio_widgets.listener.events.event import Event, Rejection
    from twilio_widgets.listener.events.reading import Counts, Reader
    from twilio_widgets.panels.events.table import EventsTable

_KINDS: Final = ("inbound", "status")
_SLASHES: Final = ("/", os.sep)


class EventSource(ClosesOnExit, ABC):
    """The events of one store: as DataFrames, as callbacks, as a table, and for replay.

    Args:
        twilio: A client of the account.
        reader: Reads the store.
        path: The store's file.
    """

    def __init__(self, twilio: Twilio, reader: Reader, path: Path) -> None:
        self._twilio = twilio
        self._reader = reader
        self._path = path
        self._dispatcher = EventDispatcher(reader, path)
        # Stored events stay readable after `close`, until this object is garbage-collected.
        weakref.finalize(self, reader.close)
        self._table: EventsTable | None = None

    @property
    def connection(self) -> Connection:
        """The connection of the account whose events these are."""
        return self._twilio.connection

    @property
    def store(self) -> Path:
        """The file that contains the events."""
        return self._path

    @property
    def port(self) -> int | None:
        """The port on 127.0.0.1 that receives webhooks, or None for a source that polls."""
        return None

    # Reading

    @property
    def events(self) -> EventFrame:
        """Every event as a typed DataFrame, in the order of arrival."""
        from twilio_widgets.frames.events import event_frame

        return event_frame(self._reader.events(), **self._frame_notes())

    @property
    def messages(self) -> SafeFrame:
        """The state of each message, derived from all its events; the latest change comes last."""
        from twilio_widgets.frames.events import standing_frame

        return standing_frame(self._reader.messages(), **self._frame_notes())

    @property
    def rejected(self) -> SafeFrame:
        """The last 1,000 rejected requests: the reason, and what to do about it."""
        from twilio_widgets.frames.events import rejection_frame

        return rejection_frame(self._reader.rejections(), **self._frame_notes())

    def rejections_of(
        self, requests: Sequence[tuple[str, datetime | None]]
    ) -> list[Rejection | None]:
        """Find the rejection of each request; ``twilio.alerts.list(listener=…)`` uses this.

        Args:
            requests: The URL of each request, and when it failed.

        Returns:
            The rejection of the same path nearest in time, at most a minute away; None if there is
            none.
        """
        return matches(self._reader.rejections(), requests)

    @property
    def counts(self) -> Counts:
        """Numbers of events by kind and by proof, and of rejections by cause."""
        return self._reader.counts()

    @property
    def reader(self) -> Reader:
        """Reads the store page by page: single events with their parameters and headers."""
        return self._reader

    @property
    def table(self) -> EventsTable:
        """A live table widget of the events."""
        from twilio_widgets.panels.events.table import EventsTable

        if self._table is None:
            self._table = EventsTable(self)
        return self._table

    # Callbacks

    def on_event(
        self, call: OnEvent, *, name: str | None = None, after: SupportsIndex | None = None
    ) -> Unsubscribe:
        """Call a function with each new event: at least once, in order, in a separate thread.

        A function that raises is retried three times; then its event is added to `parked` and the
        next event follows. An event that Twilio delivers again does not count as new.

        Args:
            call: Takes an `Event`.
            name: A name under which the position is saved, so that a later call, also in a
                restarted kernel, continues there. A function with the same name is replaced.
            after: Start after the event with this id; 0 starts with the first event, None with the
                next one that arrives. Ignored if a position is saved under `name`.

        Returns:
            A function that unsubscribes.

        Raises:
            ConfigurationError: An argument is invalid.
            ListenerError: This source is closed or detached, so no events would arrive.
        """
        if not callable(call) or inspect.iscoroutinefunction(call):
            raise ConfigurationError(
                "on_event takes a function of one event, and it cannot be async.", field="call"
            )
        return self._dispatcher.subscribe(call, name, after)

    def on_change(self, changed: Callable[[], object]) -> Unsubscribe:
        """Call a function without arguments after events were stored or requests were rejected.

        Args:
            changed: Called in a separate thread, once for any number of changes.

        Returns:
            A function that unsubscribes.

        Raises:
            ConfigurationError: `changed` is not a function, or is async.
        """
        return self._dispatcher.watch(changed)

    @property
    def parked(self) -> tuple[DeadLetter, ...]:
        """Events for which a function passed to `on_event` in this kernel failed, and why."""
        return self._dispatcher.parked

    # Replay

    def replay(
        self,
        to_url: str,
        events: Any = None,
        *,
        signed_as: str | None = None,
    ) -> SafeFrame:
        """Send stored events again, freshly signed, to a program on this machine.

        An event received as JSON is sent as a form, because its original bytes are not stored.

        Args:
            to_url: The target: ``http://127.0.0.1:PORT/…``, or ``localhost``.
            events: An event id, several ids, rows of ``events``, or a mask over it; None is all.
            signed_as: The URL to sign, if the program checks signatures against another one.

        Returns:
            One row per event: the HTTP status of the response, or why there was none.

        Raises:
            Refused: The URL does not lead to this machine; nothing was sent.
            ConfigurationError: There is no auth token to sign with, `events` is not understood, or
                `signed_as` is not a URL.
        """
        return self._replayed(to_url, events, signed_as)

    def _replayed(
        self, to_url: str | Mapping[str, str], events: Any, signed_as: str | None
    ) -> SafeFrame:
        """Send events to one URL, or to a URL for each kind."""
        from twilio_widgets.frames.events import replay_frame

        urls = to_url if isinstance(to_url, Mapping) else dict.fromkeys(_KINDS, to_url)
        targets = {kind: target_of(url) for kind, url in urls.items()}
        token = self._signing_token()
        signed_url = None if signed_as is None else signed_url_of(signed_as)
        return replay_frame(
            replay(event, targets[event.kind], token, signed_as=signed_url)
            for event in self._selected(events)
        )

    def _selected(self, events: Any) -> list[Event]:
        if events is None:
            return self._reader.events()
        found = [self._reader.event(id_) for id_ in ids_of(events)]
        return [event for event in found if event is not None]

    def _signing_token(self) -> Secret:
        token = self.connection.signing_token
        if token is None:
            raise ConfigurationError(KEY_CANNOT_VALIDATE, field="auth_token")
        return token

    # Closing

    @abstractmethod
    def close(self) -> None:
        """Stop receiving events. Stored events can still be read."""

    def _frame_notes(self) -> dict[str, object]:
        """Return the metadata of a frame: account, time of reading, completeness."""
        at = self.connection.now().isoformat()
        return {"account": self.connection.masked_account, "read_at": at, "complete": True}


def client_of(whose: Connection | Twilio) -> Twilio:
    """Return a client, given a client or a connection.

    Raises:
        ConfigurationError: `whose` is neither.
    """
    return whose if isinstance(whose, Twilio) else Twilio(whose)


def store_path(connection: Connection, store: str | Path | None, name: str) -> Path:
    """Return the resolved path of a store: locks and registries rely on one path per file.

    Args:
        connection: Its data folder is used if `store` is None.
        store: A file (a name with a suffix), or a folder (existing, or ending with a slash).
        name: The name of the file inside a folder.

    Raises:
        ConfigurationError: `store` is not a valid path.
    """
    if store is None:
        return (connection.data_folder / "events" / connection.acting_sid / name).resolve()
    try:
        given = Path(store).expanduser()
        ends_as_file = given.suffix and not os.fspath(store).endswith(_SLASHES)
        return (given if ends_as_file and not _is_folder(given) else given / name).resolve()
    except (TypeError, ValueError, RuntimeError, OSError) as error:
        raise ConfigurationError(
            f"store must be the path of a file or a folder, as str or Path ({error}).",
            field="store",
        ) from error


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    # Opening the file later raises a clearer error.
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return False

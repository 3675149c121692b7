"""What every source of events offers a notebook, wherever its events come from."""

from __future__ import annotations

import inspect
import os
import stat
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, SupportsIndex

from twilio_widgets.client import Twilio
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

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.secret import Secret
    from twilio_widgets.frames.events import EventFrame
    from twilio_widgets.frames.safe_frame import SafeFrame
    from twilio_widgets.listener.events.event import Event
    from twilio_widgets.listener.events.reading import Counts, Reader
    from twilio_widgets.panels.events.table import EventsTable

_KINDS: Final = ("inbound", "status")
_SLASHES: Final = ("/", os.sep)


class EventSource(ABC):
    """Events of one store: as frames, as calls, as a table, and sent again.

    Args:
        twilio: Whose events.
        reader: The store.
        path: The store's file.
    """

    def __init__(self, twilio: Twilio, reader: Reader, path: Path) -> None:
        self._twilio = twilio
        self._reader = reader
        self._path = path
        self._following = EventDispatcher(reader, path)
        # What came can still be read after the end, until nobody holds this any more.
        weakref.finalize(self, reader.close)
        self._table: EventsTable | None = None

    @property
    def connection(self) -> Connection:
        """Whose events these are."""
        return self._twilio.connection

    @property
    def store(self) -> Path:
        """The file of the events."""
        return self._path

    @property
    def port(self) -> int | None:
        """The port on 127.0.0.1 that receives webhooks, or None for a source that polls."""
        return None

    # Looking

    @property
    def events(self) -> EventFrame:
        """Every event as a typed DataFrame, in the order of arrival."""
        from twilio_widgets.frames.events import event_frame

        return event_frame(self._reader.events(), **self._said())

    @property
    def messages(self) -> SafeFrame:
        """Where each message stands, by all that was heard of it: the latest news last."""
        from twilio_widgets.frames.events import standing_frame

        return standing_frame(self._reader.messages(), **self._said())

    @property
    def rejected(self) -> SafeFrame:
        """The last 1,000 requests that were turned away: why, and what to do about it."""
        from twilio_widgets.frames.events import rejection_frame

        return rejection_frame(self._reader.rejections(), **self._said())

    @property
    def counts(self) -> Counts:
        """How much came, by kind, by proof, and by cause of rejection."""
        return self._reader.counts()

    @property
    def reader(self) -> Reader:
        """The store as values: single events with their parameters and headers, page by page."""
        return self._reader

    @property
    def table(self) -> EventsTable:
        """The live table of the events."""
        from twilio_widgets.panels.events.table import EventsTable

        if self._table is None:
            self._table = EventsTable(self)
        return self._table

    # Calling back

    def on_event(
        self, call: OnEvent, *, name: str | None = None, after: SupportsIndex | None = None
    ) -> Unsubscribe:
        """Hand each further event to a function: at least once, in order, in a thread of its own.

        A function that raises is called three times more; then its event is in `parked`, and the
        next one follows. An event that Twilio delivers again is no new event.

        Args:
            call: Takes an `Event`.
            name: Under a name it goes on where it was, also after the kernel was restarted; another
                function under the same name takes its place. Without one it begins anew.
            after: Begin after the event with this id, 0 being the beginning; None begins with what
                comes from now on. A name that is known begins where it was.

        Returns:
            A function that ends it.

        Raises:
            ConfigurationError: An argument cannot be right.
            ListenerError: This was closed or detached, so nothing would come.
        """
        if not callable(call) or inspect.iscoroutinefunction(call):
            raise ConfigurationError(
                "on_event takes a function of one event, and it cannot be async.", field="call"
            )
        return self._following.subscribe(call, name, after)

    def on_change(self, changed: Callable[[], object]) -> Unsubscribe:
        """Call a function after anything was stored or rejected; it looks for itself what it was.

        Args:
            changed: Called in a thread of its own, once for however many events there were.

        Returns:
            A function that ends it.

        Raises:
            ConfigurationError: It is no plain function.
        """
        return self._following.watch(changed)

    @property
    def parked(self) -> tuple[DeadLetter, ...]:
        """Events of this kernel that a function of `on_event` could not use, and why."""
        return self._following.parked

    # Sending again

    def replay(
        self,
        to_url: str,
        events: Any = None,
        *,
        signed_as: str | None = None,
    ) -> SafeFrame:
        """Send stored events again, freshly signed, to a program on this machine.

        An event that came as JSON is sent as a form: its bytes were not kept.

        Args:
            to_url: Where to: ``http://127.0.0.1:PORT/…``, or ``localhost``.
            events: Which: an id, several, a part of ``events``, or a mask over it; None is all.
            signed_as: The URL to sign for, when the program believes it is called at another one.

        Returns:
            A row an event: the status of the answer, or why there was none.

        Raises:
            Refused: The URL leads elsewhere; nothing was sent.
            ConfigurationError: Nothing says how to sign, or which events are meant; or `signed_as`
                is no URL.
        """
        return self._replayed(to_url, events, signed_as)

    def _replayed(
        self, to_url: str | Mapping[str, str], events: Any, signed_as: str | None
    ) -> SafeFrame:
        """Send events to one URL, or to the URL of their kind."""
        from twilio_widgets.frames.events import replay_frame

        urls = to_url if isinstance(to_url, Mapping) else dict.fromkeys(_KINDS, to_url)
        targets = {kind: target_of(url) for kind, url in urls.items()}
        token = self._signing_token()
        signed_url = None if signed_as is None else signed_url_of(signed_as)
        return replay_frame(
            replay(event, targets[event.kind], token, signed_as=signed_url)
            for event in self._meant(events)
        )

    def _meant(self, events: Any) -> list[Event]:
        if events is None:
            return self._reader.events()
        found = [self._reader.event(id_) for id_ in ids_of(events)]
        return [event for event in found if event is not None]

    def _signing_token(self) -> Secret:
        token = self.connection.signing_token
        if token is None:
            raise ConfigurationError(KEY_CANNOT_VALIDATE, field="auth_token")
        return token

    # The end

    @abstractmethod
    def close(self) -> None:
        """Stop receiving events. Those that came can still be read."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _said(self) -> dict[str, object]:
        """Return what a frame says about its reading."""
        at = self.connection.now().isoformat()
        return {"account": self.connection.masked_account, "read_at": at, "complete": True}


def client_of(whose: Connection | Twilio) -> Twilio:
    """Return a client, given one or a connection.

    Raises:
        ConfigurationError: It is neither.
    """
    return whose if isinstance(whose, Twilio) else Twilio(whose)


def store_path(connection: Connection, store: str | Path | None, name: str) -> Path:
    """Return the file of a store, by its one name: two for one file would be two writers of it.

    Args:
        connection: Whose events; they lie in its data folder when no place is given.
        store: A file, by its ending, or a folder: one that is there, or that ends in a slash.
        name: The file's name in a folder.

    Raises:
        ConfigurationError: It is no place for a file.
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
    except (FileNotFoundError, NotADirectoryError, PermissionError):  # who opens it says it best
        return False

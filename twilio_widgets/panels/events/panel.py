"""The panel that receives events: start a listener, connect numbers, watch events, and stop."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from twilio_widgets.client import Twilio
from twilio_widgets.core.credentials.secret import concealed, kind_of
from twilio_widgets.listener.source import EventSource, store_path
from twilio_widgets.panels.code.access import Access
from twilio_widgets.panels.connection.client_source import wake_with
from twilio_widgets.panels.connection.panel import ConnectionPanel
from twilio_widgets.panels.connection.state import Identity
from twilio_widgets.panels.events import source as sources
from twilio_widgets.panels.events import state as steps
from twilio_widgets.panels.events import text as texts
from twilio_widgets.panels.events.form import EventsForm
from twilio_widgets.panels.events.rows import REJECTED
from twilio_widgets.panels.events.snippets import events_snippet
from twilio_widgets.panels.events.state import EventsState
from twilio_widgets.panels.events.worker import EventsWorker
from twilio_widgets.panels.inputs.ordered_button import NOT_NOW
from twilio_widgets.panels.kit.elements import foot
from twilio_widgets.panels.kit.panel import refuse_unknown, sentence_of
from twilio_widgets.panels.kit.results import result

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from twilio_widgets.frames.events import EventFrame
    from twilio_widgets.panels.code.snippets import Snippet
    from twilio_widgets.panels.kit.saved_picture import Static

_KNOWN = ("source", "public_url", "reply", "store", "static")


class EventsPanel(EventsWorker):
    """A card that receives inbound messages and status callbacks, and shows them as they arrive.

    Creating the panel starts nothing, but a listener that already runs is found. Start starts one
    in a separate process, which keeps running when the card is closed or the kernel restarts,
    until Stop is pressed. ``panel.events`` is a DataFrame of the events for the next cell, and
    ``panel.listener`` is the `Listener` or `Poller` that receives them.

    Args:
        source: A `Twilio`; a `ConnectionPanel`, and this panel becomes active when that connects;
            or a `Listener` or `Poller`, which stays open when the panel closes.
        public_url: The address of a tunnel or reverse proxy to this machine.
        reply: The text sent back to each inbound message.
        store: The file or folder in which events are stored; the user's data folder by default.
        static: Whether the notebook file keeps a picture of the card: True with masked numbers,
            ``"unmasked"`` with whole ones, False none.
    """

    title = "Events"

    def __init__(
        self,
        source: Twilio | ConnectionPanel | EventSource | None = None,
        *,
        public_url: str = "",
        reply: str = "",
        store: str | Path | None = None,
        static: Static = True,
        **unknown: object,
    ) -> None:
        source = concealed(source)
        refuse_unknown("EventsPanel", unknown, known=_KNOWN)
        if source is not None and not isinstance(source, Twilio | ConnectionPanel | EventSource):
            raise TypeError(
                "EventsPanel takes a Twilio, a ConnectionPanel, a Listener or a Poller, not "
                f"{kind_of(source)}. A connection becomes a client with Twilio(connection)."
            )
        follows = isinstance(source, ConnectionPanel)
        self._begin(EventsState(public_url=public_url, reply=reply, follows=follows))
        self._store = store
        self._form = EventsForm(
            on_restore=partial(self._guarded, self._restore), on_page=self._page_opened
        )
        self._wire(self._form)
        self._assemble(
            *self._form.rows,
            self._place,
            self._form.ask,
            foot(*self._form.actions, right=(self._form.settings, self._code_button)),
        )
        self.add_class("tw-events")
        self._keep_picture(static)
        if isinstance(source, EventSource):
            self._connect_source(source)
        else:
            self._unsubscribe = wake_with(source, self._on_connected, self._on_disconnected)

    @result
    def listener(self) -> EventSource | None:
        """The `Listener` or `Poller` in use; None while there is none."""
        return self._source

    @result
    def events(self) -> EventFrame | None:
        """All stored events as a DataFrame, also after Stop; None before the first Start."""
        source = self._source
        return self._last if source is None else source.events

    @result
    def selection(self) -> EventFrame | None:
        """The events that are selected in the table; None before the first Start.

        A click selects one row, dragging, Shift+click or Shift with an arrow several.
        """
        events, table = self.events, self._table
        if events is None or table is None:
            return events
        chosen = [row["id"] for row in table.rows.chosen if row["kind"] != REJECTED]
        return events[events["id"].isin(chosen)]

    @result
    def value(self) -> EventFrame | None:
        """The events, for `ipywidgets.interactive_output`."""
        return self.events

    def _tokens(self) -> Mapping[str, object]:
        seen = self._state.seen
        events = (self._source, None if seen is None else seen.counts)
        return {"listener": self._source, "events": events, "value": events}

    def _wire(self, form: EventsForm) -> None:
        form.how.on_change(
            lambda _name, how: self._guarded(partial(self._apply, steps.selected, how))
        )
        self._read_fields((form.how, *form.entries.values()))
        for name, entry in form.entries.items():
            self._on_change(entry, partial(self._apply, steps.typed, name))
        self._on_press(form.entries["public_url"], self._use_public_url)
        self._on_press(form.entries["reply"], self._set_reply)
        self._on_press(form.entries["point"], self._point)
        self._on_press(form.entries["body"], self._simulate_inbound)
        self._on_press(form.start, partial(self._start_by, steps.starting))
        self._on_click(form.stop, self._press_stop)
        self._on_press(form.take_over, partial(self._start_by, steps.agreed))
        self._on_click(form.back, partial(self._take_step, steps.declined))
        self._on_click(form.settings, partial(self._apply, steps.toggled_settings))
        self._on_press(form.inbound, self._simulate_inbound)
        self._on_press(form.status, self._simulate_status)

    def _press_stop(self) -> str:
        if self._state.phase != "on":
            return NOT_NOW
        self.stop()
        return ""

    # Connecting

    def _on_connected(self, twilio: Twilio) -> None:
        self._release()
        self._twilio = twilio
        connection = twilio.connection
        sandbox = sources.sandbox_of(connection) is not None
        self._apply(partial(steps.connected, sandbox=sandbox), Identity.of(connection))
        if sources.process_of(connection, self._store) is not None:
            self.start()

    def _connect_source(self, source: EventSource) -> None:
        self._own_client = self._twilio = Twilio(source.connection)
        connection = source.connection
        usual = store_path(connection, None, source.store.name)
        self._store = None if source.store == usual else source.store
        sandbox = sources.sandbox_of(connection) is not None
        self._apply(partial(steps.connected, sandbox=sandbox), Identity.of(connection))
        self._apply(steps.starting)
        self._adopt(source, self._state.turn, own=False, found=False)

    def _on_disconnected(self) -> None:
        self._release()
        self._twilio = None
        self._apply(steps.disconnected)

    # The panel

    def _stop(self) -> None:
        self._unsubscribe()
        self._release()
        if self._table is not None:
            self._table.close()
        if self._own_client is not None:
            self._own_client.close()

    def _fail(self, error: Exception) -> None:
        self._apply(steps.failed, sentence_of(error))

    def _draw(self, state: EventsState) -> None:
        self._head.show(*texts.pill_of(state))
        self._form.draw(state)

    def _snippet(self, state: EventsState) -> Snippet:
        access = Access.of("API key") if state.identity is None else state.identity.access
        return events_snippet(access, state, None if self._store is None else str(self._store))

    def _summary(self, state: EventsState) -> Iterable[tuple[str, str]]:
        return texts.summary_of(state)

    def _picture_html(self) -> str:
        table = "" if self._table is None else self._table.rows.static_html()
        return super()._picture_html() + table

"""What the events panel's buttons do: the work they start, and the source it is done with."""

from __future__ import annotations

import contextlib
import threading
from functools import partial
from typing import TYPE_CHECKING

import ipywidgets

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.errors import (
    ConfigurationError,
    ListenerError,
    OtherSecrets,
    TwilioWidgetsError,
)
from twilio_widgets.listener.listener import Listener
from twilio_widgets.panels.connection.senders import senders_of
from twilio_widgets.panels.events import source as doing
from twilio_widgets.panels.events import state as steps
from twilio_widgets.panels.events.form import NAMES, EventsForm
from twilio_widgets.panels.events.state import EventsState
from twilio_widgets.panels.events.table import EventsTable
from twilio_widgets.panels.events.watch import SourceWatcher
from twilio_widgets.panels.inputs.ordered_button import NOT_NOW
from twilio_widgets.panels.kit.elements import styled
from twilio_widgets.panels.kit.panel import Panel, sentence_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from twilio_widgets.client import Twilio
    from twilio_widgets.frames.events import EventFrame
    from twilio_widgets.listener.source import EventSource


class EventsWorker(Panel[EventsState]):
    """The doing half of `EventsPanel`: it owns the source, its table, and who looks at it."""

    _form: EventsForm
    _store: str | Path | None

    def _begin(self, state: EventsState) -> None:
        super()._begin(state)
        self._source_lock = threading.RLock()
        self._twilio: Twilio | None = None
        self._own_client: Twilio | None = None
        self._source: EventSource | None = None
        self._own = False
        self._watch: SourceWatcher | None = None
        self._table: EventsTable | None = None
        self._last: EventFrame | None = None
        self._page_url = ""
        self._place = styled(ipywidgets.VBox(), "tw-table-place")
        self._end_waking: Callable[[], None] = contextlib.ExitStack().close

    # Starting and stopping

    def start(self) -> None:
        """Start receiving, or find what receives already; returns at once, see `join`."""
        self._start_by(steps.starting)

    def _start_by(self, step: Callable[[EventsState], EventsState]) -> str:
        with self._lock:
            before = self._state.turn
            self._apply(step)
            twilio = self._twilio
            if twilio is None or self._state.turn == before:
                return NOT_NOW
            self._start(self._open_source, twilio, self._state)
            return ""

    def stop(self) -> None:
        """End what receives; what was pointed here is put back. Returns at once, see `join`."""
        with self._lock:
            source = self._source
            if source is not None and self._state.phase == "on":
                self._apply(steps.stopping)
                self._start(self._end_source, source)

    def _open_source(self, twilio: Twilio, state: EventsState) -> None:
        self._put_down()
        connection, store = twilio.connection, self._store
        before = doing.process_of(connection, store)
        try:
            source = doing.opened(twilio, state, store, self._page_url)
        except OtherSecrets:
            self._apply(steps.refused, state.turn, doing.other_at(connection, store))
            return
        except ConfigurationError as error:
            self._apply(steps.failed, str(error), error.field if error.field in NAMES else "panel")
            return
        webhooks = doing.how_of(source) == "webhooks"
        found = webhooks and doing.process_of(connection, store) == before
        self._adopt(source, state.turn, own=True, found=found)

    def _adopt(self, source: EventSource, turn: int, *, own: bool, found: bool) -> None:
        """Show a source, and look at it from now on."""
        with self._source_lock:
            if turn != self._state.turn or not self._open:
                _let_go(source, own=own)
                return
            self._source, self._own = source, own
            before, self._table = self._table, EventsTable(source, framed=False)
            self._place.children = (self._table,)
            if before is not None:
                before.close()
            self._form.urls.show(doing.urls_of(source))
            how, door = doing.how_of(source), doing.door_of(source)
            self._apply(partial(steps.started, found=found), turn, how, door)
            self._look(source, turn)
            self._watch = SourceWatcher(source, partial(self._look, source, turn))
        if door is not None and door.leads_here and self._twilio is not None:
            self._start(self._suggest, self._twilio, turn)

    def _end_source(self, source: EventSource) -> None:
        self._keep_events(source)
        with self._source_lock:
            if self._watch is not None:
                self._watch.stop()
            source.close()
            self._source = self._watch = None
        restored = source.restored if isinstance(source, Listener) else ()
        self._form.urls.show(())
        self._apply(steps.stopped, " ".join(one.text for one in restored))

    def _put_down(self) -> None:
        """Let a source go whose process has ended, before another takes its place."""
        source = self._source
        if source is not None:
            self._keep_events(source)
            self._form.urls.show(())
            self._release()

    def _keep_events(self, source: EventSource) -> None:
        with contextlib.suppress(TwilioWidgetsError):  # somebody else may have closed it
            self._last = source.events

    def _release(self) -> None:
        """Let the source go: a listener goes on, and so does one that was given."""
        with self._source_lock:
            source, watch = self._source, self._watch
            self._source = self._watch = None
        if watch is not None:
            watch.stop()
        if source is not None:
            _let_go(source, own=self._own)

    def _shown_on(self, page_url: str) -> None:
        """A page shows the card: from its address follows where a Jupyter server is reached."""
        self._page_url = page_url

    # Looking

    def _look(self, source: EventSource, turn: int) -> None:
        """Look at the source, and show it; an error is what there is to see."""
        try:
            seen = doing.look(source)
        except Exception as error:  # noqa: BLE001  # it is shown, and looked at again
            self._apply(steps.troubled, turn, sentence_of(error))
        else:
            self._apply(steps.saw, turn, seen)

    def _suggest(self, twilio: Twilio, turn: int) -> None:
        senders, _note = senders_of(twilio)
        self._apply(steps.suggested, turn, tuple(one.partition(" — ")[0] for one in senders))

    # Acting

    def _use_public_url(self) -> str:
        return self._do("public_url", self._open_way)

    def _open_way(self, listener: Listener) -> str:
        before = listener.inbound_url
        listener.open_way(self._state.public_url.strip() or None, page_url=self._page_url or None)
        self._form.urls.show(doing.urls_of(listener))
        door = doing.door_of(listener)
        if door is not None:
            self._apply(steps.moved, door)
        if door is None or not door.leads_here:
            return ""  # the text about reachability lists what was tried
        if listener.inbound_url == before:
            return "The address is the same as before."
        again = " Connect your numbers again." if listener.pointed else ""
        return f"Twilio reaches this listener at a new address now.{again}"

    def _set_reply(self) -> str:
        return self._do("reply", self._answer_with)

    def _answer_with(self, listener: Listener) -> str:
        listener.reply = self._state.reply or None
        return "Inbound messages now get this reply." if listener.reply else "Auto-reply is off."

    def _point(self) -> str:
        return self._do("point", self._point_here)

    def _point_here(self, listener: Listener) -> str:
        pointed = listener.point(self._state.point.strip())
        self._apply(steps.typed, "point", "")
        return f"{mask(pointed.name)} now sends its messages here (before: {pointed.went_to})."

    def _restore(self, sid: str) -> None:
        # Restoring is a request to Twilio, which needs no running listener.
        self._do("point", partial(_put_back, sid=sid), also_when_ended=True)

    def _simulate_inbound(self) -> str:
        return self._simulate(doing.simulate_inbound)

    def _simulate_status(self) -> str:
        return self._simulate(doing.simulate_status)

    def _simulate(self, simulate: Callable[[EventSource, Twilio, str], str]) -> str:
        with self._lock:
            source, twilio, text = self._source, self._twilio, self._state.body
            if source is None or twilio is None or steps.is_over(self._state):
                return NOT_NOW
            return self._begin_doing("body", lambda: simulate(source, twilio, text))

    def _do(
        self, name: str, action: Callable[[Listener], str], *, also_when_ended: bool = False
    ) -> str:
        """Start an action on the listener; an error appears under the field `name`."""
        with self._lock:
            source = self._source
            ended = steps.is_over(self._state) and not also_when_ended
            if ended or not isinstance(source, Listener):
                return NOT_NOW
            return self._begin_doing(name, lambda: action(source))

    def _begin_doing(self, name: str, action: Callable[[], str]) -> str:
        if self._state.busy or self._state.phase != "on":
            return NOT_NOW
        self._apply(steps.began, name)
        self._start(self._doing, name, action)
        return ""

    def _doing(self, name: str, action: Callable[[], str]) -> None:
        try:
            said = action()
        except Exception as error:  # noqa: BLE001  # it is shown where it was asked for
            self._apply(steps.failed, sentence_of(error), name)
        else:
            self._apply(steps.done, said)
        with self._source_lock:
            source = self._source
        if source is not None:
            self._look(source, self._state.turn)


def _put_back(listener: Listener, sid: str) -> str:
    restored = listener.restore(sid)
    if not restored:
        raise ListenerError(restored.text)
    return restored.text


def _let_go(source: EventSource, *, own: bool) -> None:
    """Leave a source of ours: a listener's process stays, a poller has nobody to go on for."""
    if not own:
        return
    if isinstance(source, Listener):
        source.detach()
    else:
        source.close()

"""The actions of the events panel: starting, configuring, simulating and stopping its source."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING

import ipywidgets

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.core.system.thread_lock import ThreadLock
from twilio_widgets.errors import (
    ConfigurationError,
    ListenerError,
    OtherSecrets,
    TwilioWidgetsError,
)
from twilio_widgets.listener.listener import Listener
from twilio_widgets.panels.connection.senders import senders_of
from twilio_widgets.panels.events import source as sources
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
    """The base of `EventsPanel` that owns the source, its table and the thread that watches it."""

    _form: EventsForm
    _store: str | Path | None

    def _begin(self, state: EventsState) -> None:
        super()._begin(state)
        self._source_lock = ThreadLock()
        self._twilio: Twilio | None = None
        self._own_client: Twilio | None = None
        self._source: EventSource | None = None
        self._own = False
        self._watch: SourceWatcher | None = None
        self._table: EventsTable | None = None
        self._last: EventFrame | None = None
        self._page_url = ""
        self._place = styled(ipywidgets.VBox(), "tw-table-place")
        self._unsubscribe: Callable[[], None] = contextlib.ExitStack().close

    # Starting and stopping

    def start(self) -> None:
        """Start receiving, or attach to a running listener. Returns at once; see `join`."""
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
        """Stop receiving and restore the previous webhooks. Returns at once; see `join`."""
        with self._lock:
            source = self._source
            if source is not None and self._state.phase == "on":
                self._apply(steps.stopping)
                self._start(self._end_source, source)

    def _open_source(self, twilio: Twilio, state: EventsState) -> None:
        self._drop_ended_source()
        connection, store = twilio.connection, self._store
        before = sources.process_of(connection, store)
        try:
            source = sources.opened(twilio, state, store, self._page_url)
        except OtherSecrets:
            self._apply(steps.refused, state.turn, sources.other_at(connection, store))
            return
        except ConfigurationError as error:
            self._apply(steps.failed, str(error), error.field if error.field in NAMES else "panel")
            return
        webhooks = sources.how_of(source) == "webhooks"
        found = webhooks and sources.process_of(connection, store) == before
        self._adopt(source, state.turn, own=True, found=found)

    def _adopt(self, source: EventSource, turn: int, *, own: bool, found: bool) -> None:
        """Show a source and watch it from now on."""
        with self._source_lock:
            if turn != self._state.turn or not self._open:
                _release_source(source, own=own)
                return
            self._source, self._own = source, own
            before, self._table = self._table, EventsTable(source, framed=False)
            self._place.children = (self._table,)
            chose = partial(self._guarded, partial(self._notify, "selection"))
            self._table.rows.on_choose(chose)
            if before is not None:
                before.close()
            self._form.urls.show(sources.urls_of(source))
            how, ingress = sources.how_of(source), sources.ingress_of(source)
            self._apply(partial(steps.started, found=found), turn, how, ingress)
            self._look(source, turn)
            self._watch = SourceWatcher(source, partial(self._look, source, turn))
        if ingress is not None and ingress.leads_here and self._twilio is not None:
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

    def _drop_ended_source(self) -> None:
        """Drop a source whose process has ended, before another one is opened."""
        source = self._source
        if source is not None:
            self._keep_events(source)
            self._form.urls.show(())
            self._release()

    def _keep_events(self, source: EventSource) -> None:
        with contextlib.suppress(TwilioWidgetsError):  # another kernel may have closed it
            self._last = source.events

    def _release(self) -> None:
        """Detach from the source: a listener keeps running, and so does a source passed in."""
        with self._source_lock:
            source, watch = self._source, self._watch
            self._source = self._watch = None
        if watch is not None:
            watch.stop()
        if source is not None:
            _release_source(source, own=self._own)

    def _page_opened(self, page_url: str) -> None:
        """Remember the address of a page with the card: the Jupyter server is reached there."""
        self._page_url = page_url

    # Watching

    def _look(self, source: EventSource, turn: int) -> None:
        """Read the state of the source and show it, or the error that reading it raised."""
        try:
            seen = sources.observe(source)
        except Exception as error:  # noqa: BLE001  # shown; the next read may succeed
            self._apply(steps.observation_failed, turn, sentence_of(error))
        else:
            self._apply(steps.observed, turn, seen)

    def _suggest(self, twilio: Twilio, turn: int) -> None:
        senders, _note = senders_of(twilio)
        self._apply(steps.suggested, turn, tuple(one.partition(" — ")[0] for one in senders))

    # Acting

    def _use_public_url(self) -> str:
        url = self._state.public_url.strip()
        return self._do("public_url", partial(self._change_public_url, url))

    def _change_public_url(self, url: str, listener: Listener) -> str:
        before = listener.inbound_url
        listener.open_way(url or None, page_url=self._page_url or None)
        self._form.urls.show(sources.urls_of(listener))
        ingress = sources.ingress_of(listener)
        if ingress is not None:
            self._apply(steps.ingress_changed, ingress)
        if ingress is None or not ingress.leads_here:
            return ""  # the text about reachability lists what was tried
        if listener.inbound_url == before:
            return "The address is the same as before."
        again = " Connect your numbers again." if listener.pointed else ""
        return f"Twilio reaches this listener at a new address now.{again}"

    def _set_reply(self) -> str:
        return self._do("reply", partial(_apply_reply, self._state.reply))

    def _point(self) -> str:
        return self._do("point", partial(self._configure_number, self._state.point.strip()))

    def _configure_number(self, number: str, listener: Listener) -> str:
        pointed = listener.point(number)
        self._apply(steps.typed, "point", "")
        before = sources.before_of(pointed)
        return f"{mask(pointed.name)} now sends its messages here (before: {before})."

    def _restore(self, sid: str) -> str:
        # Restoring is a request to Twilio, which needs no running listener.
        return self._do("point", partial(_restore_webhook, sid=sid), also_when_ended=True)

    def _simulate_inbound(self) -> str:
        return self._simulate(sources.simulate_inbound)

    def _simulate_status(self) -> str:
        return self._simulate(sources.simulate_status)

    def _simulate(self, simulate: Callable[[EventSource, Twilio, str], str]) -> str:
        with self._lock:
            source, twilio, text = self._source, self._twilio, self._state.body
            if source is None or twilio is None or steps.is_over(self._state):
                return NOT_NOW
            return self._start_action("body", lambda: simulate(source, twilio, text))

    def _do(
        self, name: str, action: Callable[[Listener], str], *, also_when_ended: bool = False
    ) -> str:
        """Start an action on the listener; an error appears under the field `name`."""
        with self._lock:
            source = self._source
            ended = steps.is_over(self._state) and not also_when_ended
            if ended or not isinstance(source, Listener):
                return NOT_NOW
            return self._start_action(name, lambda: action(source))

    def _start_action(self, name: str, action: Callable[[], str]) -> str:
        if self._state.busy or self._state.phase != "on":
            return NOT_NOW
        self._apply(steps.action_started)
        self._start(self._run_action, name, action)
        return ""

    def _run_action(self, name: str, action: Callable[[], str]) -> None:
        try:
            note = action()
        except Exception as error:  # noqa: BLE001  # shown under the field of the action
            self._apply(steps.failed, sentence_of(error), name)
        else:
            self._apply(steps.action_finished, note)
        with self._source_lock:
            source = self._source
        if source is not None:
            self._look(source, self._state.turn)


def _apply_reply(reply: str, listener: Listener) -> str:
    listener.reply = reply or None
    return "Inbound messages now get this reply." if reply else "Auto-reply is off."


def _restore_webhook(listener: Listener, sid: str) -> str:
    restored = listener.restore(sid)
    if not restored:
        raise ListenerError(restored.text)
    return restored.text


def _release_source(source: EventSource, *, own: bool) -> None:
    """Detach from a source that this panel opened: a listener's process stays, a poller ends."""
    if not own:
        return
    if isinstance(source, Listener):
        source.detach()
    else:
        source.close()

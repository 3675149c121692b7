"""What the events panel does with its listener or poller: start, look, point, simulate, stop."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.listener.control.runtime_file import Runtime
from twilio_widgets.listener.listener import Listener
from twilio_widgets.listener.poller import Poller
from twilio_widgets.listener.source import store_path
from twilio_widgets.listener.webhooks import configure as pointing
from twilio_widgets.panels.events.state import Advice, IngressSummary, Other, PointedHere, Seen
from twilio_widgets.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from twilio_widgets.client import Twilio
    from twilio_widgets.core.credentials.connection import Connection
    from twilio_widgets.listener.source import EventSource
    from twilio_widgets.listener.webhooks.configured import ConfiguredWebhook
    from twilio_widgets.panels.events.state import EventsState, How

PERSON = "+14155550123"
"""Who writes a simulated message, and who gets one: a number reserved for fiction."""

TURN = 10.0
"""Seconds that a frozen clock is turned by, so that a simulated message comes to its end."""


def sandbox_of(connection: Connection) -> Sandbox | None:
    """Return the sandbox that a connection leads into, if it is one of ours."""
    found = getattr(connection, "sandbox", None)
    return found if isinstance(found, Sandbox) else None


def process_of(connection: Connection, store: str | Path | None) -> int | None:
    """Return the process that was started for this store, if nobody has stopped it."""
    runtime = Runtime.read(_events_of(connection, store))
    return None if runtime is None else runtime.pid


def other_at(connection: Connection, store: str | Path | None) -> Other:
    """Return what there is to know of a listener that does not know our auth token.

    Raises:
        ListenerError: It cannot be read what is pointed at it.
    """
    folder = pointing.folder_of(_events_of(connection, store))
    return Other(pointed=_shown(pointing.configured_webhooks(folder)))


def opened(
    whose: Twilio | Connection, state: EventsState, store: str | Path | None, page_url: str
) -> Listener | Poller:
    """Start what the panel asks for; a listener that runs is found, or ended if that was agreed.

    Args:
        whose: Whose events.
        state: What the fields hold.
        store: Where events are kept.
        page_url: The address of the page that the card is on, where that is known: it says from
            where a Jupyter server can be reached.

    Raises:
        OtherSecrets: One runs that does not know our auth token; it was left as it is.
        ConfigurationError, ListenerError: It cannot be started, and why.
    """
    if state.how == "polling":
        return Poller(whose, store=store)
    listener = Listener(
        whose,
        public_url=state.public_url.strip() or None,
        reply=state.reply or None,
        store=store,
        take_over=state.other is not None,
    )
    if listener.way.kind == "none" and page_url:
        listener.open_way(page_url=page_url)
    return listener


def how_of(source: EventSource) -> How:
    """Return how a source comes by its events."""
    return "polling" if isinstance(source, Poller) else "webhooks"


def door_of(source: EventSource) -> IngressSummary | None:
    """Return how Twilio reaches a listener; a poller has no door."""
    if not isinstance(source, Listener):
        return None
    way = source.way
    if way.kind == "none":
        looked = (f"· {look.why}" for look in way.looked_at if not look.usable)
        return IngressSummary(
            leads_here=False,
            why="\n".join(("No way in was found:", *looked)),
            exposes="Nothing: there is no URL.",
            warnings=("Nothing will come. Give a public URL, or press Stop and choose Polling.",),
        )
    return IngressSummary(leads_here=True, why=way.why, exposes=way.exposes, warnings=way.warnings)


def urls_of(source: EventSource) -> list[list[str]]:
    """Return the URLs to paste, each with what it is for."""
    if not isinstance(source, Listener) or source.way.kind == "none":
        return []
    return [["Inbound URL", source.inbound_url], ["Status URL", source.status_url]]


def look(source: EventSource) -> Seen:
    """Return how the source is now.

    Raises:
        ListenerError: Its store is not there any more.
    """
    counts, latest = source.counts, source.reader.rejections(limit=1, newest=True)
    advice = None
    if latest:
        last = latest[0]
        advice = Advice(number=last.id, reason=last.reason, mend=last.mend or "")
    if isinstance(source, Poller):
        now = source.connection.now()
        return Seen(
            counts=counts,
            age=_between(source.updated_at, now),
            next_in=_between(now, source.next_look_at),
            problem=source.problem or "",
            advice=advice,
        )
    if not isinstance(source, Listener):
        return Seen(counts=counts, advice=advice)
    beat = source.heartbeat
    reply = source.reply
    return Seen(
        counts=counts,
        age=_between(beat.last_request_at, datetime.now(UTC)),
        problem=beat.problem or "",
        ended=not beat.alive,
        notices=tuple(said for said in beat.notices if said not in source.way.warnings),
        advice=advice,
        pointed=_shown(source.pointed),
        reply=reply if isinstance(reply, str) else None,
        answered_by=beat.answered_by,
    )


def simulate_inbound(source: EventSource, twilio: Twilio, body: str) -> str:
    """Let a person write to the sandbox's number; it is pointed here first if none is.

    Returns:
        What was done, as a sentence.
    """
    sandbox = _sandbox(twilio)
    numbers = sandbox.numbers
    here = numbers[:1]
    if isinstance(source, Listener):
        here = tuple(one.name for one in source.pointed if one.name in numbers)
        if not here:
            source.point(numbers[0])
            here = numbers[:1]
    sandbox.receive(from_=PERSON, to=here[0], body=body)
    return f"A message from {mask(PERSON)} has come in."


def simulate_status(source: EventSource, twilio: Twilio, body: str) -> str:
    """Send a message whose status is reported here.

    Returns:
        What was done, as a sentence.
    """
    sandbox = _sandbox(twilio)
    callback = source.status_url if isinstance(source, Listener) else None
    twilio.messages.send(to=PERSON, from_=sandbox.numbers[0], body=body, status_callback=callback)
    if sandbox.clock.frozen:
        sandbox.clock.sleep(TURN)
    return f"A message to {mask(PERSON)} is on its way."


def _events_of(connection: Connection, store: str | Path | None) -> Path:
    return store_path(connection, store, "events.sqlite").absolute()


def _shown(pointed: Iterable[ConfiguredWebhook]) -> tuple[PointedHere, ...]:
    """Return what is pointed at a listener, with numbers masked."""
    return tuple(
        PointedHere(sid=one.sid, name=mask(one.name), before=one.went_to, notes=one.notes)
        for one in pointed
    )


def _sandbox(twilio: Twilio) -> Sandbox:
    found = sandbox_of(twilio.connection)
    if found is None:
        raise ConfigurationError("Only a sandbox simulates messages.", field="connection")
    return found


def _between(earlier: datetime | None, later: datetime | None) -> float | None:
    if earlier is None or later is None:
        return None
    return max(0.0, (later - earlier).total_seconds())

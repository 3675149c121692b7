"""The events panel's operations on its listener or poller."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.listener.control.runtime_file import Runtime
from twilio_widgets.listener.listener import Listener
from twilio_widgets.listener.poller import Poller
from twilio_widgets.listener.source import store_path
from twilio_widgets.listener.webhooks import configure as webhooks
from twilio_widgets.listener.webhooks.configured import NOWHERE
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
"""The other party of simulated messages: a number reserved for fiction."""

TURN = 10.0
"""Seconds by which a frozen clock is advanced, so that a simulated message is delivered."""


def sandbox_of(connection: Connection) -> Sandbox | None:
    """Return the sandbox of a connection; None for a real account."""
    found = getattr(connection, "sandbox", None)
    return found if isinstance(found, Sandbox) else None


def process_of(connection: Connection, store: str | Path | None) -> int | None:
    """Return the PID of the listener process of this store; None when it was stopped."""
    runtime = Runtime.read(_store_of(connection, store))
    return None if runtime is None else runtime.pid


def other_at(connection: Connection, store: str | Path | None) -> Other:
    """Return the listener of this store that has a different auth token.

    Raises:
        ListenerError: The file of its configured webhooks cannot be read.
    """
    folder = webhooks.folder_of(_store_of(connection, store))
    return Other(pointed=_masked(webhooks.configured_webhooks(folder)))


def opened(
    whose: Twilio | Connection, state: EventsState, store: str | Path | None, page_url: str
) -> Listener | Poller:
    """Open the poller or listener chosen in the panel; attach to a running listener.

    Args:
        whose: The client or connection of the account.
        state: The fields of the panel.
        store: The file or folder in which events are stored.
        page_url: The address of the page with the card, if known: it shows how to reach the
            Jupyter server.

    Raises:
        OtherSecrets: A running listener has a different auth token; it was not changed.
        ConfigurationError, ListenerError: It cannot be started.
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
    """Return whether a source uses webhooks or polling."""
    return "polling" if isinstance(source, Poller) else "webhooks"


def ingress_of(source: EventSource) -> IngressSummary | None:
    """Return how Twilio reaches a listener; a poller has no door."""
    if not isinstance(source, Listener):
        return None
    way = source.way
    if way.kind == "none":
        looked = (f"· {look.why}" for look in way.looked_at if not look.usable)
        return IngressSummary(
            leads_here=False,
            why="\n".join(("Twilio cannot reach this machine:", *looked)),
            exposes="nothing, because there is no URL.",
            warnings=(
                "No events will arrive. Enter a public URL, or press Stop and choose Polling.",
            ),
        )
    return IngressSummary(leads_here=True, why=way.why, exposes=way.exposes, warnings=way.warnings)


def urls_of(source: EventSource) -> list[list[str]]:
    """Return the webhook URLs, each with its label."""
    if not isinstance(source, Listener) or source.way.kind == "none":
        return []
    return [["Inbound URL", source.inbound_url], ["Status URL", source.status_url]]


def observe(source: EventSource) -> Seen:
    """Return a snapshot of the source.

    Raises:
        ListenerError: Its store no longer exists.
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
            age=_seconds_between(source.updated_at, now),
            next_in=_seconds_between(now, source.next_look_at),
            problem=source.problem or "",
            advice=advice,
        )
    if not isinstance(source, Listener):
        return Seen(counts=counts, advice=advice)
    beat = source.heartbeat
    reply = source.reply
    return Seen(
        counts=counts,
        age=_seconds_between(beat.last_request_at, datetime.now(UTC)),
        problem=beat.problem or "",
        ended=not beat.alive,
        notices=tuple(notice for notice in beat.notices if notice not in source.way.warnings),
        advice=advice,
        pointed=_masked(source.pointed),
        reply=reply if isinstance(reply, str) else None,
        answered_by=beat.answered_by,
    )


def simulate_inbound(source: EventSource, twilio: Twilio, body: str) -> str:
    """Send an inbound message to a sandbox number, connecting that number first if needed.

    Returns:
        A sentence that describes the result.
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
    return f"A message from {mask(PERSON)} was received."


def simulate_status(source: EventSource, twilio: Twilio, body: str) -> str:
    """Send a message whose status callbacks arrive here.

    Returns:
        A sentence that describes the result.
    """
    sandbox = _sandbox(twilio)
    callback = source.status_url if isinstance(source, Listener) else None
    twilio.messages.send(to=PERSON, from_=sandbox.numbers[0], body=body, status_callback=callback)
    if sandbox.clock.frozen:
        sandbox.clock.sleep(TURN)
    return f"A message to {mask(PERSON)} was sent."


def _store_of(connection: Connection, store: str | Path | None) -> Path:
    return store_path(connection, store, "events.sqlite").absolute()


def _masked(pointed: Iterable[ConfiguredWebhook]) -> tuple[PointedHere, ...]:
    """Return the configured webhooks with their numbers masked."""
    return tuple(
        PointedHere(sid=one.sid, name=mask(one.name), before=before_of(one), notes=one.notes)
        for one in pointed
    )


def _sandbox(twilio: Twilio) -> Sandbox:
    found = sandbox_of(twilio.connection)
    if found is None:
        raise ConfigurationError("Only a sandbox can simulate messages.", field="connection")
    return found


def _seconds_between(earlier: datetime | None, later: datetime | None) -> float | None:
    if earlier is None or later is None:
        return None
    return max(0.0, (later - earlier).total_seconds())


def before_of(pointed: ConfiguredWebhook) -> str:
    """Return where a number or service sent its messages before, as the card shows it."""
    return "not set" if pointed.went_to == NOWHERE else pointed.went_to

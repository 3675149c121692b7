"""Whether an entry of the message log can be a message whose reply was lost.

One lost send (`core.flows.find`) and the unknown rows of a job (`journal.matching`) are compared by
the same rules, so that both find the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from twilio_widgets.core.message.message import Message
from twilio_widgets.core.numbers.address import is_service
from twilio_widgets.core.system.clock import A_DAY, ClockReading, placed
from twilio_widgets.core.text.smart_encoding import smart

CLOCKS_MAY_DIFFER = timedelta(seconds=5)
"""Twilio's times have whole seconds, and clocks are set while a message is on its way."""

NO_CHANNEL_FOR_SENDER = 63007

Likeness = Literal["same", "cannot tell", "other"]
"""``cannot tell``: all fits, but the text is not there to be compared, or Twilio rewrites it."""

_LINK = re.compile(r"https?://\S+")

_REWRITTEN = (
    (re.compile(r"\+521(\d{10})"), r"+52\1"),
    (re.compile(r"\+549(\d{10})"), r"+54\1"),
)
"""Mexican and Argentine mobile numbers are written with and without the digit after their code."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent, as far as the log can show it."""

    to: str
    sender: str
    """Empty if a messaging service picks it."""
    service: str
    body: str
    """Empty for a template, and for media without text."""
    rewritten: bool
    """Whether Twilio was asked to change the text."""
    started: datetime
    """When the first byte may have left (aware, UTC)."""
    latest: datetime
    """The last moment at which Twilio may have received it."""
    sure: bool = True
    """Whether this computer's clocks agree since then, so that missing from the log means
    something."""

    @classmethod
    def of(
        cls,
        parameters: Mapping[str, tuple[str, ...]],
        started: ClockReading,
        latest: ClockReading,
        now: ClockReading,
    ) -> Sent:
        """Read it from a message's parameters, by Twilio's names.

        Args:
            parameters: What was sent.
            started: When the first byte may have left.
            latest: The last moment at which Twilio may have received it.
            now: By whose wall clock these are wanted.
        """
        end = placed(latest, now)

        def first(name: str) -> str:
            return parameters.get(name, ("",))[0]

        sender, service = first("From"), first("MessagingServiceSid")
        if is_service(sender):
            sender, service = "", sender
        asked = parameters.get("SmartEncoded", ()) + parameters.get("ShortenUrls", ())
        return cls(
            to=first("To"),
            sender=sender,
            service=service,
            body=first("Body"),
            rewritten="true" in asked,
            started=placed(started, now).earliest,
            latest=end.latest,
            sure=end.sure,
        )


def recipient_as_logged(to: str) -> str:
    """Return a number as Twilio may have rewritten it; most stay as they are."""
    for pattern, short in _REWRITTEN:
        to = pattern.sub(short, to)
    return to


def clocks_apart(
    before: datetime, after: datetime, server_time: datetime | None
) -> tuple[timedelta, timedelta]:
    """Return by how much, at least and at most, Twilio's clock is ahead of ours.

    The log's times are Twilio's. Its clock was read at some moment between our two readings.
    """
    if server_time is None:
        return -A_DAY, A_DAY
    return server_time - after, server_time - before


def window(
    sent: Sent, settled: datetime, apart: tuple[timedelta, timedelta]
) -> tuple[datetime, datetime]:
    """Return when, by Twilio's clock, an entry may have been created that is this message."""
    slow, fast = apart
    return sent.started + slow - CLOCKS_MAY_DIFFER, settled + fast + CLOCKS_MAY_DIFFER


def likeness(message: Message, sent: Sent, span: tuple[datetime, datetime]) -> Likeness:
    """Say whether a log entry can be the message that was being sent."""
    if message.direction != "outbound-api" or message.date_created is None:
        return "other"
    if not span[0] <= message.date_created <= span[1]:
        return "other"
    if recipient_as_logged(message.to or "") != recipient_as_logged(sent.to):
        return "other"
    return _same_text(message, sent) if _same_sender(message, sent) else "other"


def was_refused(message: Message) -> bool:
    """Whether an entry only records a creation that was refused, so that nothing was sent.

    Twilio has listed those since April 2024, as failed; which other fields they have is not
    documented. Codes of 30,000 and 63,000 and more are failures after creation, but for 63007.
    """
    code = message.error_code
    if message.status != "failed" or not code:
        return False
    return code // 1000 not in {30, 63} or code == NO_CHANNEL_FOR_SENDER


def _same_sender(message: Message, sent: Sent) -> bool:
    if sent.service and message.messaging_service_sid not in {sent.service, None}:
        return False
    # A messaging service picks the sender later, so an entry may not name one yet.
    return not sent.sender or message.from_ in {sent.sender, None}


def _same_text(message: Message, sent: Sent) -> Likeness:
    if not sent.body or not message.body:
        return "cannot tell"
    ours, listed = comparable(sent.body), comparable(message.body)
    if sent.rewritten:  # shortened links
        ours, listed = _LINK.sub("link", ours), _LINK.sub("link", listed)
    if listed == ours or listed.endswith(" - " + ours):  # as the trial account's prefix ends
        return "same"
    return "cannot tell" if sent.rewritten else "other"


def comparable(text: str) -> str:
    """Leave out what Twilio may have changed: blanks, and look-alikes (a service's own setting)."""
    return " ".join(smart(text).split())

"""Estimate what a plan costs and how long it takes to send.

Costs are estimates from the dated table in `twilio_widgets.core.numbers.prices`. Twilio sends a
sender's messages one after the other and queues those that arrive faster. Only the default speed
for each type of sender is known here, so every figure about the queue is preceded by "about".

Sources: Twilio support, "Understanding Twilio Rate Limits and Message Queues" and error 21611
(10 hours of segments a sender: 36,000 on a US long code), "Understanding messaging throughput (MPS)
limits on toll-free numbers"; `ValidityPeriod` of the Message resource (36,000 seconds at most).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.errors import ConfigurationError

Per = Literal["message", "segment"]

QUEUE_HOURS: Final = 10
LONGEST_VALIDITY: Final = 36_000
"""Seconds a message waits in Twilio's queue unless `validity_period` says less."""

_TOLL_FREE: Final = re.compile(r"\+18(?:00|33|44|55|66|77|88)[0-9]{7}")
_SHORT_CODE: Final = re.compile(r"[0-9]{3,6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """An estimate in US dollars."""

    amount: Decimal
    """The total for messages whose price is known."""

    unpriced: int
    """The number of messages whose price is not known."""

    on_channels: int = 0
    """Those of them that go to WhatsApp or another channel, for which the Pricing API has no
    prices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceEstimate:
    """How long a plan takes to send."""

    rate: float | None
    """Messages or segments a second, for each sender; None: as fast as Twilio accepts them."""

    per: Per
    """Whether the rate counts messages or segments."""

    senders: int
    """The number of senders; they send in parallel."""

    seconds: float | None
    """From the first message to the last; None without a rate."""

    queue: str | None = None
    """A warning about Twilio's queue, or None."""

    def __str__(self) -> str:
        if self.rate is None or self.seconds is None:
            return "as fast as Twilio accepts them"
        each = " for each sender" if self.senders > 1 else ""
        return f"{counted(self.rate, self.per)} a second{each}: {duration(self.seconds)}"


def cost_of(costs: Iterable[Decimal | None], *, on_channels: int = 0) -> Cost:
    """Add up the known costs, and count the unknown ones.

    Args:
        costs: The cost of each message; None is not known.
        on_channels: The number of unknown costs of messages to WhatsApp or another channel.
    """
    known, unpriced = Decimal(0), 0
    for cost in costs:
        if cost is None:
            unpriced += 1
        else:
            known += cost
    return Cost(amount=known, unpriced=unpriced, on_channels=on_channels)


@dataclass(slots=True)
class Load:
    """The messages of one sender."""

    messages: int = 0
    segments: int = 0
    abroad: bool = False
    """Whether any of them goes outside the United States and Canada."""


def pace_of(
    loads: Mapping[str, Load],
    *,
    rate: float | None,
    per: Per = "message",
    validity: int = LONGEST_VALIDITY,
) -> PaceEstimate:
    """Estimate how long sending takes, and whether a queue at Twilio would overflow.

    Args:
        loads: The messages of each sender; senders send in parallel.
        rate: Messages or segments a second for each sender; None is unlimited.
        per: Which of the two the rate counts.
        validity: The shortest validity period of a message, in seconds.

    Raises:
        ConfigurationError: The rate is invalid.
    """
    check_rate(rate, per)

    def sending(load: Load) -> float:
        count = load.messages if per == "message" else load.segments
        return 0.0 if rate is None else max(count - 1, 0) / rate

    warnings = (_queue(sender, load, sending(load), validity) for sender, load in loads.items())
    return PaceEstimate(
        rate=rate,
        per=per,
        senders=len(loads),
        seconds=None if rate is None else max(map(sending, loads.values()), default=0.0),
        queue=next(filter(None, warnings), None),
    )


def check_rate(rate: float | None, per: str) -> None:
    """Check a rate.

    Raises:
        ConfigurationError: It is not above 0, or counts neither messages nor segments.
    """
    number = isinstance(rate, int | float) and not isinstance(rate, bool)
    if rate is not None and not (number and 0 < rate < float("inf")):
        raise ConfigurationError("rate must be a number above 0, or None.", field="rate")
    if per not in {"message", "segment"}:
        raise ConfigurationError('per must be "message" or "segment".', field="per")


def usual_speed(sender: str, *, abroad: bool = False) -> float | None:
    """Return the default throughput of a sender in segments a second; None if unknown.

    10DLC campaigns, purchased throughput and account-level agreements change it.
    """
    if _SHORT_CODE.fullmatch(sender):
        return 100.0
    if not re.fullmatch(r"\+[0-9]+", sender):
        return None
    if sender.startswith("+1") and not abroad:
        return 3.0 if _TOLL_FREE.fullmatch(sender) else 1.0
    return 10.0


def _queue(sender: str, load: Load, sending: float, validity: int) -> str | None:
    speed = usual_speed(sender, abroad=load.abroad)
    if speed is None:
        return None
    waiting = load.segments - speed * sending
    wait, room = waiting / speed, speed * QUEUE_HOURS * 3600
    such = (
        f"A sender such as {mask(sender)} usually sends about {counted(speed, 'segment')} a second"
    )
    if waiting > room:
        return (
            f"{such}. About {waiting:,.0f} segments would wait in its queue, which is limited to "
            f"about {room:,.0f} (Twilio 21611). Lower the rate, or send through a messaging "
            "service."
        )
    if wait > validity:
        return (
            f"{such}. The last messages would wait about {duration(wait)} in its queue, but "
            f"Twilio drops them after {duration(validity)} (validity_period). Lower the rate."
        )
    return None


def counted(number: float, what: str) -> str:
    """Return a number and its noun: ``"1 segment"``, ``"1,250 segments"``."""
    return (
        f"{number:,g} {what}{'' if number == 1 else 's'}"
        if number < 1e6
        else f"{number:,.0f} {what}s"
    )


def duration(seconds: float) -> str:
    """Return a time span as text: ``"2 h 05 min"``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if days else f"{hours} h {minutes:02} min"

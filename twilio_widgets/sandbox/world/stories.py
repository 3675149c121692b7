"""Stories in the history, for an analyst to discover: ``Sandbox(messages=100_000, stories=True)``.

Every story is in the last 30 days, and ``sandbox.stories`` names its period, its numbers, its error
codes and how many messages it changed. The seed chooses the days and the numbers.

======================  ========================================================================
``carrier_outage``      In the last week, many messages to one carrier in the United States are
                        undelivered: 30003 or 30008.
``unregistered_sender`` For three days, one number's messages to the United States fail: 30034.
``curly_quotes``        For nine days, the English receipt has typographic apostrophes, which turn
                        one segment into two and double its cost.
``landlines``           For three days, the newsletter goes to a list of which half the numbers are
                        landlines: refused (21614) or undelivered (30006).
``opt_out_spike``       For two days, up to 20 recipients answer one text with STOP; some ask for
                        the same in other words, which do not opt out. Later messages from that
                        number to the 20 are refused (21610).
``filtered_link``       For three days, carriers filter most copies of a text with a shortened
                        link: 30007.
``late_prices``         Messages of the last two days have no price yet; it appears three days
                        after each was sent (``sandbox.clock.advance("3 days")``).
======================  ========================================================================

A message that was answered always arrived, so none of these stories makes it fail.

A story covers whole blocks of the history, so a conversation is never half in it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Protocol

from twilio_widgets.sandbox.world.corpus import (
    CURLY_RECEIPT,
    LINK,
    LUKEWARM,
    NEWS,
    PROMOTION,
    RECEIPT,
    STOP_REQUEST,
    Topic,
)
from twilio_widgets.sandbox.world.phonebook import OWN_NUMBERS, Contact
from twilio_widgets.sandbox.world.sids import noise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REFUSALS = frozenset({21610, 21614})
"""Error codes of creations that Twilio refuses: such a message has no price."""

BLOCK = 8
"""The messages of a block of the history."""

_DAY = 86_400
_BILLED_AFTER = 3 * _DAY
_MOST_STOPS = 20
"""More would refuse much of the later traffic of a long history, which has few contacts."""


class Talk(NamedTuple):
    """One message's position in its conversation."""

    contact: Contact
    topic: Topic
    turn: int
    chance: int
    sender: str
    """The account's number in this conversation."""

    @property
    def outbound(self) -> bool:
        """Whether the account sent the message."""
        return self.topic.turns[self.turn].outbound

    @property
    def answered(self) -> bool:
        """Whether the conversation goes on after the message."""
        return self.turn + 1 < len(self.topic.turns)


class Change(NamedTuple):
    """What a story changes in one message; None changes nothing."""

    template: str | None = None
    status: str | None = None
    error_code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One story in the history of a sandbox."""

    kind: str
    """Such as ``"carrier_outage"``."""

    sentence: str
    """What happened, in one sentence."""

    since: datetime
    """The time of its first message (aware, UTC)."""

    until: datetime
    """The time of the first message after it; when the sandbox was opened, if there is none."""

    messages: int
    """How many messages it changed; of a story with a text, how many have it, or answer it."""

    failed: int = 0
    """How many of these it made fail."""

    error_codes: tuple[int, ...] = ()
    """Their error codes."""

    numbers: tuple[str, ...] = ()
    """The contacts involved; for ``unregistered_sender``, the account's number."""

    body: str = ""
    """The text involved, with ``{name}`` and such where it varies."""


class Timeline(Protocol):
    """The history that the stories are part of."""

    count: int
    ends: float

    def moment(self, index: int) -> float:
        """Return when a message was sent."""
        ...

    def talk(self, index: int) -> Talk:
        """Return a message's position in its conversation."""
        ...


class Plot(NamedTuple):
    """How a story is told."""

    kind: str
    sentence: str
    first_day: int
    """Days before the sandbox was opened."""
    days: int
    change: Callable[[Talk, int], Change | None]
    body: str = ""


class Stories:
    """The stories of one history: what each changes, and what `Sandbox.stories` returns.

    Args:
        seed: Chooses the days and the numbers.
        history: The history.
    """

    def __init__(self, seed: int, history: Timeline) -> None:
        self._history = history
        self._seed = noise(seed, 90)
        self._unregistered = OWN_NUMBERS[noise(self._seed, 2) % 2]
        self._plots = tuple(
            (plot, self._indexes(plot.first_day, plot.days)) for plot in self._told()
        )

        self._late = self._indexes(2, 2)
        self.begin = min(
            indexes.start for indexes in (self._late, *(found for _, found in self._plots))
        )
        """The first message that a story may change."""

    def _told(self) -> Iterator[Plot]:
        """Yield the plots; the seed shuffles the days of four of them."""
        slots = [11, 14, 17, 20]
        order = sorted(range(4), key=lambda place: noise(self._seed, 3, place))
        unregistered, landlines, spike, link = (slots[place] for place in order)
        yield Plot(
            "carrier_outage",
            "Many messages to one carrier were not delivered in the last week.",
            7, 7, self._outage,
        )  # fmt: skip
        yield Plot(
            "unregistered_sender",
            "A number without a registered campaign could not send to the United States.",
            unregistered, 3, self._unregistered_sender,
        )  # fmt: skip
        yield Plot(
            "landlines",
            "The newsletter went to a list with many landlines.",
            landlines, 3, self._landlines,
        )  # fmt: skip
        yield Plot(
            "opt_out_spike",
            "One text made many recipients opt out.",
            spike, 2, self._opt_outs, PROMOTION,
        )  # fmt: skip
        yield Plot(
            "filtered_link",
            "Carriers filtered a text with a shortened link.",
            link, 3, self._filtered, LINK,
        )  # fmt: skip
        yield Plot(
            "curly_quotes",
            "Typographic apostrophes in the receipt doubled its cost.",
            30 - noise(self._seed, 4) % 5, 9, self._curly, CURLY_RECEIPT,
        )  # fmt: skip

    def _indexes(self, first_day: int, days: int) -> range:
        """Return the messages of a period that begins at midnight, as whole blocks."""
        begin = (self._history.ends - first_day * _DAY) // _DAY * _DAY
        indexes = range(self._history.count)
        low, high = (
            -(-bisect_left(indexes, moment, key=self._history.moment) // BLOCK) * BLOCK
            for moment in (begin, begin + days * _DAY)
        )
        return range(low, min(high if first_day > days else len(indexes), len(indexes)))

    # What the history asks

    def change(self, index: int, talk: Talk) -> Change | None:
        """Return what the stories change in a message, or None."""
        return self._decide(index, talk)[1]

    def _decide(self, index: int, talk: Talk) -> tuple[str, Change | None]:
        """Return the kind of the story that changes a message, and the change."""
        if self._is_refused(index, talk):
            return "", Change(status="failed", error_code=21610)
        for plot, indexes in self._plots:
            if index in indexes and (change := plot.change(talk, index)) is not None:
                return plot.kind, change
        return "", None

    def is_unbilled(self, index: int, now: float) -> bool:
        """Return whether a message has no price yet at `now`."""
        return index in self._late and now < self._history.moment(index) + _BILLED_AFTER

    @cached_property
    def _stops(self) -> dict[tuple[str, str], int]:
        """Return the message by which each contact opts out, by the account's number."""
        indexes = next(found for plot, found in self._plots if plot.kind == "opt_out_spike")
        stops: dict[tuple[str, str], int] = {}
        for index in indexes:
            talk = self._history.talk(index)
            if _promoted(talk) and talk.turn == 1 and self._chance(index) < 60:
                stops.setdefault((talk.sender, talk.contact.number), index)
            if len(stops) == _MOST_STOPS:
                break
        return stops

    def _is_refused(self, index: int, talk: Talk) -> bool:
        if not talk.outbound:
            return False
        stopped = self._stops.get((talk.sender, talk.contact.number))
        return stopped is not None and index > stopped

    # The plots

    def _chance(self, index: int) -> int:
        return noise(self._seed, 5, index) % 100

    def _outage(self, talk: Talk, index: int) -> Change | None:
        number = talk.contact.number
        carrier = number.startswith("+1") and noise(self._seed, 1, int(number)) % 5 < 2
        if not carrier or not talk.outbound or talk.answered or self._chance(index) >= 30:
            return None
        return Change(status="undelivered", error_code=30003 if index % 3 else 30008)

    def _unregistered_sender(self, talk: Talk, index: int) -> Change | None:  # noqa: ARG002
        if not talk.outbound or talk.answered or talk.sender != self._unregistered:
            return None
        return Change(status="failed", error_code=30034)

    def _landlines(self, talk: Talk, index: int) -> Change | None:  # noqa: ARG002
        if len(talk.topic.turns) != 1:
            return None
        template = NEWS.texts.get(talk.contact.language, NEWS.texts["en"])
        kind = noise(self._seed, 6, int(talk.contact.number)) % 4
        if kind == 0:
            return Change(template, "failed", 21614)
        return Change(template, "undelivered", 30006) if kind == 1 else Change(template)

    def _opt_outs(self, talk: Talk, index: int) -> Change | None:
        if not _promoted(talk):
            return None
        if talk.turn == 0:
            return Change(PROMOTION)
        if self._stops.get((talk.sender, talk.contact.number)) == index:
            return Change("STOP")
        return Change(STOP_REQUEST if self._chance(index) >= 85 else LUKEWARM)

    def _filtered(self, talk: Talk, index: int) -> Change | None:
        if len(talk.topic.turns) != 1:
            return None
        return Change(LINK, "undelivered", 30007) if self._chance(index) < 80 else Change(LINK)

    def _curly(self, talk: Talk, index: int) -> Change | None:  # noqa: ARG002
        english = talk.contact.language not in RECEIPT.texts or talk.contact.language == "en"
        if talk.topic.turns[0] is not RECEIPT or not english:
            return None
        return Change(template=CURLY_RECEIPT)

    # What the sandbox returns

    @cached_property
    def listed(self) -> tuple[Story, ...]:
        """The stories that changed at least one message."""
        found = [*(self._story(plot, indexes) for plot, indexes in self._plots), self._late_prices]
        return tuple(story for story in found if story.messages)

    def _story(self, plot: Plot, indexes: range) -> Story:
        messages, numbers, codes = 0, set(), Counter[int]()
        for index in indexes:
            talk = self._history.talk(index)
            kind, change = self._decide(index, talk)
            if change is None or kind != plot.kind:
                continue
            messages += 1
            numbers.add(talk.contact.number)
            if change.error_code is not None:
                codes[change.error_code] += 1
        if plot.kind == "unregistered_sender":
            numbers = {self._unregistered}
        elif plot.kind == "opt_out_spike":
            numbers = {contact for _, contact in self._stops}
        return Story(
            kind=plot.kind,
            sentence=plot.sentence,
            since=self._time(indexes.start),
            until=self._time(indexes.stop),
            messages=messages,
            failed=codes.total(),
            error_codes=tuple(sorted(codes)),
            numbers=tuple(sorted(numbers)),
            body=plot.body,
        )

    @property
    def _late_prices(self) -> Story:
        changes = (self.change(index, self._history.talk(index)) for index in self._late)
        return Story(
            kind="late_prices",
            sentence="Messages of the last two days have no price yet.",
            since=self._time(self._late.start),
            until=self._time(self._late.stop),
            messages=sum(change is None or change.error_code not in REFUSALS for change in changes),
        )

    def _time(self, index: int) -> datetime:
        ended = index >= self._history.count
        moment = self._history.ends if ended else int(self._history.moment(index))
        return datetime.fromtimestamp(moment, UTC)


def _promoted(talk: Talk) -> bool:
    """Return whether a conversation begins with the promotion during the opt-out story."""
    return len(talk.topic.turns) == 2 and talk.topic.turns[0].outbound

"""The messages from before the sandbox was opened, generated on demand.

Nothing is stored. Message `index` (0 is the oldest) is computed from the seed each time it is read,
and so is every query: SIDs are a permutation of indexes; times rise with the index, so a date is
found by bisection; and the contact of a message is a function of its index that can be inverted, so
the messages of a number are found without generating others. A history of a million messages
therefore costs nothing until it is read.

Eight messages form a block in which several conversations are interleaved.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from twilio_widgets.core.text.segments import segments
from twilio_widgets.sandbox.world.corpus import TOPICS
from twilio_widgets.sandbox.world.lifecycle import ERROR_TEXTS
from twilio_widgets.sandbox.world.phonebook import OWN_NUMBERS, BusyHours, Phonebook
from twilio_widgets.sandbox.world.prices import price_of
from twilio_widgets.sandbox.world.rows import MessageRow
from twilio_widgets.sandbox.world.sids import SidMaker, noise
from twilio_widgets.sandbox.world.stories import BLOCK, REFUSALS, Stories, Talk

if TYPE_CHECKING:
    from collections.abc import Sequence

_PATTERNS = (
    ((0, 0), (1, 0), (0, 1), (0, 2), (2, 0), (1, 1), (2, 1), (3, 0)),
    ((0, 0), (0, 1), (1, 0), (2, 0), (3, 0), (1, 1), (0, 2), (4, 0)),
    ((0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (1, 1), (2, 1)),
    ((0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1), (2, 0), (2, 1)),
)
"""For each position in a block: the conversation, and the turn in it."""

_LENGTHS = tuple(
    {talk: 1 + max(turn for other, turn in pattern if other == talk) for talk, _ in pattern}
    for pattern in _PATTERNS
)
"""For each pattern: the number of turns of each conversation."""

_TALKS = 6
"""The most conversations in a block."""

_STRIDE, _SHIFT = 1_237, 607
_INVERSE = pow(_STRIDE, -1, Phonebook.SLOTS)

_FAILURES = (
    ("undelivered", 30003), ("undelivered", 30003), ("undelivered", 30005), ("undelivered", 30006),
    ("undelivered", 30007), ("undelivered", 30008), ("failed", 30034), ("failed", 30022),
)  # fmt: skip


class History:
    """`count` generated messages, all older than the sandbox.

    Args:
        seed: Determines everything except the dates.
        count: The number of messages.
        ends: When the sandbox was opened (seconds since 1970); every message is older.
        account_sid: The account of the messages.
        service_sid: The messaging service that sends some of them.
        sids: Makes their SIDs.
        phonebook: The contacts.
        stories: Whether it has the stories of `stories`.
    """

    def __init__(
        self,
        *,
        seed: int,
        count: int,
        ends: float,
        account_sid: str,
        service_sid: str,
        sids: SidMaker,
        phonebook: Phonebook,
        stories: bool = False,
    ) -> None:
        self.count = count
        self._time_seed, self._pattern_seed, self._talk_seed, self._end_seed = (
            noise(seed, which) for which in range(4)
        )
        self._account_sid = account_sid
        self._service_sid = service_sid
        self._sids = sids
        self._phonebook = phonebook
        self._hours = BusyHours()
        days = min(365, max(30, count // 100))
        last = self._hours.busyness(ends - 120)
        self._first = self._hours.busyness(ends - 120 - days * 86_400)
        self._each = (last - self._first) / max(1, count)
        self._counts: dict[tuple[str, int], int] = {}
        self.deleted: set[int] = set()
        self.deleted_media: set[str] = set()
        self.redacted: dict[int, float] = {}
        """When the body of a message was redacted, by its index."""
        self.ends = ends
        self.stories = Stories(seed, self) if stories else None
        """What an analyst can discover in it; None without stories."""

    # Times

    def moment(self, index: int) -> float:
        """Return when message `index` was sent."""
        jitter = (noise(self._time_seed, index) >> 11) / 2**53
        return self._hours.moment(self._first + (index + jitter) * self._each)

    def between(self, low: float | None, high: float | None) -> range:
        """Return the indexes sent from `low` to `high` (both included), newest first."""
        indexes = range(self.count)
        begin = 0 if low is None else bisect_left(indexes, low, key=self.moment)
        end = self.count if high is None else bisect_right(indexes, high, key=self.moment)
        return range(end - 1, begin - 1, -1)

    # Addresses

    def _pattern(self, block: int) -> int:
        return noise(self._pattern_seed, block) % len(_PATTERNS)

    def talk(self, index: int) -> Talk:
        """Return the position of message `index` in its conversation."""
        block, place = divmod(index, BLOCK)
        which = self._pattern(block)
        talk, turn = _PATTERNS[which][place]
        chance = noise(self._talk_seed, block * _TALKS + talk)
        contact = self._phonebook.at((block * _STRIDE + talk * _SHIFT) % Phonebook.SLOTS)
        topics = TOPICS[_LENGTHS[which][talk]]
        british = contact.number.startswith("+44")
        sender = OWN_NUMBERS[2] if british else OWN_NUMBERS[chance % 2]
        return Talk(contact, topics[chance // 2 % len(topics)], turn, chance >> 8, sender)

    def with_number(self, number: str, within: range) -> Sequence[int]:
        """Return the indexes of `within` that may be to or from `number`, newest first.

        For a contact these are exactly its messages; for a number of the account, all of `within`.
        """
        if number in OWN_NUMBERS:
            return within
        found = []
        for slot in self._phonebook.slots_of(number):
            for talk in range(_TALKS):
                first = (slot - talk * _SHIFT) * _INVERSE % Phonebook.SLOTS
                for block in range(first, self.count // BLOCK + 1, Phonebook.SLOTS):
                    which = self._pattern(block)
                    found += [
                        block * BLOCK + place
                        for place, (other, _) in enumerate(_PATTERNS[which])
                        if other == talk
                    ]
        return sorted((index for index in found if index in within), reverse=True)

    def addresses(self, index: int) -> tuple[str, str]:
        """Return the recipient and the sender of message `index`."""
        talk = self.talk(index)
        if talk.topic.turns[talk.turn].outbound:
            return talk.contact.number, talk.sender
        return talk.sender, talk.contact.number

    # Contents

    def sid(self, index: int) -> str:
        """Return the SID of message `index`."""
        return self._sids.sid("MM" if self.media(index) else "SM", index)

    def index(self, sid: str) -> int | None:
        """Return the index of the message with this SID; None when it is not in the history."""
        index = self._sids.number(sid)
        return index if 0 <= index < self.count and self.sid(index) == sid else None

    def media(self, index: int) -> dict[str, str]:
        """Return the content type of each media file by SID; few inbound messages have any."""
        return self._media(self.talk(index), index)

    def _media(self, talk: Talk, index: int) -> dict[str, str]:
        if talk.topic.turns[talk.turn].outbound or talk.chance % 12:
            return {}
        media = self._sids.sid("ME", index << 4)
        return {} if media in self.deleted_media else {media: "image/png"}

    def row(self, index: int, now: float | None = None) -> MessageRow:
        """Return message `index` as it is at `now`; by default when the sandbox was opened."""
        talk = self.talk(index)
        outbound, texts = talk.topic.turns[talk.turn]
        media = self._media(talk, index)
        language = talk.contact.language if talk.contact.language in texts else "en"
        template = texts[language]
        status, code = self._final_status(talk, index, outbound=outbound)
        stories = self.stories if self.stories and index >= self.stories.begin else None
        if stories and (change := stories.change(index, talk)):
            template = change.template or template
            status, code = change.status or status, change.error_code or code
        chance = talk.chance
        body = template.format(
            name=talk.contact.name,
            code=f"{chance % 900_000 + 100_000}",
            amount=f"{chance % 80 + 12}.{chance // 80 % 90 + 10}",
            hour=f"{chance % 9 + 11}",
        )
        parts = self._segments(template, body)
        sent = self.moment(index)
        to, from_ = (
            (talk.contact.number, talk.sender) if outbound else (talk.sender, talk.contact.number)
        )
        removed = self.redacted.get(index)
        price: str | None = price_of(to=to, inbound=not outbound, segments=parts, media=len(media))
        if stories and (
            code in REFUSALS or stories.is_unbilled(index, self.ends if now is None else now)
        ):
            price = None
        return MessageRow(
            sid=self._sids.sid("MM" if media else "SM", index),
            account_sid=self._account_sid,
            messaging_service_sid=self._service_sid if talk.topic.by_service else None,
            to=to,
            from_=from_,
            body="" if removed is not None else body,
            status=status,
            direction="outbound-api" if outbound else "inbound",
            num_segments=parts,
            num_media=len(media),
            price=price,
            error_code=code,
            error_message=ERROR_TEXTS.get(code) if code is not None else None,
            created=sent - (chance % 2 if outbound else 0),
            updated=removed if removed is not None else sent + (chance % 4 if outbound else 0),
            sent=sent,
        )

    def _segments(self, template: str, body: str) -> int:
        # Values are GSM-7 and only the name varies in length, so the length determines the count.
        key = (template, len(body))
        if key not in self._counts:
            self._counts[key] = segments(body).count
        return self._counts[key]

    def _final_status(self, talk: Talk, index: int, *, outbound: bool) -> tuple[str, int | None]:
        if not outbound:
            return "received", None
        chance = noise(self._end_seed, index)
        answered = talk.turn + 1 < len(talk.topic.turns)
        if answered or chance % 100 >= 9:
            return "delivered", None
        if chance % 100 < 3:
            return "sent", None  # its delivery receipt never arrived
        return _FAILURES[chance // 100 % len(_FAILURES)]

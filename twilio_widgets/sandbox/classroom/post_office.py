"""Deliver messages between the accounts of a class.

With Twilio, a message to a Twilio number arrives there as an inbound message. The copy is created
together with the original, dated at its delivery: until then lists leave it out and its webhook is
not due, so no thread waits for it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from twilio_widgets.sandbox.world import create

if TYPE_CHECKING:
    from twilio_widgets.sandbox.world.messages import StoredMessage
    from twilio_widgets.sandbox.world.world import World

_MOST_REPLIES = 10
"""Automatic replies delivered between two numbers after a message that is not one. Two listeners
that reply to each other would otherwise never stop."""


class PostOffice:
    """Delivers each message to a number of another account, once.

    Scheduled messages are not delivered: they can still be cancelled.

    Args:
        world: The world. Its observers are called with its lock held.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._seen: set[int] = set()
        self._replies: Counter[frozenset[str | None]] = Counter()
        world.on_message.append(self._deliver)

    def _deliver(self, message: StoredMessage) -> None:
        if message.number in self._seen or message.direction == "inbound":
            return
        self._seen.add(message.number)
        recipient = self._world.own_numbers.get(message.to)
        if recipient is None or recipient.account_sid == message.account_sid:
            return
        at = next((step.at for step in message.steps if step.status == "delivered"), None)
        if at is None or message.steps[0].status == "scheduled" or self._loops(message):
            return
        with self._world.as_of(at):
            create.receive(
                self._world,
                from_=message.sender or "",
                to=message.to,
                body=message.body,
                content_types=tuple(message.media.values()),
            )

    def _loops(self, message: StoredMessage) -> bool:
        """Return whether this is one reply too many between two numbers; count it."""
        pair = frozenset((message.sender, message.to))
        if message.direction != "outbound-reply":
            del self._replies[pair]
            return False
        self._replies[pair] += 1
        return self._replies[pair] > _MOST_REPLIES

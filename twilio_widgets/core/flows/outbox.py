"""`Outbox`: a client's record of its own sends, for ``messages.find``."""

from __future__ import annotations

from collections import deque
from contextlib import suppress

from twilio_widgets.errors import OutcomeUnknown

SIDS_REMEMBERED = 10_000
OUTCOMES_REMEMBERED = 1_000


class Outbox:
    """The messages a client has sent, and the sends that ended before their response.

    It is shared by the threads and the tasks of a client.
    """

    def __init__(self) -> None:
        self.sent: deque[str] = deque(maxlen=SIDS_REMEMBERED)
        """The SIDs of messages that this client sent."""
        self.found: set[str] = set()
        """Those of them whose SIDs came from the message log, not from a reply."""
        self._open: deque[OutcomeUnknown] = deque(maxlen=OUTCOMES_REMEMBERED)

    @property
    def unanswered(self) -> tuple[OutcomeUnknown, ...]:
        """The sends that were interrupted or cancelled, and whose outcome is still unknown."""
        return tuple(self._open)

    def left_open(self, outcome: OutcomeUnknown) -> None:
        """Record a send that was interrupted or cancelled."""
        self._open.append(outcome)

    def known_besides(self, outcome: OutcomeUnknown) -> frozenset[str]:
        """Return the SIDs of messages that are known to come from other sends."""
        return frozenset(self.sent) - {outcome.sid}

    def settle(self, outcome: OutcomeUnknown, sid: str | None) -> None:
        """Record the outcome of a send: the SID of its message, or None if there is none."""
        outcome.sid = sid
        if sid is not None and sid not in self.sent:
            self.sent.append(sid)
            self.found.add(sid)
        with suppress(ValueError):  # a send that was not interrupted is not listed
            self._open.remove(outcome)

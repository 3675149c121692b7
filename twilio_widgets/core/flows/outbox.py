"""What one client knows of its own sends: the evidence that ``find`` starts from."""

from __future__ import annotations

from collections import deque
from contextlib import suppress

from twilio_widgets.errors import OutcomeUnknown

SIDS_REMEMBERED = 10_000
OUTCOMES_REMEMBERED = 1_000


class Outbox:
    """The messages a client has sent, and the sends that ended before their answer came.

    It is shared by the threads and the tasks of a client.
    """

    def __init__(self) -> None:
        self.sent: deque[str] = deque(maxlen=SIDS_REMEMBERED)
        """SIDs of the messages that are known to be ours."""
        self.found: set[str] = set()
        """Those of them that only a look in the log has shown."""
        self._open: deque[OutcomeUnknown] = deque(maxlen=OUTCOMES_REMEMBERED)

    @property
    def unanswered(self) -> tuple[OutcomeUnknown, ...]:
        """The sends that were interrupted or cancelled on their way, and not found since."""
        return tuple(self._open)

    def left_open(self, outcome: OutcomeUnknown) -> None:
        """Keep the outcome of a send that was ended from outside."""
        self._open.append(outcome)

    def known_besides(self, outcome: OutcomeUnknown) -> frozenset[str]:
        """Return the messages that are known to come of other sends than this one."""
        return frozenset(self.sent) - {outcome.sid}

    def settle(self, outcome: OutcomeUnknown, sid: str | None) -> None:
        """Note what a send came to: a message, or None when it made none."""
        outcome.sid = sid
        if sid is not None and sid not in self.sent:
            self.sent.append(sid)
            self.found.add(sid)
        with suppress(ValueError):  # it need not have been interrupted
            self._open.remove(outcome)

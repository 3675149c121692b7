"""Handles a request: checked by the gate, stored durably, and only then answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from twilio_widgets.listener.process.refusal import UNREADABLE, RejectionCause
from twilio_widgets.listener.process.response import BUSY, TAKEN, HttpResponse, refused

if TYPE_CHECKING:
    from twilio_widgets.listener.events.batch import Receipt
    from twilio_widgets.listener.events.event import Arrival
    from twilio_widgets.listener.process.gate import Gate
    from twilio_widgets.listener.process.group_commit import GroupCommitter
    from twilio_widgets.listener.process.rejections import RejectionLog
    from twilio_widgets.listener.process.replies import Replies
    from twilio_widgets.listener.process.request import RequestHead, WebhookRequest


class WebhookHandler:
    """Handles the requests of all connections.

    Args:
        gate: Decides which requests are accepted.
        committer: Stores accepted requests.
        replies: Replies to inbound messages.
        rejections: Records rejected requests.
        stored: Called with the id of each new event after it was stored.
    """

    def __init__(
        self,
        gate: Gate,
        committer: GroupCommitter,
        replies: Replies,
        rejections: RejectionLog,
        stored: Callable[[int], None],
    ) -> None:
        self._gate = gate
        self._committer = committer
        self._replies = replies
        self._rejections = rejections
        self._stored = stored
        self.counts: Counter[str] = Counter()
        """Since the start: ``inbound``, ``status``, ``duplicate`` and ``busy``."""
        self.last_request_at: datetime | None = None
        """When the last request with a valid signature arrived (UTC)."""

    def check_head(self, head: RequestHead) -> HttpResponse | None:
        """Check a head before its body is read; return the response if it is rejected."""
        refusal = self._gate.check_head(head)
        return None if refusal is None else self._refuse(refusal, head)

    def handle(self, request: WebhookRequest, answer: Callable[[HttpResponse], None]) -> None:
        """Handle a complete request, and answer it once it is stored durably."""
        now = datetime.now(UTC)
        result = self._gate.check(request, now)
        if isinstance(result, RejectionCause):
            answer(self._refuse(result, request.head))
            return
        self.last_request_at = now
        arrival = result

        def done(receipt: Receipt | None) -> None:
            self._done(arrival, receipt, answer)

        if not self._committer.take(arrival, done):
            done(None)

    def unreadable(self, status: int) -> None:
        """Record data that is not a valid request."""
        refusal = RejectionCause(status=status, cause="http", reason=UNREADABLE[status])
        self._rejections.note(refusal)

    def _refuse(self, refusal: RejectionCause, head: RequestHead) -> HttpResponse:
        self._rejections.note(refusal, method=head.method, path=head.path)
        return refused(refusal.status, allow=refusal.allow)

    def _done(
        self, arrival: Arrival, receipt: Receipt | None, answer: Callable[[HttpResponse], None]
    ) -> None:
        if receipt is None:
            self.counts["busy"] += 1
            answer(BUSY)
            return
        self.counts[arrival.kind if receipt.new else "duplicate"] += 1
        if receipt.id is None:
            self._rejections.note(
                RejectionCause(
                    status=400,
                    cause="body",
                    reason=receipt.problem or "The request is not an event.",
                ),
                method=arrival.method,
            )
            answer(refused(400))
            return
        if receipt.new:
            self._stored(receipt.id)
        if arrival.kind == "inbound":
            self._replies.answer(arrival, receipt.id, answer)
        else:
            answer(TAKEN)

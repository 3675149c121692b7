"""A message that was created in this sandbox, with its timetable."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from twilio_widgets.sandbox.world import lifecycle
from twilio_widgets.sandbox.world.rows import MessageRow

if TYPE_CHECKING:
    from twilio_widgets.sandbox.world.lifecycle import Step

_UNBILLED = frozenset({"accepted", "scheduled", "queued", "sending", "canceled"})
_NO_SENDER_YET = frozenset({"accepted", "scheduled"})


@dataclass(slots=True, kw_only=True)
class StoredMessage:
    """A message to or from one of the sandbox's numbers."""

    number: int
    """Its serial number, from which the SID is computed."""
    sid: str
    account_sid: str
    service_sid: str | None
    to: str
    sender: str | None
    sender_was_given: bool
    body: str
    direction: str
    segments: int
    price: str | None
    created: float
    steps: tuple[Step, ...]
    media: dict[str, str] = field(default_factory=dict)
    """Content type by media SID."""
    status_callback: str | None = None
    error_text: str | None = None
    touched: float = 0.0
    """When it was last redacted or cancelled (seconds since 1970); 0 if never."""
    deleted: bool = False

    @property
    def sent_at(self) -> float | None:
        """When it was or will be sent (seconds since 1970); None when it never is."""
        return lifecycle.sent_at(self.steps)

    def step(self, now: float) -> Step:
        """Return the step of its timetable that applies at `now`."""
        return lifecycle.step_at(self.steps, now)

    def row(self, now: float) -> MessageRow:
        """Return its state at `now`."""
        step = self.step(now)
        sent = self.sent_at
        was_sent = sent is not None and sent <= now
        no_sender = step.status in _NO_SENDER_YET or (step.status == "canceled" and not was_sent)
        pending = no_sender and self.service_sid is not None
        code = step.error_code
        text = self.error_text or lifecycle.ERROR_TEXTS.get(code) if code is not None else None
        return MessageRow(
            sid=self.sid,
            account_sid=self.account_sid,
            messaging_service_sid=self.service_sid,
            to=self.to,
            from_=None if pending and not self.sender_was_given else self.sender,
            body=self.body,
            status=step.status,
            direction=self.direction,
            num_segments=0 if pending else self.segments,
            num_media=len(self.media),
            price=None if step.status in _UNBILLED or not was_sent else self.price,
            error_code=code,
            error_message=text,
            created=self.created,
            updated=max(step.at, self.touched),
            sent=sent if was_sent else None,
        )

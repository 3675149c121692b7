"""Whether WhatsApp accepts a message now: the 24-hour window and the template's approval.

Source: Twilio's error page 63016. A recipient's message opens a window of 24 hours, in which free
text and any template may be sent. Outside it, only an approved template may be sent, and not one of
a type that cannot start a conversation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.core.templates.template import ContentTemplate

WINDOW = timedelta(hours=24)
"""The customer service window after the recipient's last message."""

NEVER_FIRST = frozenset({"twilio/list-picker", "twilio/location"})
"""Content types that cannot start a conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sendable:
    """Whether a message can be sent now, and why."""

    ok: bool
    why: str
    """One or two sentences: the reason, and what to do if it cannot be sent."""

    window_ends: datetime | None = None
    """When the 24-hour window ends (aware); None if it is not open, or there is none."""

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        return f"{'Can be sent' if self.ok else 'Cannot be sent'}: {self.why}"


def sendable(
    *,
    to: str,
    template: ContentTemplate | None,
    last_inbound: datetime | None,
    now: datetime,
) -> Sendable:
    """Decide whether a message can be sent now.

    Args:
        to: The recipient.
        template: The content template; None for free text.
        last_inbound: When the recipient last wrote to the sender; None if never in 24 hours.
        now: The current time.
    """
    if not is_whatsapp(to):
        return Sendable(ok=True, why="Only WhatsApp has a 24-hour window and approvals.")
    ends = last_inbound + WINDOW if last_inbound is not None else None
    if ends is not None and now < ends:
        until = f"{ends.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        return Sendable(
            ok=True,
            why=f"{mask(to)} wrote within 24 hours, so any message can be sent until {until}.",
            window_ends=ends,
        )
    closed = f"{mask(to)} has not written within 24 hours"
    if template is None:
        return Sendable(
            ok=False, why=f"{closed}, so free text fails (63016). Use an approved template."
        )
    return _outside(template, closed)


def _outside(template: ContentTemplate, closed: str) -> Sendable:
    name = repr(template.friendly_name)
    if not template.approval.is_approved:
        reason = template.approval.rejection_reason
        return Sendable(
            ok=False,
            why=f"{closed}, and {name} is not approved by WhatsApp ({template.approval.status}"
            f"{': ' + reason if reason else ''}), so it fails (63016). Use an approved template.",
        )
    if template.types and template.types.keys() <= NEVER_FIRST:
        kinds = " and ".join(template.types)
        return Sendable(
            ok=False,
            why=f"{closed}, and {kinds} cannot start a conversation (63016). Use another type.",
        )
    return Sendable(
        ok=True, why=f"{name} is approved, so it can be sent outside the 24-hour window too."
    )


def is_whatsapp(address: str) -> bool:
    """Return whether an address is on WhatsApp."""
    return address.strip().lower().startswith("whatsapp:")

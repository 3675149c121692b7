"""When WhatsApp accepts a message: the 24-hour window, and the template's approval."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from twilio_widgets.core.templates.sendable import WINDOW, Sendable, sendable
from twilio_widgets.core.templates.template import Approval, ContentTemplate

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
TO = "whatsapp:+14155550123"


def template(status: str = "approved", kind: str = "twilio/text") -> ContentTemplate:
    return ContentTemplate(
        sid="HX" + "1" * 32,
        friendly_name="order",
        language="en",
        types={kind: {"body": "Hi"}},
        variables={},
        approval=Approval(status=status),
    )


def asked(given: ContentTemplate | None, last: datetime | None = None, to: str = TO) -> Sendable:
    return sendable(to=to, template=given, last_inbound=last, now=NOW)


def test_a_message_opens_the_window_for_exactly_24_hours() -> None:
    just_open = asked(None, NOW - WINDOW + timedelta(seconds=1))

    assert just_open == Sendable(
        ok=True,
        why="whatsapp:+1 4••• ••• 123 wrote within 24 hours, so any message can be sent until "
        "2026-01-15 12:00 UTC.",
        window_ends=NOW + timedelta(seconds=1),
    )
    assert not asked(None, NOW - WINDOW)


def test_free_text_outside_the_window_needs_an_approved_template() -> None:
    assert str(asked(None)) == (
        "Cannot be sent: whatsapp:+1 4••• ••• 123 has not written within 24 hours, so free text "
        "fails (63016). Use an approved template."
    )


def test_an_approved_template_can_be_sent_at_any_time() -> None:
    assert asked(template())


@pytest.mark.parametrize("status", ["unsubmitted", "pending", "rejected", "paused", "a new word"])
def test_a_template_that_is_not_approved_needs_an_open_window(status: str) -> None:
    closed, opened = asked(template(status)), asked(template(status), NOW)

    assert (closed.ok, opened.ok) == (False, True)
    assert f"'order' is not approved by WhatsApp ({status})" in closed.why


@pytest.mark.parametrize("kind", ["twilio/list-picker", "twilio/location"])
def test_some_types_cannot_start_a_conversation(kind: str) -> None:
    closed = asked(template(kind=kind))

    assert (closed.ok, asked(template(kind=kind), NOW).ok) == (False, True)
    assert f"{kind} cannot start a conversation" in closed.why


def test_sms_has_no_window() -> None:
    assert asked(template("rejected"), to="+14155550123")

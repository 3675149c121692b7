"""Content templates, their approval by WhatsApp, and the 24-hour window.

A new sandbox has a few templates in different states. A template that is submitted is ``received``,
then ``pending``, and after a minute ``approved`` or ``rejected``. It is rejected if its text begins
or ends with a placeholder, one of WhatsApp's documented reasons.

Sources: Twilio, error 63016 (the window, and types that cannot start a conversation), errors 21655
and 21656, "Message template approvals and statuses". The status ``undelivered`` of a message that
fails with 63016 is UNCONFIRMED.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from twilio_widgets.core.bodies import encodable
from twilio_widgets.core.templates.variables import parse_variables
from twilio_widgets.sandbox.world.refusals import ApiRefusal

if TYPE_CHECKING:
    from twilio_widgets.sandbox.api.wire import Form
    from twilio_widgets.sandbox.world.resources import Account
    from twilio_widgets.sandbox.world.sids import SidMaker

WINDOW = 86_400
"""Seconds after a recipient's message in which free text can be sent to them."""

OUTSIDE_WINDOW = 63016

_REVIEW = 60.0
_TO_PENDING = 2.0
_PLACEHOLDER = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")
_REFUSED_IN_VALUES = re.compile(r"[\r\n\t]| {5}")
_NEVER_FIRST = frozenset({"twilio/list-picker", "twilio/location"})


@dataclass(slots=True, kw_only=True)
class SandboxTemplate:
    """A content template of an account."""

    sid: str
    account_sid: str
    friendly_name: str
    language: str
    variables: dict[str, str]
    types: dict[str, Any]
    created: float
    updated: float
    category: str = ""
    submitted: float | None = None
    """When it was submitted to WhatsApp (seconds since 1970); None if it was not."""
    decided: str = ""
    """An approval state that does not change; empty if it follows from `submitted`."""
    reason: str = ""

    def status(self, now: float) -> str:
        """Return the state of its approval."""
        if self.decided:
            return self.decided
        if self.submitted is None:
            return "unsubmitted"
        age = now - self.submitted
        if age < _TO_PENDING:
            return "received"
        if age < _REVIEW:
            return "pending"
        return "rejected" if self._is_edged else "approved"

    def rejection_reason(self, now: float) -> str:
        """Return why it was rejected; empty if it was not."""
        if self.status(now) != "rejected":
            return ""
        return self.reason or "INVALID_FORMAT: the text begins or ends with a placeholder."

    @property
    def text(self) -> str:
        """Its main text, with placeholders."""
        texts = (str(kind.get("body") or kind.get("title") or "") for kind in self.types.values())
        return next(filter(None, texts), "")

    @property
    def media(self) -> tuple[str, ...]:
        """The URLs of its media, with placeholders."""
        found = next((kind["media"] for kind in self.types.values() if kind.get("media")), ())
        return tuple(map(str, found))

    def filled(self, text: str, values: Mapping[str, str]) -> str:
        """Return a text of it with the values, or the template's defaults, inserted."""
        known = self.variables | dict(values)
        return _PLACEHOLDER.sub(lambda match: known.get(match[1], match[0]), text)

    @property
    def _is_edged(self) -> bool:
        text = self.text.strip()
        return text.startswith("{{") or text.endswith("}}")


def new_templates(sids: SidMaker, now: float, account: Account) -> dict[str, SandboxTemplate]:
    """Return the templates of a new sandbox, keyed by SID."""
    made = [
        SandboxTemplate(
            sid=sids.sid("HX", index),
            account_sid=account.sid,
            friendly_name=name,
            language=language,
            variables=variables,
            types=types,
            created=now,
            updated=now,
            category=category,
            submitted=now if decided != "unsubmitted" else None,
            decided=decided,
            reason=reason,
        )
        for index, (name, language, variables, types, category, decided, reason) in enumerate(
            _READY
        )
    ]
    return {template.sid: template for template in made}


_READY: tuple[tuple[str, str, dict[str, str], dict[str, Any], str, str, str], ...] = (
    (
        "order_shipped", "en", {"1": "Ada", "2": "4711", "3": "Friday"},
        {"twilio/text": {"body": "Hi {{1}}, your order {{2}} arrives on {{3}}. Thank you!"}},
        "UTILITY", "approved", "",
    ),
    (
        "appointment", "en", {"name": "Ada", "time": "10:30"},
        {
            "twilio/quick-reply": {
                "body": "Hello {{name}}, see you at {{time}} tomorrow?",
                "actions": [
                    {"type": "QUICK_REPLY", "title": "Yes", "id": "yes"},
                    {"type": "QUICK_REPLY", "title": "Move it", "id": "move"},
                ],
            },
            "twilio/text": {"body": "Hello {{name}}, see you at {{time}} tomorrow?"},
        },
        "UTILITY", "approved", "",
    ),
    (
        "spring_sale", "en", {"1": "Ada", "2": "20"},
        {
            "twilio/media": {
                "body": "{{1}}, everything is {{2}}% off this week!",
                "media": ["https://example.com/sale.png"],
            }
        },
        "MARKETING", "rejected", "",
    ),
    (
        "welcome", "de", {"1": "Ada"},
        {"twilio/text": {"body": "Hallo {{1}}, schön, dass du da bist!"}},
        "", "unsubmitted", "",
    ),
    (
        "delivery_times", "en", {"1": "Ada"},
        {
            "twilio/list-picker": {
                "body": "Hi {{1}}, choose a time for your delivery.",
                "button": "Times",
                "items": [
                    {"id": "am", "item": "Morning", "description": "8 to 12"},
                    {"id": "pm", "item": "Afternoon", "description": "12 to 18"},
                ],
            }
        },
        "UTILITY", "approved", "",
    ),
    (
        "old_offer", "en", {"1": "Ada"},
        {"twilio/text": {"body": "Hi {{1}}, our offer ends soon. Have a look!"}},
        "MARKETING", "paused", "",
    ),
)  # fmt: skip
"""Name, language, defaults, types, category, approval and the reason of a rejection."""


def checked_variables(form: Form) -> dict[str, str]:
    """Return the variables of a creation.

    Raises:
        ApiRefusal: They are not a JSON object of texts that Twilio accepts (21656).
    """
    try:
        given = parse_variables(form.get("ContentVariables") or "{}")
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise ApiRefusal(21656)
    texts = {name: str(value) for name, value in given.items() if value is not None}
    if len(texts) < len(given) or any(
        not text or not encodable(text) or _REFUSED_IN_VALUES.search(text)
        for text in texts.values()
    ):
        raise ApiRefusal(21656)
    return texts


def error_of(
    template: SandboxTemplate | None, to: str, last_inbound: float | None, now: float
) -> int | None:
    """Return the error with which WhatsApp does not deliver a message; None if it delivers it.

    Args:
        template: The template; None for free text.
        to: The recipient.
        last_inbound: When the recipient last wrote to the sender.
        now: When the message is sent (all in seconds since 1970).
    """
    if not to.startswith("whatsapp:"):
        return None
    if last_inbound is not None and now < last_inbound + WINDOW:
        return None
    starts = template is not None and not template.types.keys() <= _NEVER_FIRST
    approved = template is not None and template.status(now) == "approved"
    return None if starts and approved else OUTSIDE_WINDOW

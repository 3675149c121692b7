"""The details of one number, service, usage record or alert."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import ipywidgets

from twilio_widgets.core.printable import one_line
from twilio_widgets.panels.inputs.ordered_button import OrderedButton
from twilio_widgets.panels.kit.assets import asset
from twilio_widgets.panels.kit.elements import styled, visible
from twilio_widgets.panels.kit.unsaved import Unsaved
from twilio_widgets.panels.table.message_text import explained, moment_of, sid_masked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twilio_widgets.panels.resources.state import Section

FACTS: dict[Section, tuple[tuple[str, str], ...]] = {
    "numbers": (
        ("Number", "phone_number"),
        ("Name", "friendly_name"),
        ("Can do", "capabilities"),
        ("Type", "type"),
        ("Webhook for messages", "sms_url"),
        ("Its method", "sms_method"),
        ("If that one fails", "sms_fallback_url"),
        ("Application", "sms_application_sid"),
        ("Webhook for calls", "voice_url"),
        ("Webhook for call statuses", "status_callback"),
        ("Created", "date_created"),
        ("Updated", "date_updated"),
        ("Account", "account_sid"),
    ),
    "services": (
        ("Name", "friendly_name"),
        ("Phone numbers", "phone_numbers"),
        ("Short codes", "short_codes"),
        ("Alphanumeric senders", "alpha_senders"),
        ("Other channels", "channel_senders"),
        ("Webhook for messages", "inbound"),
        ("If that one fails", "fallback_url"),
        ("Webhook for statuses", "status_callback"),
        ("Use case", "usecase"),
        ("Seconds a message may wait", "validity_period"),
        ("Registered for A2P 10DLC", "us_app_to_person_registered"),
        ("Created", "date_created"),
        ("Account", "account_sid"),
    ),
    "usage": (
        ("Category", "category"),
        ("Description", "description"),
        ("From (UTC)", "start"),
        ("To (UTC)", "end"),
        ("Count", "count"),
        ("Unit", "count_unit"),
        ("Usage", "usage"),
        ("Usage unit", "usage_unit"),
        ("Cost", "price"),
        ("Currency", "price_unit"),
        ("Counted", "as_of"),
    ),
    "alerts": (
        ("When", "date_generated"),
        ("Request", "request_method"),
        ("URL", "request_url"),
        ("About", "resource_sid"),
        ("Service", "service_sid"),
        ("Row of listener.rejected", "rejection_id"),
        ("Your listener's reason", "rejection_reason"),
        ("How to fix that", "rejection_mend"),
        ("Account", "account_sid"),
    ),
}
"""The label and the field of each fact."""

_TONES = {"error": "problem", "warning": "warning"}


class ResourceView(Unsaved):
    """The fields of one row; all texts are drawn as text, never as HTML."""

    _esm = asset(__file__, "resource.js")
    _css = asset(__file__, "resources.css")

    def show(self, section: Section, row: Mapping[str, object]) -> None:
        """Show a row of a section."""
        self._put(view_of(section, row))


def view_of(section: Section, row: Mapping[str, object]) -> dict[str, object]:
    """Return the view of a row."""
    level, code = row.get("log_level"), row.get("error_code")
    message = str(row.get("alert_text") or "")
    return {
        "name": one_line(str(row.get("sid") or row.get("category") or "")),
        "level": str(level or ""),
        "tone": _TONES.get(str(level), "none"),
        "error": _error_of(code, message) if isinstance(code, int) else {},
        "facts": [
            [label, text]
            for label, name in FACTS[section]
            if (text := _text_of(name, row.get(name)))
        ],
    }


def _error_of(code: int, message: str) -> dict[str, str]:
    """Return the view of an alert's error code, without advice about sending again."""
    return {**explained(code, one_line(message)), "again": ""}


def _text_of(name: str, value: object) -> str:
    if value is None or value == "":
        return ""
    if name == "account_sid":
        return sid_masked(str(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return moment_of(value)
    return f"{value:f}" if isinstance(value, Decimal) else one_line(str(value))


class ResourceDetail:
    """The details below the table, with a Close button."""

    def __init__(self) -> None:
        self.close = OrderedButton("Close")
        self._view = ResourceView()
        actions = styled(ipywidgets.HBox([self.close]), "tw-detail-actions")
        self.box = styled(ipywidgets.VBox([self._view, actions]), "tw-detail")

    def draw(self, section: Section, row: Mapping[str, object] | None) -> None:
        """Show a row, or hide the details."""
        visible(self.box, row is not None)
        if row is not None:
            self._view.show(section, row)

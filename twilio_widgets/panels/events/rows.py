"""Events and rejected requests as rows of one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from twilio_widgets.core.error_codes.explain import explain_error
from twilio_widgets.panels.table.cells import TableColumn

if TYPE_CHECKING:
    from twilio_widgets.listener.events.event import Event, Rejection

    Row = dict[str, object]

COLUMNS: Final = (
    TableColumn("time", "Time", kind="time", late=True),
    TableColumn("kind", "Kind", width=8, choice=True, late=True),
    TableColumn("status", "Status", kind="status"),
    TableColumn("from", "From", kind="phone"),
    TableColumn("to", "To", kind="phone"),
    TableColumn("body", "Body"),
    TableColumn("error", "Error"),
    TableColumn("signature", "Signature", width=10, kind="status", late=True),
)

KEY: Final = "key"
"""The field that identifies a row."""

REJECTED: Final = "rejected"
"""The kind of a rejected request."""

_SIGNED = frozenset({"account", "body", "fields", "kind"})
"""Rejection causes that are checked only after the signature was valid."""


def row_of(event: Event) -> Row:
    """Return the row of an event."""
    return {
        KEY: f"{event.kind} {event.id}",
        "id": event.id,
        "time": event.received_at,
        "kind": event.kind,
        "status": event.status,
        "from": event.from_,
        "to": event.to,
        "body": event.body,
        "error": error_of(event),
        "signature": verdict_of(event),
    }


def rejected_row_of(rejection: Rejection) -> Row:
    """Return the row of a rejected request, with the reason in the error column."""
    return {
        KEY: f"{REJECTED} {rejection.id}",
        "id": rejection.id,
        "time": rejection.at,
        "kind": REJECTED,
        "from": rejection.from_,
        "to": rejection.to,
        "error": rejection.reason,
        "signature": rejected_verdict_of(rejection),
    }


def error_of(event: Event) -> str | None:
    """Return the error code of an event with its meaning; None without one."""
    if not event.error_code:
        return None
    return f"{event.error_code}: {explain_error(event.error_code).meaning}"


def verdict_of(event: Event) -> str:
    """Return how an event was verified: ``polled``, ``valid`` or ``valid (scheme)``."""
    if event.source == "poll":
        return "polled"
    return "valid" if event.scheme == "auth token" else f"valid ({event.scheme})"


def rejected_verdict_of(rejection: Rejection) -> str:
    """Return whether a rejected request's signature was invalid, valid or unchecked."""
    if rejection.cause.partition(":")[0] == "signature":
        return "invalid"
    return "valid" if rejection.cause in _SIGNED else "unchecked"

"""A curl command that delivers a stored event to its listener again."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from twilio_widgets.panels.code.quoting import datum
from twilio_widgets.signature.location import HIDDEN

if TYPE_CHECKING:
    from twilio_widgets.listener.events.event import Event

_HEADERS: Final = frozenset(
    {
        "x-twilio-signature",
        "x-twilio-webhooks-signature",
        "x-twilio-webhooks-signature-settings",
        "i-twilio-idempotency-token",
    }
)
"""Headers needed to verify that Twilio made the request."""


def replay_command(event: Event, port: int | None) -> str:
    """Return the command. It contains the original signature, and no secret.

    Args:
        event: The event.
        port: The listener's port on this machine; None when nothing listens.

    Returns:
        An empty text if the event cannot be delivered again: it was polled, its body was JSON
        (the signature covers every byte, and the bytes are not stored), or its signed URL contained
        a login or a key (which are not stored).
    """
    if event.source == "poll" or port is None:
        return ""
    try:
        parts = urlsplit(event.url)
    except ValueError:  # unbalanced brackets
        return ""
    if HIDDEN in event.url or "bodySHA256" in parse_qs(parts.query, keep_blank_values=True):
        return ""
    url = f"http://127.0.0.1:{port}/{parts.path.rpartition('/')[2]}"
    lines = [f"curl --globoff {shlex.quote(f'{url}?{parts.query}' if parts.query else url)}"]
    lines += [
        f"--header {shlex.quote(f'{name}: {value}')}"
        for name, value in event.headers
        if name.lower() in _HEADERS and value.isprintable()
    ]
    if event.method == "POST":
        lines += [datum(name, value) for name, value in event.parameters]
    return " \\\n  ".join(lines)

"""The control protocol between kernel and listener: one JSON object per line, over loopback."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from twilio_widgets.listener.events.event import Arrival

LONGEST_LINE = 4_000_000
"""Bytes: room for five hundred messages with long bodies."""

FIRST_LINE = 4_096
GREETING = 65_536
"""Bytes: room for the longest reply in any script and the proofs of some hundred shared keys."""

HANDSHAKE_SECONDS = 5.0


def encode_line(message: Mapping[str, Any]) -> bytes:
    """Return one object as a line."""
    return json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"


def decode_line(data: bytes) -> dict[str, Any]:
    """Parse a line.

    Raises:
        ValueError: The line is not a JSON object.
    """
    try:
        message = json.loads(data)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(message, dict):
        raise ValueError("not an object")  # noqa: TRY004 — bad input, not a programming error
    return message


def rows_of(arrivals: Iterable[Arrival]) -> list[dict[str, Any]]:
    """Return arrivals found in Twilio's message log as JSON objects."""
    return [
        {
            "kind": each.kind,
            "received_at": each.received_at.isoformat(),
            "parameters": each.parameters,
            "method": each.method,
            "url": each.url,
        }
        for each in arrivals
    ]


def arrivals_of(rows: Iterable[Mapping[str, Any]]) -> list[Arrival]:
    """Parse the rows of `rows_of`.

    Their source is always ``poll``, because only the gate may accept webhooks.

    Raises:
        ValueError, KeyError, TypeError: The rows are malformed.
    """
    return [
        Arrival(
            kind="inbound" if row["kind"] == "inbound" else "status",
            received_at=datetime.fromisoformat(row["received_at"]),
            parameters=tuple((str(name), str(value)) for name, value in row["parameters"]),
            method=str(row["method"]),
            url=str(row["url"]),
            source="poll",
        )
        for row in rows
    ]

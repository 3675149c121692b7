"""What a kernel and its listener say to each other: one JSON object a line, over loopback."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from twilio_widgets.listener.events.event import Arrival

LONGEST_LINE = 4_000_000
"""Bytes. Five hundred messages with long bodies fit."""

FIRST_LINE = 4_096
GREETING = 65_536
"""Bytes. The longest reply fits in any script, and a proof for each of some hundred shared keys."""

HANDSHAKE_SECONDS = 5.0


def encode_line(said: Mapping[str, Any]) -> bytes:
    """Write one object as a line."""
    return json.dumps(said, separators=(",", ":")).encode("ascii") + b"\n"


def decode_line(data: bytes) -> dict[str, Any]:
    """Read one object from a line.

    Raises:
        ValueError: It is something else.
    """
    try:
        said = json.loads(data)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(said, dict):
        raise ValueError("not an object")  # noqa: TRY004 — of the sender's making, not of ours
    return said


def rows_of(arrivals: Iterable[Arrival]) -> list[dict[str, Any]]:
    """Write arrivals that were found in Twilio's message log."""
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
    """Read them again. Whatever they say, they are polled: only the gate takes webhooks.

    Raises:
        ValueError, KeyError, TypeError: They are something else.
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

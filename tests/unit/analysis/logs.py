"""Small message logs, written as the rows that matter for a test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from twilio_widgets.frames import MessageFrame, conform

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
US, GB = "+14155550142", "+447700900142"
ADA, BEN, CHLOE = "+12025550101", "+12025550102", "+447700900103"


def sent(*, to: str = ADA, **given: Any) -> dict[str, Any]:
    """One outbound message: delivered at noon for $0.0083 unless `given` says otherwise."""
    return {
        "direction": "outbound-api", "status": "delivered", "from": US, "to": to, "body": "Hello",
        "date_sent": NOON, "num_segments": 1, "num_media": 0, "price": "-0.0083",
        "price_unit": "USD",
    } | given  # fmt: skip


def received(*, from_: str = ADA, **given: Any) -> dict[str, Any]:
    """One inbound message."""
    return sent() | {"direction": "inbound", "status": "received", "from": from_, "to": US} | given


def log(*rows: dict[str, Any]) -> MessageFrame:
    """A message frame of rows; dates that are not given follow from `date_sent`."""
    table = pd.DataFrame(
        [{"sid": f"SM{place:032x}"} | dated(row) for place, row in enumerate(rows)], dtype=object
    )
    return MessageFrame(conform(table))


def dated(row: dict[str, Any]) -> dict[str, Any]:
    at = row["date_sent"]
    return {"date_created": at, "date_updated": at and at + timedelta(seconds=2)} | row


def values(frame: pd.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    """The rows as plain Python values, with None for a missing one."""
    table = pd.DataFrame(frame)[list(columns or frame.columns)]
    columns_as_lists = [table[name].tolist() for name in table.columns]
    rows = zip(*columns_as_lists, strict=True)
    return [tuple(None if pd.isna(one) else one for one in row) for row in rows]

"""The frame of a job's outcomes, with the same dtypes for any number of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pandas as pd

from twilio_widgets.frames.safe_frame import SafeFrame
from twilio_widgets.frames.schema import MONEY, TEXT, WHOLE, money

WHOLE_COLUMNS = frozenset(
    {"row", "error_code", "attempts", "segments", "billed_segments", "message_error"}
)
MONEY_COLUMNS = frozenset({"cost", "price"})
TIME_COLUMNS = frozenset({"first_attempt_at", "last_attempt_at", "updated_at"})


def outcome_frame(
    columns: Mapping[str, Sequence[Any]], *, statuses: Sequence[str], attrs: Mapping[str, object]
) -> SafeFrame:
    """Build the frame of outcomes.

    Args:
        columns: Values by column; times are seconds since 1970, money is text or Decimal.
        statuses: Every possible status of a row.
        attrs: The frame's ``attrs``.
    """

    def typed(name: str, values: Sequence[Any]) -> Any:
        if name == "status":
            return pd.Categorical(list(values), categories=list(statuses))
        if name in WHOLE_COLUMNS:
            return pd.array(list(values), dtype=WHOLE)
        if name in MONEY_COLUMNS:
            amounts = [None if value is None else Decimal(value) for value in values]
            return pd.Series(pd.arrays.ArrowExtensionArray(money(amounts)), dtype=MONEY)
        if name in TIME_COLUMNS:
            moments = [None if at is None else datetime.fromtimestamp(at, UTC) for at in values]
            return pd.Series(moments, dtype="datetime64[us, UTC]")
        return pd.array(list(values), dtype=TEXT)

    frame = SafeFrame({name: typed(name, values) for name, values in columns.items()})
    frame.attrs.update(attrs)
    return frame

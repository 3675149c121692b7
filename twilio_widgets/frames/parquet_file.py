"""Message frames from Parquet files; `MessageFrame.to_parquet` is pandas' own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from twilio_widgets.frames.csv_file import typed

if TYPE_CHECKING:
    from twilio_widgets.frames.message_frame import MessageFrame


def read_parquet(path: Any, **options: Any) -> MessageFrame:
    """Read a Parquet file of messages back through the schema: equal columns, types and attrs.

    Args:
        path: The file, or anything else `pandas.read_parquet` takes.
        options: Those of `pandas.read_parquet`, such as ``columns`` and ``filters``.

    Raises:
        ConfigurationError: It holds no messages, or a value does not fit its column.
    """
    return typed(pd.read_parquet(path, **options))

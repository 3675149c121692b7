"""Read message frames back from CSV and Parquet files, through the schema.

`MessageFrame.to_parquet` is pandas' own.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from twilio_widgets.core.formulas import unguarded
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.frames.csv_file import each_text
from twilio_widgets.frames.message_frame import MessageFrame
from twilio_widgets.frames.schema import NAMES, TEXT, conform


def read_csv(path: str | PathLike[str], **options: Any) -> MessageFrame:
    """Read a CSV file that a message frame wrote: the same columns, texts and types again.

    Args:
        path: The file, or anything else `pandas.read_csv` takes.
        options: Those of `pandas.read_csv`, such as ``sep``.

    Returns:
        The frame. Columns that are not in the schema are text. A CSV file has no ``attrs``.

    Raises:
        ConfigurationError: A value does not fit its column; the error names it.
    """
    defaults = {"dtype": TEXT, "keep_default_na": False, "na_values": [""], "encoding": "utf-8-sig"}
    try:
        frame = pd.read_csv(path, **{**defaults, **options})
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        name = path if isinstance(path, str | Path) else "The content"
        raise ConfigurationError(f"{name} cannot be read as a CSV file: {error}") from error
    return typed(each_text(frame, unguarded))


def read_parquet(path: Any, **options: Any) -> MessageFrame:
    """Read a Parquet file that a message frame wrote: the same columns, types and attrs again.

    Args:
        path: The file, or anything else `pandas.read_parquet` takes.
        options: Those of `pandas.read_parquet`, such as ``columns`` and ``filters``.

    Raises:
        ConfigurationError: It contains no messages, or a value does not fit its column.
    """
    return typed(pd.read_parquet(path, **options))


def typed(frame: pd.DataFrame) -> MessageFrame:
    """Convert the columns of a table read from a file to the schema's dtypes; none is added.

    Raises:
        ConfigurationError: It is not a table of messages, or a value does not fit its column.
    """
    if not set(frame.columns) & set(NAMES):
        raise ConfigurationError(
            "The table has no column of a message frame. Expected some of: " + ", ".join(NAMES)
        )
    return MessageFrame(conform(frame)[list(frame.columns)]).__finalize__(frame)

"""Typed DataFrames of messages, and their safe export to files."""

from __future__ import annotations

from importlib.util import find_spec

from twilio_widgets.errors import ConfigurationError

_MISSING = [name for name in ("pandas", "pyarrow", "msgspec") if find_spec(name) is None]
if _MISSING:
    raise ConfigurationError(
        f"Message frames require {' and '.join(_MISSING)}: pip install {' '.join(_MISSING)}. "
        "If that is not possible (JupyterLite), messages.iterate reads the same messages one by "
        "one."
    )

from twilio_widgets.frames.build import frame_of_messages, message_frame  # noqa: E402
from twilio_widgets.frames.csv_file import Written  # noqa: E402
from twilio_widgets.frames.excel_reader import read_excel  # noqa: E402
from twilio_widgets.frames.message_frame import MessageFrame  # noqa: E402
from twilio_widgets.frames.readers import read_csv, read_parquet  # noqa: E402
from twilio_widgets.frames.schema import SCHEMA, SCHEMA_VERSION, conform, empty  # noqa: E402

__all__ = [
    "SCHEMA",
    "SCHEMA_VERSION",
    "MessageFrame",
    "Written",
    "conform",
    "empty",
    "frame_of_messages",
    "message_frame",
    "read_csv",
    "read_excel",
    "read_parquet",
]

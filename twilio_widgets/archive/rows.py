"""Messages as Arrow tables with one schema: from Twilio's pages, to files, to message frames."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from twilio_widgets.errors import ArchiveError
from twilio_widgets.frames.build import frame_of_messages, numbers_of
from twilio_widgets.frames.dates import instants
from twilio_widgets.frames.gather import FrameBuilder
from twilio_widgets.frames.schema import (
    MOMENT,
    MOMENT_TYPE,
    MONEY,
    MONEY_TYPE,
    SCHEMA,
    TEXT,
    WHOLE,
    SchemaColumn,
)

if TYPE_CHECKING:
    from twilio_widgets.archive.store import ArchiveFolder
    from twilio_widgets.core.message.message import Message
    from twilio_widgets.frames.decode import MessageRecord

DELETED_AT = "deleted_at"
"""The column after those of the message frame: when a sync noticed that Twilio has deleted it."""


def _arrow_type(dtype: Any) -> Any:
    known = {MOMENT: MOMENT_TYPE, MONEY: MONEY_TYPE, WHOLE: pa.int64()}
    return known.get(dtype, pa.large_string())  # texts and words


ROW_SCHEMA = pa.schema([(column.name, _arrow_type(column.dtype)) for column in SCHEMA])
"""A message as a page has it."""

FILE_SCHEMA = ROW_SCHEMA.append(pa.field(DELETED_AT, MOMENT_TYPE))
"""A message as a data file has it."""

ABOUT = b"twilio_widgets"
"""The key of `about` in a Parquet file's metadata."""

_PANDAS_TYPES = {pa.large_string(): TEXT, pa.string(): TEXT, pa.int64(): WHOLE}


def table_of_page(rows: Sequence[MessageRecord]) -> Any:
    """Convert the rows of a page to a table of `ROW_SCHEMA`.

    Raises:
        BadResponse: A date, a number or an amount cannot be parsed.
    """
    page = FrameBuilder()
    page.add(rows)
    texts = page.columns()
    columns = [_column(texts[column.name], column) for column in SCHEMA]
    return pa.table(columns, schema=ROW_SCHEMA)


def _column(texts: Any, column: SchemaColumn) -> Any:
    """Convert a column of Twilio's texts."""
    if column.dtype == MOMENT:
        return pa.array(instants(texts, column=column.name)).cast(MOMENT_TYPE)
    if column.dtype == MONEY or column.name in {"num_segments", "num_media"}:
        return numbers_of(texts, column)
    return texts.cast(_arrow_type(column.dtype))


def pandas_of(table: Any) -> pd.DataFrame:
    """Convert a table to pandas, with the dtypes of this package's frames."""

    def dtype_of(kind: Any) -> Any:
        return pd.ArrowDtype(kind) if pa.types.is_decimal(kind) else _PANDAS_TYPES.get(kind)

    frame: pd.DataFrame = table.to_pandas(types_mapper=dtype_of)
    return frame


def table_of_messages(messages: Sequence[Message]) -> Any:
    """Convert `Message` values to a table of `ROW_SCHEMA`."""
    frame = frame_of_messages(messages)
    columns = [
        pa.array(frame[name]).cast(kind)
        for name, kind in zip(ROW_SCHEMA.names, ROW_SCHEMA.types, strict=True)
    ]
    return pa.table(columns, schema=ROW_SCHEMA)


def write_table(table: Any, file: BinaryIO, about: Mapping[str, object]) -> None:
    """Write a table as a Parquet file.

    Args:
        table: The rows.
        file: An open file.
        about: Plain JSON, stored in the file: enough to list it in a lost manifest again.
    """
    metadata = {ABOUT: json.dumps(about).encode()}
    pq.write_table(table.replace_schema_metadata(metadata), file, compression="zstd")


def read_table(folder: ArchiveFolder, name: str, schema: Any) -> Any:
    """Read a whole data file.

    Raises:
        ArchiveError: It is damaged.
        FileNotFoundError: It does not exist.
    """
    try:
        # Not `read_table`: it would take the folder's name for a partition's column.
        table = pq.ParquetFile(folder.path / name, memory_map=False).read()
        return table.select(schema.names).cast(schema)
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise unreadable(folder, name) from error


def about(folder: ArchiveFolder, name: str) -> dict[str, Any]:
    """Return what `write_table` stored beside the rows.

    Raises:
        ArchiveError: The file is damaged, or another program wrote it.
    """
    try:
        found: dict[str, Any] = json.loads(pq.read_schema(folder.path / name).metadata[ABOUT])
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise unreadable(folder, name) from error
    return found


def unreadable(folder: ArchiveFolder, name: str) -> ArchiveError:
    """Return the error for a damaged data file."""
    return ArchiveError(
        f"The file {name} in {folder.path} cannot be read. Delete this file: the next sync reads "
        "its day again, as long as Twilio still lists it.",
        cause="damaged",
    )

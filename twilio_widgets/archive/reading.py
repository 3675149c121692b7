"""Read the archive's files back: as a message frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal, DecimalException
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from twilio_widgets.archive.manifest import Manifest
from twilio_widgets.archive.merge import CHANGE_SCHEMA
from twilio_widgets.archive.rows import (
    FILE_SCHEMA,
    ROW_SCHEMA,
    pandas_of,
    read_table,
    unreadable,
)
from twilio_widgets.archive.store import ArchiveFolder
from twilio_widgets.core.flows.listing import span_of
from twilio_widgets.errors import ArchiveError, ConfigurationError
from twilio_widgets.frames.message_frame import MessageFrame
from twilio_widgets.frames.readers import typed
from twilio_widgets.frames.safe_frame import SafeFrame
from twilio_widgets.frames.schema import MOMENT_TYPE, MONEY_TYPE, SCHEMA_VERSION

T = TypeVar("T")

Condition = tuple[str, str, Any]
"""Column, operator and value, as in `pandas.read_parquet(filters=)`."""

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": pc.equal,
    "!=": pc.not_equal,
    "<": pc.less,
    "<=": pc.less_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
}
_TRIES = 3


def read_messages(
    folder: ArchiveFolder,
    load: Callable[[], Manifest | None],
    columns: Sequence[str] | None,
    where: Sequence[Condition],
) -> MessageFrame:
    """Read messages into a frame, newest first; see `Archive.to_dataframe`."""
    names = checked_columns(columns)
    expression = _expression(where)

    def read(manifest: Manifest) -> MessageFrame:
        tables = [_read(folder, name, names, expression) for name in data_files(manifest)] or [
            FILE_SCHEMA.empty_table().select(names)
        ]
        frame = typed(pandas_of(pa.concat_tables(tables)))
        frame.attrs |= _described(manifest, len(frame), where)
        return frame

    return with_manifest(folder, load, read)


def read_changes(folder: ArchiveFolder, load: Callable[[], Manifest | None]) -> SafeFrame:
    """Read the record of late changes, oldest first; see `Archive.changes`."""

    def read(manifest: Manifest) -> SafeFrame:
        entries = [*manifest.days.values(), manifest.unsent]
        tables = [
            read_table(folder, entry.changes, CHANGE_SCHEMA)
            for entry in entries
            if entry.changes is not None
        ]
        changes = pa.concat_tables([CHANGE_SCHEMA.empty_table(), *tables])
        return SafeFrame(pandas_of(changes.sort_by([("noticed_at", "ascending")])))

    return with_manifest(folder, load, read)


def with_manifest(
    folder: ArchiveFolder, load: Callable[[], Manifest | None], read: Callable[[Manifest], T]
) -> T:
    """Read files that a sync in another process may just replace: try again if one is gone."""
    for left in reversed(range(_TRIES)):
        manifest = load()
        if manifest is None:
            raise ArchiveError(
                f"There is no archive in {folder.path} yet: call sync(twilio) first.",
                cause="damaged",
            )
        try:
            return read(manifest)
        except FileNotFoundError as error:
            if not left:
                raise unreadable(folder, str(error.filename)) from error
    raise AssertionError


def data_files(manifest: Manifest) -> list[str]:
    """Return the names of the files with messages, those of the newest messages first."""
    days = [entry.file for _, entry in sorted(manifest.days.items(), reverse=True)]
    return [name for name in (manifest.unsent.file, *days) if name is not None]


def _read(folder: ArchiveFolder, name: str, names: Sequence[str], expression: Any) -> Any:
    path = folder.path / name
    try:
        source = ds.dataset(path, schema=FILE_SCHEMA, format="parquet")
        return source.to_table(columns=list(names), filter=expression)
    except FileNotFoundError as error:
        raise FileNotFoundError(error.errno, error.strerror, name) from error
    except (pa.ArrowException, OSError) as error:
        raise unreadable(folder, name) from error


def checked_columns(columns: Sequence[str] | None) -> list[str]:
    """Return the names of the columns to read.

    Raises:
        ConfigurationError: One is unknown.
    """
    if columns is None:
        return list(ROW_SCHEMA.names)
    unknown = [name for name in columns if name not in FILE_SCHEMA.names]
    if isinstance(columns, str) or not columns or unknown:
        raise ConfigurationError(
            "columns must be a list of some of: " + ", ".join(FILE_SCHEMA.names) + ".",
            field="columns",
        )
    return list(dict.fromkeys(columns))


def _expression(where: Sequence[Condition]) -> Any:
    expression = None
    for condition in where:
        one = _condition(condition)
        expression = one if expression is None else expression & one
    return expression


def _condition(condition: Condition) -> Any:
    try:
        name, operator, value = condition
        kind = FILE_SCHEMA.field(name).type
        column = pc.field(name)
        if operator in {"in", "not in"}:
            found = column.isin(pa.array([_value(one, kind) for one in value], kind))
            return found if operator == "in" else ~found
        if value is None and operator in {"==", "!="}:
            return column.is_null() if operator == "==" else column.is_valid()
        return _OPERATORS[operator](column, pa.scalar(_value(value, kind), kind))
    except (ValueError, TypeError, KeyError, DecimalException, pa.ArrowException):
        raise ConfigurationError(
            f"where contains an invalid condition: {condition!r}. A condition is a column, an "
            'operator (==, !=, <, <=, >, >=, in, not in) and a value, such as ("status", "==", '
            '"failed").',
            field="where",
        ) from None


def _value(value: Any, kind: Any) -> Any:
    """Return a value of a condition in the type of its column."""
    if kind == MOMENT_TYPE and isinstance(value, str | date):
        return span_of(value, name="where")[0]
    if kind == MONEY_TYPE and not isinstance(value, Decimal):
        return Decimal(str(value))
    return value


def _described(manifest: Manifest, rows: int, where: Sequence[Condition]) -> dict[str, object]:
    days = sorted(manifest.days) or [date.min]
    whole = all(one.complete for one in manifest.days.values())
    first = manifest.since or days[0]
    gapless = len(days) == (days[-1] - first + timedelta(days=1)).days
    return {
        "account": f"{manifest.account[:4]}…{manifest.account[-4:]}",
        "filters": {
            "where": [f"{name} {operator} {_plain(value)}" for name, operator, value in where]
        }
        if where
        else {},
        "fetched_at": max((one.walked_at for one in manifest.days.values()), default=""),
        "complete": whole and gapless and not where,
        "rows": rows,
        "rows_read": rows,
        "schema_version": SCHEMA_VERSION,
    }


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)

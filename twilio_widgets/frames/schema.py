"""The message frame's schema: one list of columns, the same for no row and for a million.

Everything that makes or reads back a message frame goes through `conform`, so a frame built from
Twilio's pages, one read from Parquet and one read from a spreadsheet have equal dtypes.

Source of the words and types: Twilio's OpenAPI document of 2026-04-14, `api.v2010.account.message`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, DecimalException
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from twilio_widgets.core.message.message import DIRECTIONS, STATUSES
from twilio_widgets.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEMA_VERSION = 1
"""Goes up when a column is added, removed, renamed, moved or changes its dtype."""

# `string` with pd.NA, kept in Arrow memory: named in full because in pandas 3 the plain `str` dtype
# means NaN. `Int64` and not an Arrow integer, because pandas' own nullable integers are what people
# know; the price has no pandas equal that is exact, so it is Arrow's.
TEXT: Any = pd.StringDtype("pyarrow")
WHOLE: Any = pd.Int64Dtype()
MONEY_TYPE: Any = pa.decimal128(18, 6)
MONEY: Any = pd.ArrowDtype(MONEY_TYPE)
FLAG: Any = pd.BooleanDtype()
MOMENT = pd.DatetimeTZDtype("us", "UTC")
MOMENT_TYPE: Any = pa.timestamp("us", tz="UTC")
_MICRO = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class SchemaColumn:
    """One column of the message frame."""

    name: str
    """Twilio's own field name."""

    dtype: Any
    """The pandas dtype. For words, their categorical dtype when only known words occur."""

    meaning: str

    words: tuple[str, ...] = ()
    """The known words of a categorical column. Words that are new are appended to them."""


def words_column(name: str, words: tuple[str, ...], meaning: str) -> SchemaColumn:
    """Describe a categorical column by its known words, in their order."""
    return SchemaColumn(name, pd.CategoricalDtype(list(words)), meaning, words)


SCHEMA = (
    SchemaColumn("sid", TEXT, "The message: SM (text) or MM (with media) and 32 hex digits."),
    SchemaColumn(
        "date_sent", MOMENT, "When Twilio sent it, or passed an inbound one on. NaT: not yet."
    ),
    SchemaColumn("date_created", MOMENT, "When the message came into being."),
    SchemaColumn("date_updated", MOMENT, "When anything about it last changed."),
    words_column("direction", DIRECTIONS, "Which way it went, and what made it."),
    words_column("status", STATUSES, "Where it stands, in Twilio's word."),
    SchemaColumn("from", TEXT, "The sender. NA: a messaging service has not chosen one yet."),
    SchemaColumn("to", TEXT, "The recipient."),
    SchemaColumn("body", TEXT, 'The text. "" once redacted.'),
    SchemaColumn("num_segments", WHOLE, "The parts it is billed as. 0: not known yet."),
    SchemaColumn("num_media", WHOLE, "The number of media files."),
    SchemaColumn("price", MONEY, "What it cost: negative for a charge. NA: not billed yet."),
    SchemaColumn("price_unit", TEXT, "The currency of `price`, such as USD."),
    SchemaColumn("error_code", WHOLE, "Why it failed; tw.explain_error(code) says what to do."),
    SchemaColumn("error_message", TEXT, "Twilio's words for the error code."),
    SchemaColumn("messaging_service_sid", TEXT, "The messaging service it went through: MG…"),
    SchemaColumn("account_sid", TEXT, "The account or subaccount it belongs to: AC…"),
)
"""The columns of a message frame, in order."""

NAMES = tuple(column.name for column in SCHEMA)


def empty() -> pd.DataFrame:
    """Return a frame of no rows with every column of the schema."""
    return conform(pd.DataFrame())


def conform(frame: pd.DataFrame, schema: tuple[SchemaColumn, ...] = SCHEMA) -> pd.DataFrame:
    """Give a table the schema's columns, order and dtypes.

    Columns that are missing are added without values; columns the schema does not know are kept as
    they are, after the others. Times without a zone are taken as UTC.

    Args:
        frame: Rows from anywhere: Parquet, a CSV file, frames put together with ``pd.concat``.
        schema: Whose columns; those of messages when not given.

    Returns:
        A new frame; `frame` is not changed. Its ``attrs`` are kept.

    Raises:
        ConfigurationError: A value does not fit its column; the error's `field` is the column.
    """
    columns = {column.name: _fitted(frame, column) for column in schema}
    known = pd.DataFrame(columns, index=frame.index)
    others = frame.loc[:, [name for name in frame.columns if name not in columns]]
    made = pd.concat([known, pd.DataFrame(others)], axis=1) if len(others.columns) else known
    made.attrs = dict(frame.attrs)
    return made


def with_known_words(values: pd.Series, words: tuple[str, ...]) -> pd.Series:
    """Return words as a categorical: all known ones first, then new ones in order of appearance."""
    found = values.astype(TEXT)
    new = [word for word in found.dropna().unique() if word not in words]
    return found.astype(pd.CategoricalDtype([*words, *new]))


def money(values: Iterable[object]) -> pa.Array:
    """Return exact amounts, rounded half to even at six decimals where there are more.

    Raises:
        ArithmeticError: A value is no number, or does not fit in 18 digits.
        pyarrow.ArrowInvalid: The same, found by Arrow.
    """
    return pa.array([_amount(value) for value in values], MONEY_TYPE)


def _amount(value: object) -> Decimal | None:
    if value is None or value is pd.NA or value != value:  # noqa: PLR0124  NaN differs from itself
        return None
    return Decimal(str(value)).quantize(_MICRO, ROUND_HALF_EVEN)


def _fitted(frame: pd.DataFrame, column: SchemaColumn) -> pd.Series:
    if column.name not in frame.columns:
        return pd.Series(index=frame.index, dtype=column.dtype)
    values = frame[column.name]
    try:
        return _cast(values, column)
    except (ValueError, TypeError, DecimalException, pa.ArrowException) as error:
        raise ConfigurationError(
            f"Column {column.name!r} holds a value that does not fit {column.dtype}: "
            f"{str(error).splitlines()[0]}",
            field=column.name,
        ) from error


def _cast(values: pd.Series, column: SchemaColumn) -> pd.Series:
    if values.dtype == column.dtype:
        return values
    if column.words:
        return with_known_words(values, column.words)
    if column.dtype == MOMENT:
        return pd.to_datetime(values, utc=True).astype(MOMENT)
    if column.dtype == MONEY:
        exact = pd.arrays.ArrowExtensionArray(money(values.astype(object)))
        return pd.Series(exact, index=values.index, name=values.name)
    if column.dtype == WHOLE and values.dtype == object:
        values = pd.to_numeric(values)
    return values.astype(column.dtype)

"""The message frame's schema: one list of columns, the same for any number of rows.

All message frames are built or read with `conform`, so frames from Twilio's pages, from Parquet
files and from spreadsheets have equal dtypes.

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
"""Increased when a column is added, removed, renamed, moved or changes its dtype."""

# `string` with pd.NA in Arrow memory, named explicitly because the plain `str` dtype of pandas 3
# uses NaN. `Int64` and not an Arrow integer, because pandas' nullable integers are better known;
# pandas has no exact dtype for prices, so the price is an Arrow decimal.
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
    """The pandas dtype; the categorical dtype if only known categories occur."""

    meaning: str

    categories: tuple[str, ...] = ()
    """The known categories of a categorical column; new values are appended to them."""


def categorical_column(name: str, categories: tuple[str, ...], meaning: str) -> SchemaColumn:
    """Describe a categorical column by its known categories, in their order."""
    return SchemaColumn(name, pd.CategoricalDtype(list(categories)), meaning, categories)


SCHEMA = (
    SchemaColumn("sid", TEXT, "The message: SM (text) or MM (with media) and 32 hex digits."),
    SchemaColumn(
        "date_sent", MOMENT, "When Twilio sent it, or received an inbound one. NaT: not yet."
    ),
    SchemaColumn("date_created", MOMENT, "When the message was created."),
    SchemaColumn("date_updated", MOMENT, "When it last changed."),
    categorical_column("direction", DIRECTIONS, "Inbound or outbound, and how it was created."),
    categorical_column("status", STATUSES, "Twilio's status of the message."),
    SchemaColumn("from", TEXT, "The sender. NA: a messaging service has not chosen one yet."),
    SchemaColumn("to", TEXT, "The recipient."),
    SchemaColumn("body", TEXT, 'The text. "" once redacted.'),
    SchemaColumn("num_segments", WHOLE, "The number of segments billed. 0: not known yet."),
    SchemaColumn("num_media", WHOLE, "The number of media files."),
    SchemaColumn("price", MONEY, "The price: negative for a charge. NA: not billed yet."),
    SchemaColumn("price_unit", TEXT, "The currency of `price`, such as USD."),
    SchemaColumn("error_code", WHOLE, "Why it failed; tw.explain_error(code) says what to do."),
    SchemaColumn("error_message", TEXT, "Twilio's text for the error code."),
    SchemaColumn("messaging_service_sid", TEXT, "The messaging service that sent it: MG…"),
    SchemaColumn("account_sid", TEXT, "The account or subaccount it belongs to: AC…"),
)
"""The columns of a message frame, in order."""

NAMES = tuple(column.name for column in SCHEMA)


def empty() -> pd.DataFrame:
    """Return a frame of no rows with every column of the schema."""
    return conform(pd.DataFrame())


def conform(frame: pd.DataFrame, schema: tuple[SchemaColumn, ...] = SCHEMA) -> pd.DataFrame:
    """Return a table with the schema's columns, order and dtypes.

    Missing columns are added without values; columns that are not in the schema are kept unchanged,
    after the others. Times without a zone are UTC.

    Args:
        frame: Rows from any source: Parquet, a CSV file, a concatenation of frames.
        schema: The schema; by default that of messages.

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


def with_known_categories(values: pd.Series, categories: tuple[str, ...]) -> pd.Series:
    """Return a categorical: the known categories first, then new values in order of appearance."""
    found = values.astype(TEXT)
    new = [value for value in found.dropna().unique() if value not in categories]
    return found.astype(pd.CategoricalDtype([*categories, *new]))


def money(values: Iterable[object]) -> pa.Array:
    """Return exact amounts, rounded half to even at six decimals where there are more.

    Raises:
        ArithmeticError: A value is not a number, or does not fit in 18 digits.
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
            f"Column {column.name!r} contains a value that does not fit {column.dtype}: "
            f"{str(error).splitlines()[0]}",
            field=column.name,
        ) from error


def _cast(values: pd.Series, column: SchemaColumn) -> pd.Series:
    if values.dtype == column.dtype:
        return values
    if column.categories:
        return with_known_categories(values, column.categories)
    if column.dtype == MOMENT:
        return pd.to_datetime(values, utc=True).astype(MOMENT)
    if column.dtype == MONEY:
        exact = pd.arrays.ArrowExtensionArray(money(values.astype(object)))
        return pd.Series(exact, index=values.index, name=values.name)
    if column.dtype == WHOLE and values.dtype == object:
        values = pd.to_numeric(values)
    return values.astype(column.dtype)

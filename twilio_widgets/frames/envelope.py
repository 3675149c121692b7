"""Read any list of Twilio's API into a typed DataFrame, messages into a `MessageFrame`.

A column's type follows from its name, so that it does not depend on the rows: numbers that Twilio
writes as text become numbers, dates become times, and phone numbers stay text. If a value does not
fit the column's type, the whole column stays text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import pandas as pd
import pyarrow as pa

from twilio_widgets.core.credentials.secret import BULLETS, names_a_secret
from twilio_widgets.core.flows.answers import mapping_of
from twilio_widgets.core.flows.paging import list_name, next_link
from twilio_widgets.errors import BadResponse
from twilio_widgets.frames.build import message_frame
from twilio_widgets.frames.dates import moments_of
from twilio_widgets.frames.decode import page_of
from twilio_widgets.frames.gather import FrameBuilder
from twilio_widgets.frames.resource_schema import DAY
from twilio_widgets.frames.schema import TEXT, WHOLE, money

if TYPE_CHECKING:
    from datetime import datetime

T = TypeVar("T")

_LINKS = frozenset({"subresource_uris", "links"})
_MOMENTS = re.compile(r"date_\w+|start_time|end_time|as_of")
_DAYS = re.compile(r"start_date|end_date")
_AMOUNTS = re.compile(r"(?:\w+_)?price|usage|balance")
_WHOLES = re.compile(r"count|duration|queue_time|num_\w+|(?:\w+_)?size")


class ListPage(NamedTuple):
    """One page of any list."""

    name: str
    """The name of the list, such as ``calls``."""
    rows: list[Mapping[str, Any]]
    next_link: str | None
    is_log: bool
    """Whether it is the message log; Conversations and others have lists of this name, too."""


def rows_of(content: bytes) -> ListPage:
    """Decode one page of any list.

    The envelope is that of the 2010-04-01 API, or the ``meta`` object of the newer ones.

    Raises:
        BadResponse: It is not a page of a list.
    """
    envelope = mapping_of(content)
    name = list_name(envelope)
    rows = envelope.get(name or "")
    if name is None or not isinstance(rows, list):
        raise BadResponse(
            "Twilio's response is not a list, so it cannot become a table: leave frame=True out."
        )
    if not all(isinstance(row, dict) for row in rows):
        raise BadResponse(f'The rows of Twilio\'s list "{name}" are not objects.')
    is_log = name == "messages" and "meta" not in envelope
    return ListPage(name, rows, next_link(envelope), is_log)


class Envelopes:
    """Collects the pages of one list, and returns them as a DataFrame.

    Args:
        limit: The maximum number of rows to keep; None keeps all.
        account: The list's account, masked.
        fetched_at: When the list is read.
    """

    def __init__(self, *, limit: int | None, account: str, fetched_at: datetime) -> None:
        self._limit = limit
        self._attrs = {"account": account, "fetched_at": fetched_at.isoformat()}
        self._name: str | None = None
        self._rows: list[Mapping[str, Any]] = []
        self._messages = FrameBuilder()
        self._is_log = False
        self._cut = False

    def __len__(self) -> int:
        return len(self._rows) + len(self._messages)

    @property
    def full(self) -> bool:
        """Whether the limit is reached."""
        return self._limit is not None and len(self) >= self._limit

    def add(self, content: bytes) -> str | None:
        """Add one page, and return the link to the next one.

        Raises:
            BadResponse: It is not a page of a list, or a page of another list.
        """
        if self._is_log:
            return self._add_messages(content)
        page = rows_of(content)
        if self._name not in {None, page.name}:
            raise BadResponse(
                f'Twilio returned a page of "{page.name}" after pages of "{self._name}".'
            )
        self._name = page.name
        if page.is_log:
            self._is_log = True
            return self._add_messages(content)
        self._rows.extend(self._wanted(page.rows))
        return page.next_link

    def _add_messages(self, content: bytes) -> str | None:
        page = page_of(content)
        self._messages.add(self._wanted(page.rows))
        return page.next_page_uri

    def _wanted(self, rows: list[T]) -> list[T]:
        room = len(rows) if self._limit is None else self._limit - len(self)
        self._cut = self._cut or len(rows) > room
        return rows[:room]

    def frame(self, *, more: bool) -> pd.DataFrame:
        """Return the rows as a typed DataFrame; `more` is whether there are unread pages."""
        attrs = self._attrs | {"complete": not (more or self._cut)}
        if self._is_log:
            return message_frame(self._messages, attrs=attrs)
        made = table_of(self._rows)
        made.attrs.update(attrs | {"rows": len(made)})
        return made


def table_of(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Build a DataFrame of JSON objects; nested objects become columns ``name.key``.

    Links to subresources (``subresource_uris``, ``links``) are left out.
    """
    flat = [_flat(row) for row in rows]
    names = dict.fromkeys(name for row in flat for name in row)
    columns = {name: _typed(name, [row.get(name) for row in flat]) for name in names}
    return pd.DataFrame(columns, copy=False)


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in row.items():
        if name in _LINKS:
            continue
        if isinstance(value, str) and names_a_secret(name):
            found[name] = BULLETS
        elif isinstance(value, dict):
            found.update({f"{name}.{key}": inner for key, inner in value.items()})
        else:
            found[name] = value
    return found


def _typed(name: str, values: list[Any]) -> Any:
    given = [value for value in values if value is not None]
    try:
        if given and all(isinstance(value, bool) for value in given):
            return pd.array(values, "boolean")
        if _MOMENTS.fullmatch(name):
            return moments_of(values, column=name)
        if _DAYS.fullmatch(name):
            return pd.to_datetime(pd.Series(values, dtype=object), format="%Y-%m-%d").astype(DAY)
        if _AMOUNTS.fullmatch(name):
            amounts = money([None if value == "" else value for value in values])
            return pd.arrays.ArrowExtensionArray(amounts)
        if _WHOLES.fullmatch(name) or (given and all(type(value) is int for value in given)):
            whole = [None if value in (None, "") else int(value) for value in values]
            return WHOLE.__from_arrow__(pa.array(whole, pa.int64()))
        if given and all(type(value) in {int, float} for value in given):
            return pd.array(values, "Float64")
    except (ValueError, TypeError, ArithmeticError, OverflowError, BadResponse):
        pass  # a value does not fit the type: the column stays text
    return TEXT.__from_arrow__(pa.array([_text(value) for value in values], pa.large_string()))


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

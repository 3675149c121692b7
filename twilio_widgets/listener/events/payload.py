"""Parsing the parameters, headers and URL of a request."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import msgspec

from twilio_widgets.signature.location import HIDDEN, LOGIN

Pairs = tuple[tuple[str, str], ...]
"""Names and values in the order received; a name may be repeated."""

ROW_TOKEN: Final = "tw"  # noqa: S105 — its name, not a token
"""The query parameter of a status callback URL by which a job identifies its row."""

_CREDENTIALS: Final = frozenset(
    {
        *("authorization", "proxy-authorization", "cookie", "referer"),
        *("x-original-uri", "x-original-url", "x-forwarded-uri", "x-forwarded-path"),
        *("x-rewrite-url", "x-envoy-original-path"),
    }
)
"""Headers that may contain credentials: Twilio sends the first for a URL with a password, and those
that repeat the URL contain its login or key."""

_LONGEST_WHOLE: Final = 9
"""The most digits of a count or an error code."""


def first_values(pairs: Pairs) -> dict[str, str]:
    """Return a dict of each name and its first value."""
    return dict(reversed(pairs))


def whole(text: str | None) -> int | None:
    """Return a count or a code as an int; None if it is not a number."""
    if text and len(text) <= _LONGEST_WHOLE and text.isascii() and text.isdigit():
        return int(text)
    return None


def row_token_of(url: str) -> str | None:
    """Return the token in the URL by which a job identifies its row, if any."""
    if f"{ROW_TOKEN}=" not in url:
        return None
    try:
        query = urlsplit(url).query
    except ValueError:  # invalid IPv6 brackets
        return None
    return dict(parse_qsl(query)).get(ROW_TOKEN)


def without_credentials(headers: Iterable[tuple[str, str]]) -> Pairs:
    """Return headers with credentials replaced by bullets."""
    return tuple(
        [pair if pair[0].lower() not in _CREDENTIALS else (pair[0], HIDDEN) for pair in headers]
    )


def without_login(pairs: Pairs) -> Pairs:
    """Return the parameters of a query with a login replaced by bullets."""
    return tuple([pair if pair[0] != LOGIN else (LOGIN, HIDDEN) for pair in pairs])


def header(headers: Iterable[tuple[str, str]], wanted: str) -> str | None:
    """Return the first value of a header, whatever the case of its name."""
    wanted = wanted.lower()
    for name, value in headers:
        if name.lower() == wanted:
            return value
    return None


def text_of(pairs: Pairs) -> str:
    """Return pairs as JSON, without escaping non-ASCII characters.

    Raises:
        UnicodeEncodeError: A value contains an unpaired surrogate.
    """
    return msgspec.json.encode(pairs).decode()


def pairs_of(text: str) -> Pairs:
    """Parse the result of `text_of`."""
    return msgspec.json.decode(text, type=Pairs)


def micros(moment: datetime) -> int:
    """Return a datetime as microseconds since 1970, as stored."""
    return round(moment.timestamp() * 1_000_000)


def moment(micros: int) -> datetime:
    """Return the datetime (UTC) for microseconds since 1970."""
    return datetime.fromtimestamp(micros / 1_000_000, UTC)

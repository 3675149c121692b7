"""What a request of Twilio's says, read from its parameters, headers and URL."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import msgspec

from twilio_widgets.signature.location import HIDDEN, LOGIN, veiled

Pairs = tuple[tuple[str, str], ...]
"""Names and values in the order they came; a name may come more than once."""

ROW_TOKEN: Final = "tw"  # noqa: S105 — its name, not a token
"""The query parameter of a status callback URL by which a job knows its row again."""

_CREDENTIALS: Final = frozenset(
    {
        *("authorization", "proxy-authorization", "cookie", "referer"),
        *("x-original-uri", "x-original-url", "x-forwarded-uri", "x-forwarded-path"),
        *("x-rewrite-url", "x-envoy-original-path"),
    }
)
"""Headers that let their reader in somewhere: a URL with a password makes Twilio send the first,
and those that repeat the URL hold the login or key in it."""

_LONGEST_WHOLE: Final = 9
"""Digits of a count or an error code; what is longer is none of Twilio's."""


def first_values(pairs: Pairs) -> dict[str, str]:
    """Return each name with the first of its values."""
    return dict(reversed(pairs))


def whole(text: str | None) -> int | None:
    """Return a count or a code as a number; None when it is neither."""
    if text and len(text) <= _LONGEST_WHOLE and text.isascii() and text.isdigit():
        return int(text)
    return None


def row_token_of(url: str) -> str | None:
    """Return the token by which a job knows its row again, when the URL carries one."""
    if f"{ROW_TOKEN}=" not in url:
        return None
    try:
        query = urlsplit(url).query
    except ValueError:  # brackets that do not match
        return None
    return dict(parse_qsl(query)).get(ROW_TOKEN)


def without_credentials(headers: Iterable[tuple[str, str]]) -> Pairs:
    """Return headers as they came, with bullets where a credential stood."""
    return tuple(
        [pair if pair[0].lower() not in _CREDENTIALS else (pair[0], HIDDEN) for pair in headers]
    )


def without_login(pairs: Pairs) -> Pairs:
    """Return the parameters of a query with bullets where a login stood."""
    return tuple([pair if pair[0] != LOGIN else (LOGIN, HIDDEN) for pair in pairs])


def public(url: str) -> str:
    """Return a URL as it is kept: no user name and password, bullets for a login or a key."""
    url = veiled(url)
    if "@" not in url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:  # brackets that do not match: not a URL, and not one of ours
        return ""
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def header(headers: Iterable[tuple[str, str]], wanted: str) -> str | None:
    """Return the first value of a header, whatever the case of its name."""
    wanted = wanted.lower()
    for name, value in headers:
        if name.lower() == wanted:
            return value
    return None


def text_of(pairs: Pairs) -> str:
    """Write pairs as JSON, characters as themselves.

    Raises:
        UnicodeEncodeError: One of them holds half of a character.
    """
    return msgspec.json.encode(pairs).decode()


def pairs_of(text: str) -> Pairs:
    """Read pairs again from the text `text_of` made."""
    return msgspec.json.decode(text, type=Pairs)


def micros(moment: datetime) -> int:
    """Return a moment as microseconds since 1970, as the store keeps it."""
    return round(moment.timestamp() * 1_000_000)


def moment(micros: int) -> datetime:
    """Return the moment of so many microseconds since 1970, in UTC."""
    return datetime.fromtimestamp(micros / 1_000_000, UTC)

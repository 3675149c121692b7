"""Cells of a spreadsheet as parameters of a message: a text becomes a time, a number, yes or no."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from twilio_widgets.bulk.planning.values import plain, several, unusable

_BETWEEN_URLS: Final = re.compile(r"[,;|]*\s[\s,;|]*|[,;|]+(?=https?://)", re.IGNORECASE)
_YES: Final = frozenset({"true", "yes", "y", "1"})
_NO: Final = frozenset({"false", "no", "n", "0"})


class NotThat(ValueError):
    """A cell is not what a parameter takes; the text says what that is."""


def parameter_of(name: str, cell: object) -> object:
    """Return a cell as `messages.send` takes it, or None for an empty one.

    Args:
        name: The parameter.
        cell: What stands in the row.

    Raises:
        NotThat: It cannot be turned into what the parameter takes.
    """
    problem = unusable(cell)
    if problem and problem.startswith("is empty"):
        if name == "send_at":
            raise NotThat("send_at is empty in this row, so the message would leave at once.")
        return None
    if problem:
        raise NotThat(f"{name} {problem}")
    try:
        return _READ.get(name, _text)(name, cell)
    except NotThat:
        raise
    except ValueError:
        pass
    raise NotThat(f"{name} is too long to be written out.")


def _text(name: str, cell: object) -> object:
    return _body(name, cell).strip()


def _body(name: str, cell: object) -> str:
    if problem := several(cell):
        raise NotThat(f"{name} {problem}")
    return plain(cell)


def _addresses(_name: str, cell: object) -> object:
    """Read web addresses, parted by blanks, commas, semicolons or bars.

    A comma is also a character of addresses, so it only parts them where the next one begins.
    """
    if not isinstance(cell, str):
        return cell
    found = [part for part in _BETWEEN_URLS.split(cell.strip()) if part]
    return found[0] if len(found) == 1 else found


def _lines(_name: str, cell: object) -> object:
    """Read one value a line: a place has blanks in it (``geo:37.78,-122.39|375 Beale St``)."""
    if not isinstance(cell, str):
        return cell
    found = [line.strip() for line in cell.splitlines() if line.strip()]
    return found[0] if len(found) == 1 else found


def _json(name: str, cell: object) -> object:
    return cell if isinstance(cell, Mapping) else _text(name, cell)


def _whole(name: str, cell: object) -> object:
    try:
        number = Decimal(plain(cell).strip())
        if abs(number) < 10**9 and number == int(number):
            return int(number)
    except ArithmeticError:
        pass
    raise NotThat(f"{name} is a whole number.")


def _choice(name: str, cell: object) -> object:
    if isinstance(cell, bool):
        return cell
    word = plain(cell).strip().lower()
    if word in _YES | _NO:
        return word in _YES
    raise NotThat(f"{name} is true or false, yes or no, 1 or 0.")


def _moment(name: str, cell: object) -> object:
    if not isinstance(cell, str):
        return cell
    try:
        return datetime.fromisoformat(cell.strip())
    except ValueError:
        pass
    raise NotThat(f"{name} is a time with its zone, such as 2026-01-15T10:30+01:00.")


_READ: Final[Mapping[str, Callable[[str, object], object]]] = MappingProxyType(
    {
        "body": _body,
        "send_at": _moment,
        "media_url": _addresses,
        "persistent_action": _lines,
        "content_variables": _json,
        "tags": _json,
        **dict.fromkeys(("validity_period", "attempt"), _whole),
        **dict.fromkeys(
            (
                "smart_encoded",
                "shorten_urls",
                "send_as_mms",
                "provide_feedback",
                "force_delivery",
            ),
            _choice,
        ),
    }
)
"""How each parameter's cells are read; the others are texts."""

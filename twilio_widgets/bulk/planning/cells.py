"""Read cells as message parameters: a text becomes a time, a number, a boolean or a list."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from twilio_widgets.bulk.planning.values import plain, several, unusable
from twilio_widgets.core.message.parameters import FLAGS

_BETWEEN_URLS: Final = re.compile(r"[,;|]*\s[\s,;|]*|[,;|]+(?=https?://)", re.IGNORECASE)
_YES: Final = frozenset({"true", "yes", "y", "1"})
_NO: Final = frozenset({"false", "no", "n", "0"})


class InvalidCell(ValueError):
    """A cell is not valid for its parameter; the message describes what is."""


def parameter_of(name: str, cell: object) -> object:
    """Return a cell as a value for `messages.send`, or None for an empty cell.

    Args:
        name: The parameter.
        cell: The row's value.

    Raises:
        InvalidCell: The cell cannot be converted.
    """
    problem = unusable(cell)
    if problem and problem.startswith("is empty"):
        if name == "send_at":
            raise InvalidCell(
                "send_at is empty in this row, so the message would be sent immediately."
            )
        return None
    if problem:
        raise InvalidCell(f"{name} {problem}")
    try:
        return _READ.get(name, _text)(name, cell)
    except InvalidCell:
        raise
    except ValueError:
        pass
    raise InvalidCell(f"{name} is a number with too many digits.")


def _text(name: str, cell: object) -> object:
    return _body(name, cell).strip()


def _body(name: str, cell: object) -> str:
    if problem := several(cell):
        raise InvalidCell(f"{name} {problem}")
    return plain(cell)


def _addresses(_name: str, cell: object) -> object:
    """Read URLs separated by whitespace, commas, semicolons or vertical bars.

    A URL may contain a comma, so a comma only separates where the next URL begins.
    """
    if not isinstance(cell, str):
        return cell
    found = [part for part in _BETWEEN_URLS.split(cell.strip()) if part]
    return found[0] if len(found) == 1 else found


def _lines(_name: str, cell: object) -> object:
    """Read one value per line: a location contains spaces (``geo:37.78,-122.39|375 Beale St``)."""
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
    raise InvalidCell(f"{name} must be a whole number.")


def _choice(name: str, cell: object) -> object:
    if isinstance(cell, bool):
        return cell
    word = plain(cell).strip().lower()
    if word in _YES | _NO:
        return word in _YES
    raise InvalidCell(f"{name} must be true or false, yes or no, 1 or 0.")


def _moment(name: str, cell: object) -> object:
    if not isinstance(cell, str):
        return cell
    try:
        return datetime.fromisoformat(cell.strip())
    except ValueError:
        pass
    raise InvalidCell(f"{name} must be a time with a UTC offset, such as 2026-01-15T10:30+01:00.")


_READ: Final[Mapping[str, Callable[[str, object], object]]] = MappingProxyType(
    {
        "body": _body,
        "send_at": _moment,
        "media_url": _addresses,
        "persistent_action": _lines,
        "content_variables": _json,
        "tags": _json,
        **dict.fromkeys(("validity_period", "attempt"), _whole),
        **dict.fromkeys(FLAGS, _choice),
    }
)
"""The reader of each parameter's cells; other parameters are texts."""

"""A body with ``{column}`` in it, filled from one row.

A field is the exact name of a column, whatever characters are in it, and may say how its value is
written: ``{amount:.2f}``, ``{when:%d %B}``. Where several names fit, the longest is meant. Nothing
is evaluated: no attribute, index, call or nested field, and what a cell holds is never read as a
template again. ``{{`` and ``}}`` are braces. Blanks around a cell's text are left out inside a
longer text; a cell that is the whole text stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from difflib import get_close_matches
from numbers import Real
from typing import Final, NoReturn

from twilio_widgets.bulk.planning.values import (
    edged,
    of_a_readable_size,
    plain,
    several,
    unusable,
)
from twilio_widgets.errors import ConfigurationError

_OF_NUMBERS: Final = re.compile(r"(?:.?[<>^=])?[+ -]?0?[0-9]{0,3}[,_]?(?:\.[0-9]{1,2})?[dfs%]?")
_OF_TIMES: Final = re.compile(r"(?:[^%]|%-?[A-Za-z%])*%-?[A-Za-z](?:[^%]|%-?[A-Za-z%])*")
_LONGEST_SPEC: Final = 60
_MOST_NAMED: Final = 20


class Unfillable(Exception):
    """A row has no usable value for a column of the template."""

    def __init__(self, column: str, value: object, reason: str) -> None:
        super().__init__(reason)
        self.column, self.value = column, value


@dataclass(frozen=True, slots=True)
class TemplateField:
    """One place of a template that a row fills."""

    column: str
    spec: str = ""
    """How the value is written; Python's format specification, of numbers and times only."""

    def written(self, value: object) -> str:
        """Write one cell.

        Raises:
            Unfillable: It is empty, or cannot be written as asked.
        """
        if problem := unusable(value) or several(value):
            raise Unfillable(self.column, value, f"{self.column} {problem}")
        try:
            return format(_fit_for(self.spec, value), self.spec) if self.spec else plain(value)
        except (ValueError, TypeError, ArithmeticError):
            problem = f"cannot be written as {{…:{self.spec}}}." if self.spec else "is too long."
        raise Unfillable(self.column, value, f"{self.column} {problem}")


@dataclass(frozen=True, slots=True)
class Template:
    """A text with places that each row fills."""

    text: str
    pieces: tuple[str | TemplateField, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it needs, each once, in order."""
        return tuple(dict.fromkeys(p.column for p in self.pieces if isinstance(p, TemplateField)))

    @property
    def outline(self) -> str:
        """The text with a stop in each place: what is the same for every row."""
        return "".join(piece if isinstance(piece, str) else "." for piece in self.pieces)

    def fill(self, value_of: Callable[[str], object]) -> str:
        """Write it for one row.

        Args:
            value_of: The row's value of a column.

        Raises:
            Unfillable: A value is missing or cannot be written as asked.
        """

        def text_of(piece: str | TemplateField) -> str:
            if isinstance(piece, str):
                return piece
            cell = value_of(piece.column)
            if isinstance(cell, str) and not self.is_one_cell:
                cell = edged(cell)
            return piece.written(cell)

        return "".join(map(text_of, self.pieces))

    @property
    def is_one_cell(self) -> bool:
        """Whether the text is nothing but one cell."""
        return len(self.pieces) == 1 and isinstance(self.pieces[0], TemplateField)


def template_of(text: str, columns: Mapping[str, object], *, name: str = "body") -> Template:
    """Read a template and check that the columns it names are there.

    Args:
        text: The template.
        columns: The input's columns, by name.
        name: What the template is for, to name it in an error.

    Raises:
        ConfigurationError: A brace has no partner, a field is not a column's name, or a format
            could do more than write a value.
    """
    pieces: list[str | TemplateField] = []
    names = sorted(filter(None, columns), key=len, reverse=True)
    literal, at = "", 0
    while at < len(text):
        field, end = _field_at(text, at, names, name)
        if field is None:
            literal, at = literal + text[at], end
            continue
        pieces.extend([literal, field] if literal else [field])
        literal, at = "", end
    pieces.extend([literal] if literal else [])
    template = Template(text, tuple(pieces))
    require_columns(template.columns, columns, name=name)
    return template


def require_columns(
    wanted: tuple[str, ...] | list[str], columns: Mapping[str, object], *, name: str
) -> None:
    """Check that columns are there.

    Raises:
        ConfigurationError: Naming each that is missing, with the one that was probably meant.
    """
    for column in wanted:
        if not isinstance(column, str):
            _refuse(f"{name} is the name of a column, as text: not {column!r}.", name)
    missing = [_missed(column, columns) for column in wanted if column not in columns]
    if not missing:
        return
    named = [
        *map(repr, list(columns)[:_MOST_NAMED]),
        *(["…"] if len(columns) > _MOST_NAMED else []),
    ]
    there = ", ".join(named) or "no column at all"
    looked_into = any(re.search(r"[.\[]", column) for column in wanted if column not in columns)
    hint = " A field is a column's name and nothing else." if looked_into else ""
    raise ConfigurationError(
        f"{name} names {' and '.join(missing)}, which the input does not have.{hint} "
        f"It has {there}.",
        field=name,
    )


def _missed(column: str, columns: Mapping[str, object]) -> str:
    by_lower = {known.lower(): known for known in columns}
    close = get_close_matches(column.strip().lower(), by_lower, n=1, cutoff=0.6)
    return f"{column!r}" + (f" (did you mean {by_lower[close[0]]!r}?)" if close else "")


def _field_at(
    text: str, at: int, names: Sequence[str], name: str
) -> tuple[TemplateField | None, int]:
    """Read one character or one field.

    Args:
        text: The template.
        at: Where to read.
        names: The columns, the longest name first.
        name: What the template is for, to name it in an error.

    Returns:
        The field, or None for a character of the text; and where to read on.
    """
    if text[at] not in "{}":
        return None, at + 1
    if text[at] == "{":
        for column in names:
            end = at + 1 + len(column)
            if text.startswith(column, at + 1) and text[end : end + 1] in {"}", ":"}:
                return _spec_at(text, end, column, name)
    if text[at + 1 : at + 2] == text[at]:
        return None, at + 2
    end = text.find("}", at + 1)
    if text[at] == "}" or end < 0:
        _refuse_brace(text, at, name)
    column, _, spec = text[at + 1 : end].partition(":")
    column, mark, conversion = column.partition("!")
    if mark and column in names:
        _refuse(f"{name} asks for {{{column}!{conversion}}}; leave !{conversion} out.", name)
    if not column:
        _refuse(f"{name} has {{}}, which names no column. Write {{{{}}}} for two braces.", name)
    _check_spec(column, spec, name)
    return TemplateField(column + mark + conversion, spec), end + 1


def _spec_at(text: str, at: int, column: str, name: str) -> tuple[TemplateField, int]:
    """Read what follows the name of a column: its format, if any, and the closing brace."""
    end = text.find("}", at)
    spec = text[at + 1 : end] if text[at] == ":" else ""
    if end < 0:
        _refuse_brace(text, at, name)
    _check_spec(column, spec, name)
    return TemplateField(column, spec), end + 1


def _check_spec(column: str, spec: str, name: str) -> None:
    numbers, times = _OF_NUMBERS.fullmatch(spec), _OF_TIMES.fullmatch(spec)
    if len(spec) > _LONGEST_SPEC or "{" in spec or not (numbers or times):
        _refuse(
            f"{name} asks to write {column!r} as {spec[:_LONGEST_SPEC]!r}, which is no format for "
            "a number (.2f), a text (>10) or a time (%d %B).",
            name,
        )


def _fit_for(spec: str, value: object) -> object:
    """Return what the format wants of a text: a number for ``.2f``, a time for ``%d``."""
    if _OF_TIMES.fullmatch(spec) and not _OF_NUMBERS.fullmatch(spec):
        moment = datetime.fromisoformat(value.strip()) if isinstance(value, str) else value
        if not isinstance(moment, date | time):
            raise TypeError(spec)
        return moment
    if spec[-1:] not in "df%" and "," not in spec and "_" not in spec:
        return value if isinstance(value, Real | Decimal) else plain(value)
    number = Decimal(value.strip()) if isinstance(value, str) else value
    if isinstance(number, Decimal):
        of_a_readable_size(number)
    if spec.endswith("d") and isinstance(number, float | Decimal):
        if number != int(number):
            raise ValueError(spec)
        return int(number)
    return number


def _refuse(problem: str, name: str) -> NoReturn:
    raise ConfigurationError(problem, field=name)


def _refuse_brace(text: str, at: int, name: str) -> NoReturn:
    alone = text[at] == "}" or at + 1 == len(text)
    problem = (
        f"Single {text[at]!r} encountered in format string"
        if alone
        else "expected '}' before end of string"
    )
    _refuse(
        f"{name} has a brace without its partner ({problem}). Write {{{{ or }}}} for a brace.", name
    )

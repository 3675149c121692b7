"""Templates: text with ``{column}`` fields, filled from one row.

A field is the exact name of a column, with any characters, and may have a format: ``{amount:.2f}``,
``{when:%d %B}``. If several names match, the longest is used. Nothing is evaluated: no attribute,
index, call or nested field, and a cell's text is never read as a template. ``{{`` and ``}}`` are
literal braces. Whitespace around a cell's text is removed within a longer text; a cell that is the
whole text is not changed.
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
    """A field of a template, replaced by a row's value."""

    column: str
    spec: str = ""
    """Python's format specification, for numbers and times only; empty if there is none."""

    def written(self, value: object) -> str:
        """Return one cell as text.

        Raises:
            Unfillable: It is empty, or does not fit the format.
        """
        if problem := unusable(value) or several(value):
            raise Unfillable(self.column, value, f"{self.column} {problem}")
        try:
            return format(_fit_for(self.spec, value), self.spec) if self.spec else plain(value)
        except (ValueError, TypeError, ArithmeticError):
            problem = (
                f"does not fit the format {self.spec!r}."
                if self.spec
                else "is a number with too many digits."
            )
        raise Unfillable(self.column, value, f"{self.column} {problem}")


@dataclass(frozen=True, slots=True)
class Template:
    """A text with fields that each row fills."""

    text: str
    pieces: tuple[str | TemplateField, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of its fields, each once, in order."""
        return tuple(dict.fromkeys(p.column for p in self.pieces if isinstance(p, TemplateField)))

    @property
    def outline(self) -> str:
        """The text with ``.`` for each field: the part that is the same for every row."""
        return "".join(piece if isinstance(piece, str) else "." for piece in self.pieces)

    def fill(self, value_of: Callable[[str], object]) -> str:
        """Return the text for one row.

        Args:
            value_of: Returns the row's value of a column.

        Raises:
            Unfillable: A value is missing or does not fit its format.
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
        """Whether the text consists of a single field."""
        return len(self.pieces) == 1 and isinstance(self.pieces[0], TemplateField)


def template_of(text: str, columns: Mapping[str, object], *, name: str = "body") -> Template:
    """Parse a template and check that its columns exist.

    Args:
        text: The template.
        columns: The input's columns, by name.
        name: The parameter that the template is for, for errors.

    Raises:
        ConfigurationError: A brace is unmatched, a field is not a column, or a format is not one
            for numbers, texts or times.
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
    """Check that columns exist.

    Raises:
        ConfigurationError: It names each missing column, and a similar one if there is any.
    """
    for column in wanted:
        if not isinstance(column, str):
            _refuse(f"{name} must be the name of a column, as text: got {column!r}.", name)
    missing = [_missed(column, columns) for column in wanted if column not in columns]
    if not missing:
        return
    named = [
        *map(repr, list(columns)[:_MOST_NAMED]),
        *(["…"] if len(columns) > _MOST_NAMED else []),
    ]
    there = ", ".join(named) or "no columns"
    looked_into = any(re.search(r"[.\[]", column) for column in wanted if column not in columns)
    hint = " A field must be exactly a column's name." if looked_into else ""
    raise ConfigurationError(
        f"{name} uses {' and '.join(missing)}, but the table has no such column.{hint} "
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
        name: The parameter that the template is for, for errors.

    Returns:
        The field, or None for a character of the text; and the position after it.
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
        _refuse(f"{name} contains {{{column}!{conversion}}}: remove !{conversion}.", name)
    if not column:
        _refuse(
            f"{name} contains {{}}, which names no column. Write {{{{}}}} for two literal braces.",
            name,
        )
    _check_spec(column, spec, name)
    return TemplateField(column + mark + conversion, spec), end + 1


def _spec_at(text: str, at: int, column: str, name: str) -> tuple[TemplateField, int]:
    """Read the rest of a field: the format, if any, and the closing brace."""
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
            f"{name} has the format {spec[:_LONGEST_SPEC]!r} for {column!r}, which is not a format "
            "of numbers (.2f), texts (>10) or times (%d %B).",
            name,
        )


def _fit_for(spec: str, value: object) -> object:
    """Convert a value for its format: a text becomes a number for ``.2f``, a time for ``%d``."""
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
        f"{name} has an unmatched brace ({problem}). Write {{{{ or }}}} for a literal brace.", name
    )

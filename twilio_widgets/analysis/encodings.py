"""How bodies are encoded, and what Unicode cost: `segments`.

Each distinct text is split into segments once, however often it was sent.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final, NamedTuple

import pandas as pd

from twilio_widgets.analysis.answer_frame import AnswerFrame, answer
from twilio_widgets.analysis.chart_spec import ChartSpec, Series
from twilio_widgets.analysis.groups import amounts, bars, many, text, whole
from twilio_widgets.analysis.prepared import prepared_of
from twilio_widgets.core.text.segments import GSM_BASIC, GSM_EXTENSION
from twilio_widgets.core.text.segments import segments as segments_of
from twilio_widgets.core.text.smart_encoding import smart
from twilio_widgets.frames.schema import FLAG

_GSM: Final = GSM_BASIC | GSM_EXTENSION
_MOST_NAMED: Final = 5
_MICRO: Final = Decimal("0.000001")


class Cause(NamedTuple):
    """Why bodies have their encoding: the key of one row."""

    encoding: str
    characters: str
    """The characters to blame, separated by spaces, such as ``’ “ ”``; scripts by name."""
    fixable: bool
    """Whether every one of them has a look-alike in GSM-7."""


class EncodedBody(NamedTuple):
    """One distinct body."""

    cause: Cause
    segments: int
    in_gsm: int
    """The segments if every character were in GSM-7."""


@dataclass
class _Row:
    messages: int = 0
    segments: int = 0
    extra_segments: int = 0
    extra_cost: Fraction = field(default_factory=Fraction)


def segments(source: object, *, tz: str | None = None) -> AnswerFrame:
    """Count outbound messages by encoding: what Unicode cost, and the characters to blame.

    One character outside GSM-7 turns the whole body into UCS-2, whose segments have 70 characters
    instead of 160.

    Args:
        source: A message frame, an archive or a prepared log.
        tz: The time zone that the answer names; by default UTC.

    Returns:
        One row for each encoding, set of characters to blame and currency: `encoding`,
        `characters` (NA in GSM-7), `fixable` (each of them has a look-alike in GSM-7, which
        ``smart_encoded=True`` would use), `messages`, `segments` as billed, `extra_segments` (more
        than with the same text in GSM-7), `currency`, and `extra_cost`: their share of the price,
        of the billed messages. The most extra segments come first.

    Raises:
        ConfigurationError: A column is missing, or `tz` is not known.
    """
    log = prepared_of(source, tz, "direction", "body", "segments", "media", "price")
    texts = log.outbound.where(media=[0, None])
    rows: dict[tuple[Cause, str | None], _Row] = defaultdict(_Row)
    readings: dict[str, EncodedBody] = {}
    without_text = len(log.outbound) - len(texts)
    for (body, billed, (unit, price)), count in zip(
        *texts.combinations("body", "segments", "price"), strict=True
    ):
        if not body:
            without_text += int(count)
            continue
        if body not in readings:
            readings[body] = reading_of(body)
        _add(rows[readings[body].cause, unit], readings[body], billed, price, int(count))
    ordered = sorted(rows, key=lambda key: (-rows[key].extra_segments, key[0], key[1] or ""))
    counted = (
        f"{many(sum(row.messages for row in rows.values()), 'outbound message')} with "
        f"{many(len(readings), 'different text')}."
    )
    if without_text:
        counted += f" Left out, with media or without a text: {without_text:,}."
    return answer(
        _columns(rows, ordered),
        counted=counted,
        spec=_chart(rows, ordered),
        source=log.frame,
        time_zone=log.tz,
    )


def reading_of(body: str) -> EncodedBody:
    """Return how a body is encoded, why, and how many segments it would need in GSM-7."""
    found = segments_of(body)
    if found.encoding == "GSM-7":
        return EncodedBody(Cause("GSM-7", "", fixable=False), found.count, found.count)
    plain = smart(body)
    left = [char for char in plain if char not in _GSM]
    if left:  # as if each of them took the place of one character
        plain = "".join(char if char in _GSM else "x" for char in plain)
    outside = {_name(char) for char in (left or body) if char not in _GSM} - {""}
    names = sorted(outside)
    shown = " ".join(names[:_MOST_NAMED]) + (" …" if len(names) > _MOST_NAMED else "")
    return EncodedBody(
        Cause("UCS-2", shown, fixable=not left), found.count, segments_of(plain).count
    )


@lru_cache(maxsize=10_000)
def _name(char: str) -> str:
    """Return a character as a reader recognizes it: letters by script, invisible ones by name."""
    name, kind = unicodedata.name(char, f"U+{ord(char):04X}"), unicodedata.category(char)
    script = re.split("[ -]", name, maxsplit=1)[0]
    if char == "\u200d" or name.startswith("VARIATION SELECTOR"):
        return ""  # it belongs to the emoji beside it
    if kind[0] in "LM" and script not in {"LATIN", "COMBINING"}:
        return script if script == "CJK" else script.capitalize()
    return char if char.isprintable() and kind[0] != "M" else name.capitalize()


def _add(
    row: _Row, reading: EncodedBody, billed: int | None, price: Decimal | None, n: int
) -> None:
    paid = billed or reading.segments  # 0 segments: not known yet
    extra = max(0, paid - reading.in_gsm) if reading.cause.encoding == "UCS-2" else 0
    row.messages += n
    row.segments += paid * n
    row.extra_segments += extra * n
    if price is not None:
        row.extra_cost -= Fraction(price) * extra * n / paid


def _columns(rows: dict[tuple[Cause, str | None], _Row], ordered: list[Any]) -> dict[str, Any]:
    causes, each = [cause for cause, _ in ordered], [rows[key] for key in ordered]
    unicode = [cause.encoding == "UCS-2" for cause in causes]
    return {
        "encoding": text(cause.encoding for cause in causes),
        "characters": text(cause.characters or None for cause in causes),
        "fixable": pd.array(
            [one.fixable if ucs2 else None for one, ucs2 in zip(causes, unicode, strict=True)], FLAG
        ),
        "messages": whole(row.messages for row in each),
        "segments": whole(row.segments for row in each),
        "extra_segments": whole(row.extra_segments for row in each),
        "currency": text(unit for _, unit in ordered),
        "extra_cost": amounts(_decimal(row.extra_cost) for row in each),
    }


def _decimal(amount: Fraction) -> Decimal:
    exact = Decimal(amount.numerator) / Decimal(amount.denominator)
    return exact.quantize(_MICRO, ROUND_HALF_EVEN)


def _chart(rows: dict[tuple[Cause, str | None], _Row], ordered: list[Any]) -> ChartSpec:
    extra: dict[str, int] = defaultdict(int)
    for cause, unit in ordered:
        extra[cause.characters] += rows[cause, unit].extra_segments
    causes = sorted((one for one in extra if extra[one]), key=lambda one: (-extra[one], one))
    values = tuple(float(extra[one]) for one in causes)
    series = [Series(name="extra segments", values=values, tone="bad")]
    spec = bars("Segments that Unicode added", "characters", causes, series, value_title="Segments")
    return replace(spec, keys=())  # no filter is about characters

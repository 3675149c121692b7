"""Split a body into SMS segments, the unit of billing.

A segment carries 1,120 bits: 160 characters of GSM-7, or 70 UTF-16 code units (UCS-2). A longer
body travels in parts, and each part gives 48 bits to a header: 153 or 67 remain. One character
outside GSM-7 turns the whole body into UCS-2.

Sources: 3GPP TS 23.038 (the alphabet) and TS 23.040 (the header); Twilio, "Messages resource"
(`Body`), and Twilio's open message segment calculator, whose results these are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from twilio_widgets.errors import InvalidMessage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Encoding = Literal["GSM-7", "UCS-2"]

GSM_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The characters that cost one septet each."""

GSM_EXTENSION: Final = frozenset("\f^{}\\[~]|€")
"""The characters that cost two: an escape, and the character."""

_GSM: Final = GSM_BASIC | GSM_EXTENSION
_WHOLE: Final[dict[Encoding, int]] = {"GSM-7": 160, "UCS-2": 70}
_PART: Final[dict[Encoding, int]] = {"GSM-7": 153, "UCS-2": 67}
_MOST_BLAMED: Final = 10

_ALONE: Final = re.compile(
    "[\x00-\u02ff\u0370-\u0482\u048a-\u052f\u2010-\u2027\u2030-\u205e\u20a0-\u20bf"
    "\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff]*"
)
"""Characters a reader never sees as part of another: Latin, Greek, Cyrillic, punctuation, kana and
common ideographs. A text of them alone is cut without looking for graphemes, ten times as fast."""


@dataclass(frozen=True, slots=True)
class Segments:
    """How one body is encoded and cut."""

    encoding: Encoding
    """``"GSM-7"``, or ``"UCS-2"`` when one character is outside GSM-7."""

    count: int
    """How many segments are sent and paid for; an empty body is one."""

    units: int
    """The length of the whole body: septets in GSM-7, UTF-16 code units in UCS-2."""

    blame: tuple[tuple[int, str], ...]
    """The first characters that forced UCS-2, at most ten, each as (index, character)."""

    per_segment: int
    """The most units in one segment of this body: 160 or 153, 70 or 67."""

    parts: tuple[str, ...]
    """The text of each segment, in order. Joined, they are the body."""

    last_used: int
    """How many units the last segment uses."""


def segments(text: str) -> Segments:
    r"""Return how a body is encoded, how many segments it takes and where it is split.

    An extension character of GSM-7 is never split from its escape. In UCS-2 what a reader sees as
    one character (a flag, a family, a letter with its accents) stays in one part when it fits in
    one; a longer one is cut between code points, never inside a surrogate pair. A line break
    ``\r\n`` is two characters, and may be cut between them.

    Args:
        text: The body. Lone surrogates, which no phone can show, count one unit each.

    Raises:
        InvalidMessage: It is not text.
    """
    if not isinstance(text, str):
        raise InvalidMessage(
            f"A body is text, not {type(text).__name__}: segments(str(value)).", field="body"
        )
    encoding: Encoding = "GSM-7" if _GSM.issuperset(text) else "UCS-2"
    units = _units(text, encoding)
    per_segment, parts = _WHOLE[encoding], [text]
    if units > per_segment:
        per_segment = _PART[encoding]
        parts = list(_pack(_pieces(text, encoding, units), per_segment))
    return Segments(
        encoding=encoding,
        count=len(parts),
        units=units,
        blame=tuple(_outside_gsm(text)) if encoding == "UCS-2" else (),
        per_segment=per_segment,
        parts=tuple(parts),
        last_used=_units(parts[-1], encoding),
    )


def _units(text: str, encoding: Encoding) -> int:
    if encoding == "GSM-7":
        return len(text) + sum(map(text.count, GSM_EXTENSION))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _outside_gsm(text: str) -> Iterator[tuple[int, str]]:
    found = ((index, char) for index, char in enumerate(text) if char not in _GSM)
    for blamed, _ in zip(found, range(_MOST_BLAMED), strict=False):
        yield blamed


def _pieces(text: str, encoding: Encoding, units: int) -> Iterator[tuple[str, int]]:
    """Yield the indivisible pieces of a text, each with its units."""
    if units == len(text) and (encoding == "GSM-7" or _ALONE.fullmatch(text)):
        step = _PART[encoding]
        for start in range(0, len(text), step):
            piece = text[start : start + step]
            yield piece, len(piece)
        return
    if encoding == "GSM-7":
        yield from ((char, 1 + (char in GSM_EXTENSION)) for char in text)
        return
    for grapheme in _graphemes(text):
        cost = _units(grapheme, encoding)
        if cost <= _PART[encoding]:
            yield grapheme, cost
        else:
            yield from ((char, _units(char, encoding)) for char in grapheme)


def _graphemes(text: str) -> list[str]:
    # Loaded here: only long bodies in UCS-2 need it, and the import is not free.
    try:
        import regex
    except ImportError:
        return _graphemes_of_the_browser(text)
    # Two lone surrogates in a row are one character on the wire, so they are one here.
    return regex.findall(r"\r|[\ud800-\udbff][\udc00-\udfff]|\X", text)


def _graphemes_of_the_browser(text: str) -> list[str]:
    """Return the graphemes in JupyterLite, where regex has no wheel on PyPI."""
    import js

    segmenter = js.Intl.Segmenter.new("en")  # it splits into graphemes by default
    return [found.segment for found in segmenter.segment(text)]


def _pack(pieces: Iterable[tuple[str, int]], room: int) -> Iterator[str]:
    part: list[str] = []
    used = 0
    for piece, cost in pieces:
        if used + cost > room:
            yield "".join(part)
            part, used = [], 0
        part.append(piece)
        used += cost
    yield "".join(part)

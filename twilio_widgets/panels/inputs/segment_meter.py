"""The segment meter: segments and price of a text while it is typed, and the cause of UCS-2.

Python counts; the page draws the result, and its one button replaces characters.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal

import traitlets

from twilio_widgets.core.message.parameters import LONGEST_BODY
from twilio_widgets.core.numbers.money import money_text
from twilio_widgets.core.numbers.price_sources import PriceSource
from twilio_widgets.core.numbers.prices import PER_SEGMENT, READ_ON, estimate
from twilio_widgets.core.text.segments import Segments, segments
from twilio_widgets.core.text.smart_encoding import Replacement, smart, smart_replacements
from twilio_widgets.panels.inputs.ordered_button import Pressable
from twilio_widgets.panels.kit.assets import asset

MOST_BARS = 30
"""The most bars drawn. The longest body that Twilio accepts has 24 segments."""

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
_INSTEAD = {"": "without it,", " ": "with an ordinary space", "\n": "with a line break"}
_ACTUAL = "without carrier fees. Twilio reports the actual cost in the message's price."
_ESTIMATE = "estimate"
_ABOUT_THE_PRICE = f"An estimate from Twilio's list prices, read in {READ_ON:%B %Y}, {_ACTUAL}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterView:
    """Everything that the meter shows."""

    fills: tuple[int, ...] = ()
    """The percentage used of each segment; one bar each."""
    count: str = ""
    """The main figure, such as ``"2 segments"``."""
    details: str = ""
    about: str = ""
    """The basis of the details, shown as a tooltip."""
    too_long: bool = False
    blame: str = ""
    """The character that requires UCS-2, and its effect."""
    cure: str = ""
    """The label of the button that replaces it; empty when it cannot be replaced."""


class SegmentMeter(Pressable):
    """Bars and two lines under a message, showing a `MeterView`; a button replaces characters."""

    _esm = asset(__file__, "segment_meter.js")
    _css = asset(__file__, "segment_meter.css")
    view = traitlets.Dict().tag(sync=True)

    def __init__(self) -> None:
        super().__init__(view=asdict(MeterView()))

    def show(self, reading: MeterView) -> None:
        """Show a reading."""
        self.view = asdict(reading)


def measure(
    body: str,
    to: str = "",
    *,
    media: bool = False,
    prices: Mapping[str, Decimal] = PER_SEGMENT,
    about: str = _ABOUT_THE_PRICE,
    basis: str = _ESTIMATE,
) -> MeterView:
    """Return the segments and the estimated price of a message.

    Args:
        body: The text so far.
        to: The recipient so far; the price depends on its country.
        media: Whether the message has media.
        prices: Estimated US dollars per segment, by country.
        about: The sentence about these prices.
        basis: The same in a few words; a message with media has a list price.
    """
    if not body and not media:
        empty = "A segment has 160 characters, or 70 if any of them is outside GSM-7."
        return MeterView(fills=(0,), details=empty)
    length = f"{len(body):,} {_plural('character', len(body))}"
    too_long = len(body) > LONGEST_BODY
    limit = f"Twilio accepts {LONGEST_BODY:,}" if too_long else ""
    if media or ":" in to:
        why = "an MMS is one message" if media else "messages on channels have no segments"
        price = priced(to, 1, media=media, prices=prices)
        return MeterView(
            count=length,
            details=_joined(limit, why, price),
            about=about if price else "",
            too_long=too_long,
        )
    cut = segments(body)
    price = priced(to, cut.count, prices=prices, basis=basis)
    blame, cure = _blame(body, cut)
    return MeterView(
        fills=_fills(cut),
        count=f"{cut.count} {_plural('segment', cut.count)}",
        details=_joined(cut.encoding, length, limit, _room(cut), price),
        about=about if price else "",
        too_long=too_long,
        blame=blame,
        cure=cure,
    )


def about_the_price(source: PriceSource) -> str:
    """Return the sentence about the prices of a source."""
    if source.per_segment is PER_SEGMENT:
        return _ABOUT_THE_PRICE
    return f"An estimate from {source.described}, {_ACTUAL}"


def basis_of(source: PriceSource) -> str:
    """Return the basis of an estimate in a few words."""
    is_list = source.per_segment is PER_SEGMENT
    return _ESTIMATE if is_list else f"{_ESTIMATE}; {source.described}"


def priced(
    to: str,
    segments: int,
    *,
    media: bool = False,
    prices: Mapping[str, Decimal] = PER_SEGMENT,
    basis: str = _ESTIMATE,
) -> str:
    """Return the estimated price as text; empty where there is no estimate."""
    price = estimate(to, segments, media=media, prices=prices)
    return "" if price is None else f"about {money_text(price)} ({basis})"


def _fills(cut: Segments) -> tuple[int, ...]:
    last = round(100 * cut.last_used / cut.per_segment)
    return (*[100] * (min(cut.count, MOST_BARS) - 1), last)


def _room(cut: Segments) -> str:
    used = f"{cut.last_used} of {cut.per_segment}"
    if cut.count == 1:
        return used
    ordinal = _ORDINALS[cut.count - 1] if cut.count <= len(_ORDINALS) else "last"
    return f"{used} in the {ordinal}"


def _blame(body: str, cut: Segments) -> tuple[str, str]:
    """Return why the text requires UCS-2, and the label of the button that fixes it, if any."""
    if not cut.blame:
        return "", ""
    index, char = cut.blame[0]
    who = f"{named(char)} (character {index + 1:,}) is not in GSM-7"
    replacements = smart_replacements(body)
    cured = segments(smart(body))
    here = next((r for r in replacements if r.index <= index < r.index + len(r.character)), None)
    if here is None or cured.encoding != "GSM-7":
        others = " and others are not, either" if len(cut.blame) > 1 else ""
        return f"{who}{others}: a segment has 70 characters instead of 160.", ""
    instead = _INSTEAD.get(here.replacement, f"with {here.replacement}")
    return f"{who}; {instead} {_gain(cut.count, cured.count)}", _cure(replacements)


def _gain(now: int, then: int) -> str:
    if then == now:
        return "a segment has 160 characters instead of 70."
    return "it is 1 segment." if then == 1 else f"it is {then} segments."


def _cure(replacements: tuple[Replacement, ...]) -> str:
    count, kinds = len(replacements), {one.kind for one in replacements}
    kind = kinds.pop() if len(kinds) == 1 else "character"
    return f"Replace {count} {_plural(kind, count)}"


def _joined(*facts: str) -> str:
    return " · ".join(filter(None, facts))


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"


def named(char: str) -> str:
    """Return a character for use in a sentence: an invisible one by its Unicode name."""
    seen = char.isprintable() and not char.isspace() and not unicodedata.combining(char)
    return char if seen else unicodedata.name(char, f"U+{ord(char):04X}")

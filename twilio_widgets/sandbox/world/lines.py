"""What a lookup returns about a number: its country, line type and carrier.

Only numbers that are reserved for fiction, or belong to a few types that their prefix shows, are
known. Their line types agree with what happens to a message: numbers that end with 93 are landlines
(30006), and so are the landlines of London and Berlin that are reserved for drama.

Source: Twilio, "Lookup v2" (line types and validation errors).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from twilio_widgets.sandbox.world.phonebook import LANDLINE_PREFIX
from twilio_widgets.sandbox.world.sids import noise


class Carrier(NamedTuple):
    """A mobile network."""

    name: str
    mcc: str
    mnc: str


CARRIERS = {
    "US": (
        Carrier("AT&T Wireless", "310", "410"),
        Carrier("T-Mobile USA, Inc.", "310", "260"),
        Carrier("Verizon Wireless", "311", "480"),
    ),
    "GB": (
        Carrier("EE", "234", "30"),
        Carrier("O2", "234", "10"),
        Carrier("Vodafone", "234", "15"),
    ),
}

_COUNTRIES = (("1", "US", 10, 10), ("44", "GB", 9, 10), ("33", "FR", 9, 9), ("49", "DE", 6, 11))
"""Calling code, country, and the fewest and most digits of a national number."""

_TOLL_FREE = re.compile(r"\+18(?:00|33|44|55|66|77|88)\d{7}")
_FICTION = re.compile(r"(?:\+1\d{3}55501|\+447700900\d)(\d\d)")
_BERLIN_LANDLINE = "+493023125"


class Line(NamedTuple):
    """A phone line, as far as a lookup knows it."""

    number: str
    country: str | None
    calling_code: str | None
    problems: tuple[str, ...]
    """Why the number is not valid; empty if it is."""
    kind: str
    """Twilio's line type, such as ``mobile``."""
    carrier: Carrier | None


def line_of(number: str) -> Line:
    """Return the line with this number."""
    digits = number.removeprefix("+")
    if not number.startswith("+") or not digits.isascii() or not digits.isdigit():
        return Line(number, None, None, ("NOT_A_NUMBER",), "unknown", None)
    for code, country, fewest, most in _COUNTRIES:
        if digits.startswith(code):
            length = len(digits) - len(code)
            if length < fewest:
                return Line(number, None, None, ("TOO_SHORT",), "unknown", None)
            if length > most:
                return Line(number, None, None, ("TOO_LONG",), "unknown", None)
            return Line(number, country, code, (), *_line_type(number, country))
    return Line(number, None, None, ("INVALID_COUNTRY_CODE",), "unknown", None)


def _line_type(number: str, country: str) -> tuple[str, Carrier | None]:
    if _TOLL_FREE.fullmatch(number):
        return "tollFree", None
    fiction = _FICTION.fullmatch(number)
    if number.startswith((LANDLINE_PREFIX, _BERLIN_LANDLINE)) or (fiction and fiction[1] == "93"):
        return "landline", None
    networks = CARRIERS.get(country)
    if fiction is None or networks is None:
        return "unknown", None
    return "mobile", networks[noise(9, int(number[1:])) % len(networks)]

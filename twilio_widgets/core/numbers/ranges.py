"""Look up E.164 numbers directly in libphonenumber's tables, because its API is slow.

libphonenumber parses any notation and starts over for each question, which takes seven seconds for
100,000 numbers. Here a number in E.164 format is looked up in the same tables, in the same order
and with the same results. A number that needs more than a lookup (an unusual length, or a zero or
carrier code after the country code) is left to the library.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberDesc

_LONGEST_CODE: Final = 3
# In the library's order; fixed lines and mobiles, which may share their ranges, come last.
_KINDS: Final = (
    ("premium rate", "premium_rate"),
    ("toll free", "toll_free"),
    ("shared cost", "shared_cost"),
    ("voip", "voip"),
    ("personal number", "personal_number"),
    ("pager", "pager"),
    ("uan", "uan"),
    ("voicemail", "voicemail"),
)
UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Range:
    """What the tables say about one number."""

    country_code: int
    region: str | None
    """Two letters; None where no plan of its countries has room for it."""

    type: str
    """The kind of number, in words; `UNKNOWN` where no plan has room for it."""


def range_of(e164: str) -> Range | None:
    """Look a number up, or return None where only the library can tell.

    Args:
        e164: A plus and digits.
    """
    for length in range(1, _LONGEST_CODE + 1):
        if (country := _country(e164[1 : 1 + length])) is not None:
            number = e164[1 + length :]
            return None if country.needs_more(number) else country.range_of(number)
    return None


class _Country:
    """The plans of the countries that share a calling code."""

    def __init__(self, code: int, regions: tuple[str, ...]) -> None:
        self._code = code
        self._plans = [(name, plan) for name in regions if (plan := _plan(name, code)) is not None]
        main = self._plans[0][1]
        self._lengths = main.lengths
        prefix = main.prefix
        self._prefix = re.compile(prefix) if prefix else None
        self._alone = regions[0] if len(regions) == 1 else None

    def needs_more(self, number: str) -> bool:
        """Say whether the number begins with what is dialled inside the country only."""
        if number.startswith("0") or len(number) not in self._lengths:
            return True
        return self._prefix is not None and self._prefix.match(number) is not None

    def range_of(self, number: str) -> Range:
        """Find the region and the range."""
        for region, plan in self._plans:
            if self._alone is None and plan.leading is not None:
                if plan.leading.match(number):
                    return Range(self._code, region, plan.type_of(number))
            elif (kind := plan.type_of(number)) != UNKNOWN or self._alone is not None:
                return Range(self._code, region, kind)
        return Range(self._code, None, UNKNOWN)


class _Plan:
    """One region's ranges."""

    def __init__(self, tables: PhoneMetadata) -> None:
        self.prefix: str | None = tables.national_prefix_for_parsing
        self.lengths = _lengths_of(tables.general_desc)
        self.leading = re.compile(tables.leading_digits) if tables.leading_digits else None
        self._all = _Table(tables.general_desc)
        self._kinds = [(kind, _Table(getattr(tables, name))) for kind, name in _KINDS]
        self._fixed, self._mobile = _Table(tables.fixed_line), _Table(tables.mobile)
        self._same = bool(tables.same_mobile_and_fixed_line_pattern)

    def type_of(self, number: str) -> str:
        """Return the kind of number, in words."""
        if number not in self._all:
            return UNKNOWN
        for kind, table in self._kinds:
            if number in table:
                return kind
        if number in self._fixed:
            both = self._same or number in self._mobile
            return "fixed line or mobile" if both else "fixed line"
        return "mobile" if not self._same and number in self._mobile else UNKNOWN


class _Table:
    """The numbers of one description."""

    def __init__(self, described: PhoneNumberDesc | None) -> None:
        pattern = described.national_number_pattern if described is not None else None
        self._matches = re.compile(pattern).fullmatch if pattern else None
        self._lengths = _lengths_of(described)

    def __contains__(self, number: str) -> bool:
        if self._matches is None or (self._lengths and len(number) not in self._lengths):
            return False
        return self._matches(number) is not None


def _lengths_of(described: PhoneNumberDesc | None) -> frozenset[int]:
    return frozenset(() if described is None else described.possible_length)


@cache
def _country(digits: str) -> _Country | None:
    code = int(digits) if digits.isascii() and digits.isdigit() else 0
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(code)
    return _Country(code, regions) if regions and digits == str(code) else None


@cache
def _plan(region: str, code: int) -> _Plan | None:
    if region == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY:
        tables = PhoneMetadata.metadata_for_nongeo_region(code, None)
    else:
        tables = PhoneMetadata.metadata_for_region(region, None)
    return None if tables is None else _Plan(tables)

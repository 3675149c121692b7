"""Looking a number up in the tables gives what the library says of it, for every country."""

from __future__ import annotations

import random

import phonenumbers
import pytest

from twilio_widgets.core.numbers.numbering import describe_number, read_number
from twilio_widgets.core.numbers.ranges import Range, range_of

CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


def examples() -> list[str]:
    """One number of each kind of each country, as the library gives them."""
    found = (
        phonenumbers.example_number_for_type(region, kind)
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
        for kind in range(11)
    )
    form = phonenumbers.PhoneNumberFormat.E164
    return sorted({phonenumbers.format_number(number, form) for number in found if number})


def anything(count: int) -> list[str]:
    """Numbers at random, many of them in North America, where 25 countries share a code."""
    chance = random.Random(20260115)
    return [
        f"+{chance.choice([*CODES, *[1] * 60, *[44] * 20, *[7] * 10])}"
        + "".join(chance.choices("0123456789", k=chance.randrange(4, 12)))
        for _ in range(count)
    ]


def said_by_the_library(number: str) -> tuple[int, str | None, str, bool, str]:
    parsed = phonenumbers.parse(number)
    kind = phonenumbers.PhoneNumberType.to_string(phonenumbers.number_type(parsed))
    fits = phonenumbers.is_possible_number_with_reason(parsed)
    return (
        parsed.country_code,
        phonenumbers.region_code_for_number(parsed),
        kind.lower().replace("_", " "),
        fits == phonenumbers.ValidationResult.IS_POSSIBLE,
        phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164),
    )


def check(numbers: list[str]) -> int:
    """Compare every number the tables tell about; return how many those are."""
    told = 0
    for number in numbers:
        if (found := range_of(number)) is not None:
            told += 1
            library = said_by_the_library(number)
            assert (found.country_code, found.region, found.type, True, number) == library
    return told


def test_every_kind_of_number_of_every_country_is_found_as_the_library_finds_it():
    numbers = examples()

    assert check(numbers) > 0.9 * len(numbers)


def test_numbers_at_random_are_found_as_the_library_finds_them():
    assert check(anything(4_000)) > 800


@pytest.mark.long
def test_very_many_numbers_are_found_as_the_library_finds_them():
    assert check(anything(200_000)) > 40_000


@pytest.mark.parametrize(
    ("number", "found"),
    [
        ("+14155552671", Range(1, "US", "fixed line or mobile")),
        ("+14165550123", Range(1, "CA", "fixed line or mobile")),
        ("+447400123456", Range(44, "GB", "mobile")),
        ("+447911123123", Range(44, "GG", "mobile")),
        ("+4930123456", Range(49, "DE", "fixed line")),
        ("+18005550123", Range(1, "US", "toll free")),
        ("+80012345678", Range(800, "001", "toll free")),
        ("+4407911123123", None),  # the zero is for calls inside the country: the library's work
        ("+3758215169199", None),  # and so is this 8
        ("+141555526711", None),
        ("+999123456789", None),
        ("+390612345678", None),
    ],
)
def test_a_number_is_identified_or_left_to_the_library(number, found):
    assert range_of(number) == found


def test_both_methods_describe_a_number_identically(monkeypatch):
    numbers = [*examples()[::20], *anything(200)]
    quick = [(describe_number(number), read_number(number)) for number in numbers]

    monkeypatch.setattr("twilio_widgets.core.numbers.ranges.range_of", lambda _: None)

    assert [(describe_number(number), read_number(number)) for number in numbers] == quick

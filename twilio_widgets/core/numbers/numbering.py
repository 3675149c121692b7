"""Look up phone numbers in the world's numbering plans.

Source: Google's libphonenumber, as `phonenumbers` ports it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.errors import ConfigurationError

if TYPE_CHECKING:
    import phonenumbers

_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberNote:
    """The numbering plans' description of a number. It is a hint: plans lag behind reality."""

    number: str = field(repr=False)
    """The number that was looked up."""

    country_code: int | None
    """The country calling code, such as 44; None if the number cannot be parsed."""

    region: str | None
    """The country's two letters, such as ``"GB"``; ``"001"`` for world-wide numbers."""

    type: str
    """``"mobile"``, ``"fixed line"``, ``"fixed line or mobile"``, ``"toll free"`` … or
    ``"unknown"``."""

    valid: bool
    """Whether the number is in a numbering plan. Twilio's test numbers are not."""

    @property
    def warning(self) -> str | None:
        """A warning for a user who is about to send to the number, or None."""
        if not self.valid:
            return f"{mask(self.number)} is not in any known numbering plan: check it for a typo."
        if self.type in {"fixed line", "pager", "voicemail"}:
            return f"{mask(self.number)} is a {self.type} number, which may not receive messages."
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRead:
    """A number parsed with one country's numbering plan."""

    e164: str = field(repr=False)
    """The number in E.164 format, without the national prefix (often 0)."""

    fits: bool
    """Whether its length is possible in the plan, which is also true of fictitious numbers."""

    note: NumberNote


def describe_number(e164: str) -> NumberNote:
    """Return the country and type of a number, as far as the numbering plans show them.

    Args:
        e164: The number; a channel prefix such as ``whatsapp:`` is ignored.
    """
    number = e164.rpartition(":")[2]
    if (known := _looked_up(number)) is not None:
        return known
    parsed = _parsed(number, None)
    if parsed is None:
        return NumberNote(
            number=number, country_code=None, region=None, type="unknown", valid=False
        )
    return _note(number, parsed)


def read_number(text: str, region: str | None = None) -> NumberRead | None:
    """Parse a number in national format, or in international format with a plus.

    Args:
        text: The number, with any punctuation.
        region: The country (two letters) of a number without a plus.

    Returns:
        The number, or None if the text is not a number.
    """
    import phonenumbers

    if (known := _looked_up(text)) is not None:
        return NumberRead(e164=text, fits=True, note=known)
    parsed = _parsed(text, region)
    if parsed is None:
        return None
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    possible = phonenumbers.is_possible_number_with_reason(parsed)
    return NumberRead(
        e164=e164,
        fits=possible == phonenumbers.ValidationResult.IS_POSSIBLE,
        note=_note(e164, parsed),
    )


def checked_region(region: str) -> str:
    """Return a country's two letters in upper case, after checking them.

    Raises:
        ConfigurationError: No country with a numbering plan has these letters.
    """
    import phonenumbers

    letters = region.strip().upper() if isinstance(region, str) else ""
    if letters not in phonenumbers.SUPPORTED_REGIONS:
        hint = "'GB' is the United Kingdom" if letters == "UK" else "such as 'GB' or 'US'"
        raise ConfigurationError(
            f"region must be a country's two letters ({hint}), not {region!r}.", field="region"
        )
    return letters


def main_region(country_code: int | None) -> str:
    """Return the largest country with this calling code: ``"GB"`` for 44, which Guernsey shares."""
    import phonenumbers

    return str(phonenumbers.region_code_for_country_code(country_code or 0))


def _looked_up(text: str) -> NumberNote | None:
    """Look up a number in E.164 format in the tables; None if only the library can describe it."""
    if not _E164.fullmatch(text):
        return None
    from twilio_widgets.core.numbers.ranges import UNKNOWN, range_of

    if (found := range_of(text)) is None:
        return None
    return NumberNote(
        number=text,
        country_code=found.country_code,
        region=found.region,
        type=found.type,
        valid=found.type != UNKNOWN,
    )


def _parsed(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    # Imported here: the numbering plans load slowly, and sending does not need them.
    import phonenumbers

    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None


def _note(number: str, parsed: phonenumbers.PhoneNumber) -> NumberNote:
    import phonenumbers

    kind = phonenumbers.number_type(parsed)
    name = phonenumbers.PhoneNumberType.to_string(kind)
    return NumberNote(
        number=number,
        country_code=parsed.country_code,
        region=phonenumbers.region_code_for_number(parsed),
        type=name.lower().replace("_", " "),
        valid=kind != phonenumbers.PhoneNumberType.UNKNOWN,  # as is_valid_number decides
    )

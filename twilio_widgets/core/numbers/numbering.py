"""What the world's numbering plans say about a number.

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
    """What the world's numbering plans say about a number: a hint, never a verdict."""

    number: str = field(repr=False)
    """The number asked about."""

    country_code: int | None
    """The country calling code, such as 44; None when it cannot be read."""

    region: str | None
    """The country's two letters, such as ``"GB"``; ``"001"`` for world-wide numbers."""

    type: str
    """``"mobile"``, ``"fixed line"``, ``"fixed line or mobile"``, ``"toll free"`` … or
    ``"unknown"``."""

    valid: bool
    """Whether a numbering plan has room for it. Twilio's test numbers are a known exception."""

    @property
    def warning(self) -> str | None:
        """A sentence for a person who is about to send to it, or None."""
        if not self.valid:
            return (
                f"No numbering plan we know has {mask(self.number)}: check it for a typing error."
            )
        if self.type in {"fixed line", "pager", "voicemail"}:
            return f"{mask(self.number)} is a {self.type} number, which may not receive messages."
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRead:
    """A number as one country's people write it, read with that country's plan."""

    e164: str = field(repr=False)
    """It in E.164 form, without the zero that is dialled inside the country only."""

    fits: bool
    """Whether it has as many digits as numbers there have. Fictitious numbers do, too."""

    note: NumberNote


def describe_number(e164: str) -> NumberNote:
    """Say which country a number belongs to and of what type it is, as far as it shows.

    Args:
        e164: The number; a channel prefix such as ``whatsapp:`` is passed over.
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
    """Read a number as it is written in a country, or one that begins with a plus.

    Args:
        text: The number, with whatever people put between digits.
        region: The country whose habits count when there is no plus: two letters.

    Returns:
        The number, or None when it is none.
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
    """Return a country's two letters, in capitals.

    Raises:
        ConfigurationError: No numbering plan goes by them.
    """
    import phonenumbers

    letters = region.strip().upper() if isinstance(region, str) else ""
    if letters not in phonenumbers.SUPPORTED_REGIONS:
        hint = "'GB' is the United Kingdom" if letters == "UK" else "such as 'GB' or 'US'"
        raise ConfigurationError(
            f"region is a country's two letters, {hint}: not {region!r}.", field="region"
        )
    return letters


def main_region(country_code: int | None) -> str:
    """Return the largest country with this calling code: ``"GB"`` for 44, which Guernsey shares."""
    import phonenumbers

    return str(phonenumbers.region_code_for_country_code(country_code or 0))


def _looked_up(text: str) -> NumberNote | None:
    """Describe a number in E.164 form from the tables alone, where they can tell."""
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
    # Loaded here: the numbering plans take a moment, and sending does not need them.
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

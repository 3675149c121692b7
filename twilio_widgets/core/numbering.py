"""What the world's numbering plans say about a number.

Source: Google's libphonenumber, as `phonenumbers` ports it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from twilio_widgets.core.masking import mask


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


def describe_number(e164: str) -> NumberNote:
    """Say which country a number belongs to and of what type it is, as far as it shows.

    Args:
        e164: The number; a channel prefix such as ``whatsapp:`` is passed over.
    """
    # Loaded here: the numbering plans take a moment, and sending does not need them.
    import phonenumbers

    number = e164.rpartition(":")[2]
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return NumberNote(
            number=number, country_code=None, region=None, type="unknown", valid=False
        )
    name = phonenumbers.PhoneNumberType.to_string(phonenumbers.number_type(parsed))
    return NumberNote(
        number=number,
        country_code=parsed.country_code,
        region=phonenumbers.region_code_for_number(parsed),
        type=name.lower().replace("_", " "),
        valid=phonenumbers.is_valid_number(parsed),
    )

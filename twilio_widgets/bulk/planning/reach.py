"""What a lookup found out about the recipients of a plan.

Source of the line types: Twilio, "Lookup v2: Line Type Intelligence". A landline cannot receive
SMS, but its number may be on WhatsApp.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from twilio_widgets.bulk.planning.values import python_value
from twilio_widgets.core.numbers.account_prices import Carrier
from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.errors import ConfigurationError

_NEEDED: Final = ("number", "valid")
_NO_SMS: Final = {"landline": "a landline", "pager": "a pager", "voicemail": "a voicemail number"}
"""Line types that cannot receive SMS."""
_DOUBTFUL: Final = {"tollFree": "a toll-free number", "premium": "a premium-rate number"}
"""Line types that usually do not receive SMS."""


@dataclass(frozen=True, slots=True)
class _Found:
    valid: bool | None
    country: str | None
    line_type: str
    carrier: Carrier | None
    on: str
    """When it was looked up, as a clause; empty if that is not known."""


class Reach:
    """The result of a lookup, by number.

    Args:
        found: What was found out about each number; None if there was no lookup.
    """

    def __init__(self, found: Mapping[str, _Found] | None) -> None:
        self._found = found

    def problem_with(self, to: str) -> str | None:
        """Return why a message cannot reach this recipient, as a sentence, or None."""
        number = self._of(to)
        if number is None:
            return None
        if number.valid is False:
            return f"{mask(to)} is not a valid number{number.on}."
        if number.line_type in _NO_SMS and ":" not in to:
            return f"{mask(to)} is {_NO_SMS[number.line_type]}{number.on}: it cannot receive SMS."
        return None

    def note_on(self, to: str) -> str | None:
        """Return a remark about this recipient, which does not stop the message, or None."""
        number = self._of(to)
        if number is None or number.line_type not in _DOUBTFUL:
            return None
        return (
            f"{mask(to)} is {_DOUBTFUL[number.line_type]}{number.on}, which may not receive "
            "messages."
        )

    def carrier_of(self, to: str) -> Carrier | None:
        """Return the recipient's carrier, if it is known."""
        number = self._of(to)
        return None if number is None else number.carrier

    def country_of(self, to: str) -> str | None:
        """Return the recipient's country, if the lookup knows it."""
        number = self._of(to)
        return None if number is None else number.country

    def warning_about(self, recipients: Iterable[str]) -> str | None:
        """Return a sentence if some of these recipients were not looked up, or None."""
        if self._found is None:
            return None
        missing = sum(_number_of(to) not in self._found for to in recipients)
        if not missing:
            return None
        those = "recipient was" if missing == 1 else "recipients were"
        return f"{missing:,} {those} not looked up: twilio.lookup(…) them as well."

    def _of(self, to: str) -> _Found | None:
        return None if self._found is None else self._found.get(_number_of(to))


def _number_of(to: str) -> str:
    return to.rpartition(":")[2]


def reach_of(lookup: object) -> Reach:
    """Read the ``lookup=`` argument of a plan.

    Args:
        lookup: The frame of `twilio.lookup`, or a list of such frames, of which a later one takes
            precedence; None without a lookup.

    Raises:
        ConfigurationError: It is not such a frame.
    """
    if lookup is None:
        return Reach(None)
    frames = lookup if isinstance(lookup, list) else [lookup]
    return Reach({number: found for frame in frames for number, found in _rows_of(frame)})


def _rows_of(frame: Any) -> Iterable[tuple[str, _Found]]:
    columns = list(getattr(frame, "columns", ()))
    if not all(name in columns for name in _NEEDED):
        raise ConfigurationError(
            "lookup must be the frame that twilio.lookup(numbers) returns.", field="lookup"
        )
    for row in frame.to_dict("records"):
        yield str(row["number"]), _found(row)


def _found(row: Mapping[str, Any]) -> _Found:
    given = {name: python_value(value) for name, value in row.items()}
    at, valid = given.get("looked_up_at"), given["valid"]
    mcc, mnc = str(given.get("mcc") or ""), str(given.get("mnc") or "")
    return _Found(
        valid=None if valid is None else bool(valid),
        country=given.get("country"),
        line_type=str(given.get("line_type") or ""),
        carrier=(mcc, mnc) if mcc and mnc else None,
        on=f" (looked up on {at:%Y-%m-%d})" if isinstance(at, datetime) else "",
    )

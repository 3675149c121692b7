"""Quiet hours: when it is night where a message arrives.

The hours are those of the destination. Which time zones a number can be in, libphonenumber's table
says (as `phonenumbers` ports it): one for a number in New York, many for a toll-free number or a
mobile in a large country. It is quiet when it is quiet in any of them. A person may travel, and a
North American mobile may be far from its area code: no number tells.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from twilio_widgets.core.guardrails.message_request import MessageRequest
from twilio_widgets.core.guardrails.recipients import plain_address
from twilio_widgets.errors import ConfigurationError

_LIKE = 'quiet_hours is a pair of local times, such as ("21:00", "08:00").'


@dataclass(frozen=True, slots=True, repr=False)
class QuietHours:
    """From one local time to another, over midnight when the first is the later.

    The first minute is quiet, the last is not.
    """

    start: time
    end: time

    @classmethod
    def of(cls, given: object) -> QuietHours:
        """Read quiet hours.

        Args:
            given: A pair of texts such as ``("21:00", "08:00")``, or of ``datetime.time``.

        Raises:
            ConfigurationError: It is no such pair, or it leaves no time at all.
        """
        if isinstance(given, QuietHours):
            return given
        if not isinstance(given, tuple | list) or len(given) != 2:
            raise ConfigurationError(_LIKE, field="quiet_hours")
        start, end = map(_time, given)
        if start == end:
            raise ConfigurationError(
                "quiet_hours begins and ends at the same time, which leaves none to send at, or no "
                f"quiet at all. {_LIKE} dry_run=True sends nothing.",
                field="quiet_hours",
            )
        return cls(start, end)

    def __contains__(self, local: time) -> bool:
        if self.start < self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end

    def __str__(self) -> str:
        return f"{self.start:%H:%M} to {self.end:%H:%M}"

    def __repr__(self) -> str:
        return str((f"{self.start:%H:%M}", f"{self.end:%H:%M}"))

    def quiet_zones(self, to: str, at: datetime) -> tuple[str, ...] | None:
        """Return the zones a recipient can be in where it is quiet at a moment.

        Args:
            to: The recipient; a channel before the number is passed over.
            at: The moment (aware).

        Returns:
            Names such as ``"America/New_York"``; none when it is quiet nowhere; None when it is not
            known where the recipient can be.
        """
        zones = possible_zones(to)
        if not zones:
            return None
        return tuple(zone.key for zone in zones if at.astimezone(zone).time() in self)


@lru_cache(maxsize=4096)
def possible_zones(to: str) -> tuple[ZoneInfo, ...]:
    """Return the time zones a recipient can be in; none when that is not known."""
    # Loaded here: the table takes a moment, and only quiet hours need it.
    import phonenumbers
    from phonenumbers.timezone import time_zones_for_number

    number = plain_address(to).rpartition(":")[2]
    try:
        return tuple(map(ZoneInfo, time_zones_for_number(phonenumbers.parse(number))))
    except (phonenumbers.NumberParseException, ZoneInfoNotFoundError):
        # No number; a zone called "Etc/Unknown"; or a system without the rules of that zone.
        return ()


def moments_of(creation: MessageRequest, now: datetime) -> tuple[datetime, ...] | None:
    """Return when a message may be sent: now, or when it is scheduled.

    A ``SendAt`` that Twilio may pass over counts beside now. None: it cannot be read.
    """
    if creation.send_at is None:
        return (now,)
    try:
        at = datetime.fromisoformat(creation.send_at.strip())
    except ValueError:
        return None
    if at.tzinfo is None:
        return None
    return (at.astimezone(UTC),) if creation.scheduled else (now, at.astimezone(UTC))


def _time(given: object) -> time:
    if isinstance(given, time) and given.tzinfo is None:
        return given.replace(second=0, microsecond=0)
    found = (
        re.fullmatch(r"([01]?\d|2[0-4])[:.]([0-5]\d)", given) if isinstance(given, str) else None
    )
    hour, minute = map(int, found.groups()) if found else (25, 0)
    if hour > 24 or (hour == 24 and minute):
        raise ConfigurationError(_LIKE, field="quiet_hours")
    return time(hour % 24, minute)

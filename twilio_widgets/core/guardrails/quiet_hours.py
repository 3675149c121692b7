"""Quiet hours, in local time at the destination.

The time zones of a number come from libphonenumber (through `phonenumbers`): one for a number in
New York, many for a toll-free number or a mobile number in a large country. A message is refused if
it is quiet in any of them. The number cannot tell where its user is: people travel, and a North
American mobile may be far from its area code.
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

_EXPECTED = 'quiet_hours must be a pair of local times, such as ("21:00", "08:00").'


@dataclass(frozen=True, slots=True, repr=False)
class QuietHours:
    """A span of local time, past midnight if the start is later than the end.

    The start is included, the end is not.
    """

    start: time
    end: time

    @classmethod
    def of(cls, given: object) -> QuietHours:
        """Parse the ``quiet_hours`` argument.

        Args:
            given: A pair of texts such as ``("21:00", "08:00")``, or of ``datetime.time``.

        Raises:
            ConfigurationError: It is not such a pair, or both times are the same.
        """
        if isinstance(given, QuietHours):
            return given
        if not isinstance(given, tuple | list) or len(given) != 2:
            raise ConfigurationError(_EXPECTED, field="quiet_hours")
        start, end = map(_time, given)
        if start == end:
            raise ConfigurationError(
                "quiet_hours starts and ends at the same time, which could mean the whole day or "
                f"none of it. {_EXPECTED} To send nothing, use dry_run=True.",
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
        """Return the possible time zones of a recipient in which it is quiet at a given time.

        Args:
            to: The recipient; a channel prefix is ignored.
            at: The time (aware).

        Returns:
            Names such as ``"America/New_York"``; empty if it is quiet in none of them; None if the
            recipient's time zones are not known.
        """
        zones = possible_zones(to)
        if not zones:
            return None
        return tuple(zone.key for zone in zones if at.astimezone(zone).time() in self)


@lru_cache(maxsize=4096)
def possible_zones(to: str) -> tuple[ZoneInfo, ...]:
    """Return the possible time zones of a recipient; empty if they are not known."""
    # Imported here: the tables load slowly, and only quiet hours need them.
    import phonenumbers
    from phonenumbers.timezone import time_zones_for_number

    number = plain_address(to).rpartition(":")[2]
    try:
        return tuple(map(ZoneInfo, time_zones_for_number(phonenumbers.parse(number))))
    except (phonenumbers.NumberParseException, ZoneInfoNotFoundError):
        # Not a phone number; the zone "Etc/Unknown"; or a system without that zone's rules.
        return ()


def moments_of(message: MessageRequest, now: datetime) -> tuple[datetime, ...] | None:
    """Return the times at which a message may be sent: now, or its scheduled time.

    Both, if Twilio may ignore the ``SendAt``. None if the ``SendAt`` cannot be parsed.
    """
    if message.send_at is None:
        return (now,)
    try:
        at = datetime.fromisoformat(message.send_at.strip())
    except ValueError:
        return None
    if at.tzinfo is None:
        return None
    return (at.astimezone(UTC),) if message.scheduled else (now, at.astimezone(UTC))


def _time(given: object) -> time:
    if isinstance(given, time) and given.tzinfo is None:
        return given.replace(second=0, microsecond=0)
    found = (
        re.fullmatch(r"([01]?\d|2[0-4])[:.]([0-5]\d)", given) if isinstance(given, str) else None
    )
    hour, minute = map(int, found.groups()) if found else (25, 0)
    if hour > 24 or (hour == 24 and minute):
        raise ConfigurationError(_EXPECTED, field="quiet_hours")
    return time(hour % 24, minute)

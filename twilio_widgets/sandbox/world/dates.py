"""The date filters of a list: parameter names that end in an operator, values in several formats.

Plain dates are GMT days. Both operators include their day, as documented. The documentation of the
similar Calls API was clarified to *before* (exclusive) and *on or after*; which of the two applies
to messages is UNCONFIRMED, so `date_filters="before_exclusive"` selects the other reading. Also
UNCONFIRMED: in the sandbox, ``DateSent=`` with a time of day selects that whole GMT day, and with
``<`` or ``>`` the time counts; with `date_filters="whole_days"` it is ignored.
"""

from __future__ import annotations

import email.utils
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from twilio_widgets.sandbox.world.refusals import ApiRefusal

if TYPE_CHECKING:
    from twilio_widgets.sandbox.api.wire import Form

_US_ZONES = {"UTC": 0, "GMT": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6,
             "PST": -8, "PDT": -7}  # fmt: skip


class Span(NamedTuple):
    """The seconds that pass a filter, both ends included. None means no limit."""

    low: float | None = None
    high: float | None = None

    def __bool__(self) -> bool:
        return self.low is not None or self.high is not None

    def includes(self, moment: float) -> bool:
        """Return whether a moment passes, at the API's resolution of whole seconds."""
        second = int(moment)
        return (self.low is None or second >= self.low) and (
            self.high is None or second <= self.high
        )


def span_of(query: Form, name: str, *, date_filters: str = "inclusive") -> Span:
    """Return the span that the filters ``name``, ``name<`` and ``name>`` select together.

    Args:
        query: The query of the request.
        name: The parameter, such as ``DateSent``.
        date_filters: ``"inclusive"``; ``"before_exclusive"`` if ``<`` excludes its day; or
            ``"whole_days"`` if times of day are ignored.

    Raises:
        ApiRefusal: A date cannot be parsed.
    """
    lows: list[float] = []
    highs: list[float] = []
    for operator in ("", "<", ">"):
        text = query.get(name + operator)
        if not text:
            continue
        moment, is_day = _read(text, name)
        day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        last = (day + timedelta(days=1)).timestamp() - 1
        if date_filters == "whole_days":
            moment, is_day = day, True
        if operator == "":
            lows.append(day.timestamp())
            highs.append(last)
        elif operator == ">":
            lows.append(moment.timestamp())
        elif date_filters == "before_exclusive":
            highs.append(moment.timestamp() - 1)
        else:
            highs.append(last if is_day else moment.timestamp())
    return Span(max(lows, default=None), min(highs, default=None))


def _read(text: str, name: str) -> tuple[datetime, bool]:
    text = text.strip()
    moment = _iso(text) or _american(text) or _rfc2822(text)
    if moment is None:
        # Twilio's response to an unreadable date is UNCONFIRMED.
        raise ApiRefusal(20001, f"Invalid date in '{name}'")
    is_day = bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text))
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC).replace(
        microsecond=0
    ), is_day


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _american(text: str) -> datetime | None:
    clock, _, zone = text.rpartition(" ")
    if zone not in _US_ZONES:
        return None
    try:
        moment = datetime.strptime(clock, "%m/%d/%Y %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return moment - timedelta(hours=_US_ZONES[zone])


def _rfc2822(text: str) -> datetime | None:
    try:
        return email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None

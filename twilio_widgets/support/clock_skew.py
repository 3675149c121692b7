"""Compare this computer's clock with the ``Date`` header of a response from Twilio.

Signatures do not depend on the clock, but scheduled messages, `since=` and reconciliation do.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from twilio_widgets.support.report_line import ReportLine

MOST_SECONDS = 30.0
"""A larger difference is a problem. The header has whole seconds and the network adds some."""


def clock_skew(url: str, seconds: float) -> list[ReportLine]:
    """Return the difference between the clocks, without credentials.

    A name look-up has no time-out, so this may take longer than `seconds`: call it in `guarded`.
    """
    try:
        with urllib.request.urlopen(url, timeout=seconds) as response:  # noqa: S310  # https or loopback
            date = response.headers["Date"]
    except urllib.error.HTTPError as error:  # an error response has a date as well
        date = error.headers["Date"]
        error.close()
    except OSError as error:
        why = f"not reached ({type(error).__name__}): check the network, proxy and certificates"
        return [ReportLine("Network", "Twilio", why, "no")]
    return [skew_of(date, datetime.now(UTC))]


def skew_of(date: str | None, now: datetime) -> ReportLine:
    """Return the line for a ``Date`` header.

    Args:
        date: The header, or None when there was none.
        now: The time of this computer (aware).
    """
    try:
        ahead = (now - parsedate_to_datetime(date or "")).total_seconds()
    except (TypeError, ValueError):
        return ReportLine("Network", "Clock", "cannot be compared: the response has no date")
    if abs(ahead) <= MOST_SECONDS:
        return ReportLine("Network", "Clock", "agrees with Twilio's", "ok")
    way = "ahead of" if ahead > 0 else "behind"
    why = f"{abs(ahead):,.0f} s {way} Twilio's; turn on the system's time synchronisation"
    return ReportLine("Network", "Clock", why, "no")

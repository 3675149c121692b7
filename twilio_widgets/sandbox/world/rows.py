"""The Message resource as JSON, and the date formats of the API."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import NamedTuple

API_VERSION = "2010-04-01"

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class MessageRow(NamedTuple):
    """The state of a message at one moment. Times are seconds since 1970-01-01 UTC."""

    sid: str
    account_sid: str
    messaging_service_sid: str | None
    to: str | None
    from_: str | None
    body: str
    status: str
    direction: str
    num_segments: int
    num_media: int
    price: str | None
    error_code: int | None
    error_message: str | None
    created: float
    updated: float
    sent: float | None


def message_json(row: MessageRow, *, at_creation: bool = False) -> dict[str, object]:
    """Return the Message resource.

    Args:
        row: The message.
        at_creation: Whether it is the reply to a creation, which lists no feedback subresource.
    """
    here = f"/{API_VERSION}/Accounts/{row.account_sid}/Messages/{row.sid}"
    links = {"media": f"{here}/Media.json"}
    if not at_creation:
        links["feedback"] = f"{here}/Feedback.json"
    return {
        "body": row.body,
        "num_segments": str(row.num_segments),
        "direction": row.direction,
        "from": row.from_,
        "date_updated": rfc2822(row.updated),
        "price": row.price,
        "error_message": row.error_message,
        "uri": f"{here}.json",
        "account_sid": row.account_sid,
        "num_media": str(row.num_media),
        "to": row.to,
        "date_created": rfc2822(row.created),
        "status": row.status,
        "sid": row.sid,
        "date_sent": None if row.sent is None else rfc2822(row.sent),
        "messaging_service_sid": row.messaging_service_sid,
        "error_code": row.error_code,
        "price_unit": "USD",
        "api_version": API_VERSION,
        "subresource_uris": links,
    }


def rfc2822(moment: float) -> str:
    """Return a time in the format of this API: ``Thu, 24 Aug 2023 05:01:45 +0000``."""
    day, second = divmod(int(moment), 86_400)
    minute, second = divmod(second, 60)
    hour, minute = divmod(minute, 60)
    return f"{_day(day)} {hour:02d}:{minute:02d}:{second:02d} +0000"


@lru_cache(maxsize=1024)
def _day(number: int) -> str:
    # A page of a thousand messages has three thousand times, but few days.
    year, month, day, _, _, _, weekday, _, _ = time.gmtime(number * 86_400)
    return f"{_DAYS[weekday]}, {day:02d} {_MONTHS[month - 1]} {year}"


def http_date(moment: float) -> str:
    """Return a time in the format of the ``Date`` header."""
    return rfc2822(moment).replace("+0000", "GMT")


def iso8601(moment: float) -> str:
    """Return a time in the format of the messaging services: ``2023-08-24T05:01:45Z``."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))

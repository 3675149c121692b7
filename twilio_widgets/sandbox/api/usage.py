"""Usage records and their eight variants."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from twilio_widgets.sandbox.api.wire import SandboxReply
from twilio_widgets.sandbox.world.dates import Span
from twilio_widgets.sandbox.world.log import LogQuery
from twilio_widgets.sandbox.world.refusals import ApiRefusal
from twilio_widgets.sandbox.world.rows import API_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twilio_widgets.sandbox.api.call import Call

_CATEGORIES = {
    "sms": "SMS",
    "sms-inbound": "Inbound SMS",
    "sms-outbound": "Outbound SMS",
    "mms": "MMS",
    "mms-inbound": "Inbound MMS",
    "mms-outbound": "Outbound MMS",
    "phonenumbers": "Phone Numbers",
    "totalprice": "Total Price",
}
_VARIANTS = (
    "AllTime",
    "Daily",
    "LastMonth",
    "Monthly",
    "ThisMonth",
    "Today",
    "Yearly",
    "Yesterday",
)
_SAMPLE_SIZE = 2_000
"""Above this many messages in a period, counts are estimated from a sample."""


class _Period(NamedTuple):
    start: date
    end: date


def list_usage(call: Call) -> SandboxReply:
    """GET …/Usage/Records and its eight variants.

    The counts of a period with many messages are estimated from an even sample: reading a million
    messages would take a minute, and clients only depend on the fields.
    """
    variant = call.sids.get("period", "")
    if variant and variant not in _VARIANTS:
        raise call.missing()
    category = call.query.get("Category")
    wanted = [name for name in _CATEGORIES if category in (None, "", name)]
    rows = []
    for period in _periods(call, variant):
        counts, price = _totals(call, period)
        rows += [
            _record(call, variant, period, name, count=counts[name], price=price[name])
            for name in wanted
        ]
    return call.page(
        "UsageRecord",
        "usage_records",
        rows,
        sid_of=lambda row: f"{row['category']}.{row['start_date']}",
        as_json=lambda row: row,
    )


def _periods(call: Call, variant: str) -> Iterator[_Period]:
    today = datetime.fromtimestamp(call.world.now(), UTC).date()
    first = today - timedelta(days=365)
    start = _day(call.query.get("StartDate"), today) or first
    end = _day(call.query.get("EndDate"), today) or today
    month = today.replace(day=1)
    before = (month - timedelta(days=1)).replace(day=1)
    if variant == "Today":
        yield _Period(today, today)
    elif variant == "Yesterday":
        yield _Period(today - timedelta(days=1), today - timedelta(days=1))
    elif variant == "ThisMonth":
        yield _Period(month, today)
    elif variant == "LastMonth":
        yield _Period(before, month - timedelta(days=1))
    elif variant in {"Daily", "Monthly", "Yearly"}:
        yield from _split(start, end, variant)
    else:
        yield _Period(start, end)


def _split(start: date, end: date, variant: str) -> Iterator[_Period]:
    """Yield days, months or years, the latest first."""
    while end >= start:
        begin = end
        if variant == "Monthly":
            begin = end.replace(day=1)
        elif variant == "Yearly":
            begin = end.replace(month=1, day=1)
        yield _Period(max(begin, start), end)
        end = begin - timedelta(days=1)


def _day(text: str | None, today: date) -> date | None:
    if not text:
        return None
    try:
        if text.endswith("days"):
            return today + timedelta(days=int(text.removesuffix("days")))
        return date.fromisoformat(text)
    except (ValueError, OverflowError):
        raise ApiRefusal(20001, "Invalid date") from None


def _totals(call: Call, period: _Period) -> tuple[Counter[str], dict[str, Decimal]]:
    """Return the count and the price of every category in a period."""
    now = call.world.now()
    low = datetime(*period.start.timetuple()[:3], tzinfo=UTC).timestamp()
    high = datetime(*period.end.timetuple()[:3], tzinfo=UTC).timestamp() + 86_399
    log = call.world.logs[call.account.sid]
    counts: Counter[str] = Counter()
    prices: dict[str, Decimal] = dict.fromkeys(_CATEGORIES, Decimal(0))
    sample, weight = log.sample(LogQuery(None, None, Span(low, high)), now, _SAMPLE_SIZE)
    for row in sample:
        kind = "mms" if row.num_media else "sms"
        direction = "inbound" if row.direction == "inbound" else "outbound"
        cost = weight * -Decimal(row.price or 0)
        for name in (kind, f"{kind}-{direction}"):
            counts[name] += weight
            prices[name] += cost
        prices["totalprice"] += cost
    numbers = call.world.senders_of(call.account.sid)
    counts["phonenumbers"] = len(numbers)
    return counts, prices


def _record(
    call: Call, variant: str, period: _Period, name: str, *, count: int, price: Decimal
) -> dict[str, object]:
    path = f"Usage/Records/{variant}" if variant else "Usage/Records"
    money = name == "totalprice"
    usage = f"{price:.5f}" if money else str(count)
    here = call.uri(f"{path}.json")
    return {
        "account_sid": call.account.sid,
        "api_version": API_VERSION,
        "as_of": datetime.fromtimestamp(int(call.world.now()), UTC).isoformat(),
        "category": name,
        "count": str(count),
        "count_unit": "" if money else "messages",
        "description": _CATEGORIES[name],
        "end_date": period.end.isoformat(),
        "price": f"{price:.5f}",
        "price_unit": "usd",
        "start_date": period.start.isoformat(),
        "subresource_uris": {
            _snake(other): call.uri(f"Usage/Records/{other}.json?Category={name}")
            for other in _VARIANTS
        },
        "uri": f"{here}?Category={name}&StartDate={period.start}&EndDate={period.end}",
        "usage": usage,
        "usage_unit": "usd" if money else "messages",
    }


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]

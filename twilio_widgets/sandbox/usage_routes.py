"""Usage records, and calls in shape only."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from twilio_widgets.sandbox.dates import Span
from twilio_widgets.sandbox.log import Wanted
from twilio_widgets.sandbox.refusals import Refusal
from twilio_widgets.sandbox.rows import API_VERSION, rfc2822
from twilio_widgets.sandbox.sids import noise
from twilio_widgets.sandbox.wire import Reply

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twilio_widgets.sandbox.call import Call

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
_SAMPLE = 2_000


class _Period(NamedTuple):
    start: date
    end: date


def list_usage(call: Call) -> Reply:
    """GET …/Usage/Records and its eight variants.

    Counts of a period with many messages are an estimate from an even sample of them: the shape is
    what matters here.
    """
    variant = call.sids.get("period", "")
    if variant and variant not in _VARIANTS:
        raise call.missing()
    category = call.query.get("Category")
    wanted = [name for name in _CATEGORIES if category in (None, "", name)]
    rows = []
    for period in _periods(call, variant):
        counts, price = _tally(call, period)
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
        raise Refusal(20001, "Invalid date") from None


def _tally(call: Call, period: _Period) -> tuple[Counter[str], dict[str, Decimal]]:
    now = call.world.now()
    low = datetime(*period.start.timetuple()[:3], tzinfo=UTC).timestamp()
    high = datetime(*period.end.timetuple()[:3], tzinfo=UTC).timestamp() + 86_399
    log = call.world.logs[call.account.sid]
    counts: Counter[str] = Counter()
    prices: dict[str, Decimal] = dict.fromkeys(_CATEGORIES, Decimal(0))
    sample, weight = log.sample(Wanted(None, None, Span(low, high)), now, _SAMPLE)
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


def list_calls(call: Call) -> Reply:
    """GET …/Calls: a few calls, so that a raw request has something to look at."""
    wanted = {field: call.query.get(field.title()) for field in ("to", "from", "status")}
    calls = [
        row
        for row in _calls(call)
        if all(value in (None, "", row[field]) for field, value in wanted.items())
    ]
    return call.page(
        "Call", "calls", calls, sid_of=lambda row: str(row["sid"]), as_json=lambda row: row
    )


def fetch_call(call: Call) -> Reply:
    """GET …/Calls/{Sid}."""
    for row in _calls(call):
        if row["sid"] == call.sids["Call"]:
            return Reply(row, element="Call")
    raise call.missing()


def _calls(call: Call) -> list[dict[str, object]]:
    world = call.world
    if call.account.sid != world.account.sid:
        return []
    return [_call(call, index) for index in range(5)]


def _call(call: Call, index: int) -> dict[str, object]:
    world = call.world
    chance = noise(world.seed, 9, index)
    own, contact = world.senders_of(call.account.sid)[0], world.phonebook.at(chance % 4_099).number
    inbound = bool(index % 2)
    start = int(world.began) - 86_400 * (index + 1) - chance % 40_000
    seconds = chance % 300 + 20
    to, from_ = (own, contact) if inbound else (contact, own)
    sid = world.sids.sid("CA", index)
    here = call.uri(f"Calls/{sid}")
    return {
        "sid": sid,
        "date_created": rfc2822(start),
        "date_updated": rfc2822(start + seconds),
        "parent_call_sid": None,
        "account_sid": call.account.sid,
        "to": to,
        "to_formatted": to,
        "from": from_,
        "from_formatted": from_,
        "phone_number_sid": world.own_numbers[own].sid,
        "status": "completed",
        "start_time": rfc2822(start),
        "end_time": rfc2822(start + seconds),
        "duration": str(seconds),
        "price": "-0.01400",
        "price_unit": "USD",
        "direction": "inbound" if inbound else "outbound-api",
        "answered_by": None,
        "api_version": API_VERSION,
        "forwarded_from": None,
        "group_sid": None,
        "caller_name": None,
        "queue_time": "0",
        "trunk_sid": None,
        "uri": f"{here}.json",
        "subresource_uris": {"recordings": f"{here}/Recordings.json"},
    }

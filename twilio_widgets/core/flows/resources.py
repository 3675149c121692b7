"""Read lists of resources: services with their senders, numbers, usage and alerts.

Sources: Twilio's OpenAPI documents (2026-04) for the messaging, monitor and 2010-04-01 APIs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from twilio_widgets.core.flows.answers import mapping_of
from twilio_widgets.core.flows.flow import RetryPolicy, RetryPolicyFactory, read
from twilio_widgets.core.flows.listing import Moment, span_of
from twilio_widgets.core.flows.paging import MAX_PAGE_SIZE, Paginator, all_rows, json_page
from twilio_widgets.core.request import Flow, Request
from twilio_widgets.errors import BadResponse, ConfigurationError

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.connection import Connection

Row = Mapping[str, Any]

PERIODS = {"category": "", "day": "/Daily", "month": "/Monthly", "year": "/Yearly"}
"""The values of ``by``, and the ends of the paths of usage records."""

LEVELS = ("error", "warning", "notice", "debug")

_SENDERS = (
    ("PhoneNumbers", "phone_numbers", "phone_number"),
    ("ShortCodes", "short_codes", "short_code"),
    ("AlphaSenders", "alpha_senders", "alpha_sender"),
    ("ChannelSenders", "senders", "sender"),
)
"""The lists of a service's senders: the path, the list's name, and the field of the sender."""

_COLUMNS = ("phone_numbers", "short_codes", "alpha_senders", "channel_senders")


@dataclass(slots=True)
class ReadRows:
    """The rows of a list that were read."""

    rows: list[Row] = field(default_factory=list)
    complete: bool = False
    """Whether the list has no further rows."""


def rows_up_to(
    request: Request,
    key: str,
    new_retry_policy: RetryPolicyFactory,
    limit: int | None,
    page_seen: Callable[[int, int], None] = lambda _rows, _pages: None,
) -> Flow[ReadRows]:
    """Read the rows of a list whose rows are in the field `key`, at most `limit` of them.

    Args:
        request: The request for the first page, without a page size.
        key: The name of the list.
        new_retry_policy: Makes the retry policy of each page.
        limit: The most rows; None reads all.
        page_seen: Called after each page with the numbers of rows and pages so far.
    """
    if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 1):
        raise ConfigurationError(
            "limit must be a whole number above 0, or None for all rows.", field="limit"
        )
    size = MAX_PAGE_SIZE if limit is None else min(limit, MAX_PAGE_SIZE)
    first = Request(
        method="GET",
        path=request.path,
        query=(*request.query, ("PageSize", str(size))),
        service=request.service,
    )
    walk = Paginator(first, lambda content: json_page(content, key))
    found = ReadRows()
    while walk.next_request is not None and (limit is None or len(found.rows) < limit):
        found.rows.extend((yield from walk.next_page(new_retry_policy())))
        page_seen(len(found.rows), walk.pages)
    cut = limit is not None and len(found.rows) > limit
    found.rows = found.rows[:limit]
    found.complete = walk.next_request is None and not cut
    return found


def services(
    connection: Connection,
    new_retry_policy: RetryPolicyFactory,
    *,
    senders: bool,
    limit: int | None,
) -> Flow[ReadRows]:
    """Read messaging services, and the senders of each in four more requests."""
    request = Request(method="GET", path="/v1/Services", service="messaging")
    found = yield from rows_up_to(request, "services", new_retry_policy, limit)
    # This host lists the services of the credentials' account, but a subaccount cannot send with
    # its parent's services.
    own = {connection.acting_sid, None}
    found.rows = [row for row in found.rows if row.get("account_sid") in own]
    if senders:
        for index, row in enumerate(found.rows):
            own_senders = yield from _senders_of(str(row.get("sid")), new_retry_policy)
            found.rows[index] = {**row, **own_senders}
    return found


def _senders_of(sid: str, new_retry_policy: RetryPolicyFactory) -> Flow[dict[str, object]]:
    found: dict[str, object] = {}
    count = 0
    for (path, key, name), column in zip(_SENDERS, _COLUMNS, strict=True):
        request = Request(
            method="GET",
            path=f"/v1/Services/{sid}/{path}",
            query=(("PageSize", str(MAX_PAGE_SIZE)),),
            service="messaging",
        )
        rows = yield from all_rows(request, key, new_retry_policy)
        count += len(rows)
        found[column] = ", ".join(str(row.get(name)) for row in rows)
    return found | {"senders": count}


def numbers(
    connection: Connection, new_retry_policy: RetryPolicyFactory, *, limit: int | None
) -> Flow[ReadRows]:
    """Read the account's phone numbers, with a field for each capability."""
    path = f"/2010-04-01/Accounts/{connection.acting_sid}/IncomingPhoneNumbers.json"
    request = Request(method="GET", path=path)
    found = yield from rows_up_to(request, "incoming_phone_numbers", new_retry_policy, limit)
    found.rows = [{**row, **_capabilities(row)} for row in found.rows]
    return found


def _capabilities(row: Row) -> dict[str, object]:
    can = row.get("capabilities")
    abilities = can if isinstance(can, dict) else {}
    return {name: abilities.get(name) for name in ("sms", "mms", "voice", "fax")}


def usage_request(
    connection: Connection,
    *,
    by: str,
    category: str | None,
    since: Moment | None,
    until: Moment | None,
) -> Request:
    """Return the request for usage records.

    Raises:
        ConfigurationError: An argument is invalid.
    """
    if by not in PERIODS:
        raise ConfigurationError(f"by must be one of {', '.join(PERIODS)}.", field="by")
    query = [] if category is None else [("Category", category)]
    for name, value in (("since", since), ("until", until)):
        if value is not None:
            day = span_of(value, name=name)[0].date().isoformat()
            query.append(("StartDate" if name == "since" else "EndDate", day))
    path = f"/2010-04-01/Accounts/{connection.acting_sid}/Usage/Records{PERIODS[by]}.json"
    return Request(method="GET", path=path, query=tuple(query))


def alerts_request(*, level: str | None, since: Moment | None, until: Moment | None) -> Request:
    """Return the request for the debugger's alerts.

    Raises:
        ConfigurationError: An argument is invalid.
    """
    if level is not None and level not in LEVELS:
        raise ConfigurationError(f"level must be one of {', '.join(LEVELS)}.", field="level")
    query = [] if level is None else [("LogLevel", level)]
    if since is not None:
        query.append(("StartDate", f"{span_of(since, name='since')[0]:%Y-%m-%dT%H:%M:%SZ}"))
    if until is not None:
        last = span_of(until, name="until")[1] - timedelta(seconds=1)
        query.append(("EndDate", f"{last:%Y-%m-%dT%H:%M:%SZ}"))
    return Request(method="GET", path="/v1/Alerts", query=tuple(query), service="monitor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """The money left in an account."""

    amount: Decimal
    currency: str
    """Such as ``USD``."""

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


def balance(connection: Connection, retry_policy: RetryPolicy) -> Flow[Balance]:
    """Read the account's balance.

    Raises:
        BadResponse: It is not an amount.
    """
    path = f"/2010-04-01/Accounts/{connection.acting_sid}/Balance.json"
    reply = yield from read(Request(method="GET", path=path), retry_policy)
    payload = mapping_of(reply.content)
    try:
        amount = Decimal(str(payload.get("balance")))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise BadResponse("Twilio's response contains no balance.")
    return Balance(amount=amount, currency=str(payload.get("currency") or ""))

"""Check the credentials, and list the account's numbers and messaging services.

Sources: Twilio, "API keys" (a Standard key cannot read ``/Accounts``, so the probe is the list of
numbers; a Restricted key is permitted chosen endpoints only); OpenAPI document (2026-04); the
official client 9.13 for the messaging service's fields.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twilio_widgets.core.credentials.connection import KEY_CANNOT_VALIDATE
from twilio_widgets.core.flows.answers import TEST_CREDENTIALS
from twilio_widgets.core.flows.flow import RetryPolicy, read
from twilio_widgets.core.flows.paging import all_rows, json_page
from twilio_widgets.core.request import Flow, Request
from twilio_widgets.errors import (
    ApiError,
    BadResponse,
    Forbidden,
    NoReply,
    NotConnected,
    TwilioWidgetsError,
)

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.connection import Connection

_NOT_ABOUT_THE_KEY = {TEST_CREDENTIALS, 20003, 20005}
"""Codes of a 403 that are about the credentials or the account as a whole."""
_PROBES = (
    ("IncomingPhoneNumbers", "incoming_phone_numbers", "list phone numbers"),
    ("Messages", "messages", "read the message log"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCheck:
    """The result of checking a connection's credentials."""

    ok: bool
    account: str
    """The account SID, masked."""
    kind: str
    """``"API key"``, ``"auth token"`` or ``"sandbox"``."""
    source: str
    """The place the credentials came from."""
    can_validate_webhooks: bool
    text: str
    """The result in one or two sentences."""
    error: TwilioWidgetsError | None = None
    """The error, if the check failed."""
    may_not: tuple[str, ...] = ()
    """What a restricted API key is not permitted to do, such as ``"read the message log"``."""

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        return f"AccountCheck({'ok' if self.ok else 'not ok'}: {self.text})"


def check(connection: Connection, retry_policy: RetryPolicy) -> Flow[AccountCheck]:
    """Check the credentials with a request that all but restricted API keys may make.

    A key that is refused is still valid: a second request checks whether it may read the
    message log. Whether it may send is known only when it sends.
    """
    may_not = []
    for resource, key, can in _PROBES:
        path = f"/2010-04-01/Accounts/{connection.acting_sid}/{resource}.json"
        request = Request(method="GET", path=path, query=(("PageSize", "1"),))
        try:
            reply = yield from read(request, retry_policy)
            json_page(reply.content, key)
        except Forbidden as error:
            if not _is_restriction(connection, error):
                return _verdict(connection, error)
            may_not.append(can)
        except (ApiError, NotConnected, NoReply, BadResponse) as error:
            return _verdict(connection, error)
        if not may_not:
            break
    return _verdict(connection, None, tuple(may_not))


def _is_restriction(connection: Connection, error: Forbidden) -> bool:
    """Return whether Twilio refused this endpoint, rather than the credentials or the account."""
    by_key = connection.credentials[0].startswith("SK")
    return by_key and error.code is not None and error.code not in _NOT_ABOUT_THE_KEY


def _verdict(
    connection: Connection, error: TwilioWidgetsError | None, may_not: tuple[str, ...] = ()
) -> AccountCheck:
    who = f"{connection.masked_account} by {connection.kind}"
    ok = error is None
    if isinstance(error, ApiError) and error.code == TEST_CREDENTIALS:
        # Test credentials may only create resources; this error shows that they are valid.
        ok, error = True, None
        text = f"Connected as {who}. Test credentials cannot send or read real messages."
    elif ok:
        text = f"Connected as {who}."
        if may_not:
            text += (
                f" It is a restricted key: it may not {' or '.join(may_not)}. Whether it may send "
                "is known only when it sends."
            )
    else:
        text = (
            f"Could not connect to {connection.masked_account} with this {connection.kind}. {error}"
        )
    if ok and connection.signing_token is None:
        text += f" {KEY_CANNOT_VALIDATE}"
    return AccountCheck(
        ok=ok,
        account=connection.masked_account,
        kind=connection.kind,
        source=connection.source,
        can_validate_webhooks=connection.signing_token is not None,
        text=text,
        error=error,
        may_not=may_not,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnNumber:
    """A phone number of the account."""

    sid: str
    phone_number: str
    friendly_name: str
    sms: bool
    mms: bool


def numbers(
    connection: Connection, new_retry_policy: Callable[[], RetryPolicy]
) -> Flow[list[OwnNumber]]:
    """Read the account's own phone numbers."""
    path = f"/2010-04-01/Accounts/{connection.acting_sid}/IncomingPhoneNumbers.json"
    request = Request(method="GET", path=path, query=(("PageSize", "1000"),))
    rows = yield from all_rows(request, "incoming_phone_numbers", new_retry_policy)
    found = []
    for row in rows:
        can = row.get("capabilities")
        abilities = can if isinstance(can, dict) else {}
        found.append(
            OwnNumber(
                sid=str(row.get("sid")),
                phone_number=str(row.get("phone_number")),
                friendly_name=str(row.get("friendly_name") or ""),
                sms=abilities.get("sms") is True,
                mms=abilities.get("mms") is True,
            )
        )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagingService:
    """A messaging service of the account: a named pool of senders."""

    sid: str
    friendly_name: str


def services(connection: Connection, retry_policy: RetryPolicy) -> Flow[list[MessagingService]]:
    """Read the account's messaging services (at most the first 1,000)."""
    request = Request(
        method="GET", path="/v1/Services", query=(("PageSize", "1000"),), service="messaging"
    )
    reply = yield from read(request, retry_policy)
    rows = json_page(reply.content, "services").rows
    return [
        MessagingService(sid=str(row.get("sid")), friendly_name=str(row.get("friendly_name") or ""))
        for row in rows
        # This host lists the services of the credentials' account, but a subaccount cannot send
        # with its parent's services.
        if row.get("account_sid") in {connection.acting_sid, None}
    ]

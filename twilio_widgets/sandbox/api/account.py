"""Accounts, API keys and the balance."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from twilio_widgets.sandbox.api.wire import SandboxReply
from twilio_widgets.sandbox.world.rows import rfc2822

if TYPE_CHECKING:
    from twilio_widgets.sandbox.api.call import Call
    from twilio_widgets.sandbox.world.resources import Account, Key

_OPENING_BALANCE = Decimal("100")
_SUBRESOURCES = {
    "balance": "Balance",
    "calls": "Calls",
    "incoming_phone_numbers": "IncomingPhoneNumbers",
    "keys": "Keys",
    "messages": "Messages",
    "outgoing_caller_ids": "OutgoingCallerIds",
    "usage": "Usage/Records",
}


def list_accounts(call: Call) -> SandboxReply:
    """GET /Accounts: the account and its subaccounts."""
    name, status = call.query.get("FriendlyName"), call.query.get("Status")
    accounts = [
        account
        for account in call.world.accounts.values()
        if call.account.sid in {account.sid, account.owner_sid}
        and name in (None, "", account.friendly_name)
        and status in (None, "", "active")
    ]
    return call.page("Account", "accounts", accounts, sid_of=lambda one: one.sid, as_json=_account)


def fetch_account(call: Call) -> SandboxReply:
    """GET /Accounts/{Sid}."""
    return SandboxReply(_account(call.account), element="Account")


def _account(account: Account) -> dict[str, object]:
    here = f"/2010-04-01/Accounts/{account.sid}"
    return {
        "auth_token": account.auth_token,
        "date_created": rfc2822(account.created),
        "date_updated": rfc2822(account.created),
        "friendly_name": account.friendly_name,
        "owner_account_sid": account.owner_sid,
        "sid": account.sid,
        "status": "active",
        "subresource_uris": {name: f"{here}/{path}.json" for name, path in _SUBRESOURCES.items()},
        "type": account.kind,
        "uri": f"{here}.json",
    }


def list_keys(call: Call) -> SandboxReply:
    """GET …/Keys, without the secrets: Twilio returns those only when a key is created."""
    return call.page(
        "Key", "keys", list(call.account.keys.values()), sid_of=lambda key: key.sid, as_json=_key
    )


def _key(key: Key) -> dict[str, object]:
    return {
        "sid": key.sid,
        "friendly_name": key.friendly_name,
        "date_created": rfc2822(key.created),
        "date_updated": rfc2822(key.created),
    }


def fetch_balance(call: Call) -> SandboxReply:
    """GET …/Balance: the opening balance minus the prices of the messages sent since."""
    now = call.world.now()
    prices = (message.row(now).price for message in call.world.logs[call.account.sid].stored())
    spent = sum((Decimal(price) for price in prices if price), Decimal(0))
    payload: dict[str, object] = {
        "account_sid": call.account.sid,
        "balance": f"{_OPENING_BALANCE + spent:f}",
        "currency": "USD",
    }
    return SandboxReply(payload, element="Balance")

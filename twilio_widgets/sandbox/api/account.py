"""Accounts, API keys and the balance."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from twilio_widgets.sandbox.api.wire import SandboxReply
from twilio_widgets.sandbox.world.log import MessageLog
from twilio_widgets.sandbox.world.refusals import ApiRefusal
from twilio_widgets.sandbox.world.resources import Account, Key
from twilio_widgets.sandbox.world.rows import rfc2822

if TYPE_CHECKING:
    from twilio_widgets.sandbox.api.call import Call

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
        and status in (None, "", account.status)
    ]
    return call.page("Account", "accounts", accounts, sid_of=lambda one: one.sid, as_json=_account)


def fetch_account(call: Call) -> SandboxReply:
    """GET /Accounts/{Sid}."""
    return SandboxReply(_account(call.account), element="Account")


def create_account(call: Call) -> SandboxReply:
    """POST /Accounts: a subaccount."""
    world = call.world
    number = len(world.accounts)
    account = Account(
        sid=world.sids.sid("AC", number),
        auth_token=world.sids.secret(2_000 + number),
        friendly_name=call.request.form().get("FriendlyName") or "Subaccount",
        owner_sid=call.account.sid,
        kind=call.account.kind,
        created=world.now(),
    )
    world.accounts[account.sid] = account
    world.logs[account.sid] = MessageLog(None, world.settings)
    return SandboxReply(_account(account), 201, "Account")


def update_account(call: Call) -> SandboxReply:
    """POST /Accounts/{Sid}: change its name or its status."""
    form, account = call.request.form(), call.account
    status = form.get("Status") or account.status
    if status not in {"active", "suspended", "closed"}:
        raise ApiRefusal(20001, "Invalid 'Status'")
    account.status = status
    account.friendly_name = form.get("FriendlyName") or account.friendly_name
    return SandboxReply(_account(account), element="Account")


def _account(account: Account) -> dict[str, object]:
    here = f"/2010-04-01/Accounts/{account.sid}"
    return {
        "auth_token": account.auth_token,
        "date_created": rfc2822(account.created),
        "date_updated": rfc2822(account.created),
        "friendly_name": account.friendly_name,
        "owner_account_sid": account.owner_sid,
        "sid": account.sid,
        "status": account.status,
        "subresource_uris": {name: f"{here}/{path}.json" for name, path in _SUBRESOURCES.items()},
        "type": account.kind,
        "uri": f"{here}.json",
    }


def list_keys(call: Call) -> SandboxReply:
    """GET …/Keys, without the secrets: Twilio returns those only when a key is created."""
    return call.page(
        "Key", "keys", list(call.account.keys.values()), sid_of=lambda key: key.sid, as_json=_key
    )


def create_key(call: Call) -> SandboxReply:
    """POST …/Keys: a Standard key. Its secret is in this reply only."""
    world, keys = call.world, call.account.keys
    serial = 3_000 + sum(len(account.keys) for account in world.accounts.values())
    key = Key(
        sid=world.sids.sid("SK", serial),
        secret=world.sids.secret(serial),
        friendly_name=call.request.form().get("FriendlyName") or "",
        main=False,
        created=world.now(),
    )
    keys[key.sid] = key
    return SandboxReply(_key(key) | {"secret": key.secret}, 201, "Key")


def fetch_key(call: Call) -> SandboxReply:
    """GET …/Keys/{Sid}."""
    return SandboxReply(_key(_found_key(call)), element="Key")


def update_key(call: Call) -> SandboxReply:
    """POST …/Keys/{Sid}: change its name."""
    key = _found_key(call)
    key.friendly_name = call.request.form().get("FriendlyName") or key.friendly_name
    return SandboxReply(_key(key), element="Key")


def delete_key(call: Call) -> SandboxReply:
    """DELETE …/Keys/{Sid}: requests with it are refused from now on."""
    del call.account.keys[_found_key(call).sid]
    return SandboxReply(status=204)


def _found_key(call: Call) -> Key:
    key = call.account.keys.get(call.sids["Key"])
    if key is None:
        raise call.missing()
    return key


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

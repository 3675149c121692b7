"""Voice calls: five fixed ones, so that raw requests have another resource to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_widgets.sandbox.api.wire import SandboxReply
from twilio_widgets.sandbox.world.phonebook import Phonebook
from twilio_widgets.sandbox.world.rows import API_VERSION, rfc2822
from twilio_widgets.sandbox.world.sids import noise

if TYPE_CHECKING:
    from twilio_widgets.sandbox.api.call import Call


def list_calls(call: Call) -> SandboxReply:
    """GET …/Calls."""
    wanted = {field: call.query.get(field.title()) for field in ("to", "from", "status")}
    calls = [
        row
        for row in _calls(call)
        if all(value in (None, "", row[field]) for field, value in wanted.items())
    ]
    return call.page(
        "Call", "calls", calls, sid_of=lambda row: str(row["sid"]), as_json=lambda row: row
    )


def fetch_call(call: Call) -> SandboxReply:
    """GET …/Calls/{Sid}."""
    for row in _calls(call):
        if row["sid"] == call.sids["Call"]:
            return SandboxReply(row, element="Call")
    raise call.missing()


def _calls(call: Call) -> list[dict[str, object]]:
    world = call.world
    if call.account.sid != world.account.sid:
        return []
    return [_call(call, index) for index in range(5)]


def _call(call: Call, index: int) -> dict[str, object]:
    world = call.world
    chance = noise(world.seed, 9, index)
    own, contact = (
        world.senders_of(call.account.sid)[0],
        world.phonebook.at(chance % Phonebook.SLOTS).number,
    )
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

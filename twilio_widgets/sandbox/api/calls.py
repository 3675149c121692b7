"""Voice calls: five fixed ones and those created here, for raw requests. No phone rings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_widgets.sandbox.api.wire import SandboxReply
from twilio_widgets.sandbox.world.addresses import check_recipient_shape
from twilio_widgets.sandbox.world.magic import GOOD_SENDER
from twilio_widgets.sandbox.world.phonebook import Phonebook
from twilio_widgets.sandbox.world.refusals import ApiRefusal
from twilio_widgets.sandbox.world.rows import API_VERSION, rfc2822
from twilio_widgets.sandbox.world.rules import is_web_url
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


def create_call(call: Call) -> SandboxReply:
    """POST …/Calls: a call that stays ``queued`` until it is updated; no phone rings."""
    world, form = call.world, call.request.form()
    to, from_ = form.get("To") or "", form.get("From") or ""
    check_recipient_shape(to)
    own = world.own_numbers.get(from_)
    if from_ != GOOD_SENDER and (own is None or own.account_sid != call.account.sid):
        raise ApiRefusal(21210)
    if not (form.get("Twiml") or is_web_url(form.get("Url") or "")):
        raise ApiRefusal(21205)
    row = _row(
        call,
        world.sids.sid("CA", 1_000 + len(world.calls)),
        to=to,
        from_=from_,
        number_sid=own.sid if own else None,
        direction="outbound-api",
    )
    world.calls.insert(0, row)
    return SandboxReply(row, 201, "Call")


def update_call(call: Call) -> SandboxReply:
    """POST …/Calls/{Sid}: cancel or complete a call that was created here."""
    status = call.request.form().get("Status")
    if status not in {"canceled", "completed"}:
        raise ApiRefusal(20001, "Invalid 'Status'")
    for row in call.world.calls:
        if row["sid"] == call.sids["Call"] and row["account_sid"] == call.account.sid:
            if row["status"] != "queued":
                raise ApiRefusal(21220)
            row |= {"status": status, "date_updated": rfc2822(call.world.now())}
            return SandboxReply(row, element="Call")
    if any(row["sid"] == call.sids["Call"] for row in _calls(call)):
        raise ApiRefusal(21220)
    raise call.missing()


def _calls(call: Call) -> list[dict[str, object]]:
    world, sid = call.world, call.account.sid
    made = [row for row in world.calls if row["account_sid"] == sid]
    return made + [_call(call, index) for index in range(5) if sid == world.account.sid]


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
    return _row(
        call,
        world.sids.sid("CA", index),
        to=to,
        from_=from_,
        number_sid=world.own_numbers[own].sid if own in world.own_numbers else None,
        direction="inbound" if inbound else "outbound-api",
        ended=(start, seconds),
    )


def _row(
    call: Call,
    sid: str,
    *,
    to: str,
    from_: str,
    number_sid: str | None,
    direction: str,
    ended: tuple[int, int] | None = None,
) -> dict[str, object]:
    """Return a Call resource; `ended` is the start and the seconds of a completed call."""
    here = call.uri(f"Calls/{sid}")
    start, seconds = ended or (call.world.now(), 0)
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
        "phone_number_sid": number_sid,
        "status": "completed" if ended else "queued",
        "start_time": rfc2822(start) if ended else None,
        "end_time": rfc2822(start + seconds) if ended else None,
        "duration": str(seconds) if ended else None,
        "price": "-0.01400" if ended else None,
        "price_unit": "USD",
        "direction": direction,
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

"""The account's phone numbers and their webhooks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from twilio_widgets.sandbox.api.wire import SandboxReply
from twilio_widgets.sandbox.world.refusals import ApiRefusal
from twilio_widgets.sandbox.world.resources import SandboxNumber
from twilio_widgets.sandbox.world.rows import API_VERSION, rfc2822
from twilio_widgets.sandbox.world.rules import is_web_url

if TYPE_CHECKING:
    from twilio_widgets.sandbox.api.call import Call

_FICTION = re.compile(r"\+1[2-9]\d\d55501\d\d|\+447700900\d{3}|\+15005550006")
"""Numbers that can be bought: those reserved for fiction, and Twilio's magic number for it."""

_SETTABLE = {
    "FriendlyName": "friendly_name",
    "SmsUrl": "sms_url",
    "SmsMethod": "sms_method",
    "SmsFallbackUrl": "sms_fallback_url",
    "SmsFallbackMethod": "sms_fallback_method",
    "SmsApplicationSid": "sms_application_sid",
    "StatusCallback": "status_callback",
    "StatusCallbackMethod": "status_callback_method",
    "VoiceUrl": "voice_url",
    "VoiceMethod": "voice_method",
    "VoiceFallbackUrl": "voice_fallback_url",
    "VoiceFallbackMethod": "voice_fallback_method",
}
"""The parameters of an update, and the field that each of them changes."""


def list_numbers(call: Call) -> SandboxReply:
    """GET …/IncomingPhoneNumbers."""
    wanted, name = call.query.get("PhoneNumber"), call.query.get("FriendlyName")
    numbers = [
        number
        for number in _numbers(call)
        if (wanted or "").lstrip("+") in number.phone_number
        and name in (None, "", _json(number)["friendly_name"])
    ]
    return call.page(
        "IncomingPhoneNumber",
        "incoming_phone_numbers",
        numbers,
        sid_of=lambda number: number.sid,
        as_json=_json,
    )


def fetch_number(call: Call) -> SandboxReply:
    """GET …/IncomingPhoneNumbers/{Sid}."""
    return SandboxReply(_json(_found(call)), element="IncomingPhoneNumber")


def update_number(call: Call) -> SandboxReply:
    """POST …/IncomingPhoneNumbers/{Sid}: change its name and webhooks."""
    number = _found(call)
    _change(number, call)
    return SandboxReply(_json(number), element="IncomingPhoneNumber")


def create_number(call: Call) -> SandboxReply:
    """POST …/IncomingPhoneNumbers: buy a number, in a range that is reserved for fiction."""
    world, form = call.world, call.request.form()
    wanted = form.get("PhoneNumber") or _free_number(call, form.get("AreaCode") or "")
    if wanted == "+15005550001" or not re.fullmatch(r"\+[1-9]\d{6,14}", wanted):
        raise ApiRefusal(21421)
    if wanted in world.own_numbers or not _FICTION.fullmatch(wanted):
        raise ApiRefusal(21422)  # the code for a number that is not available is UNCONFIRMED
    number = SandboxNumber(
        sid=world.sids.sid("PN", 2_000 + len(world.own_numbers)),
        account_sid=call.account.sid,
        phone_number=wanted,
        sms=True,
        created=world.now(),
        updated=world.now(),
        settings={},
    )
    _change(number, call)
    world.own_numbers[wanted] = number
    return SandboxReply(_json(number), 201, "IncomingPhoneNumber")


def delete_number(call: Call) -> SandboxReply:
    """DELETE …/IncomingPhoneNumbers/{Sid}: release a number."""
    number = _found(call).phone_number
    del call.world.own_numbers[number]
    for service in call.world.services.values():
        service.senders = tuple(sender for sender in service.senders if sender != number)
    return SandboxReply(status=204)


def _free_number(call: Call, area: str) -> str:
    if not re.fullmatch(r"[2-9]\d\d", area):
        raise ApiRefusal(21451)
    taken = call.world.own_numbers
    return next(one for one in (f"+1{area}55501{end:02}" for end in range(99)) if one not in taken)


def _change(number: SandboxNumber, call: Call) -> None:
    """Set the name and the webhooks that a form contains.

    Raises:
        ApiRefusal: A URL or a method is invalid; with which code Twilio says so is UNCONFIRMED.
    """
    changes = {}
    for name, value in call.request.form().pairs:
        is_url = name.endswith("Url") or name == "StatusCallback"
        if (is_url and value and not is_web_url(value)) or (
            name.endswith("Method") and value not in {"GET", "POST"}
        ):
            raise ApiRefusal(20001, f"Invalid '{name}'")
        if name in _SETTABLE:
            changes[_SETTABLE[name]] = value
    number.settings |= changes
    number.updated = call.world.now()


def list_caller_ids(call: Call) -> SandboxReply:
    """GET …/OutgoingCallerIds: the one verified number."""
    number = call.world.phonebook.verified
    sid = call.world.sids.sid("PN", 1_000)
    created = rfc2822(call.account.created)
    row: dict[str, object] = {
        "sid": sid,
        "account_sid": call.account.sid,
        "friendly_name": number,
        "phone_number": number,
        "date_created": created,
        "date_updated": created,
        "uri": call.uri(f"OutgoingCallerIds/{sid}.json"),
    }
    rows = [row] if call.query.get("PhoneNumber") in (None, "", number) else []
    return call.page(
        "OutgoingCallerId",
        "outgoing_caller_ids",
        rows,
        sid_of=lambda row: str(row["sid"]),
        as_json=lambda row: row,
    )


def _numbers(call: Call) -> list[SandboxNumber]:
    own = call.world.own_numbers.values()
    return [number for number in own if number.account_sid == call.account.sid]


def _found(call: Call) -> SandboxNumber:
    for number in _numbers(call):
        if number.sid == call.sids["Number"]:
            return number
    raise call.missing()


def _json(number: SandboxNumber) -> dict[str, object]:
    fields: dict[str, object] = {
        "account_sid": number.account_sid,
        "address_sid": None,
        "address_requirements": "none",
        "api_version": API_VERSION,
        "beta": False,
        "capabilities": {"voice": True, "sms": number.sms, "mms": number.sms, "fax": False},
        "date_created": rfc2822(number.created),
        "date_updated": rfc2822(number.updated),
        "friendly_name": number.phone_number,
        "identity_sid": None,
        "phone_number": number.phone_number,
        "origin": "twilio",
        "sid": number.sid,
        "sms_application_sid": None,
        "sms_fallback_method": "POST",
        "sms_fallback_url": "",
        "sms_method": "POST",
        "sms_url": "",
        "status_callback": "",
        "status_callback_method": "POST",
        "trunk_sid": None,
        "uri": f"/{API_VERSION}/Accounts/{number.account_sid}/IncomingPhoneNumbers/{number.sid}"
        ".json",
        "voice_receive_mode": "voice",
        "voice_application_sid": None,
        "voice_caller_id_lookup": False,
        "voice_fallback_method": "POST",
        "voice_fallback_url": "",
        "voice_method": "POST",
        "voice_url": "",
        "emergency_status": "Inactive",
        "emergency_address_sid": None,
        "emergency_address_status": "unregistered",
        "bundle_sid": None,
        "status": "in-use",
        "type": "mobile" if number.phone_number.startswith("+44") else "local",
    }
    return fields | number.settings

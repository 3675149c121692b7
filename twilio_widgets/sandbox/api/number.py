"""The account's phone numbers and their webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_widgets.sandbox.api.wire import SandboxReply
from twilio_widgets.sandbox.world.rows import API_VERSION, rfc2822

if TYPE_CHECKING:
    from twilio_widgets.sandbox.api.call import Call
    from twilio_widgets.sandbox.world.resources import SandboxNumber

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
    for name, value in call.request.form().pairs:
        if name in _SETTABLE:
            number.settings[_SETTABLE[name]] = value
    number.updated = call.world.now()
    return SandboxReply(_json(number), element="IncomingPhoneNumber")


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

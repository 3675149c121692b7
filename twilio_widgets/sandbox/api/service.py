"""Messaging services, at ``messaging.twilio.com/v1/Services``.

This newer API pages with a ``meta`` object, links with absolute URLs and uses ISO 8601 times. The
field names are those that the official Python client 9.13 reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_widgets.sandbox.api.wire import SandboxReply
from twilio_widgets.sandbox.world.refusals import ApiRefusal
from twilio_widgets.sandbox.world.resources import SandboxService
from twilio_widgets.sandbox.world.rows import iso8601

if TYPE_CHECKING:
    from twilio_widgets.sandbox.api.call import Call
    from twilio_widgets.sandbox.world.resources import SandboxNumber

_SETTABLE = {
    "FriendlyName": "friendly_name",
    "InboundRequestUrl": "inbound_request_url",
    "InboundMethod": "inbound_method",
    "FallbackUrl": "fallback_url",
    "FallbackMethod": "fallback_method",
    "StatusCallback": "status_callback",
    "UseInboundWebhookOnNumber": "use_inbound_webhook_on_number",
}
_LINKS = {
    "phone_numbers": "PhoneNumbers",
    "short_codes": "ShortCodes",
    "alpha_senders": "AlphaSenders",
}


def list_services(call: Call) -> SandboxReply:
    """GET /v1/Services."""
    return call.meta_page(
        "services",
        _services(call),
        sid_of=lambda service: service.sid,
        as_json=lambda service: _json(call, service),
    )


def fetch_service(call: Call) -> SandboxReply:
    """GET /v1/Services/{Sid}."""
    return SandboxReply(_json(call, _found(call)))


def update_service(call: Call) -> SandboxReply:
    """POST /v1/Services/{Sid}: change its name and webhooks."""
    service = _found(call)
    _change(service, call)
    return SandboxReply(_json(call, service))


def create_service(call: Call) -> SandboxReply:
    """POST /v1/Services: a messaging service without senders."""
    world = call.world
    service = SandboxService(
        sid=world.sids.sid("MG", 2_000 + len(world.services)),
        account_sid=call.account.sid,
        friendly_name="",
        senders=(),
        alpha_senders={},
        created=world.now(),
        updated=world.now(),
        settings={},
    )
    if not call.request.form().get("FriendlyName"):
        raise ApiRefusal(20001, "'FriendlyName' is required")
    _change(service, call)
    world.services[service.sid] = service
    return SandboxReply(_json(call, service), 201)


def delete_service(call: Call) -> SandboxReply:
    """DELETE /v1/Services/{Sid}."""
    del call.world.services[_found(call).sid]
    return SandboxReply(status=204)


def add_to_pool(call: Call) -> SandboxReply:
    """POST /v1/Services/{Sid}/PhoneNumbers: add a number of the account to the pool."""
    service, sid = _found(call), call.request.form().get("PhoneNumberSid")
    for number in call.world.own_numbers.values():
        if number.sid == sid and number.account_sid == call.account.sid:
            service.senders = tuple(dict.fromkeys((*service.senders, number.phone_number)))
            return SandboxReply(_pooled(call, service, number), 201)
    raise call.missing()


def _change(service: SandboxService, call: Call) -> None:
    """Set the name and the webhooks that a form contains."""
    for name, value in call.request.form().pairs:
        field = _SETTABLE.get(name)
        if field == "friendly_name":
            service.friendly_name = value
        elif field == "use_inbound_webhook_on_number":
            service.settings[field] = value == "true"
        elif field is not None:
            service.settings[field] = value or None
    service.updated = call.world.now()


def fetch_pooled(call: Call) -> SandboxReply:
    """GET /v1/Services/{Sid}/PhoneNumbers/{Sid}: a number, if it is in the service's pool."""
    service = _found(call)
    for number in _pool(call, service):
        if number.sid == call.sids["Number"]:
            return SandboxReply(_pooled(call, service, number))
    raise call.missing()


def list_pooled(call: Call) -> SandboxReply:
    """GET /v1/Services/{Sid}/PhoneNumbers: the numbers of the service's pool."""
    service = _found(call)
    return call.meta_page(
        "phone_numbers",
        _pool(call, service),
        sid_of=lambda number: number.sid,
        as_json=lambda number: _pooled(call, service, number),
    )


def list_short_codes(call: Call) -> SandboxReply:
    """GET /v1/Services/{Sid}/ShortCodes: none; the sandbox has no short codes."""
    _found(call)
    return call.meta_page("short_codes", [], sid_of=str, as_json=dict)


def list_channel_senders(call: Call) -> SandboxReply:
    """GET /v1/Services/{Sid}/ChannelSenders: none; no service of the sandbox has them."""
    _found(call)
    return call.meta_page("senders", [], sid_of=str, as_json=dict)


def list_alpha_senders(call: Call) -> SandboxReply:
    """GET /v1/Services/{Sid}/AlphaSenders: the alphanumeric senders of the service."""
    service = _found(call)
    rows: list[dict[str, object]] = [
        {
            "sid": sid,
            "account_sid": service.account_sid,
            "service_sid": service.sid,
            "date_created": iso8601(service.created),
            "date_updated": iso8601(service.created),
            "alpha_sender": name,
            "capabilities": ["SMS"],
            "url": f"{_url(call, service)}/AlphaSenders/{sid}",
        }
        for sid, name in service.alpha_senders.items()
    ]
    return call.meta_page(
        "alpha_senders", rows, sid_of=lambda row: str(row["sid"]), as_json=lambda row: row
    )


def _pool(call: Call, service: SandboxService) -> list[SandboxNumber]:
    return [call.world.own_numbers[sender] for sender in service.senders]


def _pooled(call: Call, service: SandboxService, number: SandboxNumber) -> dict[str, object]:
    return {
        "sid": number.sid,
        "account_sid": number.account_sid,
        "service_sid": service.sid,
        "date_created": iso8601(number.created),
        "date_updated": iso8601(number.updated),
        "phone_number": number.phone_number,
        "country_code": "GB" if number.phone_number.startswith("+44") else "US",
        "capabilities": ["Voice", "SMS", "MMS"],
        "url": f"{_url(call, service)}/PhoneNumbers/{number.sid}",
    }


def _url(call: Call, service: SandboxService) -> str:
    return f"{call.request.base_url}/v1/Services/{service.sid}"


def _services(call: Call) -> list[SandboxService]:
    owner = call.account.sid
    return [service for service in call.world.services.values() if service.account_sid == owner]


def _found(call: Call) -> SandboxService:
    for service in _services(call):
        if service.sid == call.sids["Service"]:
            return service
    raise call.missing()


def _json(call: Call, service: SandboxService) -> dict[str, object]:
    url = _url(call, service)
    fields: dict[str, object] = {
        "sid": service.sid,
        "account_sid": service.account_sid,
        "friendly_name": service.friendly_name,
        "date_created": iso8601(service.created),
        "date_updated": iso8601(service.updated),
        "inbound_request_url": None,
        "inbound_method": "POST",
        "fallback_url": None,
        "fallback_method": "POST",
        "status_callback": None,
        "sticky_sender": True,
        "mms_converter": True,
        "smart_encoding": False,
        "scan_message_content": "inherit",
        "fallback_to_long_code": True,
        "area_code_geomatch": True,
        "synchronous_validation": False,
        "validity_period": 36_000,
        "url": url,
        "links": {name: f"{url}/{path}" for name, path in _LINKS.items()},
        "usecase": "notifications",
        "us_app_to_person_registered": False,
        "use_inbound_webhook_on_number": False,
    }
    return fields | service.settings

"""Lookup v2, at ``lookups.twilio.com``: formats, line types and carriers.

The fields are those of Twilio's OpenAPI document ``lookups_v2`` (2026-04).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from twilio_widgets.sandbox.api.wire import SandboxReply
from twilio_widgets.sandbox.world.lines import Line, line_of
from twilio_widgets.sandbox.world.refusals import ApiRefusal
from twilio_widgets.sandbox.world.sids import noise
from twilio_widgets.sandbox.world.world import Lookup

if TYPE_CHECKING:
    from twilio_widgets.sandbox.api.call import Call

_PACKAGES = (
    "caller_name", "sim_swap", "call_forwarding", "line_status", "line_type_intelligence",
    "identity_match", "reassigned_number", "sms_pumping_risk", "phone_number_quality_score",
    "pre_fill",
)  # fmt: skip


def fetch_number(call: Call) -> SandboxReply:
    """GET /v2/PhoneNumbers/{Number}; each one is recorded, because Twilio bills it."""
    asked = tuple(filter(None, (call.query.get("Fields") or "").split(",")))
    if not set(asked) <= {"validation", *_PACKAGES}:
        raise ApiRefusal(20001, "Invalid 'Fields'")
    line = line_of(call.sids["number"])
    at = datetime.fromtimestamp(call.world.now(), UTC)
    call.world.lookups.append(Lookup(number=line.number, fields=asked, at=at))
    fields: dict[str, object] = {
        "calling_country_code": line.calling_code,
        "country_code": line.country,
        "phone_number": line.number,
        "national_format": line.number.removeprefix(f"+{line.calling_code}")
        if line.calling_code
        else None,
        "valid": not line.problems,
        "validation_errors": list(line.problems) or None,
        "url": f"{call.request.base_url}/v2/PhoneNumbers/{line.number}",
    }
    packages = dict.fromkeys(_PACKAGES) | {name: _package(name, line) for name in asked}
    packages.pop("validation", None)
    return SandboxReply(fields | packages)


def _package(name: str, line: Line) -> dict[str, object] | None:
    if line.problems:
        return None
    if name == "line_type_intelligence":
        carrier = line.carrier
        return {
            "error_code": None,
            "mobile_country_code": carrier.mcc if carrier else None,
            "mobile_network_code": carrier.mnc if carrier else None,
            "carrier_name": carrier.name if carrier else None,
            "type": line.kind,
        }
    if name == "caller_name":  # Twilio knows the names of US subscribers only
        known = line.country == "US"
        return {
            "caller_name": "SANDBOX, PERSON" if known else None,
            "caller_type": "CONSUMER" if known else None,
            "error_code": None if known else 60600,
        }
    if name == "sms_pumping_risk":
        return {
            "carrier_risk_category": "low",
            "number_blocked": False,
            "number_blocked_date": None,
            "number_blocked_last_3_months": False,
            "sms_pumping_risk_score": noise(8, int(line.number[1:])) % 30,
            "error_code": None,
        }
    return None

"""Message prices by country, at ``pricing.twilio.com``.

The fields are those of Twilio's OpenAPI document ``pricing_v1`` (2026-04).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_widgets.sandbox.api.wire import SandboxReply
from twilio_widgets.sandbox.world.lines import CARRIERS, Carrier
from twilio_widgets.sandbox.world.prices import COUNTRIES, INBOUND, country_price, surcharge

if TYPE_CHECKING:
    from twilio_widgets.sandbox.api.call import Call

_OTHERS = Carrier("Other", "", "")


def list_countries(call: Call) -> SandboxReply:
    """GET /v1/Messaging/Countries."""
    return call.meta_page(
        "countries",
        list(COUNTRIES),
        sid_of=lambda code: code,
        as_json=lambda code: {
            "country": COUNTRIES[code],
            "iso_country": code,
            "url": f"{call.request.base_url}/v1/Messaging/Countries/{code}",
        },
    )


def fetch_country(call: Call) -> SandboxReply:
    """GET /v1/Messaging/Countries/{IsoCountry}."""
    code = call.sids["country"]
    if code not in COUNTRIES:
        raise call.missing()
    carriers = (*CARRIERS.get(code, ()), _OTHERS)
    return SandboxReply(
        {
            "country": COUNTRIES[code],
            "iso_country": code,
            "outbound_sms_prices": [
                {
                    "carrier": carrier.name,
                    "mcc": carrier.mcc,
                    "mnc": carrier.mnc,
                    "prices": _prices(str(country_price(code) + surcharge(carrier.name))),
                }
                for carrier in carriers
            ],
            "inbound_sms_prices": _prices(str(INBOUND)),
            "price_unit": "USD",
            "url": f"{call.request.base_url}/v1/Messaging/Countries/{code}",
        }
    )


def _prices(amount: str) -> list[dict[str, str]]:
    return [
        {"base_price": amount, "current_price": amount, "number_type": kind}
        for kind in ("local", "mobile", "shortcode", "toll free")
    ]

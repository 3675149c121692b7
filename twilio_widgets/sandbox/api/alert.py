"""The debugger's alerts, at ``monitor.twilio.com/v1/Alerts``.

The fields are those of the OpenAPI document (2026-04). The order (newest first), the text of an
alert and the format of the request's variables are UNCONFIRMED.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from twilio_widgets.sandbox.api.wire import SandboxReply
from twilio_widgets.sandbox.world.refusals import ApiRefusal
from twilio_widgets.sandbox.world.rows import API_VERSION, iso8601

if TYPE_CHECKING:
    from twilio_widgets.sandbox.api.call import Call
    from twilio_widgets.sandbox.world.alerts import SandboxAlert

_WARNINGS = frozenset({12300})
"""The codes that are logged as warnings: the webhook was delivered."""


def list_alerts(call: Call) -> SandboxReply:
    """GET /v1/Alerts: those of a level and between two times, both inclusive."""
    level = call.query.get("LogLevel")
    start, _ = _span(call.query.get("StartDate")) or (0.0, 0.0)
    _, end = _span(call.query.get("EndDate")) or (0.0, float("inf"))
    found = [
        alert
        for alert in _alerts(call)
        if start <= alert.at < end and level in (None, "", _level(alert))
    ]
    return call.meta_page(
        "alerts",
        found,
        sid_of=lambda alert: alert.sid,
        as_json=lambda alert: _json(call, alert),
    )


def fetch_alert(call: Call) -> SandboxReply:
    """GET /v1/Alerts/{Sid}, with the request and the response that caused it."""
    for alert in _alerts(call):
        if alert.sid == call.sids["Alert"]:
            details: dict[str, object] = {
                "request_variables": urlencode(alert.parameters),
                "request_headers": "",
                "response_headers": "",
                "response_body": alert.response.decode("utf-8", "replace"),
            }
            return SandboxReply(_json(call, alert) | details)
    raise call.missing()


def _alerts(call: Call) -> list[SandboxAlert]:
    own = [alert for alert in call.world.alerts if alert.account_sid == call.account.sid]
    return own[::-1]


def _level(alert: SandboxAlert) -> str:
    return "warning" if alert.code in _WARNINGS else "error"


def _span(text: str | None) -> tuple[float, float] | None:
    """Return the first moment that a date or time names, and the first one after it."""
    if not text:
        return None
    try:
        if len(text) == len("2026-01-31"):
            day = datetime.combine(date.fromisoformat(text), time(), tzinfo=UTC)
            return day.timestamp(), (day + timedelta(days=1)).timestamp()
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise ApiRefusal(20001, "Invalid date") from None
    second = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    return second, second + 1


def _json(call: Call, alert: SandboxAlert) -> dict[str, object]:
    at = iso8601(alert.at)
    return {
        "account_sid": alert.account_sid,
        "alert_text": alert.text,
        "api_version": API_VERSION,
        "date_created": at,
        "date_generated": at,
        "date_updated": at,
        "error_code": str(alert.code),
        "log_level": _level(alert),
        "more_info": f"https://www.twilio.com/docs/errors/{alert.code}",
        "request_method": alert.method,
        "request_url": alert.url,
        "resource_sid": alert.message_sid,
        "service_sid": alert.service_sid,
        "sid": alert.sid,
        "url": f"{call.request.base_url}/v1/Alerts/{alert.sid}",
    }

"""Code that reads what a section of the account panel reads."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from twilio_widgets.core.credentials.connection import API_VERSION
from twilio_widgets.core.flows.paging import MAX_PAGE_SIZE
from twilio_widgets.panels.code.access import SANDBOX_NOTE
from twilio_widgets.panels.code.quoting import Expression, call, curl, texts_of
from twilio_widgets.panels.code.snippets import Snippet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twilio_widgets.panels.code.access import Access
    from twilio_widgets.panels.resources.state import Section

_OURS: dict[Section, str] = {
    "numbers": "frame = twilio.numbers.list",
    "services": "frame = twilio.services.list",
    "usage": "frame = twilio.usage",
    "alerts": "frame = twilio.alerts.list",
}
_OFFICIAL: dict[Section, str] = {
    "numbers": "numbers = client.incoming_phone_numbers.list",
    "services": "services = client.messaging.v1.services.list",
    "usage": "records = client.usage.records.list",
    "alerts": "alerts = client.monitor.v1.alerts.list",
}
_BY = {"category": "", "day": "daily", "month": "monthly"}
_ONE_PAGE = "# One page. The response names the next one."


def section_snippet(
    access: Access, section: Section, asked: Mapping[str, object], *, linked: bool
) -> Snippet:
    """Return the code that reads a section.

    Args:
        access: How the code authenticates.
        section: The section.
        asked: The keywords of ``list`` or ``usage``.
        linked: Whether alerts are linked to the rejected requests of ``listener``.
    """
    keywords = {name: value for name, value in asked.items() if (name, value) != ("by", "category")}
    if linked:
        keywords["listener"] = Expression("listener")
    official = call(_official_call(section, asked), **_official_keywords(section, asked))
    if section == "services":
        official += "\nsenders = {one.sid: one.phone_numbers.list() for one in services}"
    return Snippet(
        access.ours(call(_OURS[section], **keywords), asked.values()),
        access.official(official, _official_keywords(section, asked).values()),
        _curl(access, section, asked),
    )


def _official_call(section: Section, asked: Mapping[str, object]) -> str:
    name = _OFFICIAL[section]
    part = _BY[str(asked.get("by", "category"))]
    return name.replace("records.list", f"records.{part}.list") if part else name


def _official_keywords(section: Section, asked: Mapping[str, object]) -> dict[str, object]:
    names = {"category": "category", "level": "log_level", "since": "start_date"}
    given = {names[name]: value for name, value in asked.items() if name in names}
    start = given.get("start_date")
    if section == "alerts" and isinstance(start, date):
        given["start_date"] = datetime(start.year, start.month, start.day, tzinfo=UTC)
    return given | {"limit": asked["limit"]}


def _curl(access: Access, section: Section, asked: Mapping[str, object]) -> str:
    limit = asked["limit"]
    size = min(limit, MAX_PAGE_SIZE) if isinstance(limit, int) else MAX_PAGE_SIZE
    names = {"category": "Category", "log_level": "LogLevel", "start_date": "StartDate"}
    given = _official_keywords(section, asked)
    pairs = [(names[name], texts_of(given[name])[0]) for name in names if name in given]
    pairs.append(("PageSize", str(size)))
    product, path = _address(access, section, asked)
    host = f"{product}{access.host.removeprefix('api')}"
    note = SANDBOX_NOTE if access.kind == "sandbox" else ""
    command = curl(f"https://{host}{path}", pairs, login=access.login, options=("--get",))
    return "\n".join(line for line in (note, _ONE_PAGE, command) if line)


def _address(access: Access, section: Section, asked: Mapping[str, object]) -> tuple[str, str]:
    account = f"/{API_VERSION}/Accounts/${access.account}"
    part = _BY[str(asked.get("by", "category"))].capitalize()
    usage = f"Records/{part}" if part else "Records"
    return {
        "numbers": ("api", f"{account}/IncomingPhoneNumbers.json"),
        "services": ("messaging", "/v1/Services"),
        "usage": ("api", f"{account}/Usage/{usage}.json"),
        "alerts": ("monitor", "/v1/Alerts"),
    }[section]

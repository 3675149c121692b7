"""Content templates and their approvals, at ``content.twilio.com``.

The fields are those of Twilio's OpenAPI documents ``content_v1`` and ``content_v2`` (2026-04).
Bodies are JSON. How this API words its refusals is UNCONFIRMED.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from twilio_widgets.sandbox.api.wire import SandboxReply
from twilio_widgets.sandbox.world.refusals import ApiRefusal
from twilio_widgets.sandbox.world.rows import iso8601
from twilio_widgets.sandbox.world.templates import SandboxTemplate

if TYPE_CHECKING:
    from collections.abc import Callable

    from twilio_widgets.sandbox.api.call import Call


def list_content(call: Call) -> SandboxReply:
    """GET /v1/Content and /v2/Content."""
    return _page(call, lambda template: _json(call, template))


def list_with_approvals(call: Call) -> SandboxReply:
    """GET /v1/ContentAndApprovals and /v2/ContentAndApprovals."""
    return _page(
        call,
        lambda template: _fields(template) | {"approval_requests": _approval(call, template)},
    )


def create_content(call: Call) -> SandboxReply:
    """POST /v1/Content."""
    given, now = _body(call), call.world.now()
    types, language = given.get("types"), given.get("language")
    # The official client sends every type, most of them as null.
    given_types = types.items() if isinstance(types, dict) else ()
    types = {name: content for name, content in given_types if isinstance(content, dict)}
    if not types or not isinstance(language, str):
        raise ApiRefusal(20001, "'language' and 'types' are required")
    variables = given.get("variables") or {}
    templates = call.world.templates
    sid = call.world.sids.sid("HX", len(templates) + 1_000)
    templates[sid] = SandboxTemplate(
        sid=sid,
        account_sid=call.account.sid,
        friendly_name=str(given.get("friendly_name") or ""),
        language=language,
        variables={str(name): str(value) for name, value in variables.items()},
        types=types,
        created=now,
        updated=now,
    )
    return SandboxReply(_json(call, templates[sid]), 201)


def fetch_content(call: Call) -> SandboxReply:
    """GET /v1/Content/{Sid}."""
    return SandboxReply(_json(call, _found(call)))


def delete_content(call: Call) -> SandboxReply:
    """DELETE /v1/Content/{Sid}."""
    del call.world.templates[_found(call).sid]
    return SandboxReply(None, 204)


def fetch_approval(call: Call) -> SandboxReply:
    """GET /v1/Content/{Sid}/ApprovalRequests."""
    template = _found(call)
    return SandboxReply(
        {
            "sid": template.sid,
            "account_sid": template.account_sid,
            "whatsapp": {"type": "whatsapp", **_approval(call, template)},
            "url": f"{_url(call, template)}/ApprovalRequests",
        }
    )


def request_approval(call: Call) -> SandboxReply:
    """POST /v1/Content/{Sid}/ApprovalRequests/whatsapp: submit a template to WhatsApp."""
    template, given = _found(call), _body(call)
    if not given.get("name") or not given.get("category"):
        raise ApiRefusal(20001, "'name' and 'category' are required")
    template.category = str(given["category"])
    template.submitted, template.decided = call.world.now(), ""
    return SandboxReply(_approval(call, template), 201)


def _page(call: Call, as_json: Callable[[SandboxTemplate], dict[str, object]]) -> SandboxReply:
    own = [one for one in call.world.templates.values() if one.account_sid == call.account.sid]
    return call.meta_page("contents", own, sid_of=lambda template: template.sid, as_json=as_json)


def _found(call: Call) -> SandboxTemplate:
    template = call.world.templates.get(call.sids["Content"])
    if template is None or template.account_sid != call.account.sid:
        raise call.missing()
    return template


def _body(call: Call) -> dict[str, Any]:
    try:
        given = json.loads(call.request.body)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise ApiRefusal(20001, "The body is not a JSON object")
    return given


def _url(call: Call, template: SandboxTemplate) -> str:
    return f"{call.request.base_url}/v1/Content/{template.sid}"


def _fields(template: SandboxTemplate) -> dict[str, object]:
    return {
        "sid": template.sid,
        "account_sid": template.account_sid,
        "friendly_name": template.friendly_name,
        "language": template.language,
        "variables": template.variables,
        "types": template.types,
        "date_created": iso8601(template.created),
        "date_updated": iso8601(template.updated),
    }


def _json(call: Call, template: SandboxTemplate) -> dict[str, object]:
    url = _url(call, template)
    links = {
        "approval_create": f"{url}/ApprovalRequests/whatsapp",
        "approval_fetch": f"{url}/ApprovalRequests",
    }
    return _fields(template) | {"url": url, "links": links}


def _approval(call: Call, template: SandboxTemplate) -> dict[str, object]:
    now = call.world.now()
    return {
        "name": template.friendly_name if template.submitted is not None else "",
        "category": template.category,
        "content_type": next(iter(template.types)) if template.submitted is not None else "",
        "status": template.status(now),
        "rejection_reason": template.rejection_reason(now),
        "allow_category_change": True,
    }

"""The permission that a request needs, in words.

A restricted API key has permissions by resource and action; Twilio's own names for them differ by
product, so the host, the resource and the action are named instead.

Source: Twilio, "Restricted API keys" (each permission maps to endpoints and actions of a resource).
"""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twilio_widgets.core.request import Request

_RESOURCE = re.compile(r"[A-Z][A-Za-z0-9]*")
_SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")
_ACTIONS = {"POST": "create", "PUT": "change", "PATCH": "change", "DELETE": "delete"}


def permission_of(request: Request) -> str:
    """Return the permission for a request, such as "read Alerts at monitor.twilio.com"."""
    path = re.sub(r"\.(?:json|xml)$", "", request.path)
    parts = re.sub(r"^/2010-04-01/Accounts/AC[^/]*/", "/", path).split("/")
    action = _ACTIONS.get(request.method, "read")
    if action == "create" and not _is_name(parts[-1]):
        action = "change"
    while parts and not _is_name(parts[-1]):
        parts.pop()
    names = list(takewhile(_is_name, reversed(parts)))[::-1]
    resource = "/".join(names) or "this resource"
    return f"{action} {resource} at {request.host or f'{request.service}.twilio.com'}"


def _is_name(part: str) -> bool:
    return bool(_RESOURCE.fullmatch(part)) and not _SID.fullmatch(part)

"""Classify requests: which change something, and which create a message.

`Request.creates_message` alone is not enough: it may be missing on a request that was built by
hand. So the method and the path are checked as well, as leniently as a server might read them: a
request that might create a message counts as one that does.
"""

from __future__ import annotations

import posixpath
import re
from urllib.parse import unquote

from twilio_widgets.core.request import SAFE_METHODS, Request

_MESSAGE_SID = re.compile(r"[sm]m[0-9a-f]{32}")
_MAX_DECODES = 5
"""How often a path is percent-decoded; one that is still encoded counts as creating a message."""


def changes(request: Request) -> bool:
    """Return whether a request may change something at Twilio."""
    return bool(_methods(request) - SAFE_METHODS)


def makes_message(request: Request) -> bool:
    """Return whether a request may create a message, even if it is not marked as such."""
    if request.creates_message:
        return True
    return bool(_methods(request) - SAFE_METHODS - {"DELETE"}) and _leads_to_messages(request.path)


def costs_money(request: Request) -> bool:
    """Return whether Twilio bills a request although it only reads: a lookup of more than validity.

    A request whose fields cannot be understood counts as billed.
    """
    if request.service != "lookups":
        return False
    asked = {
        part.strip().lower()
        for name, value in request.pairs
        if name.strip().lower() in {"fields", "type", "addons"}
        for part in value.split(",")
    }
    return bool(asked - {"", "validation"})


def _methods(request: Request) -> set[str]:
    """Return the method, and any that a ``_method`` parameter would override it with."""
    given = {request.method.strip().upper()}
    for name, value in request.pairs:
        if name.strip().lower() == "_method":
            given.add(value.strip().upper())
    return given


def _leads_to_messages(path: str) -> bool:
    """Return whether a path is the list of messages, or below it and not one message's own path."""
    for _decode in range(_MAX_DECODES):
        path, before = unquote(path), path
        if path == before:
            break
    else:
        return True
    plain = re.split(r"[?#]", path.replace("\\", "/"), maxsplit=1)[0]
    parts = posixpath.normpath("/" + plain.lower()).split("/")
    names = [re.split(r"[.;]", part.strip(), maxsplit=1)[0] for part in parts if part.strip()]
    if "messages" not in names:
        return False
    below = names[len(names) - names[::-1].index("messages") :]
    return not below or _MESSAGE_SID.fullmatch(below[0]) is None

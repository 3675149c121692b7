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
    return bool(methods_of(request) - SAFE_METHODS)


def makes_message(request: Request) -> bool:
    """Return whether a request may create a message, even if it is not marked as such.

    Messages of other products (Conversations, for example) are in `effects`.
    """
    if request.creates_message:
        return True
    creates = methods_of(request) - SAFE_METHODS - {"DELETE"}
    return bool(creates) and request.service == "api" and _leads_to_messages(request.path)


def methods_of(request: Request) -> set[str]:
    """Return the method, and any that a ``_method`` parameter would override it with."""
    given = {request.method.strip().upper()}
    for name, value in request.pairs:
        if name.strip().lower() == "_method":
            given.add(value.strip().upper())
    return given


def last_name(path: str) -> str:
    """Return the last segment of a path, in lower case and without its extension."""
    return (_names(path) or [""])[-1]


def _leads_to_messages(path: str) -> bool:
    """Return whether a path is the list of messages, or below it and not one message's own path."""
    names = _names(path)
    if names is None:
        return True
    if "messages" not in names:
        return False
    below = names[len(names) - names[::-1].index("messages") :]
    return not below or _MESSAGE_SID.fullmatch(below[0]) is None


def _names(path: str) -> list[str] | None:
    """Return the segments of a path as a lenient server reads them; None if it stays encoded."""
    for _decode in range(_MAX_DECODES):
        path, before = unquote(path), path
        if path == before:
            break
    else:
        return None
    plain = re.split(r"[?#]", path.replace("\\", "/"), maxsplit=1)[0]
    parts = posixpath.normpath("/" + plain.lower()).split("/")
    return [re.split(r"[.;:]", part.strip(), maxsplit=1)[0] for part in parts if part.strip()]

"""Which requests change something, and which of them make a message.

What a request says of itself (`Request.creates_message`) is not enough: it decides about repeats,
and whoever builds a request by hand may leave it out. So the method and the path are read as well,
as generously as a server might: whatever could make a message counts as one that does.
"""

from __future__ import annotations

import posixpath
import re
from urllib.parse import unquote

from twilio_widgets.core.request import SAFE_METHODS, Request

_MESSAGE_SID = re.compile(r"[sm]m[0-9a-f]{32}")
_MOST_LAYERS = 5
"""How often an escape may stand inside another before the path counts as undecodable."""


def changes(request: Request) -> bool:
    """Say whether a request may change something at Twilio."""
    return bool(_methods(request) - SAFE_METHODS)


def makes_message(request: Request) -> bool:
    """Say whether a request may make a message, whatever it says of itself."""
    if request.creates_message:
        return True
    return bool(_methods(request) - SAFE_METHODS - {"DELETE"}) and _leads_to_messages(request.path)


def _methods(request: Request) -> set[str]:
    """Return the method, and those a parameter ``_method`` would put in its place."""
    given = {request.method.strip().upper()}
    for name, value in request.pairs:
        if name.strip().lower() == "_method":
            given.add(value.strip().upper())
    return given


def _leads_to_messages(path: str) -> bool:
    """Say whether a path names the list of messages, or something below it that is no message."""
    for _layer in range(_MOST_LAYERS):
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

"""`guard`: the paths, query parameters and headers that a request may have.

The rules allow, they do not forbid known tricks: a path consists of plain segments between slashes,
so it cannot name a host, climb, or contain an escape. A segment may contain ``@`` and
``:`` (identities and addresses do): after the first slash of a URL they cannot end a host's name.

Sources: RFC 9110 (header names, hop-by-hop headers), RFC 3986 (what separates a host from a path),
OWASP, "Server-side request forgery prevention".
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from twilio_widgets.core.bodies import encodable
from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.core.http.hosts import VERSIONS, product_of
from twilio_widgets.core.request import Request
from twilio_widgets.errors import BadResponse, InvalidRequest, PathRefused

METHODS = ("GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS", "LINK", "UNLINK", "PURGE")
"""The methods a request may have."""

SEGMENT = r"[A-Za-z0-9_@:+](?:[A-Za-z0-9_@:+.~-]*[A-Za-z0-9_@:+~-])?"
"""A segment of a path: it does not begin or end with a dot, and contains no escapes."""

_PATH = re.compile(rf"/([A-Za-z0-9-]+)(?:/{SEGMENT})+")
_MEDIA_FILE = re.compile(
    r"/2010-04-01/Accounts/AC[0-9a-fA-F]{32}/Messages/[SM]M[0-9a-fA-F]{32}/Media/ME[0-9a-fA-F]{32}"
)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?|")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

_CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie"})
_OF_THE_CONNECTION = frozenset(
    {
        "connection", "content-length", "expect", "host", "keep-alive", "proxy-connection", "te",
        "trailer", "transfer-encoding", "upgrade",
    }
)  # fmt: skip
_OF_ANOTHER_REQUEST = frozenset(
    {
        "x-http-method", "x-http-method-override", "x-method-override", "x-original-url",
        "x-rewrite-url", "x-original-host", "x-forwarded-host", "forwarded",
    }
)  # fmt: skip


def without_credentials(headers: Any) -> Any:
    """Return headers with the values of credentials hidden; `guard` refuses those headers.

    A verbose traceback of any later failure would show them.
    """
    if isinstance(headers, str):
        return Secret(headers)
    pairs = list(headers.items()) if isinstance(headers, Mapping) else headers
    if not isinstance(pairs, list | tuple) or not all(
        isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs
    ):
        return headers
    return [
        (name, "hidden" if str(name).strip().lower() in _CREDENTIALS else value)
        for name, value in pairs
    ]


def guard(request: Request) -> None:
    """Refuse a request that does not stay within Twilio's API.

    Raises:
        PathRefused: Its host, path or query could lead elsewhere.
        InvalidRequest: Its method or one of its headers is not allowed.
    """
    if request.host is not None and product_of(request.host) != request.service:
        raise PathRefused("The host is not one of Twilio's API, so nothing was sent.")
    path = _PATH.fullmatch(request.path)
    if path is None or path[1] not in VERSIONS.get(request.service, ()):
        raise PathRefused("The path leaves Twilio's API, so nothing was sent.")
    for text in (text for pair in request.query for text in pair):
        _check_text(text)
    if request.method not in METHODS:
        raise InvalidRequest(
            f"The method must be one of {', '.join(METHODS)}. Nothing was sent.", field="method"
        )
    own = () if request.body is None else (("Content-Type", request.body.content_type),)
    _check_headers((*request.headers, *own))


def _check_text(text: str) -> None:
    if CONTROL.search(text):
        raise PathRefused(
            "A query parameter contains a control character, such as a line break. "
            "Nothing was sent."
        )
    if not encodable(text):
        raise PathRefused(
            "A query parameter contains an unpaired surrogate (invalid Unicode). Nothing was sent."
        )


def _check_headers(headers: Iterable[tuple[str, str]]) -> None:
    """Refuse headers that carry credentials, steer the connection, or smuggle a second request."""
    seen = set()
    for name, value in headers:
        if not _HEADER_NAME.fullmatch(name):
            raise _refused("The name of a header must consist of letters, digits and hyphens.")
        if not _HEADER_VALUE.fullmatch(value):
            raise _refused(
                f"The header {name} contains an invalid character, such as a line break: only "
                "printable ASCII is allowed, without spaces at the ends."
            )
        reason = _why_not(name.lower())
        if reason:
            raise _refused(f"The header {name} cannot be set: {reason}")
        if name.lower() == "content-type" and name.lower() in seen:
            raise _refused("The header Content-Type is given twice.")
        seen.add(name.lower())


def _why_not(name: str) -> str:
    if name in _CREDENTIALS:
        return "credentials come from the connection and are sent to Twilio only."
    if name in _OF_THE_CONNECTION:
        return "the HTTP connection sets it."
    if name in _OF_ANOTHER_REQUEST:
        return "it could turn this request into another one. Use method= and path= instead."
    if name == "accept-encoding":
        return "only plain and gzip responses can be read."
    return ""


def _refused(text: str) -> InvalidRequest:
    return InvalidRequest(f"{text} Nothing was sent.", field="headers")


def is_loopback(host: str) -> bool:
    """Return whether a host name means this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def media_redirect(request: Request, url: str, status: int, location: str | None) -> str | None:
    """Return the URL to fetch a media file from, without credentials; None if there is no redirect.

    Twilio responds to a request for the media file of a message with a redirect to a file store,
    which must not receive the credentials. No other redirect is followed.

    Args:
        request: The request.
        url: The URL it was sent to.
        status: The status of the response.
        location: The ``Location`` header of the response.

    Raises:
        BadResponse: The URL is not allowed.
    """
    wanted = request.method in {"GET", "HEAD"} and _MEDIA_FILE.fullmatch(request.path)
    if not wanted or status not in {301, 302, 303, 307, 308} or not location:
        return None
    target = _joined(url, location)
    if target is None:
        raise BadResponse(
            "The redirect to the media file was not followed: its URL must be https, with a host "
            "name, the usual port and no user name. Nothing was fetched."
        )
    return target


def _joined(url: str, location: str) -> str | None:
    if not location.isascii() or not location.isprintable() or set(location) & set(" \\"):
        return None
    try:
        target, origin = urlsplit(urljoin(url, location)), urlsplit(url)
        host, port = target.hostname or "", target.port
    except ValueError:
        return None
    if target.username is not None or target.password is not None:
        return None
    same = (target.scheme, host, port) == (origin.scheme, origin.hostname, origin.port)
    local = target.scheme in {"http", "https"} and is_loopback(origin.hostname or "")
    outside = target.scheme == "https" and port in {None, 443} and _is_named_host(host)
    return target._replace(fragment="").geturl() if (same and local) or outside else None


def _is_named_host(host: str) -> bool:
    """Return whether a host is a public name, not an IP address or a name of the local network."""
    labels = host.rstrip(".").split(".")
    return (
        len(labels) >= 2
        and all(re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", label) for label in labels)
        and re.fullmatch(r"[a-z]{2,}|xn--[a-z0-9-]+", labels[-1]) is not None
        and labels[-1] not in {"local", "localhost", "internal", "lan", "home"}
    )

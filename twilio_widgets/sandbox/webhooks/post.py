"""One signed webhook request, to loopback and nowhere else.

The limits and retries are those of Twilio's webhook connection overrides: 5 s to connect, 15 s for
an answer, one retry when no connection was made; ``#rc=2&rp=all`` at the end of the URL changes
them. Nothing is signed or sent of the fragment, and no redirect is followed.
Source: Twilio, "Webhooks connection overrides".
"""

from __future__ import annotations

import http.client
import ipaddress
import uuid
from typing import NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from twilio_widgets.core.signature import sign

_MOST_ANSWER = 1_000_000


class Posted(NamedTuple):
    """How a webhook went."""

    status: int | None = None
    content_type: str = ""
    body: bytes = b""
    problem: str | None = None


class _Shot(NamedTuple):
    """One request, ready to be made as often as the limits allow."""

    host: str
    port: int
    method: str
    target: str
    form: str
    headers: dict[str, str]


class _Limits(NamedTuple):
    connect: float = 5.0
    read: float = 15.0
    retries: int = 1
    retried: frozenset[str] = frozenset({"ct"})

    def again(self, posted: Posted, *, connected: bool) -> bool:
        """Return whether this outcome is one to try again after."""
        if posted.status is None:
            kind = "rt" if connected else "ct"
        elif posted.status >= 400:
            kind = f"{posted.status // 100}xx"
        else:
            return False
        return bool({kind, "all"} & self.retried)


def deliver(url: str, method: str, parameters: dict[str, str], auth_token: str) -> Posted:
    """Make one webhook request, with its retries.

    Args:
        url: Where to; anything but http on loopback is not even looked up.
        method: ``POST`` sends the parameters as a form, ``GET`` in the query.
        parameters: What to say.
        auth_token: Signs the request.
    """
    try:
        parts = urlsplit(url)
        host, port = _loopback(parts.scheme, parts.hostname), parts.port
    except ValueError:
        host, port = None, None
    if host is None:
        return Posted(problem="The sandbox calls back to http:// on loopback only.")
    form = urlencode(parameters) if method == "POST" else ""
    query = parts.query if form else "&".join(filter(None, (parts.query, urlencode(parameters))))
    netloc = parts.netloc.rpartition("@")[2]  # Twilio signs without user name and password
    signed = urlunsplit((parts.scheme, netloc, parts.path, query, ""))
    headers = {
        "Host": netloc,
        "User-Agent": "TwilioProxy/1.1",
        "Accept": "*/*",
        "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
        "X-Twilio-Signature": sign(signed, parameters if form else {}, auth_token),
    }
    if form:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    target = urlunsplit(("", "", parts.path or "/", query, ""))
    shot = _Shot(host, port or 80, method, target, form, headers)
    limits = _limits(parts.fragment)
    for _ in range(1 + limits.retries):
        posted, connected = _once(shot, limits)
        if not limits.again(posted, connected=connected):
            break
    return posted


def _loopback(scheme: str, host: str | None) -> str | None:
    """Return the address to call, or None when it is not ours to call."""
    if scheme != "http" or not host:
        return None
    if host == "localhost":
        return "127.0.0.1"  # never looked up
    try:
        return host if ipaddress.ip_address(host).is_loopback else None
    except ValueError:
        return None


def _limits(fragment: str) -> _Limits:
    asked = {name: values[0] for name, values in parse_qs(fragment).items()}

    def number(name: str, usual: int, low: int, high: int) -> int:
        text = asked.get(name, "")
        return int(text) if text.isdecimal() and low <= int(text) <= high else usual

    return _Limits(
        connect=number("ct", 5000, 100, 10_000) / 1000,
        read=number("rt", 15_000, 100, 15_000) / 1000,
        retries=number("rc", 1, 0, 5),
        retried=frozenset(asked.get("rp", "ct").split(",")),
    )


def _once(shot: _Shot, limits: _Limits) -> tuple[Posted, bool]:
    """Make one attempt; return how it went, and whether there was a connection."""
    connection = http.client.HTTPConnection(shot.host, shot.port, timeout=limits.connect)
    connected = False
    try:
        connection.connect()
        connected = True
        connection.sock.settimeout(limits.read)
        connection.request(shot.method, shot.target, shot.form or None, shot.headers)
        answer = connection.getresponse()
        body = answer.read(_MOST_ANSWER)
        return Posted(answer.status, answer.getheader("Content-Type", ""), body), True
    except (OSError, http.client.HTTPException) as error:
        return Posted(problem=f"{type(error).__name__}: {error}"), connected
    finally:
        connection.close()

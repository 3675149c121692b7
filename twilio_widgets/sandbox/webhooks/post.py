"""Post one signed webhook request, to loopback only.

The limits and retries are those of Twilio's webhook connection overrides: 5 s to connect, 15 s for
a response, one retry when no connection was made. A fragment such as ``#rc=2&rp=all`` at the end of
the URL changes them; it is neither signed nor sent. Redirects are not followed.
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
    """The result of a webhook request: the response, or the problem."""

    status: int | None = None
    content_type: str = ""
    body: bytes = b""
    problem: str | None = None
    attempted: bool = True
    """Whether the URL was called: the sandbox calls loopback only."""
    connected: bool = True


class _Shot(NamedTuple):
    """One request, ready to be sent and retried."""

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

    def again(self, posted: Posted) -> bool:
        """Return whether to retry after this result."""
        if posted.status is None:
            kind = "rt" if posted.connected else "ct"
        elif posted.status >= 400:
            kind = f"{posted.status // 100}xx"
        else:
            return False
        return bool({kind, "all"} & self.retried)


def deliver(url: str, method: str, parameters: dict[str, str], auth_token: str) -> Posted:
    """Send one webhook request, with its retries.

    Args:
        url: The webhook URL. Only ``http://`` on loopback is called; no name is ever resolved.
        method: ``POST`` sends the parameters as a form, ``GET`` in the query.
        parameters: The webhook's parameters.
        auth_token: Signs the request.
    """
    try:
        parts = urlsplit(url)
        host, port = _loopback(parts.scheme, parts.hostname), parts.port
    except ValueError:
        host, port = None, None
    if host is None:
        return Posted(
            problem="The sandbox posts webhooks to http:// URLs on loopback only.", attempted=False
        )
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
        posted = _once(shot, limits)
        if not limits.again(posted):
            break
    return posted


def _loopback(scheme: str, host: str | None) -> str | None:
    """Return the loopback address to connect to; None for any other URL."""
    if scheme != "http" or not host:
        return None
    if host == "localhost":
        return "127.0.0.1"  # without a DNS lookup
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


def _once(shot: _Shot, limits: _Limits) -> Posted:
    """Make one attempt and return its result."""
    connection = http.client.HTTPConnection(shot.host, shot.port, timeout=limits.connect)
    connected = False
    try:
        connection.connect()
        connected = True
        connection.sock.settimeout(limits.read)
        connection.request(shot.method, shot.target, shot.form or None, shot.headers)
        answer = connection.getresponse()
        body = answer.read(_MOST_ANSWER)
        return Posted(answer.status, answer.getheader("Content-Type", ""), body)
    except (OSError, http.client.HTTPException) as error:
        return Posted(problem=f"{type(error).__name__}: {error}", connected=connected)
    finally:
        connection.close()

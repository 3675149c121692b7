"""Sending stored events again, freshly signed, to a program on this machine.

Only loopback targets are allowed: events contain private messages, and our signature is as valid as
one of Twilio's. The host is an IP address or ``localhost``, which is never resolved; redirects are
not followed and proxies are not used.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode, urlsplit

from twilio_widgets.core.http.guard import is_loopback
from twilio_widgets.core.signature import sign
from twilio_widgets.errors import ConfigurationError, Refused
from twilio_widgets.signature.location import split

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.secret import Secret
    from twilio_widgets.listener.events.event import Event

SECONDS: Final = 15.0
"""Time limit for one response, as at Twilio."""

_LATE: Final = "TimeoutError: no response in time."

_FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class ReplayTarget:
    """The target of a replay: a program on this machine."""

    url: str
    """The URL without fragment and with a path."""
    address: str
    port: int
    host: str
    """The value of the ``Host`` header."""
    path: str
    query: str


def target_of(url: str) -> ReplayTarget:
    """Parse a URL that leads to this machine.

    Raises:
        Refused: It leads elsewhere, or is not a URL; nothing was sent.
    """
    try:
        parts = urlsplit(url)
        address, port = parts.hostname or "", parts.port
    except (ValueError, AttributeError, TypeError):
        raise Refused(
            "to_url is not a URL, so nothing was sent. Write http://127.0.0.1:PORT/…"
        ) from None
    if (
        not isinstance(url, str)
        or not url.isascii()
        or not url.isprintable()
        or " " in url
        or "\\" in url
    ):
        raise Refused("The URL contains an invalid character, so nothing was sent.")
    if parts.scheme != "http" or not is_loopback(address):
        raise Refused(
            "Events are replayed to this machine only (http://127.0.0.1:PORT/…), so nothing was "
            "sent: they contain private messages and a valid Twilio signature."
        )
    if "@" in parts.netloc:
        raise Refused("Leave the user name and password out of the URL; nothing was sent.")
    path = parts.path or "/"  # the receiver sees the slash and includes it in its signature check
    return ReplayTarget(
        url=parts._replace(path=path, fragment="").geturl(),
        address="127.0.0.1" if address == "localhost" else address,
        port=80 if port is None else port,
        host=parts.netloc,
        path=path,
        query=parts.query,
    )


def signed_url_of(url: str) -> str:
    """Return the part of a URL that Twilio signs: without fragment, user name and password.

    Raises:
        ConfigurationError: It is not a URL.
    """
    location = split(url) if isinstance(url, str) else None
    if location is None:
        raise ConfigurationError(
            "signed_as must be the public URL that the program checks signatures against, such as "
            '"https://example.com/sms". Leave it out to sign for to_url.',
            field="signed_as",
        )
    return f"{location.origin}{location.path}{location.query}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """The result of sending one event again."""

    id: int
    kind: str
    message_sid: str
    status: str | None
    http_status: int | None
    """The status of the response; None if there was none."""
    problem: str | None
    """Why there was no valid response."""


def replay(
    event: Event,
    target: ReplayTarget,
    auth_token: Secret,
    *,
    signed_as: str | None = None,
    seconds: float = SECONDS,
) -> Replayed:
    """Send one event again, and return the result.

    It is sent with its original method, and its parameters as a form: the bytes of a JSON body are
    not stored.

    Args:
        event: The event to send.
        target: The target.
        auth_token: Signs the request, as Twilio would.
        signed_as: The URL to sign, from `signed_url_of`, if the receiver checks signatures against
            another one, e.g. behind a tunnel.
        seconds: Time limit for the response.
    """
    status, problem = _sent(event, target, auth_token, signed_as or target.url, seconds)
    return Replayed(
        id=event.id,
        kind=event.kind,
        message_sid=event.message_sid,
        status=event.status,
        http_status=status,
        problem=problem,
    )


def _sent(
    event: Event, target: ReplayTarget, auth_token: Secret, url: str, seconds: float
) -> tuple[int | None, str | None]:
    # Events from Twilio's log have the method GET; as webhooks they would have been posted.
    by_post = event.method != "GET" or event.source == "poll"
    form = urlencode(event.parameters)
    query = target.query
    if not by_post:
        url, query, form = _with(url, form), "&".join(filter(None, (query, form))), ""
    values: dict[str, list[str]] = {}
    for name, value in event.parameters if by_post else ():
        values.setdefault(name, []).append(value)
    headers = {
        "Host": target.host,
        "User-Agent": "TwilioProxy/1.1",
        "Accept": "*/*",
        "X-Twilio-Signature": sign(url, values, auth_token),
        "I-Twilio-Idempotency-Token": event.idempotency_token or f"replay-{event.id}",
    }
    if by_post:
        headers["Content-Type"] = _FORM
    line = f"{target.path}?{query}" if query else target.path
    caller = http.client.HTTPConnection(target.address, target.port, timeout=seconds)
    late = threading.Event()
    # The socket's own timeout applies to each read, not to the whole response.
    timer = threading.Timer(seconds, _cut, (caller, late))
    timer.daemon = True
    timer.start()
    try:
        caller.request("POST" if by_post else "GET", line, form or None, headers)
        status = caller.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return None, _LATE if late.is_set() else f"{type(error).__name__}: {error}"
    finally:
        timer.cancel()
        timer.join()
        caller.close()
    if late.is_set():
        return None, _LATE
    return status, "Redirects are not followed." if 300 <= status < 400 else None


def _cut(caller: http.client.HTTPConnection, late: threading.Event) -> None:
    late.set()
    if caller.sock is not None:
        with contextlib.suppress(OSError):
            caller.sock.shutdown(socket.SHUT_RDWR)


def _with(url: str, query: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{query}"

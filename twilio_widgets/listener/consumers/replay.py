"""Sending stored events again, freshly signed, to a program on this machine.

To loopback and nowhere else: a stored event is a stranger's text, and its signature is as good as
one of Twilio's. The address is a number or ``localhost``, which is never looked up; no redirect is
followed, and no proxy is asked.
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
"""For one answer, as with Twilio."""

_LATE: Final = "TimeoutError: no response in time."

_FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class ReplayTarget:
    """Where events are sent to: a program on this machine."""

    url: str
    """As it is asked for: without the fragment, and with a path."""
    address: str
    port: int
    host: str
    """What stands in the ``Host`` header."""
    path: str
    query: str


def target_of(url: str) -> ReplayTarget:
    """Read a URL that leads to this machine.

    Raises:
        Refused: It leads elsewhere, or is no URL; nothing was sent.
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
    path = parts.path or "/"  # who is asked sees the slash, and signs with it
    return ReplayTarget(
        url=parts._replace(path=path, fragment="").geturl(),
        address="127.0.0.1" if address == "localhost" else address,
        port=80 if port is None else port,
        host=parts.netloc,
        path=path,
        query=parts.query,
    )


def signed_url_of(url: str) -> str:
    """Return what Twilio signs of a URL: neither its fragment nor a user name and password.

    Raises:
        ConfigurationError: It is no URL of a webhook.
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
    """What came of sending one event again."""

    id: int
    kind: str
    message_sid: str
    status: str | None
    http_status: int | None
    """The answer's status; None when there was none."""
    problem: str | None
    """Why there was no answer, or none that counts."""


def replay(
    event: Event,
    target: ReplayTarget,
    auth_token: Secret,
    *,
    signed_as: str | None = None,
    seconds: float = SECONDS,
) -> Replayed:
    """Send one event again, and return what came of it.

    It goes by the method it came by, and its parameters as a form: of a JSON body the values are
    kept and their bytes are not.

    Args:
        event: What to send.
        target: Where to.
        auth_token: Signs the request, as Twilio would.
        signed_as: The URL it is signed for, by `signed_url_of`, when the receiver believes that it
            is called at another one: behind a tunnel, say.
        seconds: How long the answer may take.
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
    # What we read in Twilio's log came by GET; a webhook would have been posted.
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
    timer = threading.Timer(seconds, _cut, (caller, late))  # the socket's own is for each part
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

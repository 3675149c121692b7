"""The addresses of a listener, and the URL that Twilio signed when it called one of them.

A request does not prove which way it took: behind a tunnel every request comes from this machine.
So the public URL is set by the user, or sent by our own server extension, which proves itself with
a secret token. Nothing else in a request is trusted.
"""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING, Final

from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.signature.location import STANDARD_PORT, Location, split

if TYPE_CHECKING:
    from twilio_widgets.listener.process.request import RequestHead

FORWARD: Final = "x-twilio-widgets-forward"
ORIGINAL: Final = ("x-original-proto", "x-original-host", "x-original-uri")

_HOST: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]+\]")
"""The syntax of a ``Host`` header; with any other host every webhook would be rejected."""

_PATH: Final = re.compile(r"(?:[A-Za-z0-9/._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*")
"""The syntax of a path in a request (RFC 3986): other characters arrive percent-encoded."""

_EXAMPLE: Final = "https://example.ngrok.app"


def check_public_url(url: str) -> str:
    """Return a public URL without a trailing slash.

    Raises:
        ConfigurationError: It is not an http(s) URL, or has a user name, a query or a fragment.
    """
    location = split(url.strip()) if isinstance(url, str) else None
    odd = location is None or location.user or location.query or location.fragment
    if (
        location is None
        or odd
        or not _HOST.fullmatch(location.host)
        or not _PATH.fullmatch(location.path)
    ):
        raise ConfigurationError(
            "public_url must be the address at which Twilio reaches this listener, such as "
            f'"{_EXAMPLE}": http:// or https://, an ASCII host name (xn--… for others), and '
            "optionally a port and a percent-encoded path (%C3%A9 for é).",
            field="public_url",
        )
    return (location.origin + location.path).rstrip("/")


class Address:
    """The addresses of one listener.

    Args:
        port: The port on 127.0.0.1.
        public_url: The public address, as returned by `check_public_url`.
    """

    def __init__(self, port: int, public_url: str | None = None) -> None:
        self.port = port
        self._loopback = frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})
        self._forward: Secret | None = None
        self.forward_key: str | None = None
        """The key under which our server extension forwards requests to us."""
        self.public_url: str | None = None
        self._public: Location | None = None
        self._hosts = self._loopback
        self.state(public_url)

    def state(self, public_url: str | None) -> None:
        """Set the public address, or remove it (None)."""
        location = split(public_url) if public_url else None
        self.public_url = public_url
        self._public = location
        hosts = set(self._loopback)
        if location is not None:
            bare, usual = location.host.lower(), STANDARD_PORT[location.scheme]
            hosts.add(bare + location.port)
            if location.port in {"", usual}:
                hosts |= {bare, bare + usual}
        self._hosts = frozenset(hosts)

    def forward(self, key: str | None, token: Secret | None) -> None:
        """Trust the headers of our server extension if they carry this token; None trusts none."""
        self.forward_key, self._forward = (key, token) if key and token else (None, None)

    def is_own_host(self, host: str | None) -> bool:
        """Return whether a ``Host`` header names this listener."""
        return host is not None and (host in self._hosts or host.lower() in self._hosts)

    def is_own_origin(self, origin: str) -> bool:
        """Return whether an ``Origin`` header names this listener. Twilio sends none."""
        scheme, _, host = origin.partition("://")
        if host in self._loopback:
            return scheme == "http"
        return self._public is not None and origin == self._public.origin

    def path(self, head: RequestHead) -> str:
        """Return the path of the request, without the path of the public URL."""
        prefix = self._public.path if self._public else ""
        return head.path.removeprefix(prefix) if prefix and self._below(head) else head.path

    def signed_urls(self, head: RequestHead) -> list[str]:
        """Return the URLs that Twilio may have signed, the most likely first."""
        found = []
        if self._is_forwarded(head):
            proto, host, uri = (head.get(name) or "" for name in ORIGINAL)
            found.append(f"{proto}://{host}{uri}")
        if self._public is not None:
            prefix = "" if self._below(head) else self._public.path
            found.append(self._public.origin + prefix + head.target)
        host = head.get("host") or ""
        if host.lower() in self._loopback:
            found.append(f"http://{host}{head.target}")
        return found

    def _below(self, head: RequestHead) -> bool:
        """Return whether the request target still contains the path of the public URL."""
        prefix = self._public.path if self._public else ""
        return bool(prefix) and head.path.startswith(prefix + "/")

    def _is_forwarded(self, head: RequestHead) -> bool:
        given = head.get(FORWARD)
        if given is None or self._forward is None:
            return False
        return hmac.compare_digest(
            given.encode("latin-1", "replace"), self._forward.reveal().encode()
        )

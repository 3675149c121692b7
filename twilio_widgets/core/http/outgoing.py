"""`OutgoingRequest`: an HTTP request ready to be written, and whether it may have been sent."""

from __future__ import annotations

from urllib.parse import urlsplit

from twilio_widgets.core.system import clock

Origin = tuple[str, str, int]
"""Scheme, host and port."""

_PORTS = {"https": 443, "http": 80}
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class OutgoingRequest:
    """A request that passed all checks, with its credentials. It has no `repr` of its content.

    Args:
        method: The HTTP method.
        url: The full URL.
        headers: All headers except ``Host``, ``Content-Length`` and those about the connection.
        content: The body, or None.
        seconds: The most seconds for the whole exchange.
        connecting: The most of these seconds for connecting.
    """

    __slots__ = (
        "_may_have_been_sent",
        "_until",
        "connecting",
        "content",
        "headers",
        "method",
        "origin",
        "seconds",
        "url",
    )

    def __init__(
        self,
        method: str,
        url: str,
        headers: list[tuple[str, str]],
        content: bytes | None,
        *,
        seconds: float,
        connecting: float,
    ) -> None:
        self.method = method
        self.url = url
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
        self.origin: Origin = (parts.scheme, parts.hostname or "", port)
        """Requests to the same origin can reuse a connection."""
        self.headers = headers
        self.content = content
        self.seconds = seconds
        self.connecting = connecting
        self._may_have_been_sent = False
        self._until = clock.seconds() + seconds

    @property
    def may_have_been_sent(self) -> bool:
        """Whether the first byte may have been sent; while False, nothing was."""
        return self._may_have_been_sent

    @may_have_been_sent.setter
    def may_have_been_sent(self, value: bool) -> None:
        """Set immediately before the first byte is written.

        Raises:
            TimeoutError: The deadline has passed: the process was stopped, or the computer asleep.
        """
        if value and clock.seconds() > self._until:
            raise TimeoutError("the deadline passed before the request was sent")
        self._may_have_been_sent = value

    def text(self) -> bytes:
        """Return the request in HTTP/1.1 format.

        Raises:
            ValueError: A header or the target contains a line break, or is not ASCII.
        """
        parts, content = urlsplit(self.url), self.content or b""
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        host = parts.netloc.removesuffix(f":{_PORTS[parts.scheme]}")
        lines = [f"{self.method} {target} HTTP/1.1", f"Host: {host}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if content or self.method in _WITH_BODY:
            lines.append(f"Content-Length: {len(content)}")
        head = "\r\n".join(lines)
        if head.count("\r") != len(lines) - 1 or head.count("\n") != len(lines) - 1:
            raise ValueError("a header or the URL contains a line break")
        return head.encode("ascii") + b"\r\n\r\n" + content

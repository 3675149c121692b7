"""One request as it goes over the wire, and whether it has begun to."""

from __future__ import annotations

from urllib.parse import urlsplit

from twilio_widgets.core.system import clock

Origin = tuple[str, str, int]
"""Scheme, host and port."""

_PORTS = {"https": 443, "http": 80}
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class OutgoingRequest:
    """A request that may leave: judged, with its credentials. Its text is never shown.

    Args:
        method: Such as ``"POST"``.
        url: Where to, whole.
        headers: All but those of the connection.
        content: The body; None for none.
        seconds: How long the exchange may take.
        connecting: How long of these the connection may take.
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
        """Requests to the same may share a connection."""
        self.headers = headers
        self.content = content
        self.seconds = seconds
        self.connecting = connecting
        self._may_have_been_sent = False
        self._until = clock.seconds() + seconds

    @property
    def may_have_been_sent(self) -> bool:
        """Whether its first byte may have left; until then it certainly was not sent."""
        return self._may_have_been_sent

    @may_have_been_sent.setter
    def may_have_been_sent(self, value: bool) -> None:
        """Set right before the first byte leaves.

        Raises:
            TimeoutError: Its time is over: this process was stopped, or the computer was asleep.
        """
        if value and clock.seconds() > self._until:
            raise TimeoutError("its time was over before it left")
        self._may_have_been_sent = value

    def text(self) -> bytes:
        """Return all of it, as HTTP/1.1 writes it.

        Raises:
            ValueError: It holds what would begin another line, or is not ASCII.
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
            raise ValueError("a header or the address holds a line break")
        return head.encode("ascii") + b"\r\n\r\n" + content

"""One request for a backend, and whether its first byte may have been sent."""

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

    Raises:
        ValueError: The URL or a header contains a line break, or is not ASCII.
    """

    __slots__ = (
        "_may_have_been_sent", "_until", "connecting", "content", "headers", "host", "method",
        "origin", "seconds", "url",
    )  # fmt: skip

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
        text = url + "".join(map("".join, headers))
        if not (text.isascii() and text.isprintable()):
            raise ValueError("the URL or a header contains a line break, or is not ASCII")
        self.method = method
        self.url = url
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
        self.origin: Origin = (parts.scheme, parts.hostname or "", port)
        """Requests to the same may share a connection."""
        self.host = parts.netloc.removesuffix(f":{_PORTS[parts.scheme]}")
        """As the Host header names it."""
        self.headers = headers
        self.content = b"" if content is None and method in _WITH_BODY else content
        self.seconds = seconds
        self.connecting = connecting
        self._may_have_been_sent = False
        self._until = clock.seconds() + seconds

    @property
    def may_have_been_sent(self) -> bool:
        """Whether its first byte may have been sent. While this is False, none was."""
        return self._may_have_been_sent

    @may_have_been_sent.setter
    def may_have_been_sent(self, value: bool) -> None:
        """Set right before the first byte is sent.

        Raises:
            TimeoutError: Its time is over: this process was stopped, or the computer was asleep.
        """
        if value and clock.seconds() > self._until:
            raise TimeoutError("its time was over before it was sent")
        self._may_have_been_sent = value

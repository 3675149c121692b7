"""One HTTP request as received, before it is verified."""

from __future__ import annotations

from dataclasses import dataclass, field

_ONCE = frozenset(
    {
        "host",
        "origin",
        "expect",
        "content-type",
        "content-length",
        "transfer-encoding",
        "x-twilio-signature",
        "x-twilio-webhooks-signature-settings",
        "x-twilio-widgets-forward",
        "x-original-host",
        "x-original-proto",
        "x-original-uri",
        "i-twilio-idempotency-token",
    }
)
"""Headers we act on. If one is repeated, a proxy and we could choose different values."""


@dataclass(slots=True, kw_only=True)
class RequestHead:
    """The request line and the headers."""

    method: str
    target: str
    """The request target as received, with percent-encoding."""

    headers: tuple[tuple[str, str], ...] = ()
    """Names as received, values decoded as Latin-1."""

    fields: dict[str, str] = field(init=False)
    """The headers by lower-case name; the last value of a repeated one."""

    path: str = field(init=False)
    """The target without its query."""

    query: str = field(init=False)
    """The query of the target, raw."""

    def __post_init__(self) -> None:
        self.fields = {name.lower(): value for name, value in self.headers}
        self.path, _, self.query = self.target.partition("?")

    @property
    def ambiguous(self) -> bool:
        """Whether a header that we act on is repeated."""
        if len(self.fields) == len(self.headers):
            return False
        names = [name.lower() for name, _ in self.headers]
        return any(names.count(name) > 1 for name in _ONCE)

    def get(self, name: str) -> str | None:
        """Return a header by its lower-case name."""
        return self.fields.get(name)

    @property
    def length(self) -> int:
        """The ``Content-Length`` in bytes; 0 if there is none."""
        return int(self.fields.get("content-length") or 0)


@dataclass(slots=True, kw_only=True)
class WebhookRequest:
    """A complete request: its head, and its raw body."""

    head: RequestHead
    body: bytes = b""

"""Size limits and deadlines for requests.

They are far above what Twilio sends (a webhook is 1–20 kB, sent at once) and low enough to be
harmless: unauthenticated clients can occupy at most 256 heads and 32 MB of bodies.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerLimits:
    """Caps in bytes and counts, deadlines in seconds."""

    connections: int = 256
    head: int = 32 * 1024
    headers: int = 100
    body: int = 1_000_000
    bodies: int = 32_000_000
    """Limit for all incomplete bodies together; beyond it the slowest connection is dropped."""
    parameters: int = 1_000
    pipelined: int = 64 * 1024
    """Bytes buffered while a request is being answered, before we stop reading."""

    head_seconds: float = 5.0
    """Counted from the start of the connection, or from the first byte of its next request."""
    body_seconds: float = 10.0
    idle_seconds: float = 75.0
    """Between two requests. Only an accepted request keeps its connection open, and idle
    connections are dropped first when the limit is reached."""
    answer_seconds: float = 15.0
    """For our response: Twilio waits no longer."""
    linger_seconds: float = 2.0
    """For reading on after a rejection, so that the client reads the response before a reset."""
    linger: int = 4_000_000


USUAL = ListenerLimits()

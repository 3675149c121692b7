"""How much the listener takes of anybody, and for how long it waits.

The numbers are far above what Twilio sends (a webhook is 1–20 kB, sent at once) and far below what
would hurt: strangers can make us hold 256 heads and 32 MB of bodies.
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
    """Of all bodies that are still coming in; then the slowest of them goes."""
    parameters: int = 1_000
    pipelined: int = 64 * 1024
    """What may wait behind a request that is being answered, before we stop reading."""

    head_seconds: float = 5.0
    """From the first moment of a connection, or the first byte of its next request."""
    body_seconds: float = 10.0
    idle_seconds: float = 75.0
    """Between two requests. Only a signed request keeps its connection, and an idle one makes room
    when it is needed."""
    answer_seconds: float = 15.0
    """For our own answer: Twilio waits no longer."""
    linger_seconds: float = 2.0
    """For reading on after a refusal, so that the answer is read before the connection closes."""
    linger: int = 4_000_000


USUAL = ListenerLimits()

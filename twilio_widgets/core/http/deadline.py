"""A wall-clock deadline for the blocking network operations of one thread."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_exchange = threading.local()


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Limit the network operations of this thread to `seconds` in total."""
    before = getattr(_exchange, "until", math.inf)
    _exchange.until = time.monotonic() + seconds
    try:
        yield
    finally:
        _exchange.until = before


def time_left(timeout: float | None, over: type[Exception]) -> float:
    """Return the seconds until the deadline, at most `timeout`; raise `over` if it has passed."""
    remaining: float = getattr(_exchange, "until", math.inf) - time.monotonic()
    if remaining <= 0:
        raise over("the deadline of the exchange has passed")
    return remaining if timeout is None else min(timeout, remaining)

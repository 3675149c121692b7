"""The state of one HTTP connection that `ConnectionLimiter` needs."""

from __future__ import annotations

from enum import Enum, auto
from typing import Protocol


class State(Enum):
    """What a connection is waiting for."""

    HEAD = auto()
    BODY = auto()
    ANSWER = auto()
    LINGER = auto()


class OpenConnection(Protocol):
    """One connection, as `ConnectionLimiter` sees it."""

    state: State
    served: bool
    """Whether one of its requests was accepted."""
    since: float
    """When the current wait began, in the loop's time."""
    deadline: float
    """When it is dropped, in the loop's time."""

    @property
    def held(self) -> int:
        """Bytes of its incomplete body."""

    def drop(self) -> None:
        """Close it at once."""

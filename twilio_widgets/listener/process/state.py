"""The state of one HTTP connection, as far as the limits on all connections depend on it."""

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
    """One connection, as `Door` sees it."""

    state: State
    served: bool
    """Whether a request of it was accepted."""
    since: float
    """When it began to wait, in the loop's time."""
    deadline: float
    """When it is dropped, in the loop's time."""

    @property
    def held(self) -> int:
        """Bytes of its unfinished body."""

    def drop(self) -> None:
        """Close it at once."""

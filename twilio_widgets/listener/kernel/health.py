"""How a listener's process is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

AnsweredBy = Literal["text", "here", "elsewhere"] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerHealth:
    """How the process was when it was asked."""

    alive: bool
    pid: int | None = None
    port: int | None = None
    """Where webhooks come in, on 127.0.0.1."""
    started_at: datetime | None = None
    last_request_at: datetime | None = None
    """When the last request with a right signature came."""
    kernels: int = 0
    """How many kernels are attached to it."""
    waiting: int = 0
    """Requests that are not stored and answered yet."""
    idle_seconds: float | None = None
    """After so long without a kernel and without a request it ends."""
    answered_by: AnsweredBy = None
    """What answers inbound messages: a text; a function, of this listener or of another kernel or
    listener; or nothing."""
    problem: str | None = None
    """What is wrong, as a sentence: the disk is full, the process has ended."""
    notices: tuple[str, ...] = ()
    """What one should know about its way in, its store, and webhooks it found left behind."""

    def __bool__(self) -> bool:
        """Whether it is there and nothing is wrong."""
        return self.alive and self.problem is None

    @classmethod
    def of_status(
        cls, status: Mapping[str, Any], *, answered_by: AnsweredBy, problem: str | None
    ) -> ListenerHealth:
        """Read what the process says of itself."""
        return cls(
            alive=True,
            pid=status["pid"],
            port=status["port"],
            started_at=_moment(status["started_at"]),
            last_request_at=_moment(status["last_request_at"]),
            kernels=status["kernels"],
            waiting=status["waiting"],
            idle_seconds=status["idle_seconds"],
            answered_by=answered_by,
            problem=status["problem"] or problem,
            notices=tuple(status["notices"]),
        )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)

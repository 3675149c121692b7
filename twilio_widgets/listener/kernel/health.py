"""The health of a listener's process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

AnsweredBy = Literal["text", "here", "elsewhere"] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerHealth:
    """The health of a listener's process at one moment."""

    alive: bool
    pid: int | None = None
    port: int | None = None
    """The port on 127.0.0.1 that receives webhooks."""
    started_at: datetime | None = None
    last_request_at: datetime | None = None
    """When the last request with a valid signature arrived."""
    kernels: int = 0
    """The number of connected kernels."""
    waiting: int = 0
    """Requests that are not yet stored and answered."""
    idle_seconds: float | None = None
    """Seconds without a request or a connected kernel after which the process stops."""
    answered_by: AnsweredBy = None
    """Where replies to inbound messages come from: ``text`` (a fixed text), ``here`` (a function of
    this listener), ``elsewhere`` (a function of another kernel or listener) or None (no reply)."""
    problem: str | None = None
    """What is wrong, as a sentence, such as a full disk or an ended process."""
    notices: tuple[str, ...] = ()
    """Sentences about the ingress route, the store, and webhooks left by an earlier listener."""

    def __bool__(self) -> bool:
        """Whether the process runs and has no problem."""
        return self.alive and self.problem is None

    @classmethod
    def of_status(
        cls, status: Mapping[str, Any], *, answered_by: AnsweredBy, problem: str | None
    ) -> ListenerHealth:
        """Return the health from the result of the ``status`` operation."""
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

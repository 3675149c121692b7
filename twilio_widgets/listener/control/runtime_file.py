"""How a kernel finds the listener of a store: a small file beside it, and a lock that proves it.

``<store>.listener.json`` says where the process listens, for its owner's eyes only; it holds the
token of the control line, and no credential of Twilio's. ``<store>.lock`` is held by the operating
system for as long as the process lives, however it ends. So the file may be stale, and never the
lock; and who takes the lock writes the file at once, before it serves: then it is stale no more.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from twilio_widgets.errors import ListenerError
from twilio_widgets.listener.files import durable


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """Where a listener's process is found."""

    pid: int
    port: int
    """Where webhooks come in, on 127.0.0.1."""
    control_port: int
    control_token: str
    started_at: str
    """ISO, UTC."""

    @classmethod
    def of_starting(cls, port: int) -> Runtime:
        """Return what stands there while this process, whose port it will be, does not serve yet.

        Whoever has the control port of the one before by now is asked nothing any more.
        """
        began = datetime.now(UTC).isoformat()
        return cls(pid=os.getpid(), port=port, control_port=0, control_token="", started_at=began)

    @property
    def is_serving(self) -> bool:
        """Whether it has begun to serve."""
        return self.control_port != 0

    def write(self, store: Path) -> None:
        """Put it beside the store."""
        durable.write(runtime_file(store), json.dumps(asdict(self)).encode())

    @classmethod
    def read(cls, store: Path) -> Runtime | None:
        """Read what stands beside the store; None when there is nothing that can be read."""
        try:
            return cls(**json.loads(runtime_file(store).read_bytes()))
        except (OSError, ValueError, TypeError):
            return None


def runtime_file(store: Path) -> Path:
    """Return the file that says where the listener of a store is."""
    return store.with_name(f"{store.name}.listener.json")


def log_file(store: Path) -> Path:
    """Return the file in which the listener of a store notes what went wrong."""
    return store.with_name(f"{store.name}.listener.log")


def _lock_file(store: Path) -> Path:
    return store.with_name(f"{store.name}.lock")


def is_over(store: Path) -> bool:
    """Say whether no process is the listener of a store: the system ends its lock."""
    return not durable.is_locked(_lock_file(store))


@contextlib.contextmanager
def listener_lock(store: Path) -> Iterator[None]:
    """Be the only listener of a store.

    Raises:
        ListenerError: There is one.
    """
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(durable.locked(_lock_file(store), seconds=0.0))
        except ListenerError as error:
            raise ListenerError(f"Another listener process already uses {store}.") from error
        yield

"""How a kernel finds the listener of a store: a runtime file beside it, and a lock.

``<store>.listener.json`` contains the process's ports and the token of its control connection, and
no Twilio credential; only its owner can read it. ``<store>.lock`` is locked while the process
lives, and the operating system releases it however the process ends. So the file may be stale, but
the lock never is. A new listener overwrites the file as soon as it has the lock, before it serves.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from twilio_widgets.errors import ListenerError, StoreUnavailable
from twilio_widgets.listener.files import durable


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """The ports and the control token of a listener's process."""

    pid: int
    port: int
    """The port on 127.0.0.1 that receives webhooks."""
    control_port: int
    control_token: str
    started_at: str
    """ISO, UTC."""

    @classmethod
    def of_starting(cls, port: int) -> Runtime:
        """Return the entry to write while this process starts.

        It has no control port, so that kernels do not connect to the stale one of a previous
        process, which another program may use by now.
        """
        began = datetime.now(UTC).isoformat()
        return cls(pid=os.getpid(), port=port, control_port=0, control_token="", started_at=began)

    @property
    def is_serving(self) -> bool:
        """Whether the process is ready."""
        return self.control_port != 0

    def write(self, store: Path) -> None:
        """Write the file beside the store."""
        durable.write(runtime_file(store), json.dumps(asdict(self)).encode())

    @classmethod
    def read(cls, store: Path) -> Runtime | None:
        """Read the file beside the store; None if there is none or it is malformed."""
        try:
            return cls(**json.loads(runtime_file(store).read_bytes()))
        except (OSError, ValueError, TypeError):
            return None


def runtime_file(store: Path) -> Path:
    """Return the path of the runtime file of a store's listener."""
    return store.with_name(f"{store.name}.listener.json")


def log_file(store: Path) -> Path:
    """Return the path of the log file of a store's listener."""
    return store.with_name(f"{store.name}.listener.log")


def _lock_file(store: Path) -> Path:
    return store.with_name(f"{store.name}.lock")


def is_over(store: Path) -> bool:
    """Return whether no listener of this store is running: its lock is free."""
    return not durable.is_locked(_lock_file(store))


@contextlib.contextmanager
def listener_lock(store: Path) -> Iterator[None]:
    """Hold the lock that only one listener of a store can have.

    Raises:
        ListenerError: Another process has it.
    """
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(durable.locked(_lock_file(store), seconds=0.0))
        except StoreUnavailable:
            raise
        except ListenerError as error:
            raise ListenerError(f"Another listener process already uses {store}.") from error
        yield

"""A kernel's connection to the control server of a listener, authenticated by a challenge."""

from __future__ import annotations

import contextlib
import secrets
import selectors
import socket
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

from twilio_widgets.core.system.thread_lock import ThreadLock
from twilio_widgets.listener.control import protocol as wire

if TYPE_CHECKING:
    from twilio_widgets.listener.control.runtime_file import Runtime
    from twilio_widgets.listener.control.spec import Spec

_CONNECT_SECONDS = 2.0
_SEND_SECONDS = 10.0
"""How long a process may stop reading before its connection is closed."""

_AT_ONCE = 1 << 16
_WITHOUT_WAITING: int = getattr(socket, "MSG_DONTWAIT", 0)


class ControlConnection:
    """Sends JSON lines to a listener's process and receives them.

    Args:
        connected: The socket, after the handshake.
        reading: A buffered reader on the same socket.
        state: The settings the process reported.
        ours: The proofs of the secrets we know.
        theirs: The proofs of the secrets the process knows.
    """

    def __init__(
        self,
        connected: socket.socket,
        reading: Any,
        state: dict[str, Any],
        ours: frozenset[str],
        theirs: frozenset[str],
    ) -> None:
        self._socket = connected
        self._reading = reading
        self._sending = ThreadLock()
        self.state = state
        self.knows_our_secrets = ours <= theirs
        """Whether the process knows every secret that we know."""
        self.has_same_secrets = ours == theirs
        """Whether the process knows exactly the secrets that we know."""

    @classmethod
    def open(cls, runtime: Runtime, spec: Spec) -> Self | None:
        """Connect to the process described by a runtime file.

        The file may be stale and another program may use the port by now. So the process must
        answer a challenge that requires our credentials.

        Returns:
            The connection; None if no listener responds there.
        """
        nonce = secrets.token_hex(16)
        try:
            connected = socket.create_connection(
                ("127.0.0.1", runtime.control_port), _CONNECT_SECONDS
            )
        except OSError:
            return None
        reading = connected.makefile("rb")
        try:
            connected.settimeout(wire.HANDSHAKE_SECONDS)
            connected.sendall(wire.encode_line({"token": runtime.control_token, "nonce": nonce}))
            greeting = wire.decode_line(_greeting(connected, reading))
            connected.settimeout(None)
            theirs = frozenset(map(str, greeting["proofs"]))
            state = dict(greeting["state"])
            state |= {name: int(state[name]) for name in ("pid", "port")}
        except (OSError, ValueError, KeyError, TypeError):
            reading.close()
            connected.close()
            return None
        return cls(connected, reading, state, spec.proofs(nonce), theirs)

    def send(self, message: dict[str, Any]) -> None:
        """Send a line.

        Raises:
            OSError: The connection is closed, or the process stopped reading (`TimeoutError`); it
                is then shut down.
        """
        left, until = memoryview(wire.encode_line(message)), time.monotonic() + _SEND_SECONDS
        with self._sending, selectors.DefaultSelector() as selector:
            try:
                selector.register(self._socket, selectors.EVENT_WRITE)
            except ValueError as error:
                raise OSError("the connection is closed") from error
            while left:
                # `socket.settimeout` would also apply to the reading thread.
                if not selector.select(max(until - time.monotonic(), 0.0)):
                    self.shut_down()
                    raise TimeoutError
                with contextlib.suppress(BlockingIOError):
                    left = left[self._socket.send(left[:_AT_ONCE], _WITHOUT_WAITING) :]

    def lines(self) -> Iterator[dict[str, Any]]:
        """Yield received messages until either side closes the connection."""
        with contextlib.suppress(OSError, ValueError):
            while data := self._reading.readline(wire.LONGEST_LINE):
                yield wire.decode_line(data)

    def shut_down(self) -> None:
        """Shut down both directions, which also wakes up a thread that is reading."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the socket. No thread may be reading from it any more."""
        self.shut_down()
        with contextlib.suppress(OSError):
            self._reading.close()
        self._socket.close()

    def stop_process(self, seconds: float) -> None:
        """Ask the process to stop, and wait for that up to a time limit."""
        until = time.monotonic() + seconds
        with contextlib.suppress(OSError):
            self._socket.settimeout(seconds)
            self.send({"id": 0, "op": "stop"})
            for _ in self.lines():
                if time.monotonic() > until:
                    break
        self.close()


def _greeting(connected: socket.socket, reading: Any) -> bytes:
    """Read the first line with one deadline, so that a slow sender cannot block us forever."""
    message, until = bytearray(), time.monotonic() + wire.HANDSHAKE_SECONDS
    while len(message) < wire.GREETING and not message.endswith(b"\n"):
        connected.settimeout(max(until - time.monotonic(), 0.001))
        part = reading.read(1)  # from the buffer, so one byte at a time is cheap
        if not part:
            break
        message += part
    return bytes(message)

"""One connection of a kernel to the control line of a listener, opened with a challenge."""

from __future__ import annotations

import contextlib
import secrets
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

from twilio_widgets.listener.control import protocol as wire

if TYPE_CHECKING:
    from twilio_widgets.listener.control.runtime_file import Runtime
    from twilio_widgets.listener.control.spec import Spec

_CONNECT_SECONDS = 2.0
_SEND_SECONDS = 10.0
"""How long a process may read nothing, before the line to it is given up."""

_AT_ONCE = 1 << 16
_WITHOUT_WAITING: int = getattr(socket, "MSG_DONTWAIT", 0)


class ControlConnection:
    """Lines to a listener's process and from it.

    Args:
        connected: The socket, after the greeting.
        reading: The same for reading.
        state: What the process said it is.
        ours: The proofs of what we hold.
        theirs: The proofs of what it holds.
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
        self._sending = threading.Lock()
        self.state = state
        self.knows_our_secrets = ours <= theirs
        """Whether it holds every secret that we hold, and takes whatever we would take."""
        self.has_same_secrets = ours == theirs
        """Whether it holds no other secret either."""

    @classmethod
    def open(cls, runtime: Runtime, spec: Spec) -> Self | None:
        """Open the line to the process that a runtime file tells of.

        The file may be stale, and somebody else may have its port by now: so the process must
        answer a challenge that only the holder of our credentials can.

        Returns:
            The line; None when no listener answers there.
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

    def send(self, said: dict[str, Any]) -> None:
        """Send a line.

        Raises:
            OSError: Nobody is there any more, or reads (`TimeoutError`); then the line is over.
        """
        left, until = memoryview(wire.encode_line(said)), time.monotonic() + _SEND_SECONDS
        with self._sending, selectors.DefaultSelector() as selector:
            try:
                selector.register(self._socket, selectors.EVENT_WRITE)
            except ValueError as error:
                raise OSError("the line is closed") from error
            while left:
                # A time limit of the socket's own would be its reader's as well.
                if not selector.select(max(until - time.monotonic(), 0.0)):
                    self.shut_down()
                    raise TimeoutError
                with contextlib.suppress(BlockingIOError):
                    left = left[self._socket.send(left[:_AT_ONCE], _WITHOUT_WAITING) :]

    def lines(self) -> Iterator[dict[str, Any]]:
        """Yield what comes until the line ends, from whichever side."""
        with contextlib.suppress(OSError, ValueError):
            while data := self._reading.readline(wire.LONGEST_LINE):
                yield wire.decode_line(data)

    def shut_down(self) -> None:
        """End the line; who reads from it in another thread notices."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the socket back, once nobody reads from it any more."""
        self.shut_down()
        with contextlib.suppress(OSError):
            self._reading.close()
        self._socket.close()

    def stop_process(self, seconds: float) -> None:
        """Ask a process that is not to be ours to end, and wait for that, within a time."""
        until = time.monotonic() + seconds
        with contextlib.suppress(OSError):
            self._socket.settimeout(seconds)
            self.send({"id": 0, "op": "stop"})
            for _ in self.lines():
                if time.monotonic() > until:
                    break
        self.close()


def _greeting(connected: socket.socket, reading: Any) -> bytes:
    """Read the first line: whoever sends a byte now and then does not hold us up for ever."""
    said, until = bytearray(), time.monotonic() + wire.HANDSHAKE_SECONDS
    while len(said) < wire.GREETING and not said.endswith(b"\n"):
        connected.settimeout(max(until - time.monotonic(), 0.001))
        part = reading.read(1)  # of what is buffered already
        if not part:
            break
        said += part
    return bytes(said)

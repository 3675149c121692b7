"""Listening sockets on loopback."""

from __future__ import annotations

import contextlib
import socket
import sys

from twilio_widgets.errors import ListenerError

_BACKLOG = 512


def listen_on(port: int, preferred_port: int) -> socket.socket:
    """Return a socket that listens on loopback.

    Args:
        port: The required port; 0 for any.
        preferred_port: With `port` 0, the port to use if it is free.

    Raises:
        ListenerError: The required port cannot be used.
    """
    if preferred_port and not port:
        with contextlib.suppress(ListenerError):
            return listen_on(preferred_port, 0)
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if sys.platform != "win32":  # on Windows two processes could then bind the same port
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise ListenerError(
            f"Port {port} on 127.0.0.1 cannot be used ({error.strerror}). Choose another port, or "
            "0 for any free one."
        ) from error
    listening.setblocking(False)
    return listening


def check_port_is_free(port: int) -> None:
    """Check that a port can be used, before a running listener is stopped to move to it.

    Raises:
        ListenerError: The port cannot be used.
    """
    listen_on(port, 0).close()

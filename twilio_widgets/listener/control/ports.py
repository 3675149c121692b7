"""Ports on this machine: the one asked for, or one that is free."""

from __future__ import annotations

import contextlib
import socket
import sys

from twilio_widgets.errors import ListenerError

_BACKLOG = 512


def listen_on(port: int, preferred_port: int) -> socket.socket:
    """Listen on loopback: on the port asked for, or on the one wished for if it is free."""
    if preferred_port and not port:
        with contextlib.suppress(ListenerError):
            return listen_on(preferred_port, 0)
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if sys.platform != "win32":  # there it would let two processes have one port
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
    """Say that a port cannot be used, before anything is ended for its sake.

    Raises:
        ListenerError: It cannot.
    """
    listen_on(port, 0).close()

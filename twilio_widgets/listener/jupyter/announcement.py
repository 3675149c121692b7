"""How a server announces the extension to its kernels, and how a kernel finds its own server.

A kernel knows the process that started it. A server that has loaded the extension creates a locked
file named after its pid, so a kernel finds it without a login or a request.
Source: ``jupyter_client`` (``JPY_PARENT_PID`` is the process that started the kernel).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from twilio_widgets.listener.jupyter.held_file import HeldFile, read_held, sweep

_FORM = 1


@dataclass(frozen=True, slots=True)
class ForwardingServer:
    """A running Jupyter Server that forwards webhooks."""

    base_url: str
    """The base path of all its URLs, with a slash at both ends."""


def announce(base_url: str, where: Path) -> HeldFile:
    """Announce that this process is a server with the extension, until the file is closed."""
    sweep(where)
    return HeldFile(_file_of(where, os.getpid()), {"form": _FORM, "base_url": base_url})


def own_server(where: Path, environ: Mapping[str, str]) -> ForwardingServer | None:
    """Return the server that started this kernel, if it has the extension."""
    parent = environ.get("JPY_PARENT_PID", "")
    if not parent.isdecimal():
        return None
    found = read_held(_file_of(where, int(parent)))
    if found is None or found.get("form") != _FORM:
        return None
    base_url = found.get("base_url")
    return (
        ForwardingServer(base_url)
        if isinstance(base_url, str) and base_url.startswith("/")
        else None
    )


def _file_of(where: Path, process: int) -> Path:
    return where / f"server-{process}.json"

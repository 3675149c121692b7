"""The registry of keys: files that listeners write and the Jupyter server reads.

Both run as the same user and share only a private folder below Jupyter's runtime folder. A file is
named after the hash of its key, so that a listing reveals no key, and the time of a lookup reveals
nothing about other keys. The process that registers a key holds a lock on its file. The lock ends
with the process, and a file without a lock is ignored, so requests are never forwarded to a port
that another program has taken over.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from twilio_widgets.core.closing import ClosesOnExit
from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.listener.jupyter.held_file import HeldFile, read_held, sweep

ROUTE = "twilio-widgets"
"""The first part of the path below the server's base URL."""

KEY = re.compile(r"[A-Za-z0-9_-]{32,64}")
"""At least 24 random bytes (192 bits), url-safe."""

_FORM = 1


def folder() -> Path:
    """Return the folder that servers and listeners of this user share.

    Raises:
        ConfigurationError: Jupyter is not installed here.
    """
    try:
        from jupyter_core.paths import jupyter_runtime_dir
    except ImportError:
        raise ConfigurationError(
            "Jupyter is not installed in this environment, so its server cannot forward webhooks."
        ) from None
    return Path(jupyter_runtime_dir()) / "twilio_widgets"


@dataclass(frozen=True, slots=True)
class ForwardTarget:
    """The listener of a key."""

    port: int
    forward_token: Secret
    """The token by which the server proves to the listener that its headers can be trusted."""


class Registration(ClosesOnExit):
    """A registered key, valid while this object is open and its process lives."""

    def __init__(self, key: Secret, forward_token: Secret, file: HeldFile) -> None:
        self.key = key
        self.forward_token = forward_token
        self._file = file

    @property
    def path(self) -> str:
        """The path below the server's base URL, without slashes at its ends; contains the key."""
        return f"{ROUTE}/{self.key.reveal()}"

    def close(self) -> None:
        """Revoke the key."""
        self._file.close()


def register(
    port: int,
    *,
    key: Secret | str | None = None,
    forward_token: Secret | str | None = None,
    where: Path | None = None,
) -> Registration:
    """Register a key for a listener on this machine.

    Call it in the listener's process: the key expires with that process.

    Args:
        port: The listener's port on 127.0.0.1.
        key: The key; a new one by default.
        forward_token: The token that the server presents to the listener; a new one by default.
        where: The shared folder; in Jupyter's runtime folder by default.

    Returns:
        The registration; close it when the listener closes.

    Raises:
        ConfigurationError: The port or the key is invalid, or Jupyter is not installed.
        ListenerError: Another running process has registered this key.
    """
    if not (isinstance(port, int) and 0 < port < 65536):
        raise ConfigurationError("port must be a number from 1 to 65535.", field="port")
    key = Secret(secrets.token_urlsafe(24) if key is None else key)
    token = Secret(secrets.token_urlsafe(32) if forward_token is None else forward_token)
    if not KEY.fullmatch(key.reveal()):
        raise ConfigurationError(
            "key must be 32 to 64 letters, digits, hyphens and underscores.", field="key"
        )
    content = {"form": _FORM, "port": port, "token": token.reveal()}
    where = where or folder()
    sweep(where)
    return Registration(key, token, HeldFile(_file_of(where, key.reveal()), content))


def target_of(key: str, where: Path) -> ForwardTarget | None:
    """Return the listener of a key, or None if the key is not registered."""
    if not KEY.fullmatch(key):
        return None
    found = read_held(_file_of(where, key))
    if found is None or found.get("form") != _FORM:
        return None
    port, token = found.get("port"), found.get("token")
    if not (isinstance(port, int) and 0 < port < 65536 and isinstance(token, str) and token):
        return None
    return ForwardTarget(port, Secret(token))


def _file_of(where: Path, key: str) -> Path:
    return where / f"{hashlib.sha256(key.encode()).hexdigest()}.json"

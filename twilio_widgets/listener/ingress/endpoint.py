"""Opening a way in for a listener that runs: the URLs to show, and to configure at Twilio."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.listener.files import durable
from twilio_widgets.listener.ingress.callback_url import CallbackUrl
from twilio_widgets.listener.ingress.routes import IngressRoute
from twilio_widgets.listener.jupyter import registry

RETRIES = "#rc=3&rp=all"
"""Twilio repeats a webhook that failed in any way three times; by default only when it could not
connect. It is neither sent nor signed. Source: Twilio, "Webhooks connection overrides"."""


class ControlClient(Protocol):
    """The line to a listener's process; `Link` is one."""

    port: int

    def ask(self, op: str, *, timeout: float = 10.0, **what: Any) -> dict[str, Any]:
        """Ask the process to do something."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a listener is reached, for as long as it runs. With some ways it is a secret."""

    base: str
    """What its URLs begin with."""
    query: str = ""
    """What they end in, such as ``?token=…``."""

    def __repr__(self) -> str:
        return "Entry(…)"

    @property
    def inbound_url(self) -> CallbackUrl:
        """Where inbound messages are announced."""
        return CallbackUrl(f"{self.base}/inbound{self.query}{RETRIES}")

    @property
    def status_url(self) -> CallbackUrl:
        """Where the status of sent messages is reported."""
        return CallbackUrl(f"{self.base}/status{self.query}{RETRIES}")


def open_endpoint(
    way: IngressRoute, link: ControlClient, folder: Path, *, where: Path | None = None
) -> Endpoint | None:
    """Let a running listener be reached by a way, and return where that is.

    Args:
        way: As `choose` chose it.
        link: The line to the listener's process.
        folder: The listener's own folder: a key is kept there, so that a URL that was pasted
            somewhere leads here again next time.
        where: The folder that servers and listeners share; Jupyter's own when not given.

    Returns:
        The entry; None when there is none, since Twilio is polled.
    """
    key = token = shared = None
    if way.kind == "jupyter":
        key, token = standing_key(folder), secrets.token_urlsafe(32)
        shared = str(where or registry.folder())
    entry = _entry(way, link.port, key)
    link.ask("set_public_url", url=stated_by(way, entry))
    link.ask("set_forward", key=key.reveal() if key else None, token=token, where=shared)
    return entry


def stated_by(way: IngressRoute, entry: Endpoint | None) -> str | None:
    """Return the public URL that is stated to the process of an entry; None: none is."""
    return None if entry is None or way.kind == "sandbox" else entry.base


def _entry(way: IngressRoute, port: int, key: Secret | None) -> Endpoint | None:
    if way.kind == "sandbox":
        return Endpoint(f"http://127.0.0.1:{port}")
    if way.public_url is None:
        return None
    if key is not None:
        return Endpoint(f"{way.public_url}/{key.reveal()}")
    if way.login is not None:
        return Endpoint(f"{way.public_url}/{port}", f"?token={way.login.reveal()}")
    return Endpoint(way.public_url)


def standing_key(folder: Path) -> Secret:
    """Return the key of the listener that keeps its files in `folder`; it is made once."""
    path = folder / "key"
    with durable.locked(folder / "key.lock"):
        if path.exists() and registry.KEY.fullmatch(key := path.read_text("ascii")):
            return Secret(key)
        key = secrets.token_urlsafe(24)
        durable.write(path, key.encode())
        return Secret(key)

"""Opening an ingress route for a running listener: the URLs to display and to set at Twilio."""

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
"""With this fragment Twilio retries a webhook three times after any failure; by default it retries
only failed connections. A fragment is neither sent nor signed.
Source: Twilio, "Webhooks connection overrides"."""


class ControlClient(Protocol):
    """The control connection to a listener's process, such as `ListenerClient`."""

    port: int

    def ask(self, op: str, *, timeout: float = 10.0, **what: Any) -> dict[str, Any]:
        """Run an operation in the process and return its result."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The address of a running listener. With some routes the URL contains a secret."""

    base: str
    """The start of its URLs."""
    query: str = ""
    """The query of its URLs, such as ``?token=…``."""

    def __repr__(self) -> str:
        return "Endpoint(…)"

    @property
    def inbound_url(self) -> CallbackUrl:
        """The webhook URL for inbound messages."""
        return CallbackUrl(f"{self.base}/inbound{self.query}{RETRIES}")

    @property
    def status_url(self) -> CallbackUrl:
        """The URL for status callbacks."""
        return CallbackUrl(f"{self.base}/status{self.query}{RETRIES}")


def open_endpoint(
    way: IngressRoute, client: ControlClient, folder: Path, *, where: Path | None = None
) -> Endpoint | None:
    """Make a running listener reachable by a route, and return its address.

    Args:
        way: The route, as returned by `choose`.
        client: The control connection to the listener's process.
        folder: The listener's own folder. The key is stored there, so that a URL that was copied
            elsewhere stays valid after a restart.
        where: The folder that servers and listeners share; in Jupyter's runtime folder by default.

    Returns:
        The endpoint; None if Twilio cannot reach the listener.
    """
    key = token = shared = None
    if way.kind == "jupyter":
        key, token = persistent_key(folder), secrets.token_urlsafe(32)
        shared = str(where or registry.folder())
    entry = _entry(way, client.port, key)
    client.ask("set_public_url", url=stated_url(way, entry))
    client.ask("set_forward", key=key.reveal() if key else None, token=token, where=shared)
    return entry


def stated_url(way: IngressRoute, entry: Endpoint | None) -> str | None:
    """Return the public URL to set in the listener's process, if any."""
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


def persistent_key(folder: Path) -> Secret:
    """Return the key stored in the listener's `folder`; create it on first use."""
    path = folder / "key"
    with durable.locked(folder / "key.lock"):
        if path.exists() and registry.KEY.fullmatch(key := path.read_text("ascii")):
            return Secret(key)
        key = secrets.token_urlsafe(24)
        durable.write(path, key.encode())
        return Secret(key)

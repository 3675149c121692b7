"""A Jupyter Server extension that forwards webhooks, without a tunnel and without exposing a login.

A request to ``{base}/twilio-widgets/<key>/…`` is forwarded to the one listener that this user
registered under that key, and to nothing else. The key is a capability: anyone who knows it can
reach that listener, which then checks Twilio's signature. It expires when the listener stops.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Return the module of the extension, for Jupyter Server's discovery."""
    return [{"module": "twilio_widgets.listener.jupyter"}]


def _load_jupyter_server_extension(server: ServerApp) -> None:
    """Add the route, and announce it to the kernels of this server."""
    from twilio_widgets.listener.jupyter.extension import load

    load(server)

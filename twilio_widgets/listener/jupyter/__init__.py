"""A Jupyter Server extension: a way in for webhooks, with no tunnel and no login handed out.

A request to ``{base}/twilio-widgets/<key>/…`` is forwarded to the one listener that is registered
under that key by this user, and to nothing else. The key is a capability: whoever knows it reaches
that listener, which then checks Twilio's signature. It ends when the listener ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Say where Jupyter Server finds the extension."""
    return [{"module": "twilio_widgets.listener.jupyter"}]


def _load_jupyter_server_extension(server: ServerApp) -> None:
    """Add the route, and tell the kernels of this server that it is there."""
    from twilio_widgets.listener.jupyter.extension import load

    load(server)

"""Loading the extension into a Jupyter Server."""

from __future__ import annotations

import atexit
import re
import time
from typing import TYPE_CHECKING, Any

from twilio_widgets.errors import ListenerError
from twilio_widgets.listener.jupyter import limits
from twilio_widgets.listener.jupyter.announcement import announce
from twilio_widgets.listener.jupyter.forwarding import Forward, ForwardingContext
from twilio_widgets.listener.jupyter.registry import ROUTE, folder

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def load(server: ServerApp) -> None:
    """Add the route below the server's base URL, and announce it to the server's kernels."""
    base_url = str(server.web_app.settings["base_url"])
    route, where = f"{base_url}{ROUTE}/", folder()
    context = ForwardingContext(where, route, limits.RateLimit(time.monotonic))
    rule: Any = (re.escape(route) + "(.*)", Forward, {"context": context})
    server.web_app.add_handlers(".*$", [rule])  # type: ignore[no-untyped-call]
    try:
        atexit.register(announce(base_url, where).close)
    except (ListenerError, OSError) as error:
        server.log.warning("twilio_widgets: webhooks cannot be forwarded here: %s", error)

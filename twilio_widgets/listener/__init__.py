"""Receive webhooks in a separate process with a durable event store."""

from __future__ import annotations

import sys

from twilio_widgets.errors import ConfigurationError

if sys.platform == "emscripten":
    raise ConfigurationError(
        "A Listener, a Poller and the EventsPanel need processes and sockets, which JupyterLite "
        "does not have. Read inbound messages with twilio.messages.iterate, or use a notebook "
        "server such as Binder."
    )

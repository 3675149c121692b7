"""A panel's client: given directly, or provided by a connection panel once it connects."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from twilio_widgets.client import Twilio
from twilio_widgets.core.credentials.secret import kind_of
from twilio_widgets.panels.connection.panel import ConnectionPanel

if TYPE_CHECKING:
    from collections.abc import Callable

Source = Twilio | ConnectionPanel | None
"""The ``twilio=`` argument of panels; with None a panel stays disconnected."""


def check_source(owner: str, source: object) -> None:
    """Reject a ``twilio=`` argument that provides no client.

    Raises:
        TypeError: It is neither a `Twilio` nor a `ConnectionPanel`.
    """
    if source is not None and not isinstance(source, Twilio | ConnectionPanel):
        raise TypeError(
            f"{owner} takes twilio=, a Twilio or a ConnectionPanel, not {kind_of(source)}. "
            "A connection becomes a client with Twilio(connection)."
        )


def wake_with(
    source: Source, wake: Callable[[Twilio], object], sleep: Callable[[], object]
) -> Callable[[], None]:
    """Call `wake` with the client as soon as it is available, and `sleep` when it is gone.

    Returns:
        A function that ends these calls; a client that was passed in stays open.
    """
    if isinstance(source, ConnectionPanel):
        both = ExitStack()
        both.callback(source.on_disconnect(sleep))
        both.callback(source.on_connect(wake))
        return both.close
    if source is not None:
        wake(source)
    return ExitStack().close

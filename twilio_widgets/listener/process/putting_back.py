"""Put back what was pointed here when a listener ends, within a time."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from twilio_widgets.errors import TwilioWidgetsError

if TYPE_CHECKING:
    from twilio_widgets.listener.link.spec import Spec

PUT_BACK_SECONDS = 30.0
"""How long it may take at the end of a listener, when nobody waits for it to be ready."""

_EACH_SECONDS = 8.0


def put_back(spec: Spec, seconds: float) -> list[dict[str, Any]]:
    """Put back every webhook that is pointed here, as far as the time allows.

    What could not be put back stays noted, and is tried again when a listener of this store next
    starts or ends.

    Args:
        spec: Whose webhooks, and with which credentials.
        seconds: How long to wait for Twilio in all.

    Returns:
        What became of each: ``sid``, ``name``, ``state`` and ``text``.
    """
    from twilio_widgets.listener.webhooks import pointing, restoring

    folder = pointing.folder_of(spec.store)
    outcomes: list[dict[str, Any]] = []
    try:
        if not pointing.pointed(folder):
            return []
    except TwilioWidgetsError as error:
        return [_failed(error)]

    def work() -> None:
        # Twilio's client takes a moment to load, and most listeners never need it.
        from twilio_widgets.client import Twilio

        try:
            with Twilio(spec.connection, timeout=_EACH_SECONDS, base_url=spec.root_url) as twilio:
                outcomes.extend(
                    {"sid": each.sid, "name": each.name, "state": each.state, "text": each.text}
                    for each in restoring.restore_all(folder, twilio, seconds=_EACH_SECONDS)
                )
        except (TwilioWidgetsError, OSError) as error:
            outcomes.append(_failed(error))

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    worker.join(seconds)
    if worker.is_alive():
        text = "Twilio did not answer in time: some webhooks may still be pointed here."
        return [*outcomes, {"sid": "", "name": "", "state": "failed", "text": text}]
    return outcomes


def _failed(error: Exception) -> dict[str, Any]:
    return {"sid": "", "name": "", "state": "failed", "text": str(error)}

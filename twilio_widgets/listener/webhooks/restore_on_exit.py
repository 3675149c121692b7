"""Restore webhooks when a listener stops, and at its start those that a killed one left behind."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Any

from twilio_widgets.errors import ListenerError, TwilioWidgetsError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from twilio_widgets.listener.control.spec import Spec
    from twilio_widgets.listener.process.log import Log

RESTORE_SECONDS = 30.0
"""Time limit when a listener stops."""

_LEFTOVER_SECONDS = 5.0
"""Time limit when a listener starts: short, because a cell waits until it is ready."""

_EACH_SECONDS = 8.0


class WebhookRestorer:
    """Restores webhooks at the start and at the end of one listener.

    Args:
        spec: The listener's settings and credentials.
        executor: Runs the requests.
        log: Where failures are noted.
    """

    def __init__(self, spec: Spec, executor: Executor, log: Log) -> None:
        self._spec = spec
        self._executor = executor
        self._log = log
        self._leftovers: list[dict[str, Any]] = []
        self.outcome: dict[str, Any] = {}
        """The result for each webhook that was pointed here, once the listener has stopped."""

    @property
    def notices(self) -> list[str]:
        """Sentences about webhooks of an earlier listener that are restored now."""
        gone = [each for each in self._leftovers if each["state"] == "restored"]
        again = self._pointed() if gone else set()
        return [
            f"The previous listener could not restore this, so it was done now: {each['text']} "
            "Point it here again if this listener should receive its messages."
            for each in gone
            if each["sid"] not in again
        ]

    async def at_start(self) -> None:
        """Restore the webhooks that an earlier listener could not restore."""
        self._leftovers = await self._restore(_LEFTOVER_SECONDS)

    async def at_end(self) -> None:
        """Restore the webhooks that were pointed at this listener."""
        self.outcome = {"restored": await self._restore(RESTORE_SECONDS)}

    async def after_end(self) -> None:
        """Restore webhooks that a kernel pointed here after `at_end`; we still hold the lock."""
        seen = {each["sid"] for each in self.outcome["restored"]}
        if "" not in seen and self._pointed() - seen:
            self.outcome["restored"] += await self._restore(_LEFTOVER_SECONDS)

    async def _restore(self, seconds: float) -> list[dict[str, Any]]:
        loop = asyncio.get_running_loop()
        outcomes = await loop.run_in_executor(self._executor, restore_within, self._spec, seconds)
        for each in outcomes:
            if each["state"] == "failed":
                self._log.say(f"webhook {each['sid']}", each["text"])
        return outcomes

    def _pointed(self) -> set[str]:
        from twilio_widgets.listener.webhooks import configure as webhooks

        with contextlib.suppress(ListenerError):
            return {
                each.sid
                for each in webhooks.configured_webhooks(webhooks.folder_of(self._spec.store))
            }
        return set()


def restore_within(spec: Spec, seconds: float) -> list[dict[str, Any]]:
    """Restore every webhook that is pointed here, within a time limit.

    Those that could not be restored stay saved, and are retried when a listener of this store next
    starts or stops.

    Args:
        spec: The listener's settings and credentials.
        seconds: Time limit for all requests together.

    Returns:
        The result for each: ``sid``, ``name``, ``state`` and ``text``.
    """
    from twilio_widgets.listener.webhooks import configure as webhooks
    from twilio_widgets.listener.webhooks import restore as restoring

    folder = webhooks.folder_of(spec.store)
    outcomes: list[dict[str, Any]] = []
    try:
        if not webhooks.configured_webhooks(folder):
            return []
    except TwilioWidgetsError as error:
        return [_failed(error)]

    def work() -> None:
        # Imported here because it is slow to import and most listeners never need it.
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
        text = "Twilio did not respond in time: some webhooks may still be pointed here."
        return [*outcomes, {"sid": "", "name": "", "state": "failed", "text": text}]
    return outcomes


def _failed(error: Exception) -> dict[str, Any]:
    return {"sid": "", "name": "", "state": "failed", "text": str(error)}

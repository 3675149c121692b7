"""A running sync, as its caller sees it: progress, cancel, result."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, suppress

from twilio_widgets.archive.report import SyncProgress, SyncReport
from twilio_widgets.archive.sync import Sync
from twilio_widgets.core.system import loop

_LOOK = 0.1
"""Seconds between two looks at a sync that is waited for."""

_ENDS_WITHIN = 30.0
"""Seconds that an interrupted sync has to commit the finished days."""


class SyncHandle:
    """A sync in the background; from `Archive.start_sync`. Its methods are safe in any thread.

    Args:
        prepare: Makes the sync; called on the background event loop.
        held: Released when the sync has ended: the archive's lock.
        days: The number of days to read.
    """

    def __init__(self, prepare: Callable[[], Sync], held: ExitStack, days: int) -> None:
        self._sync: Sync | None = None
        self._days = days
        coroutine = self._run(prepare, held)
        try:
            self._task = loop.start(coroutine)
        except BaseException:  # interrupted before the thread took it over
            held.close()
            raise

    async def _run(self, prepare: Callable[[], Sync], held: ExitStack) -> SyncReport:
        with held:
            self._sync = prepare()
            return await self._sync.run()

    @property
    def progress(self) -> SyncProgress:
        """How far it is."""
        if self._sync is None:
            return SyncProgress(days=0, of_days=self._days, rows=0, pages=0)
        return self._sync.progress

    @property
    def done(self) -> bool:
        """Whether it has ended: completed, cancelled or failed."""
        return self._task.done

    @property
    def report(self) -> SyncReport | None:
        """The report, once it has ended; None before, and if it failed."""
        if not self.done:
            return None
        with suppress(Exception):
            return self.wait()
        return None

    def cancel(self) -> None:
        """Ask it to end. Finished days stay archived, and the next sync continues there."""
        self._task.call(self._cancel)

    def _cancel(self) -> None:
        if self._sync is not None:
            self._sync.cancel()

    def wait(self, timeout: float | None = None) -> SyncReport:
        """Wait for its end and return the report.

        Args:
            timeout: The most seconds to wait; None waits without limit.

        Raises:
            TimeoutError: It is still running.
            TwilioWidgetsError: Its error, if it failed.
        """
        return self._task.result(timeout)

    def follow(self, show: Callable[[SyncProgress], None]) -> SyncReport:
        """Wait for its end, showing the progress in this thread; an interrupt cancels it.

        Args:
            show: Called ten times a second. If it raises, the sync is cancelled.
        """
        try:
            while not self.done:
                with suppress(TimeoutError):
                    return self.wait(_LOOK)
                show(self.progress)
            return self.wait()
        except BaseException as stop:
            self._end_after(stop)
            raise

    def _end_after(self, stop: BaseException) -> None:
        """Cancel the sync and wait until the finished days are committed."""
        if self.done:
            return
        self.cancel()
        until = time.monotonic() + _ENDS_WITHIN
        while not self.done and time.monotonic() < until:
            with suppress(Exception):
                self.wait(_LOOK)
        if isinstance(stop, KeyboardInterrupt):
            progress = self.progress
            stop.args = (
                f"Interrupted. {progress.days:,} of {progress.of_days:,} days were read and are "
                "archived; call sync again to continue.",
            )

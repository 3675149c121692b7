"""The line to the listener's process for as long as a kernel wants one: opened again after a crash.

A process that was killed leaves its runtime file behind; one that was ended in good order (closed
by somebody, idle for long, its store taken away) does not. So only the first is started again:
whoever ended the second meant it.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from twilio_widgets.errors import ListenerError, TwilioWidgetsError
from twilio_widgets.listener.control.runtime_file import (
    Runtime,
    is_over,
    listener_lock,
    runtime_file,
)
from twilio_widgets.listener.files.durable import remove
from twilio_widgets.listener.kernel.client import ListenerClient
from twilio_widgets.listener.kernel.connection import ControlConnection
from twilio_widgets.listener.webhooks.configure import folder_of
from twilio_widgets.listener.webhooks.configured import WebhookBackup
from twilio_widgets.listener.webhooks.restore_on_exit import RESTORE_SECONDS, restore_within

if TYPE_CHECKING:
    from twilio_widgets.listener.control.spec import Spec
    from twilio_widgets.listener.events.event import Arrival

_MOST_CRASHES: Final = 5
_WITHIN: Final = 60.0
"""Seconds. A process that is killed more often than that is left alone, and said to be."""

_HANDOVER_SECONDS: Final = 3.0
"""Seconds that a process may take to put its things away, and another to take its place."""

_POLL_SECONDS: Final = 0.05

ENDED: Final = (
    "The listener's process was stopped from elsewhere, so it is not restarted automatically. "
    "Listener(…) starts it again."
)
TAKEN_OVER: Final = (
    "A listener with a different auth token or different shared keys has taken over this event "
    "store. Listener(…, store=…) starts a second listener with its own store; "
    "Listener(…, take_over=True) takes this one back."
)
KEEPS_CRASHING: Final = (
    f"The listener's process was killed {_MOST_CRASHES} times within a minute, so it is not "
    "restarted. Is the machine out of memory? Listener(…) tries again."
)

Reply = Callable[[dict[str, Any]], str | None]


class ProcessSupervisor:
    """Keeps the line to one listener.

    Args:
        spec: What the listener is to be.
        answer: Answers inbound messages, while it is asked to.
        enter: Opens the way in for each process that serves.
        take_over: Whether to end, to begin with, one that runs with other secrets.
    """

    def __init__(
        self,
        spec: Spec,
        answer: Reply,
        open_route: Callable[[ListenerClient], None],
        *,
        take_over: bool = False,
    ) -> None:
        self._spec = spec
        self._answer = answer
        self._open_route = open_route
        self._lock = threading.RLock()
        self._done = threading.Event()
        self._crashes: deque[float] = deque(maxlen=_MOST_CRASHES)
        self.on_news: Callable[[], object] = lambda: None
        """Called after something was stored or turned away."""
        self.problem: str | None = None
        """Why there is no process, if there is none."""
        self._client: ListenerClient
        self._open(spec, take_over=take_over)

    @property
    def client(self) -> ListenerClient:
        """The line as it is now."""
        return self._client

    def ask(self, op: str, **what: Any) -> dict[str, Any]:
        """Ask the process to do something; see `ListenerClient.ask`.

        Raises:
            ListenerError: It could not be done, or there is no process.
        """
        return self._running_client().ask(op, **what)

    def commit(self, arrivals: Sequence[Arrival]) -> int:
        """Store what was found in Twilio's log; return how many of it were news."""
        return self._running_client().commit(arrivals)

    def set_reply(self, text: str | None, *, ask: bool) -> None:
        """Set the reply to inbound messages: a text, or whatever `answer` says when asked."""
        self.ask("set_reply", text=text, ask=ask)

    def stop(self) -> dict[str, Any]:
        """End the process in good order, and return what it says.

        What one that was killed could not put back is put back from here.

        Raises:
            ListenerError: It is there, and does not end.
        """
        client = self._detached_client()
        if client.alive:
            try:
                return client.stop()
            except ListenerError as error:
                runtime = Runtime.read(self._spec.store)
                if runtime and runtime.pid == client.pid and not is_over(self._spec.store):
                    raise ListenerError(
                        f"The listener's process ({client.pid}) does not respond, so it may still "
                        "be running, and webhooks may still be pointed at it. Kill the process; "
                        "the next Listener(…) with this store then restores them."
                    ) from error
        client.detach()
        return {"restored": self._restore_webhooks(client.pid)}

    def detach(self) -> None:
        """Hang up; the process lives on."""
        self._detached_client().detach()

    # Inside

    def _detached_client(self) -> ListenerClient:
        """Return the line, which is from now on not opened again."""
        self._done.set()
        with self._lock:
            return self._client

    def _restore_webhooks(self, killed: int) -> list[dict[str, Any]]:
        """Do what a process does at its end, in place of one that was killed.

        One that was started since has done it before it was ready, and goes on.
        """
        store, until = self._spec.store, time.monotonic() + _HANDOVER_SECONDS
        left = runtime_file(store), WebhookBackup(folder_of(store)).path
        while any(path.exists() for path in left):
            with contextlib.suppress(ListenerError), listener_lock(store):
                restored = restore_within(self._spec, RESTORE_SECONDS)
                remove(runtime_file(store))
                return restored
            runtime = Runtime.read(store)
            succeeded = runtime is not None and runtime.is_serving and runtime.pid != killed
            if succeeded or time.monotonic() >= until:
                break
            time.sleep(_POLL_SECONDS)
        return []

    def _running_client(self) -> ListenerClient:
        if self.problem is not None:
            raise ListenerError(self.problem)
        return self._client

    def _open(self, spec: Spec, *, take_over: bool = False) -> None:
        client = ListenerClient.find_or_start(spec, take_over=take_over)
        try:
            self._open_route(client)
        except BaseException:
            client.detach()
            raise
        self._client = client
        client.on_news = lambda _news: self.on_news()
        client.on_question = self._answer
        client.on_gone = lambda: self._gone(client)

    def _gone(self, client: ListenerClient) -> None:
        """Open the line again, unless whoever ended the process meant it."""
        with self._lock:
            if self._done.is_set() or self._client is not client:
                return
            client.detach()
            try:
                self.problem = self._reopen()
            except TwilioWidgetsError as error:
                self.problem = str(error)
        self.on_news()

    def _reopen(self) -> str | None:
        """Open the line to a process of this store again; return why there is none."""
        runtime, spec, was = self._runtime_to_follow(), self._spec, self._client.state
        if runtime is None:
            return ENDED
        if runtime.is_serving and runtime.pid != self._client.pid:
            if not _is_ours(runtime, spec):
                return TAKEN_OVER
            # As it was started is right.
            stated: dict[str, Any] = {"idle_seconds": None, "retention_days": ..., "reply": None}
            spec = replace(spec, port=0, public_url=None, **stated)
        elif self._crashes_too_often():
            return KEEPS_CRASHING
        else:
            stated = {name: was[name] for name in ("idle_seconds", "retention_days", "reply")}
            spec = replace(spec, **stated)
        self._open(spec)
        if was["answered_by"] == "here" and self._client.state["answered_by"] is None:
            self.set_reply(None, ask=True)
        return None

    def _runtime_to_follow(self) -> Runtime | None:
        """Return the runtime file of a process that was killed, or of one that took its place.

        Whoever takes its place ends it first, and needs a moment to begin. So does a kernel that
        knows more of its secrets than we do, and is let go first. One that has begun to begin is
        waited for: it may have webhooks to put back, or a large file to look through.
        """
        until, runtime = time.monotonic() + _HANDOVER_SECONDS, None
        while time.monotonic() < until and not self._done.wait(_POLL_SECONDS):
            runtime = Runtime.read(self._spec.store)
            if runtime is not None and runtime.is_serving and runtime.pid != self._client.pid:
                return runtime
            if is_over(self._spec.store):
                if runtime is not None and self._client.has_same_secrets:
                    return runtime
            elif runtime is not None and not runtime.is_serving:
                until = time.monotonic() + _HANDOVER_SECONDS
        # If it is our process's and not over, it was only the line that broke.
        return None if self._done.is_set() else runtime

    def _crashes_too_often(self) -> bool:
        now = time.monotonic()
        if len(self._crashes) == _MOST_CRASHES and now - self._crashes[0] < _WITHIN:
            return True
        self._crashes.append(now)
        return False


def _is_ours(runtime: Runtime, spec: Spec) -> bool:
    connection = ControlConnection.open(runtime, spec)
    if connection is None:
        return False
    connection.close()
    return connection.knows_our_secrets

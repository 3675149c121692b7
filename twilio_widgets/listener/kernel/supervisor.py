"""Supervises the listener's process for one kernel: restarts it after a crash.

A killed process leaves its runtime file behind; one that stopped normally (closed, idle, or its
store deleted) removes it. Only the former is restarted, because the latter was intentional.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from twilio_widgets.core.system.thread_lock import ThreadLock
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
"""Seconds. After `_MOST_CRASHES` kills within this time the process is not restarted."""

_HANDOVER_SECONDS: Final = 3.0
"""Seconds that a process may take to clean up, and its successor to start."""

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
    """Keeps a client connected to the process of one listener.

    Args:
        spec: The settings of the listener.
        answer: Returns replies to inbound messages, if the process is set to ask for them.
        open_route: Opens the ingress route for each new process.
        take_over: Whether to replace a running listener that has other secrets.
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
        self._lock = ThreadLock()
        self._done = threading.Event()
        self._crashes: deque[float] = deque(maxlen=_MOST_CRASHES)
        self.on_news: Callable[[], object] = lambda: None
        """Called after events were stored or requests rejected."""
        self.problem: str | None = None
        """Why no process is running, or None."""
        self._client: ListenerClient
        self._open(spec, take_over=take_over, on_failure=ListenerClient.abandon)

    @property
    def client(self) -> ListenerClient:
        """The current client."""
        return self._client

    def ask(self, op: str, **what: Any) -> dict[str, Any]:
        """Run an operation in the process; see `ListenerClient.ask`.

        Raises:
            ListenerError: The operation failed, or no process is running.
        """
        return self._running_client().ask(op, **what)

    def commit(self, arrivals: Sequence[Arrival]) -> int:
        """Store events found in Twilio's log; return the number of new ones."""
        return self._running_client().commit(arrivals)

    def set_reply(self, text: str | None, *, ask: bool) -> None:
        """Set the reply to inbound messages: a text, or with `ask` the result of `answer`."""
        self.ask("set_reply", text=text, ask=ask)

    def stop(self) -> dict[str, Any]:
        """Stop the process normally, and return its result.

        If the process was killed, its webhooks are restored from here.

        Raises:
            ListenerError: The process is running and does not stop.
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
        """Disconnect; the process keeps running."""
        self._detached_client().detach()

    def abandon(self) -> None:
        """Disconnect after a failed start, and stop the process if it was started here."""
        self._detached_client().abandon()

    # Inside

    def _detached_client(self) -> ListenerClient:
        """Return the client, and stop reconnecting from now on."""
        self._done.set()
        with self._lock:
            return self._client

    def _restore_webhooks(self, killed: int) -> list[dict[str, Any]]:
        """Restore webhooks in place of a killed process.

        A process that was started since has already restored them.
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

    def _open(
        self,
        spec: Spec,
        *,
        take_over: bool = False,
        on_failure: Callable[[ListenerClient], None] = ListenerClient.detach,
    ) -> None:
        client = ListenerClient.find_or_start(spec, take_over=take_over)
        try:
            self._open_route(client)
        except BaseException:
            on_failure(client)
            raise
        self._client = client
        client.on_news = lambda _news: self.on_news()
        client.on_question = self._answer
        client.on_gone = lambda: self._gone(client)

    def _gone(self, client: ListenerClient) -> None:
        """Reconnect, unless the process was stopped on purpose."""
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
        """Reconnect to a process of this store, or restart it; return why that is not possible."""
        runtime, spec, was = self._runtime_to_follow(), self._spec, self._client.state
        if runtime is None:
            return ENDED
        if runtime.is_serving and runtime.pid != self._client.pid:
            if not _is_ours(runtime, spec):
                return TAKEN_OVER
            # Another kernel restarted it; its settings are the current ones.
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
        """Return the runtime file of the killed process, or of its successor; None if neither.

        A successor first stops the old process and then needs a moment to start. A kernel that
        knows secrets we do not know goes first, so we wait for it. A successor that is starting is
        waited for without limit: it may have to restore webhooks or check a large file.
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
        # If it still describes our running process, only the connection was lost.
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

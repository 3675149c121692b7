"""The kernel's client of a listener process: runs operations, receives news, answers questions."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from twilio_widgets import errors
from twilio_widgets.core.system.thread_lock import ThreadLock
from twilio_widgets.errors import ListenerError, OtherSecrets
from twilio_widgets.listener.control import protocol as wire
from twilio_widgets.listener.control.ports import check_port_is_free
from twilio_widgets.listener.control.runtime_file import Runtime, is_over
from twilio_widgets.listener.events.reading import Reader
from twilio_widgets.listener.kernel.connection import ControlConnection
from twilio_widgets.listener.kernel.launcher import launch

if TYPE_CHECKING:
    from pathlib import Path

    from twilio_widgets.listener.control.spec import Spec
    from twilio_widgets.listener.events.event import Arrival

_POLL_SECONDS = 0.05
_ASK_SECONDS = 10.0
_STOP_SECONDS = 40.0
"""Time to stop: restoring each webhook takes two requests to Twilio."""

_THREAD_SECONDS = 5.0
"""Time limit for all threads of one client together to end."""

_ROWS = 400
_MOST_QUESTIONS = 8


class ListenerClient:
    """A client of one listener process. Use `find_or_start`; callbacks run in their own threads.

    Args:
        connection: The open control connection.
        started: Whether the process was started for this client.
    """

    def __init__(self, connection: ControlConnection, *, started: bool) -> None:
        self._connection = connection
        self._numbers = itertools.count(1)
        self._asked: dict[int, Future[dict[str, Any]]] = {}
        self._lock = ThreadLock()
        self._over = threading.Event()
        self._questions: set[threading.Thread] = set()
        self._gone_call: threading.Thread | None = None
        self.started = started
        """Whether the process was started for this client; otherwise it was already running."""
        self.has_same_secrets = connection.has_same_secrets
        """Whether we know every secret that the process knows, so that we could restart it."""
        self.state = connection.state
        """The current settings of the process (``public_url``, ``idle_seconds`` and so on),
        including changes by other kernels, and ``answered_by``: ``text`` (its ``reply``), ``here``
        (our function), ``elsewhere`` (a function in another kernel) or None."""
        self.port: int = connection.state["port"]
        """The port on 127.0.0.1 that receives webhooks."""
        self.pid: int = connection.state["pid"]
        self.on_news: Callable[[dict[str, Any]], object] | None = None
        """Called in the reading thread after events or rejections were stored, at most twenty times
        a second, with ``last_id`` and ``rejected``. It must not block or raise."""
        self.on_question: Callable[[dict[str, Any]], str | None] | None = None
        """Called with an inbound message (``id``, ``parameters``) after ``set_reply`` with ``ask``;
        returns the reply, which is used if it arrives within two seconds."""
        self._on_gone: Callable[[], object] | None = None
        self._reader = threading.Thread(
            target=self._read, name="twilio_widgets-listener-link", daemon=True
        )
        self._reader.start()

    @classmethod
    def find_or_start(cls, spec: Spec, *, take_over: bool = False, timeout: float = 10.0) -> Self:
        """Find the running listener of this store, or start one; there is never a second one.

        A listener on a different port than the one requested is stopped first; so is one that does
        not know our auth token and shared keys, if `take_over` is true. A listener of another
        account is never stopped. A running listener keeps the settings that `spec` leaves open.

        Args:
            spec: The settings of the listener.
            take_over: Whether to stop a listener that runs with other secrets.
            timeout: Seconds for the start; stopping another listener may take 40 s more.

        Raises:
            ConfigurationError, ListenerError: The listener cannot be started.
        """
        until = time.monotonic() + timeout
        wish, started, stopped_other = 0, False, False
        while True:
            runtime = Runtime.read(spec.store)
            connection = (
                ControlConnection.open(runtime, spec) if runtime and runtime.is_serving else None
            )
            if (
                connection is not None
                and not connection.knows_our_secrets
                and _is_stale(runtime, spec.store)
            ):
                # Another program may use the port by now, so nothing it sends is trusted.
                connection.close()
            elif connection is not None:
                port: int = connection.state["port"]
                if connection.knows_our_secrets and spec.port in {0, port}:
                    return cls(connection, started=started)._adopt(spec)
                wish = port
                try:
                    _refuse_anothers_store(spec)
                    if not take_over:
                        _refuse_other_secrets(spec, connection)
                    if spec.port not in {0, port}:
                        check_port_is_free(spec.port)
                except ListenerError:
                    connection.close()
                    raise
                # Keep the old retention, or the new process would delete older events.
                if spec.retention_days is ...:
                    spec = replace(spec, retention_days=connection.state.get("retention_days", ...))
                connection.stop_process(_STOP_SECONDS)
                # Restoring webhooks takes time that must not count towards the start.
                if not stopped_other:
                    until, stopped_other = time.monotonic() + timeout, True
            left = until - time.monotonic()
            if left <= 0:
                raise ListenerError(
                    f"Another process uses the event store {spec.store} and does not respond. "
                    "Stop it, or choose another file: Listener(…, store=…)."
                )
            if "ready" in launch(spec, wish, left):
                started = True
            else:
                time.sleep(_POLL_SECONDS)  # another kernel is starting it, or it is stopping

    def _adopt(self, spec: Spec) -> Self:
        if self.started:
            return self
        try:
            if spec.idle_seconds is not None:
                self.ask("set_idle", seconds=spec.idle_seconds)
            if spec.retention_days not in {..., self.state["retention_days"]}:
                self.ask("set_retention", days=spec.retention_days)
            if spec.public_url is not None and spec.public_url != self.state["public_url"]:
                self.ask("set_public_url", url=spec.public_url)
            if spec.reply is not None:
                self.ask("set_reply", text=spec.reply)
        except BaseException:
            self.detach()
            raise
        return self

    # Operations

    @property
    def alive(self) -> bool:
        """Whether the connection to the process is open."""
        return not self._over.is_set()

    @property
    def on_gone(self) -> Callable[[], object] | None:
        """Called once when the process has ended, unless we detached; at once if it already has."""
        return self._on_gone

    @on_gone.setter
    def on_gone(self, call: Callable[[], object] | None) -> None:
        with self._lock:
            self._on_gone = call
            gone = self._over.is_set()
        if gone and call is not None:
            self._call_gone(call)

    def ask(self, op: str, *, timeout: float = _ASK_SECONDS, **what: Any) -> dict[str, Any]:
        """Run an operation in the process and return its result.

        Args:
            op: ``status``, ``set_reply`` (``text``, ``ask``), ``set_public_url`` (``url``),
                ``set_forward`` (``key``, ``token``, ``where``), ``set_idle`` (``seconds``),
                ``set_retention`` (``days``), ``poll_commit`` (``rows``), ``forget`` (``before``)
                or ``stop``.
            timeout: Seconds to wait for the result.
            what: The arguments of the operation.

        Raises:
            ConfigurationError: An argument is invalid.
            ListenerError: The operation failed, or the process has ended.
        """
        number, answer = next(self._numbers), Future[dict[str, Any]]()
        with self._lock:
            if self._over.is_set():
                raise ListenerError(_GONE)
            self._asked[number] = answer
        try:
            self._connection.send({"id": number, "op": op, **what})
            return answer.result(timeout)
        except TimeoutError:
            raise ListenerError(
                f"The listener's process did not respond within {timeout:g} s."
            ) from None
        except OSError:
            raise ListenerError(_GONE) from None
        finally:
            self._asked.pop(number, None)

    def commit(self, arrivals: Sequence[Arrival]) -> int:
        """Store events found in Twilio's message log. The process is the store's only writer.

        Returns:
            The number of new events.
        """
        news = 0
        for start in range(0, len(arrivals), _ROWS):
            rows = wire.rows_of(arrivals[start : start + _ROWS])
            news += int(self.ask("poll_commit", rows=rows)["new"])
        return news

    def stop(self, *, timeout: float = _STOP_SECONDS) -> dict[str, Any]:
        """Stop the process, after it has stored pending events and restored webhooks.

        Returns:
            ``restored``: the result for each webhook that was pointed here.
        """
        until = time.monotonic() + timeout
        self.on_gone = None
        try:
            message = self.ask("stop", timeout=timeout)
            self._over.wait(max(until - time.monotonic(), 0.0))
        finally:
            self.detach()
        return message

    def abandon(self) -> None:
        """Detach after a failed start, and stop the process if it was started for this client."""
        if self.started:
            with contextlib.suppress(ListenerError):  # the error of the start is raised
                self.stop()
        self.detach()

    def detach(self) -> None:
        """Close the connection and end our threads; the process keeps running.

        A reply function that is still running is waited for, at most 5 s: it cannot be interrupted.
        """
        self.on_gone = None
        self._connection.shut_down()
        until = time.monotonic() + _THREAD_SECONDS
        threads, self._questions = (self._reader, self._gone_call, *self._questions), set()
        for thread in threads:
            if thread is not None and thread is not threading.current_thread():
                thread.join(max(until - time.monotonic(), 0.0))
        self._connection.close()

    # Receiving

    def _read(self) -> None:
        try:
            for message in self._connection.lines():
                self._take(message)
        finally:
            self._end()  # also after a malformed line, so that no caller waits forever

    def _take(self, message: dict[str, Any]) -> None:
        if "id" in message:
            self._answer(message)
        elif "state" in message:
            self.state = message["state"]
        elif "news" in message:
            if self.on_news is not None:
                self.on_news(message["news"])
        elif "question" in message:
            self._question(message)

    def _end(self) -> None:
        with self._lock:
            self._over.set()
            left, call = list(self._asked.values()), self._on_gone
        for answer in left:
            if not answer.done():
                answer.set_exception(ListenerError(_GONE))
        if call is not None:
            self._call_gone(call)

    def _answer(self, message: dict[str, Any]) -> None:
        answer = self._asked.get(message["id"])
        if answer is None or answer.done():
            return
        if "error" in message:
            configured = message.get("kind") == "ConfigurationError"
            kind = errors.ConfigurationError if configured else ListenerError
            answer.set_exception(kind(message["error"]))
        else:
            answer.set_result(message["done"])

    def _call_gone(self, call: Callable[[], object]) -> None:
        """Call it in a separate thread: it may start a process, which takes seconds."""
        thread = threading.Thread(target=call, name="twilio_widgets-listener-gone", daemon=True)
        thread.start()
        self._gone_call = thread

    def _question(self, message: dict[str, Any]) -> None:
        self._questions = {thread for thread in self._questions if thread.is_alive()}
        if len(self._questions) >= _MOST_QUESTIONS:
            return  # the process times out and sends no reply
        thread = threading.Thread(
            target=self._reply,
            args=(message,),
            name="twilio_widgets-listener-question",
            daemon=True,
        )
        with contextlib.suppress(RuntimeError):  # can't start new thread: no reply either
            thread.start()
            self._questions.add(thread)

    def _reply(self, message: dict[str, Any]) -> None:
        text = None
        try:
            if self.on_question is not None:
                text = self.on_question(message["message"])
        finally:
            # Sent even after an exception (shown by the thread's excepthook): Twilio is waiting.
            with contextlib.suppress(OSError):
                self._connection.send({"answer": message["question"], "text": text})


def _is_stale(runtime: Runtime | None, store: Path) -> bool:
    """Return whether a runtime file is not, or no longer, that of the store's listener.

    Either no listener runs, or a new one has started: it writes the file once it has the lock.
    """
    return is_over(store) or Runtime.read(store) != runtime


def _refuse_anothers_store(spec: Spec) -> None:
    """Raise if the store belongs to another account, before its listener is stopped."""
    try:
        reader = Reader(spec.store)
    except ListenerError:
        return  # the store cannot be read, so a listener that still runs is useless
    with reader:
        reader.check_owner(spec.connection.acting_sid, spec.world)


def _refuse_other_secrets(spec: Spec, connection: ControlConnection) -> None:
    """Raise if a running listener has secrets that ours lacks, unless it serves another sandbox."""
    if connection.has_same_secrets or connection.state.get("root_url") != spec.root_url:
        return
    raise OtherSecrets(
        "A listener of this account is already running here with a different auth token or "
        "different shared keys; it was not changed. If you changed the token or added a shared "
        "key, Listener(…, take_over=True) replaces it, with the same port and events. "
        "Listener(…, store=…) starts a second listener with its own store."
    )


_GONE = "The listener's process has ended. Listener(…) starts it again."

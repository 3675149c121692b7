"""The kernel's line to its listener: asks it things, hears its news, answers its questions."""

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
"""Putting webhooks back takes two requests to Twilio each."""

_THREAD_SECONDS = 5.0
"""How long all threads of a line together may take to end."""

_ROWS = 400
_MOST_QUESTIONS = 8


class ListenerClient:
    """The line to one listener. Use `find_or_start`; its callbacks run in threads of its own.

    Args:
        line: The opened line.
        started: Whether the process was started for this link.
    """

    def __init__(self, connection: ControlConnection, *, started: bool) -> None:
        self._connection = connection
        self._numbers = itertools.count(1)
        self._asked: dict[int, Future[dict[str, Any]]] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._questions: set[threading.Thread] = set()
        self._gone_call: threading.Thread | None = None
        self.started = started
        """Whether the process was started for this link; otherwise it was found."""
        self.has_same_secrets = connection.has_same_secrets
        """Whether we know every secret that it knows, and could start it again as it is."""
        self.state = connection.state
        """What the process is, whoever made it so: ``public_url``, ``idle_seconds`` and so on; also
        ``answered_by``: its ``reply`` (``text``), our function (``here``) or another's
        (``elsewhere``), or None."""
        self.port: int = connection.state["port"]
        """Where webhooks come in, on 127.0.0.1."""
        self.pid: int = connection.state["pid"]
        self.on_news: Callable[[dict[str, Any]], object] | None = None
        """Called in the thread that reads the line, after events or rejections were stored, at most
        twenty times a second, with ``last_id`` and ``rejected``. It must neither wait nor raise."""
        self.on_question: Callable[[dict[str, Any]], str | None] | None = None
        """Called with an inbound message (``id``, ``parameters``) while ``set_reply`` says
        ``ask``; its answer is the reply, when it comes within two seconds."""
        self._on_gone: Callable[[], object] | None = None
        self._reader = threading.Thread(
            target=self._read, name="twilio_widgets-listener-link", daemon=True
        )
        self._reader.start()

    @classmethod
    def find_or_start(cls, spec: Spec, *, take_over: bool = False, timeout: float = 10.0) -> Self:
        """Find the listener of this store, or start it; there is never a second one.

        One that runs on another port than the one asked for is ended first, and one that does not
        know our auth token and shared keys when `take_over` says so; never one of another account.
        One that runs keeps what `spec` does not state.

        Args:
            spec: What the listener is to be.
            take_over: Whether to end one that runs with other secrets.
            timeout: Seconds for the start; for the end of another one there are 40 more.

        Raises:
            ConfigurationError, ListenerError: It cannot be started, and why.
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
                connection.close()  # a stranger has its port by now: nothing it says is believed
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
                if spec.retention_days is ...:  # or its older events would be deleted
                    spec = replace(spec, retention_days=connection.state.get("retention_days", ...))
                connection.stop_process(_STOP_SECONDS)
                if not stopped_other:  # it puts webhooks back first, and takes the time that takes
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
                time.sleep(_POLL_SECONDS)  # somebody else is starting it, or it is just ending

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

    # Asking

    @property
    def alive(self) -> bool:
        """Whether the process is there, as far as the line tells."""
        return not self._over.is_set()

    @property
    def on_gone(self) -> Callable[[], object] | None:
        """Called once when the process has ended, unless we hung up; at once if it has already."""
        return self._on_gone

    @on_gone.setter
    def on_gone(self, call: Callable[[], object] | None) -> None:
        with self._lock:
            self._on_gone = call
            gone = self._over.is_set()
        if gone and call is not None:
            self._call_gone(call)

    def ask(self, op: str, *, timeout: float = _ASK_SECONDS, **what: Any) -> dict[str, Any]:
        """Ask the process to do something, and return what it says.

        Args:
            op: ``status``, ``set_reply`` (``text``, ``ask``), ``set_public_url`` (``url``),
                ``set_forward`` (``key``, ``token``, ``where``), ``set_idle`` (``seconds``),
                ``set_retention`` (``days``), ``poll_commit`` (``rows``), ``forget`` (``before``)
                or ``stop``.
            timeout: Seconds.
            what: What the operation needs.

        Raises:
            ConfigurationError: What was asked for cannot be.
            ListenerError: It could not be done, or the process has gone.
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
        """Store what was found in Twilio's message log, through the one writer.

        Returns:
            How many were news.
        """
        news = 0
        for start in range(0, len(arrivals), _ROWS):
            rows = wire.rows_of(arrivals[start : start + _ROWS])
            news += int(self.ask("poll_commit", rows=rows)["new"])
        return news

    def stop(self, *, timeout: float = _STOP_SECONDS) -> dict[str, Any]:
        """End the process: it stores what is queued, puts webhooks back, and ends.

        Returns:
            ``restored``: what became of each webhook that was pointed here.
        """
        until = time.monotonic() + timeout
        self.on_gone = None
        try:
            said = self.ask("stop", timeout=timeout)
            self._over.wait(max(until - time.monotonic(), 0.0))
        finally:
            self.detach()
        return said

    def detach(self) -> None:
        """Hang up; the process stays. No socket is left behind, nor a thread that can be ended.

        A function that still works on a reply is waited for, 5 s at most: it is not ours to end.
        """
        self.on_gone = None
        self._connection.shut_down()
        until = time.monotonic() + _THREAD_SECONDS
        threads, self._questions = (self._reader, self._gone_call, *self._questions), set()
        for thread in threads:
            if thread is not None and thread is not threading.current_thread():
                thread.join(max(until - time.monotonic(), 0.0))
        self._connection.close()

    # What comes

    def _read(self) -> None:
        try:
            for said in self._connection.lines():
                self._take(said)
        finally:
            self._end()  # also when something came that cannot be taken: nobody is left waiting

    def _take(self, said: dict[str, Any]) -> None:
        if "id" in said:
            self._answer(said)
        elif "state" in said:
            self.state = said["state"]
        elif "news" in said:
            if self.on_news is not None:
                self.on_news(said["news"])
        elif "question" in said:
            self._question(said)

    def _end(self) -> None:
        with self._lock:
            self._over.set()
            left, call = list(self._asked.values()), self._on_gone
        for answer in left:
            if not answer.done():
                answer.set_exception(ListenerError(_GONE))
        if call is not None:
            self._call_gone(call)

    def _answer(self, said: dict[str, Any]) -> None:
        answer = self._asked.get(said["id"])
        if answer is None or answer.done():
            return
        if "error" in said:
            configured = said.get("kind") == "ConfigurationError"
            kind = errors.ConfigurationError if configured else ListenerError
            answer.set_exception(kind(said["error"]))
        else:
            answer.set_result(said["done"])

    def _call_gone(self, call: Callable[[], object]) -> None:
        """Call it in a thread of its own: it may take as long as starting a process takes."""
        thread = threading.Thread(target=call, name="twilio_widgets-listener-gone", daemon=True)
        thread.start()
        self._gone_call = thread

    def _question(self, said: dict[str, Any]) -> None:
        self._questions = {thread for thread in self._questions if thread.is_alive()}
        if len(self._questions) >= _MOST_QUESTIONS:
            return  # it is answered emptily in a moment
        thread = threading.Thread(
            target=self._reply, args=(said,), name="twilio_widgets-listener-question", daemon=True
        )
        with contextlib.suppress(RuntimeError):  # no thread is left: answered emptily as well
            thread.start()
            self._questions.add(thread)

    def _reply(self, said: dict[str, Any]) -> None:
        text = None
        try:
            if self.on_question is not None:
                text = self.on_question(said["message"])
        finally:
            # Also after an exception, which the thread's hook shows: Twilio is waiting.
            with contextlib.suppress(OSError):
                self._connection.send({"answer": said["question"], "text": text})


def _is_stale(runtime: Runtime | None, store: Path) -> bool:
    """Say whether a runtime file that was read is not, or no longer, that of the store's listener.

    Nobody is, or another one begins to be: it writes the file as soon as it has the lock.
    """
    return is_over(store) or Runtime.read(store) != runtime


def _refuse_anothers_store(spec: Spec) -> None:
    """Refuse before anybody is sent away: a listener of another account goes on."""
    try:
        reader = Reader(spec.store)
    except ListenerError:
        return  # there is none; who still runs there is of no use to anybody
    with reader:
        reader.check_owner(spec.connection.acting_sid, spec.world)


def _refuse_other_secrets(spec: Spec, connection: ControlConnection) -> None:
    """Refuse to end a listener that checks what ours could not, unless it is of a world gone by."""
    if connection.has_same_secrets or connection.state.get("root_url") != spec.root_url:
        return
    raise OtherSecrets(
        "A listener of this account is already running here with a different auth token or "
        "different shared keys; it was not changed. If you changed the token or added a shared "
        "key, Listener(…, take_over=True) replaces it, with the same port and events. "
        "Listener(…, store=…) starts a second listener with its own store."
    )


_GONE = "The listener's process has ended. Listener(…) starts it again."

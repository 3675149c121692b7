"""The control connection between kernels and the listener process."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from tests.listener_driver import (
    ACCOUNT,
    NUMBER,
    ListenerDriver,
    alive,
    events,
    inbound,
    post,
    status,
    until,
)
from twilio_widgets.errors import ListenerError
from twilio_widgets.listener.control import protocol as wire
from twilio_widgets.listener.control.runtime_file import Runtime
from twilio_widgets.listener.events.event import Arrival
from twilio_widgets.listener.kernel import connection as line_module
from twilio_widgets.listener.kernel.client import ListenerClient
from twilio_widgets.listener.kernel.connection import ControlConnection
from twilio_widgets.listener.kernel.supervisor import ProcessSupervisor
from twilio_widgets.listener.process.control_server import NEWS_EVERY

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills by POSIX signals")


def whisper(port: int, data: bytes) -> bytes:
    """Say something to a port, and return everything that comes back until the end."""
    with socket.create_connection(("127.0.0.1", port), 10) as line:
        with contextlib.suppress(OSError):
            line.sendall(data)
            line.shutdown(socket.SHUT_WR)
        heard = b""
        with contextlib.suppress(OSError):
            while part := line.recv(4096):
                heard += part
        return heard


STRANGERS = {
    "HTTP": b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + b'{"token": "x", "nonce": "y"}\n',
    "no token": b'{"nonce": "y"}\n',
    "a wrong token": b'{"token": "wrong", "nonce": "y"}\n',
    "a token that is no text": b'{"token": ["x"], "nonce": "y"}\n',
    "not an object": b"[]\n",
    "very deep": b"[" * 4_000 + b"\n",
    "no end": b"x" * 100_000,
    "nothing": b"",
    "bytes": bytes(range(256)) + b"\n",
}


@pytest.mark.parametrize("name", STRANGERS)
def test_an_unauthenticated_control_connection_receives_nothing(
    name: str, shared: ListenerDriver, client: ListenerClient
) -> None:
    runtime = Runtime.read(shared.spec().store)
    assert runtime is not None
    assert whisper(runtime.control_port, STRANGERS[name]) == b""
    assert client.ask("status")["pid"] == client.pid


def test_the_token_opens_a_control_connection_and_malformed_input_closes_only_its_own(
    shared: ListenerDriver, client: ListenerClient
) -> None:
    runtime = Runtime.read(shared.spec().store)
    assert runtime is not None
    line = ControlConnection.open(runtime, shared.spec())
    assert line is not None
    assert line.knows_our_secrets
    line.send({"id": 1, "op": "no such thing"})
    line.send({"id": 2, "op": "set_idle", "seconds": "soon"})
    line.send({"id": 3, "op": "set_reply", "text": "x" * 1_601})
    line.send({"id": 4, "op": "poll_commit", "rows": [{}]})
    line.send({"answer": 99, "text": "to nobody"})
    answers = line.lines()
    found = {answer["id"]: answer["kind"] for answer in (next(answers) for _ in range(4))}
    assert found == {
        1: "ListenerError",
        2: "ConfigurationError",
        3: "ConfigurationError",
        4: "ListenerError",
    }
    line.close()
    assert client.ask("status")["reply"] is None


NO_GREETINGS: dict[str, Callable[[], Iterator[bytes]]] = {
    "no state": lambda: iter([b'{"proofs": []}\n']),
    "no port": lambda: iter([b'{"proofs": [], "state": {"pid": 1}}\n']),
    "no number": lambda: iter([b'{"proofs": [], "state": {"pid": 1, "port": "x"}}\n']),
    "no end": lambda: (b" " for _ in range(10**6) if not threading.Event().wait(0.05)),
}


@pytest.mark.parametrize("name", NO_GREETINGS)
def test_an_unexpected_greeting_is_rejected_without_delay(
    name: str, driver: ListenerDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "HANDSHAKE_SECONDS", 0.5)

    def greet(server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            other, _ = server.accept()
            with other:
                for part in NO_GREETINGS[name]():
                    other.sendall(part)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=greet, args=(server,), daemon=True)
        thread.start()
        port = server.getsockname()[1]
        runtime = Runtime(pid=1, port=2, control_port=port, control_token="t", started_at="")
        assert ControlConnection.open(runtime, driver.spec()) is None
    thread.join(5)
    assert not thread.is_alive()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_invalid_control_message_leaves_no_caller_waiting() -> None:
    ours, theirs = socket.socketpair()
    state = {"pid": 1, "port": 2}
    client = ListenerClient(
        ControlConnection(ours, ours.makefile("rb"), state, frozenset(), frozenset()), started=False
    )
    gone = threading.Event()
    client.on_gone = gone.set
    with theirs:
        asking = threading.Timer(0.1, theirs.sendall, (b'{"id": 1}\n',))
        asking.start()
        with pytest.raises(ListenerError, match="has ended"):
            client.ask("status")
        assert gone.wait(10)
    asking.join()
    client.detach()


def test_events_still_arrive_when_no_reply_thread_can_be_started(
    driver: ListenerDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = driver.connect()
    client.on_question = lambda _: "Hello"
    client.ask("set_reply", ask=True)
    start = threading.Thread.start

    def none_left(thread: threading.Thread) -> None:
        if thread.name.endswith("question"):
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", none_left)
    assert post(client.port, "/inbound", inbound())[2] == b"<Response/>"
    monkeypatch.undo()
    assert post(client.port, "/inbound", inbound())[2] != b"<Response/>"
    assert client.alive


def test_a_late_on_gone_callback_is_called_too(driver: ListenerDriver) -> None:
    client = driver.connect()
    driver.kill(client)
    until(lambda: not client.alive)
    gone = threading.Event()
    client.on_gone = gone.set
    assert gone.wait(10)


def test_a_failed_start_ends_the_process_it_launched(
    driver: ListenerDriver,
) -> None:
    launched: list[int] = []

    def fail(client: ListenerClient) -> None:
        launched.append(client.pid)
        driver.pids.add(client.pid)
        raise ListenerError("no route")

    with pytest.raises(ListenerError, match="no route"):
        ProcessSupervisor(driver.spec(), lambda _: None, fail)
    (pid,) = launched
    until(lambda: not alive(pid), 10.0)


def test_a_failed_start_leaves_a_running_process_alone(
    client: ListenerClient, shared: ListenerDriver
) -> None:
    def fail(_: ListenerClient) -> None:
        raise ListenerError("no route")

    with pytest.raises(ListenerError, match="no route"):
        ProcessSupervisor(shared.spec(), lambda _: None, fail)
    assert client.ask("status")["pid"] == client.pid


def test_a_process_that_does_not_read_blocks_no_caller_and_the_connection_is_reopened(
    driver: ListenerDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_module, "_SEND_SECONDS", 0.5)
    supervisor = ProcessSupervisor(driver.spec(), lambda _: None, lambda _: None)
    client = supervisor.client
    driver.pids.add(client.pid)
    os.kill(client.pid, signal.SIGSTOP)
    while client.alive:
        with pytest.raises(ListenerError, match=r"did not respond|has ended"):
            client.ask("poll_commit", timeout=0.1, rows=["x" * 3_000_000])
    os.kill(client.pid, signal.SIGCONT)
    until(lambda: supervisor.client is not client or supervisor.problem)
    assert supervisor.ask("status")["pid"] == client.pid
    supervisor.detach()


@pytest.mark.parametrize(
    ("before", "error"),
    [("yesterday", "ValueError"), ("0001-01-01T00:00+05:00", "OverflowError")],
)
def test_an_invalid_argument_fails_with_the_error_of_the_listener(
    before: str, error: str, client: ListenerClient
) -> None:
    with pytest.raises(ListenerError, match=f"'forget' failed in the listener .{error}"):
        client.ask("forget", before=before)


def test_events_from_the_message_log_are_stored_by_the_single_writer(
    shared: ListenerDriver, client: ListenerClient
) -> None:
    found = [
        replace(
            Arrival.of_api(
                {
                    "sid": f"SM{n:032x}",
                    "account_sid": ACCOUNT,
                    "direction": "outbound-api",
                    "status": "delivered",
                    "from": NUMBER,
                    "to": "+15005550001",
                    "body": "Hé",
                    "num_segments": "1",
                    "num_media": "0",
                    "date_created": "Wed, 04 Mar 2026 12:00:00 +0000",
                },
                received_at=_now(),
            )
        )
        for n in range(10**6, 10**6 + 900)
    ]
    assert client.commit(found) == 900
    assert client.commit(found[:5]) == 0
    stored = [event for event in events(shared.spec()) if event.source == "poll"]
    assert [event.message_sid for event in stored] == [
        f"SM{n:032x}" for n in range(10**6, 10**6 + 900)
    ]
    assert {event.scheme for event in stored} == {None}


def _now() -> Any:

    return datetime.now(UTC)


def test_a_kernel_cannot_present_a_polled_event_as_a_signed_one() -> None:
    (row,) = wire.rows_of([Arrival(kind="status", received_at=_now(), parameters=(("a", "b"),))])
    (arrival,) = wire.arrivals_of([{**row, "source": "webhook", "scheme": "auth token"}])
    assert (arrival.source, arrival.scheme) == ("poll", None)


def test_all_events_are_deleted_on_request(driver: ListenerDriver) -> None:
    spec = driver.spec()
    client = driver.connect(spec)
    post(client.port, "/status", status(1))
    assert client.ask("forget") == {"deleted": 1}
    assert events(spec) == []


def test_notifications_are_rate_limited(shared: ListenerDriver, client: ListenerClient) -> None:
    heard: list[dict[str, Any]] = []
    client.on_news = heard.append
    began = time.monotonic()
    for _ in range(100):
        post(client.port, "/status", status())
    last = events(shared.spec())[-1].id
    until(lambda: heard and heard[-1]["last_id"] == last)
    assert len(heard) <= (time.monotonic() - began) / NEWS_EVERY + 1


def test_a_callback_may_detach_from_its_own_thread(driver: ListenerDriver) -> None:
    client = driver.connect()
    done = threading.Event()

    def shut_down(_: dict[str, Any]) -> None:
        client.detach()
        done.set()

    client.on_news = shut_down
    post(client.port, "/status", status(1))
    assert done.wait(10)
    until(lambda: not any(t.name.startswith("twilio_widgets") for t in threading.enumerate()))
    assert alive(client.pid)

"""The listener killed, and the process of its store: what was acknowledged is kept."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest

from tests.listener_driver import (
    ACCOUNT,
    TOKEN,
    ListenerDriver,
    alive,
    events,
    post,
    status,
    store_pid,
    until,
)
from twilio_widgets.core.credentials.connection import AuthTokenConnection
from twilio_widgets.core.signature import sign
from twilio_widgets.errors import ListenerError
from twilio_widgets.listener.control.runtime_file import Runtime, is_over, log_file, runtime_file
from twilio_widgets.listener.events.store import Store
from twilio_widgets.listener.kernel.client import ListenerClient
from twilio_widgets.listener.kernel.supervisor import ProcessSupervisor
from twilio_widgets.listener.listener import Listener
from twilio_widgets.listener.store_process.client import DIED

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills by POSIX signals")


def test_killed_it_starts_again_at_its_port_with_everything_it_acknowledged(
    driver: ListenerDriver,
) -> None:
    spec = driver.spec()
    acknowledged: list[str] = []
    for round_ in range(3):
        client = driver.connect(spec)
        port = client.port
        for n in range(20):
            parameters = status(100 * round_ + n)
            assert post(port, "/status", parameters)[0] == 200
            acknowledged.append(parameters["MessageSid"])
        driver.kill(client)
        again = driver.connect(spec)
        assert (again.port, again.started) == (port, True)
    assert [event.message_sid for event in events(spec)] == acknowledged


def _blast(port: int, acknowledged: list[str], first: int, enough: threading.Event) -> None:
    """Send callbacks until it is enough, or nobody is there; remember those that were taken."""
    url = f"http://127.0.0.1:{port}/status"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    with contextlib.suppress(OSError, http.client.HTTPException):
        for n in range(first, first + 100_000):
            if enough.is_set():
                break
            parameters = status(n)
            headers = {
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Twilio-Signature": sign(url, parameters, TOKEN),
            }
            connection.request("POST", "/status", urlencode(parameters), headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status in {200, 503}
            if answer.status == 200:
                acknowledged.append(parameters["MessageSid"])
            else:
                enough.wait(0.01)  # the connection is closed by now, and opened again
    connection.close()


@contextlib.contextmanager
def load(client: ListenerClient, acknowledged: list[str], round_: int) -> Iterator[None]:
    """Four senders, each with a connection."""
    enough = threading.Event()
    firsts = [(round_ * 8 + n) * 100_000 for n in range(4)]
    threads = [
        threading.Thread(target=_blast, args=(client.port, acknowledged, first, enough))
        for first in firsts
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        enough.set()
        for thread in threads:
            thread.join()


def listener_killed(
    driver: ListenerDriver, client: ListenerClient, acknowledged: list[str]
) -> None:
    """Kill the listener; the process of its store ends by itself."""
    store = store_pid(client.pid)
    driver.kill(client)
    until(lambda: not alive(store))


def store_killed(_driver: ListenerDriver, client: ListenerClient, acknowledged: list[str]) -> None:
    """Kill the process of the store; the listener starts another, and goes on."""
    store = store_pid(client.pid)
    os.kill(store, signal.SIGKILL)
    until(lambda: not alive(store))
    before = len(acknowledged)
    until(lambda: len(acknowledged) > before + 50)
    assert alive(client.pid)


def both_killed(_driver: ListenerDriver, client: ListenerClient, acknowledged: list[str]) -> None:
    """Kill all at once, as a machine that runs out of memory may."""
    store = store_pid(client.pid)
    os.killpg(os.getpgid(client.pid), signal.SIGKILL)
    until(lambda: not alive(client.pid) and not alive(store))


Kill = Callable[[ListenerDriver, ListenerClient, list[str]], None]
KILLS = pytest.mark.parametrize("kill", [listener_killed, store_killed, both_killed])


def killed_under_load(driver: ListenerDriver, rounds: int, kill: Kill) -> int:
    """Kill under load, again and again; return how many were acknowledged."""
    spec, acknowledged = driver.spec(), list[str]()
    for round_ in range(rounds):
        client = driver.connect(spec)
        before = len(acknowledged)
        with load(client, acknowledged, round_):
            until(lambda: len(acknowledged) - before > 100 + 37 * round_ % 300)  # noqa: B023
            kill(driver, client, acknowledged)
        client.detach()
    driver.connect(spec).stop()
    kept = {event.message_sid for event in events(spec)}
    assert set(acknowledged) - kept == set()
    with contextlib.closing(sqlite3.connect(spec.store)) as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
    return len(acknowledged)


@KILLS
def test_events_acknowledged_under_load_survive_a_kill(driver: ListenerDriver, kill: Kill) -> None:
    assert killed_under_load(driver, 3, kill) > 300


@pytest.mark.long
@pytest.mark.timeout(900)
@KILLS
def test_events_acknowledged_under_load_survive_fifty_kills(
    driver: ListenerDriver, kill: Kill
) -> None:
    assert killed_under_load(driver, 50, kill) > 5_000


def test_a_busy_store_does_not_block_the_next_listener(driver: ListenerDriver) -> None:
    """Work on a large file takes longer than the next one waits; here a reader holds it up."""
    spec = driver.spec()
    client = driver.connect(spec)
    assert post(client.port, "/status", status(1))[0] == 200
    store = store_pid(client.pid)
    with contextlib.closing(sqlite3.connect(spec.store, isolation_level=None)) as reader:
        reader.execute("begin")
        assert reader.execute("select count(*) from event").fetchone() == (1,)
        forgetting = threading.Thread(target=forget_in_vain, args=(client,))
        forgetting.start()
        until(lambda: not events(spec))
        driver.kill(client)
        forgetting.join()
        until(lambda: not alive(store), 4.0)
    assert driver.connect(spec).started


def forget_in_vain(client: ListenerClient) -> None:
    with contextlib.suppress(ListenerError):
        client.ask("forget")


def test_a_kernel_that_is_late_waits_for_the_start_that_another_one_began(
    driver: ListenerDriver,
) -> None:
    """A start may take longer than an end: here its store is held for as long as it would wait."""
    spec, held = driver.spec(), threading.Event()

    def supervisor() -> ProcessSupervisor:
        return ProcessSupervisor(spec, lambda _: None, lambda _: None)

    early, late = supervisor(), supervisor()
    first, gone = early.client, late.client.on_gone
    driver.pids.add(first.pid)
    late.client.on_gone = lambda: held.wait(30) and gone and gone()
    try:
        store = store_pid(first.pid)
        os.kill(first.pid, signal.SIGKILL)
        until(lambda: not alive(store))
        with Store.open(spec.store, account_sid=ACCOUNT, world="live"):
            until(lambda: not is_over(spec.store))
            held.set()
            assert not threading.Event().wait(3.5)
        until(lambda: early.client.alive and late.client.alive)
        assert (early.problem, late.problem) == (None, None)
        assert early.client.pid == late.client.pid
    finally:
        early.detach()
        late.detach()


def test_a_hanging_listener_is_not_reported_as_closed(
    driver: ListenerDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = ListenerClient.stop
    monkeypatch.setattr(ListenerClient, "stop", lambda client: stop(client, timeout=0.5))
    supervisor = ProcessSupervisor(driver.spec(), lambda _: None, lambda _: None)
    pid = supervisor.client.pid
    driver.pids.add(pid)
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(ListenerError, match=f"{pid}.* does not respond.*may still be"):
        supervisor.stop()
    os.kill(pid, signal.SIGCONT)


# Trouble with the disk


def test_while_the_store_is_locked_senders_get_a_503(driver: ListenerDriver) -> None:
    """Never a 200 for what is not stored; and afterwards it goes on by itself."""
    spec = driver.spec()
    client = driver.connect(spec)
    assert post(client.port, "/status", status(1))[0] == 200
    holding = sqlite3.connect(spec.store, isolation_level=None)
    with contextlib.closing(holding):
        holding.execute("begin immediate")
        connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=20)
        parameters = status(2)
        signature = sign(f"http://127.0.0.1:{client.port}/status", parameters, TOKEN)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        headers["X-Twilio-Signature"] = signature
        connection.request("POST", "/status", urlencode(parameters), headers)
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("Retry-After"), answer.read()) == (503, "2", b"")
        connection.close()
        until(lambda: "locked" in (client.ask("status")["problem"] or ""))
        holding.execute("rollback")
    until(lambda: post(client.port, "/status", parameters)[0] == 200)
    assert client.ask("status")["problem"] is None
    assert [event.message_sid for event in events(spec)] == [
        status(1)["MessageSid"],
        parameters["MessageSid"],
    ]


def test_while_the_disk_hangs_senders_get_a_503_with_the_reason(
    driver: ListenerDriver,
) -> None:
    """The store's process, stopped by the system as a write to a lost network drive stops it."""
    spec = driver.spec()
    client = driver.connect(spec)
    store = store_pid(client.pid)
    os.kill(store, signal.SIGSTOP)
    assert post(client.port, "/status", status(1))[0] == 503  # it waited
    assert post(client.port, "/status", status(2))[0] == 503
    until(lambda: "does not respond" in (client.ask("status")["problem"] or ""))
    os.kill(store, signal.SIGCONT)
    until(lambda: post(client.port, "/status", status(2))[0] == 200)
    assert client.ask("status")["problem"] is None
    assert store_pid(client.pid) == store
    kept = [event.message_sid for event in events(spec)]
    assert kept == [status(1)["MessageSid"], status(2)["MessageSid"]]


def test_a_disconnected_sender_does_not_delay_the_responses_to_others(
    driver: ListenerDriver,
) -> None:
    """Its connection is closed after the answer, and the system says that it is closed already."""
    client = driver.connect()
    store = store_pid(client.pid)
    with contextlib.ExitStack() as held:
        os.kill(client.pid, signal.SIGSTOP)  # so that all come in one turn
        gone, *others = (held.enter_context(sender(client.port, status(n))) for n in range(5))
        os.kill(store, signal.SIGSTOP)
        os.kill(client.pid, signal.SIGCONT)
        until(lambda: client.ask("status")["waiting"] == 5)
        gone.close()
        client.ask("status")  # it has noticed
        os.kill(store, signal.SIGCONT)
        for other in others:
            assert other.recv(100).startswith(b"HTTP/1.1 200 OK")
    assert not log_file(driver.spec().store).exists()


def sender(port: int, parameters: dict[str, str]) -> socket.socket:
    """Send one callback, the last of its connection."""
    body, url = urlencode(parameters), f"http://127.0.0.1:{port}/status"
    head = (
        f"POST /status HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
        f"X-Twilio-Signature: {sign(url, parameters, TOKEN)}\r\nContent-Length: {len(body)}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    )
    line = socket.create_connection(("127.0.0.1", port), 10)
    line.sendall((head + body).encode())
    return line


def test_a_disk_that_hangs_does_not_keep_it_from_ending(driver: ListenerDriver) -> None:
    spec = driver.spec()
    client = driver.connect(spec)
    assert post(client.port, "/status", status(1))[0] == 200
    store = store_pid(client.pid)
    os.kill(store, signal.SIGSTOP)
    driver.kill(client, signal.SIGTERM)
    until(lambda: not alive(store))
    assert not runtime_file(spec.store).exists()
    assert len(events(spec)) == 1
    assert driver.connect(spec).started


def test_the_kernel_is_notified_when_the_store_process_died_and_is_back(
    driver: ListenerDriver,
) -> None:
    spec = driver.spec()
    client = driver.connect(spec)
    problems: list[str | None] = []
    client.on_news = lambda news: problems.append(news["problem"])
    os.kill(store_pid(client.pid), signal.SIGKILL)
    until(lambda: DIED.text in problems)
    until(lambda: problems[-1] is None)  # nobody has to ask
    assert post(client.port, "/status", status(1))[0] == 200
    assert DIED.text in log_file(spec.store).read_text()
    assert client.ask("forget") == {"deleted": 1}


@pytest.mark.long
def test_forget_waits_for_a_slow_disk(driver: ListenerDriver) -> None:
    """Gone before it is said, or what was forgotten would come back with the gap."""
    file = driver.folder / "events.sqlite"
    listener = Listener(AuthTokenConnection(ACCOUNT, TOKEN), store=file)
    assert post(listener.port, "/status", status(1))[0] == 200
    runtime = Runtime.read(file)
    assert runtime is not None
    store = store_pid(runtime.pid)
    os.kill(store, signal.SIGSTOP)
    waking = threading.Timer(12.0, os.kill, (store, signal.SIGCONT))
    waking.start()
    assert listener.forget() == 1
    waking.join()
    listener.close()

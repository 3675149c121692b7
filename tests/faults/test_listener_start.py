"""Starting the listener process, and finding the one that already runs."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import replace as replace_spec
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.listener_driver import (
    ACCOUNT,
    EMPTY_TWIML,
    TOKEN,
    ListenerDriver,
    alive,
    events,
    free_port,
    holders_of,
    post,
    status,
    until,
)
from twilio_widgets.core.credentials.connection import ApiKeyConnection, AuthTokenConnection
from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.errors import ConfigurationError, ListenerError
from twilio_widgets.listener.control import protocol as wire
from twilio_widgets.listener.control.runtime_file import Runtime, runtime_file
from twilio_widgets.listener.control.spec import Spec
from twilio_widgets.listener.events.event import Arrival
from twilio_widgets.listener.events.store import Store
from twilio_widgets.listener.kernel import client as client_module
from twilio_widgets.listener.kernel.client import ListenerClient
from twilio_widgets.listener.kernel.launcher import launch

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills by POSIX signals")


_KERNEL = """
import json, sys
from pathlib import Path
from twilio_widgets.core.credentials.connection import AuthTokenConnection
from twilio_widgets.listener.kernel.client import ListenerClient
from twilio_widgets.listener.control.spec import Spec
account, store, idle = sys.argv[1:]
spec = Spec(connection=AuthTokenConnection(account, sys.stdin.readline().strip()),
            store=Path(store), idle_seconds=float(idle))
client = ListenerClient.find_or_start(spec, timeout=30)
print(json.dumps([client.pid, client.port, client.started]), flush=True)
sys.stdin.readline()
if len(sys.argv) > 4: client.detach()
"""


def kernel(spec: Spec) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _KERNEL, ACCOUNT, str(spec.store), str(spec.idle_seconds)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdin is not None
    process.stdin.write(TOKEN + "\n")
    process.stdin.flush()
    return process


def said_by(process: subprocess.Popen[str]) -> list[Any]:
    assert process.stdout is not None
    found: list[Any] = json.loads(process.stdout.readline())
    return found


def test_a_listener_outlives_its_kernel_and_the_next_kernel_finds_it(
    driver: ListenerDriver,
) -> None:
    spec = driver.spec()
    first = kernel(spec)
    pid, port, started = said_by(first)
    driver.pids.add(pid)
    assert started
    os.killpg(first.pid, signal.SIGKILL)  # as Jupyter does, with everything of the kernel's group
    first.communicate()
    assert post(port, "/status", status(1)) == EMPTY_TWIML
    client = driver.connect(spec)
    assert (client.pid, client.port, client.started) == (pid, port, False)
    assert [event.message_sid for event in events(spec)] == [status(1)["MessageSid"]]


def test_two_simultaneous_starts_give_one_listener(driver: ListenerDriver) -> None:
    spec = driver.spec()
    kernels = [kernel(spec) for _ in range(3)]
    found = [said_by(process) for process in kernels]
    driver.pids |= {pid for pid, _, _ in found}
    for process in kernels:
        process.communicate("\n")
    assert len({(pid, port) for pid, port, _ in found}) == 1
    assert sorted(started for _, _, started in found) == [False, False, True]


def test_a_listener_is_found_with_other_credentials_of_the_same_account(
    driver: ListenerDriver,
) -> None:
    """An API key signs nothing: two notebooks may share a listener with a key each."""
    client = driver.connect()
    by_key = ApiKeyConnection(ACCOUNT, "SK" + "7" * 32, "s" * 32, auth_token=TOKEN)
    assert driver.connect(connection=by_key).pid == client.pid


def test_a_listener_with_another_token_is_replaced_at_the_same_port_on_request(
    driver: ListenerDriver,
) -> None:
    """Once Twilio signs with the new token it could check nothing; until then it is needed."""
    first = driver.connect()
    renewed = driver.spec(connection=AuthTokenConnection(ACCOUNT, "d" * 32))
    with pytest.raises(ListenerError, match=r"a different auth token.*take_over=True"):
        driver.connect(renewed)
    assert first.ask("status")["pid"] == first.pid
    second = driver.connect(renewed, take_over=True)
    assert (second.port, second.started) == (first.port, True)
    assert second.pid != first.pid
    until(lambda: not alive(first.pid))
    assert not first.alive
    with pytest.raises(ListenerError, match="has ended"):
        first.ask("status")
    assert post(second.port, "/status", status(1), token="d" * 32)[0] == 200


def test_a_successor_keeps_the_unlimited_retention_of_its_predecessor(
    driver: ListenerDriver,
) -> None:
    """Nor by one that has to move to another port; a given retention applies from the newest."""
    first = driver.connect(retention_days=None)
    long_ago = Arrival(
        kind="status",
        received_at=datetime(2020, 1, 1, tzinfo=UTC),
        parameters=tuple(status(1).items()),
        source="poll",
    )
    newest = replace(long_ago, received_at=datetime.now(UTC), parameters=tuple(status(2).items()))
    assert first.commit([long_ago, newest]) == 2
    renewed = driver.spec(connection=AuthTokenConnection(ACCOUNT, "d" * 32))
    second = driver.connect(renewed, take_over=True)
    assert (second.started, second.state["retention_days"]) == (True, None)
    third = driver.connect(replace_spec(renewed, port=free_port()))
    assert (third.started, third.state["retention_days"]) == (True, None)
    kept = [long_ago.received_at, newest.received_at]
    assert [each.received_at for each in events(renewed)] == kept
    assert driver.connect(replace_spec(renewed, retention_days=5.0)).port == third.port
    assert [each.received_at for each in events(renewed)] == kept[1:]


def test_a_listener_is_found_by_a_kernel_that_knows_fewer_shared_keys(
    driver: ListenerDriver,
) -> None:
    keys = {"one": Secret("x"), "two": Secret("y")}
    client = driver.connect(shared_keys=keys)
    for known in ({}, {"two": Secret("y")}, keys):
        assert driver.connect(shared_keys=known).pid == client.pid
    for unknown in ({"one": Secret("y")}, keys | {"three": Secret("z")}):
        with pytest.raises(ListenerError, match=r"different shared keys.*take_over=True"):
            driver.connect(shared_keys=unknown)
    with pytest.raises(ListenerError, match=r"different shared keys.*take_over=True"):
        driver.connect(port=free_port())  # it would be moved, and know less
    assert client.ask("status")["pid"] == client.pid


def test_a_listener_of_an_earlier_sandbox_is_replaced(driver: ListenerDriver) -> None:
    """The kernel was restarted, and its world with it."""
    first = driver.connect(root_url="http://127.0.0.1:9")
    second = driver.connect(root_url="http://127.0.0.1:10")
    assert second.started
    until(lambda: not alive(first.pid))


def test_a_found_listener_adopts_the_given_settings_and_keeps_the_others(
    driver: ListenerDriver,
) -> None:
    driver.connect(public_url="https://hooks.example.org", reply="Hello").detach()
    again = driver.connect(idle_seconds=77.0)
    now = again.ask("status")
    assert (now["public_url"], now["reply"], now["idle_seconds"]) == (
        "https://hooks.example.org",
        "Hello",
        77.0,
    )
    changed = driver.connect(public_url="https://other.example.org/a/", reply="Bye").ask("status")
    assert (changed["public_url"], changed["reply"]) == ("https://other.example.org/a", "Bye")


def test_a_listener_with_the_longest_reply_is_found(driver: ListenerDriver) -> None:
    longest = "\N{GRINNING FACE}" * 1_600
    client = driver.connect(reply=longest)
    assert (driver.connect().pid, driver.connect().state["reply"]) == (client.pid, longest)


def test_a_requested_port_is_used_or_the_error_says_why_not(driver: ListenerDriver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenerError, match=f"Port {port} on 127.0.0.1 cannot be used"):
            driver.connect(port=port)
    client = driver.connect(port=port)
    assert client.port == port
    assert driver.connect().pid == client.pid
    other = free_port()
    moved = driver.connect(port=other)
    assert (moved.port, moved.started) == (other, True)


def test_a_forged_runtime_file_is_not_trusted(driver: ListenerDriver) -> None:
    """Stale, damaged, or with its port in a stranger's hands: a new listener is started."""
    spec = driver.spec()
    asked: list[bytes] = []
    says = {"pid": 1, "port": 1, "root_url": None, "retention_days": 0.001}
    greeting = json.dumps({"proofs": ["0"], "state": says}).encode() + b"\n"

    def stranger(server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                other, _ = server.accept()
                with other:
                    asked.append(other.recv(4096))
                    other.sendall(greeting)
                    while parameters := other.recv(4096):  # it never closes the connection itself
                        asked.append(parameters)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=stranger, args=(server,), daemon=True)
        thread.start()
        lying = Runtime(
            pid=1,
            port=9,
            control_port=server.getsockname()[1],
            control_token="t" * 40,
            started_at="2026-01-01T00:00:00+00:00",
        )
        lying.write(spec.store)
        client = driver.connect(spec)
        assert (client.started, client.state["retention_days"]) == (True, 30)
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)
    assert len(asked) == 1, "it was told more than the challenge"
    assert TOKEN.encode() not in b"".join(asked)
    client.stop()
    runtime_file(spec.store).write_text("{")
    assert driver.connect(spec).started


def test_another_process_at_the_port_is_not_trusted_while_the_listener_starts(
    driver: ListenerDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock is held again; the file beside it must not be that of the one before any more."""
    spec, clients, reports = driver.spec(), list[ListenerClient](), list[dict[str, Any]]()

    def launched(*what: Any) -> dict[str, Any]:
        reports.append(launch(*what))
        return reports[-1]

    monkeypatch.setattr(client_module, "launch", launched)
    says = {"pid": 1, "port": 1, "root_url": "http://another.world", "retention_days": 0.001}
    told: list[bytes] = []

    def stranger(server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                other, _ = server.accept()
                with other:
                    told.append(other.recv(4096))
                    other.sendall(wire.encode_line({"proofs": ["0"], "state": says}))

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=stranger, args=(server,), daemon=True)
        thread.start()
        port = server.getsockname()[1]
        Runtime(pid=1, port=9, control_port=port, control_token="t", started_at="").write(
            spec.store
        )
        starting = [
            threading.Thread(target=lambda: clients.append(driver.connect(spec))) for _ in "ab"
        ]
        lock = spec.store.with_name(f"{spec.store.name}.lock")
        with Store.open(spec.store, account_sid=ACCOUNT, world="live"):
            starting[0].start()
            until(lambda: holders_of(lock))
            (pid,) = holders_of(lock)
            until(lambda: Path(f"/proc/{pid}/task/{pid}/children").read_text())
            before = len(told)
            starting[1].start()
            until(lambda: {"busy": True} in reports)
        for thread_ in starting:
            thread_.join()
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)
    assert [client.state["retention_days"] for client in clients] == [30, 30]
    assert clients[0].pid == clients[1].pid
    assert len(told) == before, "it was asked"


def test_the_store_of_another_account_is_refused_with_a_reason(driver: ListenerDriver) -> None:
    driver.connect().stop()
    with pytest.raises(ListenerError, match="contains events of account"):
        driver.connect(connection=AuthTokenConnection("AC" + "2" * 32, TOKEN))


def test_a_listener_of_another_account_is_left_running(driver: ListenerDriver) -> None:
    """A listener of another account on this store is refused; the first one keeps its webhooks."""
    running = driver.connect()
    for connection, root_url in (
        (AuthTokenConnection("AC" + "2" * 32, TOKEN), None),
        (AuthTokenConnection(ACCOUNT, TOKEN), "http://127.0.0.1:9"),
    ):
        with pytest.raises(ListenerError, match="contains events of account"):
            driver.connect(connection=connection, root_url=root_url)
    assert running.ask("status")["pid"] == running.pid
    assert driver.connect().pid == running.pid


def test_an_api_key_without_an_auth_token_cannot_start_a_listener(driver: ListenerDriver) -> None:
    key = ApiKeyConnection(ACCOUNT, "SK" + "7" * 32, "s" * 32)
    with pytest.raises(ConfigurationError, match="primary auth token"):
        driver.spec(connection=key)
    assert driver.spec(connection=key, shared_keys={"one": Secret("x")}).accounts == (ACCOUNT,)

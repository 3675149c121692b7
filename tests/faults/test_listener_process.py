"""The listener as a process: started once, found again, killed, stopped; secrets nowhere."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace as replace_spec
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from tests.listener_driver import (
    ACCOUNT,
    NUMBER,
    TOKEN,
    ListenerDriver,
    alive,
    events,
    free_port,
    inbound,
    post,
    status,
    store_pid,
    until,
)
from twilio_widgets.client import Twilio
from twilio_widgets.core.credentials.connection import ApiKeyConnection, AuthTokenConnection
from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.core.signature import sign
from twilio_widgets.errors import ConfigurationError, ListenerError
from twilio_widgets.listener.control import protocol as wire
from twilio_widgets.listener.control.runtime_file import Runtime, log_file, runtime_file
from twilio_widgets.listener.control.spec import Spec
from twilio_widgets.listener.events.event import Arrival
from twilio_widgets.listener.events.reading import Reader
from twilio_widgets.listener.events.store import Store
from twilio_widgets.listener.jupyter import registry
from twilio_widgets.listener.kernel import client as client_module
from twilio_widgets.listener.kernel import connection as line_module
from twilio_widgets.listener.kernel.client import ListenerClient
from twilio_widgets.listener.kernel.connection import ControlConnection
from twilio_widgets.listener.kernel.launcher import launch
from twilio_widgets.listener.kernel.supervisor import ProcessSupervisor
from twilio_widgets.listener.process.control_server import NEWS_EVERY
from twilio_widgets.listener.webhooks import configure as webhooks
from twilio_widgets.sandbox import Sandbox

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills by POSIX signals")

TAKEN = (200, "text/xml; charset=utf-8", b"<Response/>")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ListenerDriver]:
    """One listener for all tests that only talk to it."""
    opened = ListenerDriver(tmp_path_factory.mktemp("listener"))
    yield opened
    opened.close()


@pytest.fixture
def client(shared: ListenerDriver) -> Iterator[ListenerClient]:
    attached = shared.connect()
    yield attached
    attached.detach()


# Taking webhooks


def test_a_callback_is_stored_before_it_is_answered_and_the_kernel_hears_of_it(
    shared: ListenerDriver, client: ListenerClient
) -> None:
    heard: list[dict[str, Any]] = []
    client.on_news = heard.append
    parameters = status()
    assert post(client.port, "/status?tw=row-1", parameters) == TAKEN
    last = events(shared.spec())[-1]
    assert (last.kind, last.parameters, last.row_token) == (
        "status",
        tuple(parameters.items()),
        "row-1",
    )
    until(lambda: heard)
    assert heard[-1]["last_id"] == last.id


def test_an_inbound_message_is_answered_with_the_reply_and_again_with_the_same(
    client: ListenerClient,
) -> None:
    parameters = inbound()
    client.ask("set_reply", text="One & two")
    answer = (
        200,
        "text/xml; charset=utf-8",
        b"<Response><Message>One &amp; two</Message></Response>",
    )
    assert post(client.port, "/inbound", parameters) == answer
    client.ask("set_reply", text=None)
    assert post(client.port, "/inbound", parameters) == answer
    nothing = (200, "text/xml; charset=utf-8", b"<Response/>")
    assert post(client.port, "/inbound", inbound()) == nothing
    assert client.ask("status")["counts"]["duplicate"] >= 1


def test_the_kernel_answers_while_it_wants_to_and_nobody_afterwards(shared: ListenerDriver) -> None:
    client = shared.connect()
    asked: list[dict[str, Any]] = []

    def answer(message: dict[str, Any]) -> str:
        asked.append(message)
        return f"You said {message['parameters']['Body']}"

    client.on_question = answer
    client.ask("set_reply", ask=True)
    body = post(client.port, "/inbound", inbound(body="<b>"))[2]
    assert body == b"<Response><Message>You said &lt;b&gt;</Message></Response>"
    assert (asked[0]["parameters"]["Body"], len(asked)) == ("<b>", 1)
    port = client.port
    client.detach()
    other = shared.connect()
    until(lambda: other.ask("status")["kernels"] == 1)
    assert post(port, "/inbound", inbound())[2] == b"<Response/>"
    other.detach()


def test_however_many_functions_never_answer_hanging_up_waits_for_all_of_them_together(
    shared: ListenerDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = shared.connect()
    waited: list[float] = []

    class Hung(threading.Thread):
        def join(self, timeout: float | None = None) -> None:
            waited.append(timeout or 0.0)

    monkeypatch.setattr(
        client_module,
        "time",
        SimpleNamespace(monotonic=lambda: 7.0 + sum(waited), sleep=time.sleep),
    )
    client._questions = {Hung() for _ in range(8)}
    client.detach()
    client.detach()
    assert sum(waited) == client_module._THREAD_SECONDS


def test_a_forged_request_is_refused_stored_nowhere_and_explained(
    shared: ListenerDriver, client: ListenerClient
) -> None:
    before = events(shared.spec())
    parameters = status()
    assert post(client.port, "/status", parameters, token="0" * 32) == (403, "", b"")
    mine = post(client.port, "/status", {**parameters, "AccountSid": "AC" + "9" * 32})
    assert mine == (403, "", b"")
    assert events(shared.spec()) == before
    with Reader(shared.spec().store) as reader:
        until(lambda: {"account"} <= {one.cause for one in reader.rejections()})
        until(lambda: any(one.cause.startswith("signature") for one in reader.rejections()))
        shown = repr(list(reader.rejections()))
    assert TOKEN not in shown
    assert NUMBER not in shown


def test_a_sandbox_calls_back_and_its_messages_come_in(driver: ListenerDriver) -> None:
    with Sandbox(seed=3) as box:
        spec = driver.spec(connection=box.connection, root_url=box.url, reply="Thanks!")
        client = driver.connect(spec)
        numbers = _api(box, "GET", "{AC}/IncomingPhoneNumbers.json")["incoming_phone_numbers"]
        change = {"SmsUrl": f"http://127.0.0.1:{client.port}/inbound#rc=3&rp=all"}
        _api(box, "POST", f"{{AC}}/IncomingPhoneNumbers/{numbers[0]['sid']}.json", **change)
        given = box.receive(from_="+14155550105", body="Hi & é", to=numbers[0]["phone_number"])
        assert box.settle()
        (event,) = events(spec)
        assert (event.kind, event.message_sid, event.body) == ("inbound", given["sid"], "Hi & é")
        rows = _api(box, "GET", "{AC}/Messages.json")["messages"]
        assert [row["body"] for row in rows if row["direction"] == "outbound-reply"] == ["Thanks!"]
        client.stop()


def _api(box: Sandbox, method: str, path: str, **data: Any) -> dict[str, Any]:
    import httpx

    name, secret = box.connection.credentials
    url = "https://api.twilio.com" + path.replace("{AC}", f"/2010-04-01/Accounts/{name}")
    with httpx.Client(transport=box.wire, auth=(name, secret.reveal())) as http_client:
        answer: dict[str, Any] = http_client.request(method, url, data=data or None).json()
        return answer


# Starting, and being found again

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


def test_it_outlives_its_kernel_and_the_next_one_finds_it(driver: ListenerDriver) -> None:
    spec = driver.spec()
    first = kernel(spec)
    pid, port, started = said_by(first)
    driver.pids.add(pid)
    assert started
    os.killpg(first.pid, signal.SIGKILL)  # as Jupyter does, with everything of the kernel's group
    first.communicate()
    assert post(port, "/status", status(1)) == TAKEN
    client = driver.connect(spec)
    assert (client.pid, client.port, client.started) == (pid, port, False)
    assert [event.message_sid for event in events(spec)] == [status(1)["MessageSid"]]


def test_two_starts_at_once_are_one_listener(driver: ListenerDriver) -> None:
    spec = driver.spec()
    kernels = [kernel(spec) for _ in range(3)]
    found = [said_by(process) for process in kernels]
    driver.pids |= {pid for pid, _, _ in found}
    for process in kernels:
        process.communicate("\n")
    assert len({(pid, port) for pid, port, _ in found}) == 1
    assert sorted(started for _, _, started in found) == [False, False, True]


def test_it_is_found_by_other_credentials_of_the_same_account(driver: ListenerDriver) -> None:
    """An API key signs nothing: two notebooks may share a listener with a key each."""
    client = driver.connect()
    by_key = ApiKeyConnection(ACCOUNT, "SK" + "7" * 32, "s" * 32, auth_token=TOKEN)
    assert driver.connect(connection=by_key).pid == client.pid


def test_one_with_another_token_is_replaced_at_the_same_port_when_that_is_said(
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


def test_what_the_one_before_kept_for_ever_is_not_deleted_by_who_takes_over(
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


def test_one_that_knows_a_shared_key_more_is_found_without_it(driver: ListenerDriver) -> None:
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


def test_one_of_a_sandbox_that_was_made_anew_is_replaced(driver: ListenerDriver) -> None:
    """The kernel was restarted, and its world with it."""
    first = driver.connect(root_url="http://127.0.0.1:9")
    second = driver.connect(root_url="http://127.0.0.1:10")
    assert second.started
    until(lambda: not alive(first.pid))


def test_a_listener_that_is_found_takes_over_what_is_stated_and_keeps_the_rest(
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


def test_one_with_the_longest_reply_in_any_script_is_found(driver: ListenerDriver) -> None:
    longest = "\N{GRINNING FACE}" * 1_600
    client = driver.connect(reply=longest)
    assert (driver.connect().pid, driver.connect().state["reply"]) == (client.pid, longest)


def test_a_port_that_is_asked_for_is_taken_or_the_reason_said(driver: ListenerDriver) -> None:
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


def test_a_runtime_file_that_lies_is_not_believed(driver: ListenerDriver) -> None:
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
                    while parameters := other.recv(4096):  # it never hangs up by itself
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


def test_a_stranger_is_not_believed_while_another_kernel_starts_the_listener(
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


def test_another_accounts_store_is_refused_with_a_reason(driver: ListenerDriver) -> None:
    driver.connect().stop()
    with pytest.raises(ListenerError, match="contains events of account"):
        driver.connect(connection=AuthTokenConnection("AC" + "2" * 32, TOKEN))


def test_a_listener_of_another_account_is_left_running(driver: ListenerDriver) -> None:
    """Whoever names its store by mistake is refused, and neither ends it nor its webhooks."""
    running = driver.connect()
    for connection, root_url in (
        (AuthTokenConnection("AC" + "2" * 32, TOKEN), None),
        (AuthTokenConnection(ACCOUNT, TOKEN), "http://127.0.0.1:9"),
    ):
        with pytest.raises(ListenerError, match="contains events of account"):
            driver.connect(connection=connection, root_url=root_url)
    assert running.ask("status")["pid"] == running.pid
    assert driver.connect().pid == running.pid


def test_without_an_auth_token_there_is_nothing_to_start(driver: ListenerDriver) -> None:
    key = ApiKeyConnection(ACCOUNT, "SK" + "7" * 32, "s" * 32)
    with pytest.raises(ConfigurationError, match="primary auth token"):
        driver.spec(connection=key)
    assert driver.spec(connection=key, shared_keys={"one": Secret("x")}).accounts == (ACCOUNT,)


# Ending


def test_stop_ends_it_and_leaves_neither_file_nor_lock(driver: ListenerDriver) -> None:
    spec = driver.spec()
    client = driver.connect(spec)
    post(client.port, "/status", status(1))
    assert client.stop() == {"restored": []}
    until(lambda: not alive(client.pid))
    assert not runtime_file(spec.store).exists()
    assert not spec.store.with_name("events.sqlite-wal").exists()
    assert len(events(spec)) == 1
    assert driver.connect(spec).started


def holders_of(path: Path) -> list[int]:
    """The other processes that have a file open."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if path in [opened.readlink() for opened in (process / "fd").iterdir()]:
                found.append(int(process.name))
    return [pid for pid in found if pid != os.getpid()]


def test_told_to_end_while_it_begins_it_lets_nobody_in_and_ends(driver: ListenerDriver) -> None:
    """Whoever asked for one is given another."""
    spec, clients, pids = driver.spec(), list[ListenerClient](), list[int]()
    starting = threading.Thread(target=lambda: clients.append(driver.connect(spec)))
    lock = spec.store.with_name(f"{spec.store.name}.lock")
    with Store.open(spec.store, account_sid=ACCOUNT, world="live"):
        starting.start()
        until(lambda: pids.extend(holders_of(lock)) or pids)
        (pid,) = pids
        until(lambda: Path(f"/proc/{pid}/task/{pid}/children").read_text())  # it waits for us
        os.kill(pid, signal.SIGTERM)
    starting.join()
    until(lambda: not alive(pid))
    assert [client.pid != pid for client in clients] == [True]
    assert not log_file(spec.store).exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_in_good_order(driver: ListenerDriver, number: int) -> None:
    spec = driver.spec()
    client = driver.connect(spec)
    gone = threading.Event()
    client.on_gone = gone.set
    driver.kill(client, number)
    assert gone.wait(10)
    assert not runtime_file(spec.store).exists()
    assert not log_file(spec.store).exists()


def test_a_kernel_that_reads_nothing_does_not_keep_it_from_ending(driver: ListenerDriver) -> None:
    """It is stopped, or in a long computation: what it was told fills every buffer there is."""
    client = driver.connect()
    runtime = Runtime.read(driver.spec().store)
    assert runtime is not None
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", runtime.control_port))
        deaf.sendall(wire.encode_line({"token": runtime.control_token, "nonce": "n"}))
        assert deaf.recv(10)
        deaf.sendall(wire.encode_line({"op": "status"}) * 8_000)
        deaf.sendall(wire.encode_line({"op": "set_idle", "seconds": 7}))
        until(lambda: client.ask("status")["idle_seconds"] == 7)  # it has heard all of it
        os.kill(client.pid, signal.SIGTERM)
        until(lambda: not alive(client.pid), 20.0)


def test_it_ends_by_itself_when_nobody_needs_it(driver: ListenerDriver) -> None:
    client = driver.connect(idle_seconds=1.0)
    client.detach()
    until(lambda: not alive(client.pid))


def test_it_ends_by_itself_when_its_folder_is_taken_away(
    tmp_path: Path, driver: ListenerDriver
) -> None:
    """As a sandbox's is: then nothing could be stored any more."""
    spec = driver.spec(store=tmp_path / "inside" / "events.sqlite", idle_seconds=1.0)
    client = driver.connect(spec)  # attached, so idleness does not end it
    for path in (tmp_path / "inside").iterdir():
        path.unlink()
    (tmp_path / "inside").rmdir()
    until(lambda: not alive(client.pid))
    assert not (tmp_path / "inside").exists()


# What was pointed here, and the server extension

THEIRS = "https://shop.example.org/sms"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(seed=3) as sandbox:
        yield sandbox


def point_number(driver: ListenerDriver, box: Sandbox, client: ListenerClient) -> str:
    """Point the first number at a listener; return where it leads then."""
    url = f"http://127.0.0.1:{client.port}/inbound"
    with Twilio(box.connection) as twilio:
        folder = webhooks.folder_of(driver.spec().store)
        webhooks.configure_webhook(twilio, folder, twilio.numbers()[0].phone_number, url)
    return url


def pointed_here(
    driver: ListenerDriver, box: Sandbox, **changes: Any
) -> tuple[ListenerClient, Callable[[], str]]:
    """Start a listener at which a number is pointed; return how to see where it leads."""
    numbers = _api(box, "GET", "{AC}/IncomingPhoneNumbers.json")["incoming_phone_numbers"]
    path = f"{{AC}}/IncomingPhoneNumbers/{numbers[0]['sid']}.json"
    _api(box, "POST", path, SmsUrl=THEIRS)
    client = driver.connect(connection=box.connection, root_url=box.url, **changes)
    url = point_number(driver, box, client)

    def leads_to() -> str:
        return str(_api(box, "GET", path)["sms_url"])

    assert leads_to() == url
    return client, leads_to


def test_what_was_pointed_here_is_put_back_when_it_is_stopped(
    driver: ListenerDriver, box: Sandbox
) -> None:
    client, leads_to = pointed_here(driver, box)
    (restored,) = client.stop()["restored"]
    assert (restored["state"], leads_to()) == ("restored", THEIRS)


def test_what_was_pointed_here_is_put_back_on_a_signal(
    driver: ListenerDriver, box: Sandbox
) -> None:
    client, leads_to = pointed_here(driver, box)
    driver.kill(client, signal.SIGTERM)
    assert leads_to() == THEIRS


def test_what_is_pointed_here_while_it_ends_is_put_back_too(
    driver: ListenerDriver, box: Sandbox
) -> None:
    """A disk that hangs holds its end up, after it has looked for what to put back."""
    client, leads_to = pointed_here(driver, box)
    os.kill(store_pid(client.pid), signal.SIGSTOP)
    os.kill(client.pid, signal.SIGTERM)
    until(lambda: leads_to() == THEIRS)
    until(lambda: nobody_at(client.port))
    with Twilio(box.connection) as twilio:
        _api(box, "POST", second_of(box), SmsUrl=THEIRS)
        folder = webhooks.folder_of(driver.spec().store)
        webhooks.configure_webhook(
            twilio, folder, twilio.numbers()[1].phone_number, "http://127.0.0.1/inbound"
        )
    assert alive(client.pid)
    until(lambda: not alive(client.pid))
    assert _api(box, "GET", second_of(box))["sms_url"] == THEIRS


def second_of(box: Sandbox) -> str:
    """The path of the second number."""
    numbers = _api(box, "GET", "{AC}/IncomingPhoneNumbers.json")["incoming_phone_numbers"]
    return f"{{AC}}/IncomingPhoneNumbers/{numbers[1]['sid']}.json"


def nobody_at(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return True
    return False


def test_what_was_pointed_here_is_put_back_when_nobody_needs_it(
    driver: ListenerDriver, box: Sandbox
) -> None:
    client, leads_to = pointed_here(driver, box, idle_seconds=1.0)
    client.detach()
    until(lambda: not alive(client.pid))
    assert leads_to() == THEIRS


def test_what_a_killed_listener_left_is_put_back_before_the_next_one_is_ready(
    driver: ListenerDriver, box: Sandbox
) -> None:
    client, leads_to = pointed_here(driver, box)
    driver.kill(client)
    assert leads_to() != THEIRS
    after = driver.connect(connection=box.connection, root_url=box.url)
    assert leads_to() == THEIRS
    (notice,) = after.ask("status")["notices"]  # it would be waiting for what no longer comes
    assert notice.startswith(
        "The previous listener could not restore this, so it was done now: +1 "
    )
    assert notice.endswith(
        " again. Point it here again if this listener should receive its messages."
    )
    point_number(driver, box, after)
    assert after.ask("status")["notices"] == []


def test_a_kernel_that_leaves_puts_nothing_back(driver: ListenerDriver, box: Sandbox) -> None:
    client, leads_to = pointed_here(driver, box)
    before = leads_to()
    client.detach()
    again = driver.connect(connection=box.connection, root_url=box.url)
    assert (again.pid, leads_to()) == (client.pid, before)


def test_an_api_that_is_gone_does_not_keep_it_from_ending(
    driver: ListenerDriver, box: Sandbox
) -> None:
    client, _ = pointed_here(driver, box)
    box.close()
    (failed,) = client.stop()["restored"]
    assert failed["state"] == "failed"
    until(lambda: not alive(client.pid))
    assert "webhook PN" in log_file(driver.spec().store).read_text()


def test_the_server_extension_finds_it_by_its_key_for_as_long_as_it_lives(
    driver: ListenerDriver, tmp_path: Path
) -> None:
    where, key, token = tmp_path / "shared", "k" * 32, "f" * 40
    client = driver.connect()
    client.ask("set_forward", key=key, token=token, where=str(where))
    assert registry.target_of(key, where) == registry.ForwardTarget(client.port, Secret(token))
    uri = f"/user/ada/twilio-widgets/{key}/status"
    forwarded = {
        "X-Original-Proto": "https",
        "X-Original-Host": "hub.example.org",
        "X-Original-Uri": uri,
    }
    parameters = status(1)
    forwarded["X-Twilio-Signature"] = sign(f"https://hub.example.org{uri}", parameters, TOKEN)
    assert post(client.port, "/status", parameters, **forwarded)[0] == 403
    forwarded["X-Twilio-Widgets-Forward"] = token
    assert post(client.port, "/status", parameters, **forwarded)[0] == 200
    kept = b"".join(file.read_bytes() for file in driver.spec().store.parent.glob("*.sqlite*"))
    assert parameters["MessageSid"].encode() in kept
    assert key.encode() not in kept
    assert token.encode() not in kept
    client.ask("set_forward", key="n" * 32, token=token, where=str(where))
    assert registry.target_of(key, where) is None
    assert registry.target_of("n" * 32, where) is not None
    driver.kill(client)
    until(lambda: registry.target_of("n" * 32, where) is None)


# Secrets


def test_the_token_is_in_no_argument_variable_or_file_and_the_files_are_the_owners(
    driver: ListenerDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", TOKEN)
    monkeypatch.setenv("SOMETHING_ELSE", f"a{TOKEN}b")
    secret = "s3cr3t" * 6
    spec = driver.spec(
        connection=ApiKeyConnection(ACCOUNT, "SK" + "7" * 32, secret, auth_token=TOKEN),
        shared_keys={"one": Secret("sh4r3d" * 6)},
    )
    client = driver.connect(spec)
    post(client.port, "/status", status(1))
    post(client.port, "/status", status(2), token="0" * 32)
    process = Path(f"/proc/{client.pid}")
    seen = process.joinpath("cmdline").read_bytes() + process.joinpath("environ").read_bytes()
    files = [path for path in driver.folder.rglob("*") if path.is_file()]
    seen += b"".join(path.read_bytes() for path in files)
    for held in (TOKEN, secret, "sh4r3d" * 6):
        assert held.encode() not in seen
    assert b"PATH=" in seen
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    for number in (0, 1, 2):
        assert process.joinpath("fd", str(number)).readlink() == Path(os.devnull)


def test_modules_in_the_working_directory_are_not_run(
    driver: ListenerDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They would be handed the token."""
    trap = tmp_path / "trap"
    trap.mkdir()
    for name in ("json", "httptools", "sqlite3", "twilio_widgets", "asyncio", "secrets"):
        (trap / f"{name}.py").write_text("open(__file__ + '.ran', 'w')")
    monkeypatch.chdir(trap)
    monkeypatch.setenv("PYTHONPATH", str(trap))
    monkeypatch.setattr(sys, "path", ["", str(trap), *sys.path])
    client = driver.connect()
    assert post(client.port, "/status", status(1))[0] == 200
    assert list(trap.glob("*.ran")) == []


# The control line


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
def test_a_stranger_on_the_control_line_hears_nothing(
    name: str, shared: ListenerDriver, client: ListenerClient
) -> None:
    runtime = Runtime.read(shared.spec().store)
    assert runtime is not None
    assert whisper(runtime.control_port, STRANGERS[name]) == b""
    assert client.ask("status")["pid"] == client.pid


def test_the_right_token_opens_the_line_and_nonsense_closes_no_other(
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
def test_who_greets_otherwise_is_no_listener_and_holds_nobody_up(
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
def test_an_answer_that_is_none_leaves_nobody_waiting() -> None:
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


def test_without_a_thread_to_answer_in_the_rest_goes_on(
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


def test_who_asks_late_hears_all_the_same_that_it_has_gone(driver: ListenerDriver) -> None:
    client = driver.connect()
    driver.kill(client)
    until(lambda: not client.alive)
    gone = threading.Event()
    client.on_gone = gone.set
    assert gone.wait(10)


def test_a_process_launched_for_a_listener_that_cannot_start_is_ended(
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


def test_a_process_that_was_running_before_stays_when_a_listener_cannot_start(
    client: ListenerClient, shared: ListenerDriver
) -> None:
    def fail(_: ListenerClient) -> None:
        raise ListenerError("no route")

    with pytest.raises(ListenerError, match="no route"):
        ProcessSupervisor(shared.spec(), lambda _: None, fail)
    assert client.ask("status")["pid"] == client.pid


def test_what_a_process_does_not_read_holds_nobody_up_and_the_line_is_opened_again(
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


def test_what_cannot_be_done_with_this_is_said_at_once(client: ListenerClient) -> None:
    for before, error in (("yesterday", "ValueError"), ("0001-01-01T00:00+05:00", "OverflowError")):
        with pytest.raises(ListenerError, match=f"'forget' failed in the listener .{error}"):
            client.ask("forget", before=before)


def test_what_the_log_knows_is_stored_by_the_one_writer(
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
    from datetime import UTC, datetime

    return datetime.now(UTC)


def test_a_kernel_cannot_pass_off_a_polled_event_as_a_signed_one() -> None:
    (row,) = wire.rows_of([Arrival(kind="status", received_at=_now(), parameters=(("a", "b"),))])
    (arrival,) = wire.arrivals_of([{**row, "source": "webhook", "scheme": "auth token"}])
    assert (arrival.source, arrival.scheme) == ("poll", None)


def test_everything_is_forgotten_on_request(driver: ListenerDriver) -> None:
    spec = driver.spec()
    client = driver.connect(spec)
    post(client.port, "/status", status(1))
    assert client.ask("forget") == {"deleted": 1}
    assert events(spec) == []


def test_news_are_few_however_much_happens(shared: ListenerDriver, client: ListenerClient) -> None:
    heard: list[dict[str, Any]] = []
    client.on_news = heard.append
    began = time.monotonic()
    for _ in range(100):
        post(client.port, "/status", status())
    last = events(shared.spec())[-1].id
    until(lambda: heard and heard[-1]["last_id"] == last)
    assert len(heard) <= (time.monotonic() - began) / NEWS_EVERY + 1


def test_a_callback_may_hang_up_from_its_own_thread(driver: ListenerDriver) -> None:
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

"""The end of the listener process, and the webhooks that it restores."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.listener_driver import (
    ACCOUNT,
    TOKEN,
    ListenerDriver,
    alive,
    call_api,
    events,
    holders_of,
    post,
    status,
    store_pid,
    until,
)
from twilio_widgets.client import Twilio
from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.core.signature import sign
from twilio_widgets.listener.control import protocol as wire
from twilio_widgets.listener.control.runtime_file import Runtime, log_file, runtime_file
from twilio_widgets.listener.events.store import Store
from twilio_widgets.listener.jupyter import registry
from twilio_widgets.listener.kernel.client import ListenerClient
from twilio_widgets.listener.webhooks import configure as webhooks
from twilio_widgets.sandbox import Sandbox

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills by POSIX signals")


def test_stop_ends_the_process_and_leaves_neither_file_nor_lock(driver: ListenerDriver) -> None:
    spec = driver.spec()
    client = driver.connect(spec)
    post(client.port, "/status", status(1))
    assert client.stop() == {"restored": []}
    until(lambda: not alive(client.pid))
    assert not runtime_file(spec.store).exists()
    assert not spec.store.with_name("events.sqlite-wal").exists()
    assert len(events(spec)) == 1
    assert driver.connect(spec).started


def test_a_stop_during_start_up_accepts_no_connection(driver: ListenerDriver) -> None:
    """A caller that asks for the ended listener gets a new one."""
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
def test_a_signal_shuts_the_process_down_cleanly(driver: ListenerDriver, number: int) -> None:
    spec = driver.spec()
    client = driver.connect(spec)
    gone = threading.Event()
    client.on_gone = gone.set
    driver.kill(client, number)
    assert gone.wait(10)
    assert not runtime_file(spec.store).exists()
    assert not log_file(spec.store).exists()


def test_a_kernel_that_reads_nothing_does_not_delay_the_shutdown(driver: ListenerDriver) -> None:
    """A stopped or busy kernel reads nothing, so the messages to it fill every buffer."""
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
        until(lambda: client.ask("status")["idle_seconds"] == 7)  # every message was handled
        os.kill(client.pid, signal.SIGTERM)
        until(lambda: not alive(client.pid), 20.0)


def test_an_idle_listener_shuts_down(driver: ListenerDriver) -> None:
    client = driver.connect(idle_seconds=1.0)
    client.detach()
    until(lambda: not alive(client.pid))


def test_a_listener_without_its_folder_shuts_down(tmp_path: Path, driver: ListenerDriver) -> None:
    """As a sandbox's is: then nothing could be stored any more."""
    spec = driver.spec(store=tmp_path / "inside" / "events.sqlite", idle_seconds=1.0)
    client = driver.connect(spec)  # attached, so idleness does not end it
    for path in (tmp_path / "inside").iterdir():
        path.unlink()
    (tmp_path / "inside").rmdir()
    until(lambda: not alive(client.pid))
    assert not (tmp_path / "inside").exists()


# Restoring webhooks


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
    numbers = call_api(box, "GET", "{AC}/IncomingPhoneNumbers.json")["incoming_phone_numbers"]
    path = f"{{AC}}/IncomingPhoneNumbers/{numbers[0]['sid']}.json"
    call_api(box, "POST", path, SmsUrl=THEIRS)
    client = driver.connect(connection=box.connection, root_url=box.url, **changes)
    url = point_number(driver, box, client)

    def leads_to() -> str:
        return str(call_api(box, "GET", path)["sms_url"])

    assert leads_to() == url
    return client, leads_to


def test_configured_webhooks_are_restored_by_stop(driver: ListenerDriver, box: Sandbox) -> None:
    client, leads_to = pointed_here(driver, box)
    (restored,) = client.stop()["restored"]
    assert (restored["state"], leads_to()) == ("restored", THEIRS)


def test_configured_webhooks_are_restored_on_a_signal(driver: ListenerDriver, box: Sandbox) -> None:
    client, leads_to = pointed_here(driver, box)
    driver.kill(client, signal.SIGTERM)
    assert leads_to() == THEIRS


def test_webhooks_that_are_configured_during_the_shutdown_are_restored_too(
    driver: ListenerDriver, box: Sandbox
) -> None:
    """A hanging disk delays its end, after it has read which webhooks to restore."""
    client, leads_to = pointed_here(driver, box)
    os.kill(store_pid(client.pid), signal.SIGSTOP)
    os.kill(client.pid, signal.SIGTERM)
    until(lambda: leads_to() == THEIRS)
    until(lambda: nobody_at(client.port))
    with Twilio(box.connection) as twilio:
        call_api(box, "POST", second_of(box), SmsUrl=THEIRS)
        folder = webhooks.folder_of(driver.spec().store)
        webhooks.configure_webhook(
            twilio, folder, twilio.numbers()[1].phone_number, "http://127.0.0.1/inbound"
        )
    assert alive(client.pid)
    until(lambda: not alive(client.pid))
    assert call_api(box, "GET", second_of(box))["sms_url"] == THEIRS


def second_of(box: Sandbox) -> str:
    """The path of the second number."""
    numbers = call_api(box, "GET", "{AC}/IncomingPhoneNumbers.json")["incoming_phone_numbers"]
    return f"{{AC}}/IncomingPhoneNumbers/{numbers[1]['sid']}.json"


def nobody_at(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return True
    return False


def test_configured_webhooks_are_restored_by_an_idle_listener(
    driver: ListenerDriver, box: Sandbox
) -> None:
    client, leads_to = pointed_here(driver, box, idle_seconds=1.0)
    client.detach()
    until(lambda: not alive(client.pid))
    assert leads_to() == THEIRS


def test_the_webhooks_of_a_killed_listener_are_restored_by_the_next_one(
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


def test_a_kernel_that_detaches_restores_nothing(driver: ListenerDriver, box: Sandbox) -> None:
    client, leads_to = pointed_here(driver, box)
    before = leads_to()
    client.detach()
    again = driver.connect(connection=box.connection, root_url=box.url)
    assert (again.pid, leads_to()) == (client.pid, before)


def test_an_unreachable_api_does_not_prevent_the_shutdown(
    driver: ListenerDriver, box: Sandbox
) -> None:
    client, _ = pointed_here(driver, box)
    box.close()
    (failed,) = client.stop()["restored"]
    assert failed["state"] == "failed"
    until(lambda: not alive(client.pid))
    assert "webhook PN" in log_file(driver.spec().store).read_text()


def test_the_server_extension_finds_the_listener_by_its_key_while_it_runs(
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

"""The listener process: what it answers to webhooks, and that its secrets stay in memory."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.listener_driver import (
    ACCOUNT,
    EMPTY_TWIML,
    NUMBER,
    TOKEN,
    ListenerDriver,
    call_api,
    events,
    inbound,
    post,
    status,
    until,
)
from twilio_widgets.core.credentials.connection import ApiKeyConnection
from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.listener.events.reading import Reader
from twilio_widgets.listener.kernel import client as client_module
from twilio_widgets.listener.kernel.client import ListenerClient
from twilio_widgets.sandbox import Sandbox

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills by POSIX signals")


# Webhooks


def test_a_callback_is_stored_before_it_is_acknowledged_and_the_kernel_is_notified(
    shared: ListenerDriver, client: ListenerClient
) -> None:
    heard: list[dict[str, Any]] = []
    client.on_news = heard.append
    parameters = status()
    assert post(client.port, "/status?tw=row-1", parameters) == EMPTY_TWIML
    last = events(shared.spec())[-1]
    assert (last.kind, last.parameters, last.row_token) == (
        "status",
        tuple(parameters.items()),
        "row-1",
    )
    until(lambda: heard)
    assert heard[-1]["last_id"] == last.id


def test_a_repeated_inbound_message_gets_the_same_reply(
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


def test_the_kernel_replies_until_it_withdraws(shared: ListenerDriver) -> None:
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


def test_detaching_waits_once_for_all_hanging_reply_functions(
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


def test_a_forged_request_is_rejected_with_an_explanation_and_not_stored(
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


def test_the_sandbox_posts_callbacks_and_inbound_messages(driver: ListenerDriver) -> None:
    with Sandbox(seed=3) as box:
        spec = driver.spec(connection=box.connection, root_url=box.url, reply="Thanks!")
        client = driver.connect(spec)
        numbers = call_api(box, "GET", "{AC}/IncomingPhoneNumbers.json")["incoming_phone_numbers"]
        change = {"SmsUrl": f"http://127.0.0.1:{client.port}/inbound#rc=3&rp=all"}
        call_api(box, "POST", f"{{AC}}/IncomingPhoneNumbers/{numbers[0]['sid']}.json", **change)
        given = box.receive(from_="+14155550105", body="Hi & é", to=numbers[0]["phone_number"])
        assert box.settle()
        (event,) = events(spec)
        assert (event.kind, event.message_sid, event.body) == ("inbound", given["sid"], "Hi & é")
        rows = call_api(box, "GET", "{AC}/Messages.json")["messages"]
        assert [row["body"] for row in rows if row["direction"] == "outbound-reply"] == ["Thanks!"]
        client.stop()


# Secrets


def test_the_token_is_in_no_argument_variable_or_file_and_files_are_private(
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

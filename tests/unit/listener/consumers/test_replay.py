"""Where stored events may be sent again: to this machine, by an address that says so itself."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from datetime import UTC, datetime

import pytest
from twilio.request_validator import RequestValidator

from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.errors import Refused
from twilio_widgets.listener.consumers.replay import ReplayTarget, replay, target_of
from twilio_widgets.listener.events.event import Arrival, Event

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
TOKEN = "12345"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/",
        "http://example.com/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest",
        "http://0.0.0.0/",
        "http://127.0.0.1.example.com/",
        "http://localhost.example.com/",
        "http://user@127.0.0.1/",
        "http://127.0.0.1@example.com/",
        "http://example.com#@127.0.0.1/",
        "http://127.0.0.1\\@example.com/",
        "http://127.0.0.1:80:90/",
        "http://[::ffff:10.0.0.1]/",
        "http://[::1/",
        "http://2130706433/",
        "https://127.0.0.1/",
        "file:///etc/passwd",
        "//127.0.0.1/",
        "127.0.0.1",
        "http://127.0.0.1/ HTTP/1.1\r\nX: y",
        "",
        b"http://127.0.0.1/",
        5,
        None,
    ],
)
def test_a_replay_never_leaves_this_machine(monkeypatch, url):
    """Refused before anything is looked up or connected, with the reason."""

    def touched(*_: object) -> None:
        raise AssertionError("the network was touched")

    monkeypatch.setattr("socket.getaddrinfo", touched)
    monkeypatch.setattr("socket.socket", touched)
    with pytest.raises(Refused, match="nothing was sent"):
        target_of(url)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        (
            "http://127.0.0.1:8000/hook?x=1#rc=3",
            ReplayTarget("http://127.0.0.1:8000/hook?x=1", "127.0.0.1", 8000, "127.0.0.1:8000",
                   "/hook", "x=1"),
        ),
        (
            "http://localhost",
            ReplayTarget("http://localhost/", "127.0.0.1", 80, "localhost", "/", ""),
        ),
        (
            "http://[::1]:5000/",
            ReplayTarget("http://[::1]:5000/", "::1", 5000, "[::1]:5000", "/", ""),
        ),
    ],
)  # fmt: skip
def test_a_loopback_url_is_read_as_it_is_and_localhost_never_looked_up(url, target):
    assert target_of(url) == target


class Wire:
    """An HTTP connection that remembers what it was to send."""

    sent: list[tuple[str, str, str | None, dict[str, str]]]

    def __init__(self, *_: object, **__: object) -> None: ...

    def request(self, method: str, line: str, body: str | None, headers: dict[str, str]) -> None:
        self.sent.append((method, line, body, headers))
        raise ConnectionResetError("gone")

    def close(self) -> None: ...


@pytest.mark.parametrize("to", ["http://127.0.0.1/hook", "http://127.0.0.1/hook?a=b"])
def test_an_event_received_by_get_is_replayed_by_get(monkeypatch, to):
    """The parameters are in the URL, and the URL alone is signed."""
    Wire.sent = []
    monkeypatch.setattr(http.client, "HTTPConnection", Wire)
    arrival = Arrival(
        kind="inbound",
        received_at=NOON,
        method="GET",
        parameters=(("MessageSid", "SM1"), ("Body", "a b&c"), ("Body", "d")),
    )

    outcome = replay(Event.of_arrival(arrival, id=7), target_of(to), Secret(TOKEN))

    ((method, line, body, headers),) = Wire.sent
    assert (method, body) == ("GET", None)
    assert line == to.removeprefix("http://127.0.0.1") + (
        ("&" if "?" in to else "?") + "MessageSid=SM1&Body=a+b%26c&Body=d"
    )
    validator = RequestValidator(TOKEN)
    assert validator.validate(f"http://127.0.0.1{line}", {}, headers["X-Twilio-Signature"])
    assert (outcome.http_status, outcome.problem) == (None, "ConnectionResetError: gone")


def test_an_event_from_the_log_is_replayed_as_a_post(monkeypatch):
    Wire.sent = []
    monkeypatch.setattr(http.client, "HTTPConnection", Wire)
    arrival = Arrival(
        kind="status",
        received_at=NOON,
        method="GET",
        source="poll",
        parameters=(("MessageSid", "SM1"), ("MessageStatus", "sent")),
    )

    replay(Event.of_arrival(arrival, id=7), target_of("http://127.0.0.1/hook"), Secret(TOKEN))

    ((method, line, body, headers),) = Wire.sent
    assert (method, line, body) == ("POST", "/hook", "MessageSid=SM1&MessageStatus=sent")
    parameters = {"MessageSid": "SM1", "MessageStatus": "sent"}
    signature = headers["X-Twilio-Signature"]
    assert RequestValidator(TOKEN).validate("http://127.0.0.1/hook", parameters, signature)


def test_an_answer_that_never_ends_is_not_waited_for():
    """A byte now and then keeps a socket's own patience awake forever."""

    def drips(server: socket.socket) -> None:
        caller, _ = server.accept()
        with caller, contextlib.suppress(OSError):
            caller.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            for _ in range(500):
                caller.sendall(b"x")
                time.sleep(0.01)

    arrival = Arrival(kind="status", received_at=NOON, parameters=(("MessageSid", "SM1"),))
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drips, args=(server,))
        thread.start()
        target = target_of(f"http://127.0.0.1:{server.getsockname()[1]}/")
        outcome = replay(Event.of_arrival(arrival, id=7), target, Secret(TOKEN), seconds=0.3)
        thread.join(20)

    late = "TimeoutError: no response in time."
    assert (outcome.http_status, outcome.problem) == (None, late)

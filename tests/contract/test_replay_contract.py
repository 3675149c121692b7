"""Replays: the listener sends stored events again, signed, to a program under development."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest
from twilio.request_validator import RequestValidator

from twilio_widgets import Sandbox, Twilio
from twilio_widgets.errors import ConfigurationError, ListenerError, Refused
from twilio_widgets.listener.listener import Listener

if TYPE_CHECKING:
    from collections.abc import Iterator

NOON = "2026-01-15T12:00:00Z"
THEM = "+14155550123"


class Receiver:
    """A program under development: it records requests and responds as configured."""

    def __init__(self, status: int = 200) -> None:
        self.calls: list[tuple[str, str, dict[str, str], dict[str, str]]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                form = dict(parse_qsl(self.rfile.read(length).decode(), keep_blank_values=True))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.calls.append((self.command, self.path, headers, form))
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "https://example.com/")
                self.end_headers()

            def do_GET(self) -> None:
                self.do_POST()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?x=%20y"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    opened = Receiver()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def full() -> Iterator[Listener]:
    """A listener with an inbound message and the two callbacks of a send, for many replays."""
    with (
        Sandbox(seed=5, now=NOON) as sandbox,
        Twilio(sandbox.connection) as twilio,
        Listener(sandbox.connection) as listener,
    ):
        listener.point(sandbox.numbers[0])
        sandbox.receive(from_=THEM, body="Grüße & mehr=1 + 1 😀")
        twilio.messages.send(
            "+14155550194",
            from_=sandbox.numbers[0],
            body="Hello",
            status_callback=listener.status_url,
        )
        sandbox.clock.advance("1 min")
        assert sandbox.settle()
        assert len(listener.events) == 3
        yield listener


def test_a_replay_is_accepted_by_the_official_validator(full, receiver):
    outcome = full.replay(receiver.url)

    validator = RequestValidator(full.connection.auth_token.reveal())
    assert outcome["http_status"].tolist() == [200, 200, 200]
    assert outcome["id"].tolist() == [1, 2, 3]
    assert [form for _, _, _, form in receiver.calls] == [
        dict(event.parameters) for event in full.reader.events()
    ]
    for method, path, headers, form in receiver.calls:
        host = headers["host"]
        assert (method, f"http://{host}{path}") == ("POST", receiver.url)
        signature = headers["x-twilio-signature"]
        assert validator.validate(receiver.url, form, signature)
        assert not validator.validate(receiver.url, form | {"Body": "x"}, signature)


def test_a_replay_can_be_signed_for_another_url(full, receiver):
    full.replay(receiver.url, 1, signed_as="https://example.com/hook")

    ((_, _, headers, form),) = receiver.calls
    validator = RequestValidator(full.connection.auth_token.reveal())
    signature = headers["x-twilio-signature"]
    assert validator.validate("https://example.com/hook", form, signature)


def test_a_replay_is_signed_for_a_url_as_twilio_signs_it(full, receiver):
    """The URLs of a listener end in a fragment; they can be passed unchanged."""
    full.replay(receiver.url, 1, signed_as="https://me:word@example.com/hook?a=b#rc=3&rp=all")

    ((_, _, headers, form),) = receiver.calls
    validator = RequestValidator(full.connection.auth_token.reveal())
    assert validator.validate("https://example.com/hook?a=b", form, headers["x-twilio-signature"])


@pytest.mark.parametrize(
    "signed_as", [5, b"https://example.com", "", "example.com/hook", "ftp://x"]
)
def test_an_invalid_replay_url_is_refused_before_anything_is_sent(full, receiver, signed_as):
    with pytest.raises(ConfigurationError) as refused:
        full.replay(receiver.url, signed_as=signed_as)
    assert (refused.value.field, receiver.calls) == ("signed_as", [])


def test_no_replay_is_sent_to_the_port_of_a_closed_listener(sandbox, receiver):
    with Listener(sandbox.connection) as listener:
        listener.point(sandbox.numbers[0])
        sandbox.receive(from_=THEM, body="Hello")
        assert sandbox.settle()

    with pytest.raises(ListenerError):
        listener.replay()
    assert listener.replay(receiver.url)["http_status"].tolist() == [200]


def test_the_events_to_replay_can_be_given_in_many_forms(full, receiver):
    events = full.events
    ways = (
        2,
        events["id"].iloc[1],  # a NumPy integer, not an int
        [2],
        full.reader.event(2),
        events[events["status"] == "sent"],
        events["status"] == "sent",
        events.loc[events["status"] == "sent", "id"],
    )

    for way in ways:
        assert full.replay(receiver.url, way)["id"].tolist() == [2]
    for way in ("2", 2.5, [True, False], events[["kind"]], object()):
        with pytest.raises(ConfigurationError):
            full.replay(receiver.url, way)
    assert len(receiver.calls) == len(ways)


def test_a_replay_to_the_listener_itself_is_a_duplicate(full):
    assert full.replay()["http_status"].tolist() == [200, 200, 200]
    assert full.events["duplicates"].tolist() == [1, 1, 1]


def test_a_replay_elsewhere_is_refused_before_anything_is_sent(full):
    with pytest.raises(Refused):
        full.replay("http://example.com/")


def test_a_redirect_is_not_followed(full):
    receiver = Receiver(status=302)
    try:
        outcome = full.replay(receiver.url, 1)
    finally:
        receiver.close()

    assert outcome[["http_status", "problem"]].to_numpy().tolist() == [
        [302, "Redirects are not followed."]
    ]


def test_an_unreachable_program_is_an_outcome_and_not_an_exception(full):
    receiver = Receiver()
    receiver.close()

    outcome = full.replay(receiver.url)

    assert outcome["http_status"].isna().all()
    assert all("ConnectionRefusedError" in problem for problem in outcome["problem"])

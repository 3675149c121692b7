"""Getting there: names that hang, dead addresses, TLS, proxies, pools and idle connections.

What goes wrong before the first byte of a request leaves is told apart: then nothing was sent.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import httpcore
import pytest

from twilio_widgets import AuthTokenConnection, Twilio
from twilio_widgets.core import transport
from twilio_widgets.core.deadline import deadline, left
from twilio_widgets.errors import (
    NoReply,
    NotConnected,
)

CONNECTION = AuthTokenConnection("AC" + "1" * 32, "c0ffee" * 5 + "42")
TIMEOUT = 0.6
A_MOMENT = 0.5


def waiting(**options: object) -> object:
    with Twilio(CONNECTION, **({"timeout": TIMEOUT} | options)) as twilio:
        return twilio.messages.send("+14155550123", from_="+15005550006", body="Hi")


@contextlib.contextmanager
def in_time(limit: float = TIMEOUT + A_MOMENT) -> Iterator[None]:
    started = time.monotonic()
    yield
    assert time.monotonic() - started < limit


class TestNames:
    def test_a_look_up_that_hangs_ends_in_time(self, monkeypatch):
        answered = threading.Event()
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: answered.wait(20) or [])
        try:
            with in_time(), pytest.raises(NotConnected, match="nothing was sent"):
                waiting()
        finally:
            answered.set()
            for thread in threading.enumerate():
                if thread.name.startswith("twilio_widgets"):
                    thread.join(5)

    def test_a_name_with_dead_addresses_ends_in_time(self, monkeypatch):
        """The time is for all addresses of a name, not for each."""
        dead = [(socket.AF_INET, 1, 6, "", (f"192.0.2.{n}", 443)) for n in range(1, 7)]
        asked: list[str] = []

        def never(_self: object, host: str, _port: int, timeout: float, *_args: object) -> None:
            asked.append(host)
            time.sleep(timeout)
            raise httpcore.ConnectTimeout("dead")

        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: dead)
        monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", never)
        with in_time(), pytest.raises(NotConnected, match="ConnectTimeout"):
            waiting()
        assert asked[:6] == [f"192.0.2.{n}" for n in range(1, 7)]

    def test_nothing_is_read_after_the_time_even_if_there_is_something(self):
        """A flood always has one byte more; so the time is looked at before each read."""
        with deadline(0.01):
            assert 0 < left(None, httpcore.ReadTimeout) <= 0.01
            assert left(0.001, httpcore.ReadTimeout) == 0.001
            time.sleep(0.02)
            with pytest.raises(httpcore.ReadTimeout):
                left(None, httpcore.ReadTimeout)

    def test_the_next_address_is_tried_when_one_refuses(self, serve, monkeypatch):
        server = serve(idle=0)
        port = int(server.url.rpartition(":")[2])
        look_up = socket.getaddrinfo

        def several(host: object, *args: object, **more: object) -> object:
            if host != "localhost":
                return look_up(host, *args, **more)
            return [
                (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
                for address in ("127.0.0.9", "127.0.0.1")
            ]

        monkeypatch.setattr(socket, "getaddrinfo", several)
        waiting(base_url=f"http://localhost:{port}")
        assert len(server.received) == 1


class TestIdleConnections:
    @pytest.mark.parametrize("fails", ["the server closes first", "we let it go first"])
    def test_a_connection_that_ended_while_idle_makes_no_send_unsure(
        self, serve, monkeypatch, fails
    ):
        """The server's patience and ours, both shorter than the pause between two sends."""
        server_waits, we_wait = (0.05, 5.0) if fails.startswith("the server") else (5.0, 0.05)
        monkeypatch.setattr(transport, "KEEP_ALIVE_SECONDS", we_wait)
        server = serve(idle=server_waits)
        with Twilio(CONNECTION, timeout=5, base_url=server.url) as twilio:
            for number in range(5):
                twilio.messages.send("+14155550123", from_="+15005550006", body=str(number))
                time.sleep(0.15)
        assert len(server.received) == 5
        assert server.connections == 5

    def test_a_connection_in_use_is_used_again(self, serve):
        server = serve(idle=5)
        with Twilio(CONNECTION, base_url=server.url) as twilio:
            for number in range(5):
                twilio.messages.send("+14155550123", from_="+15005550006", body=str(number))
        assert (len(server.received), server.connections) == (5, 1)

    def test_a_closed_client_opens_again(self, serve):
        server = serve(idle=5)
        twilio = Twilio(CONNECTION, base_url=server.url)
        for _ in range(2):
            twilio.messages.send("+14155550123", from_="+15005550006", body="Hi")
            twilio.close()
            twilio.close()
        assert (len(server.received), server.connections) == (2, 2)


def test_a_read_with_no_answer_is_no_reply(serve):
    server = serve("closed after reading")
    with Twilio(CONNECTION, timeout=TIMEOUT, base_url=server.url) as twilio:
        with pytest.raises(NoReply):
            twilio.messages.get("SM" + "0" * 32)
        assert isinstance(twilio.check().error, NoReply)

"""Getting there: names that hang, dead addresses, TLS, proxies, pools and idle connections.

What goes wrong before the first byte of a request leaves is told apart: then nothing was sent.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gc
import socket
import threading
import time
from collections.abc import Callable, Iterator

import httpcore
import pytest

from twilio_widgets import AsyncTwilio, AuthTokenConnection, Twilio
from twilio_widgets.core.http import backends as wire
from twilio_widgets.core.http.deadline import deadline, time_left
from twilio_widgets.errors import (
    ConfigurationError,
    NoReply,
    NotConnected,
    OutcomeUnknown,
    TwilioWidgetsError,
)

CONNECTION = AuthTokenConnection("AC" + "1" * 32, "c0ffee" * 5 + "42")
TIMEOUT = 0.6
A_MOMENT = 2.0
"""Seconds. A machine under load is late; what the protection ends would take longer still."""

Send = Callable[..., object]


def waiting(**options: object) -> object:
    with Twilio(CONNECTION, **({"timeout": TIMEOUT} | options)) as twilio:
        return twilio.messages.send("+14155550123", from_="+15005550006", body="Hi")


def awaiting(**options: object) -> object:
    async def exchange() -> object:
        async with AsyncTwilio(CONNECTION, **({"timeout": TIMEOUT} | options)) as twilio:
            return await twilio.messages.send("+14155550123", from_="+15005550006", body="Hi")

    return asyncio.run(exchange())


both = pytest.mark.parametrize("send", [waiting, awaiting])


@contextlib.contextmanager
def in_time(limit: float = TIMEOUT + A_MOMENT) -> Iterator[None]:
    started = time.monotonic()
    yield
    assert time.monotonic() - started < limit


class TestNames:
    def test_a_hanging_lookup_ends_in_time(self, monkeypatch):
        answered = threading.Event()
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: answered.wait(20) or [])
        try:
            with in_time(), pytest.raises(NotConnected, match="Nothing was sent"):
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
        with in_time(), pytest.raises(NotConnected, match="dead"):
            waiting()
        assert asked[:6] == [f"192.0.2.{n}" for n in range(1, 7)]

    def test_nothing_is_read_after_the_time_even_if_there_is_something(self):
        """A flood always has one byte more; so the time is looked at before each read."""
        with deadline(1.0):
            assert 0 < time_left(None, httpcore.ReadTimeout) <= 1.0
            assert time_left(0.001, httpcore.ReadTimeout) == 0.001
            time.sleep(1.0)
            with pytest.raises(httpcore.ReadTimeout):
                time_left(None, httpcore.ReadTimeout)

    @both
    def test_the_next_address_is_tried_when_one_refuses(self, send, serve, monkeypatch):
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
        send(base_url=f"http://localhost:{port}")
        assert len(server.received) == 1

    @pytest.mark.parametrize("turn", range(12))
    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
    def test_a_deadline_that_passes_while_connecting_leaves_no_socket_open(self, serve, host, turn):
        """A busy loop hears both at once, whichever of its turns the connection came in."""
        server = serve(idle=0)

        async def held_up() -> None:
            base_url = server.url.replace("127.0.0.1", host)
            async with AsyncTwilio(CONNECTION, timeout=0.1, base_url=base_url) as twilio:
                sending = asyncio.create_task(
                    twilio.messages.send("+14155550123", from_="+15005550006", body="Hi")
                )
                for _ in range(turn):
                    await asyncio.sleep(0)
                time.sleep(0.12)
                with contextlib.suppress(NotConnected, OutcomeUnknown):
                    await sending

        asyncio.run(held_up())
        gc.collect()  # a socket that was left open says so here

    @pytest.mark.parametrize("turn", range(7))
    def test_a_stop_as_one_of_two_addresses_answers_is_a_stop(self, serve, monkeypatch, turn):
        """Whichever turn of the loop it comes in: the slower address is being stopped as well."""
        server = serve(idle=0)
        port = int(server.url.rpartition(":")[2])
        both = [(socket.AF_INET, 1, 6, "", (host, port)) for host in ("127.0.0.9", "127.0.0.1")]
        look_up = socket.getaddrinfo

        async def stopped() -> None:
            here = asyncio.get_running_loop()
            connect = here.sock_connect

            def stop(turns: int) -> None:
                if turns:
                    here.call_soon(stop, turns - 1)
                else:
                    sending.cancel()

            async def connecting(sock: socket.socket, address: tuple[str, int]) -> None:
                if address[0] == "127.0.0.9":
                    await asyncio.sleep(20)
                await connect(sock, address)
                stop(turn)

            monkeypatch.setattr(here, "sock_connect", connecting)
            async with AsyncTwilio(CONNECTION, base_url=f"http://localhost:{port}") as twilio:
                sending = asyncio.create_task(
                    twilio.messages.send("+14155550123", from_="+15005550006", body="Hi")
                )
                with pytest.raises(asyncio.CancelledError):
                    await sending

        monkeypatch.setattr(
            socket,
            "getaddrinfo",
            lambda host, *args, **more: (
                both if host == "localhost" else look_up(host, *args, **more)
            ),
        )
        asyncio.run(stopped())
        assert server.received == []
        gc.collect()


@both
@pytest.mark.parametrize("fault", ["silent before reading", "the body drips", "headers drip"])
def test_a_tls_handshake_that_hangs_ends_in_time_and_nothing_was_sent(send, serve, fault):
    server = serve(fault)
    with in_time(), pytest.raises(NotConnected):
        send(base_url=server.url.replace("http://", "https://"))


@both
def test_certificates_that_cannot_be_read_mean_nothing_was_sent(send, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", "/there/is/no/such/file")
    with pytest.raises(NotConnected, match="SSL_CERT_FILE names /there/is/no") as c:
        send(base_url="https://127.0.0.1:9")
    assert "nothing was sent. Correct the variable, or remove it" in str(c.value)


@pytest.fixture
def a_proxy(monkeypatch) -> Iterator[socket.socket]:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)
        yield listener


def refusing(listener: socket.socket, seen: list[bytes]) -> threading.Thread:
    """Refuse every CONNECT, and note what came with it."""

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                visitor, _ = listener.accept()
                with visitor:
                    seen.append(visitor.recv(4000))
                    visitor.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return thread


@both
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "ALL_PROXY"])
@pytest.mark.parametrize("form", ["http://{}", "{}", "http://someone:pa%3Ass@{}"])
def test_the_proxy_of_the_environment_is_asked_however_it_is_written(
    send, a_proxy, monkeypatch, name, form
):
    address = "{}:{}".format(*a_proxy.getsockname())
    monkeypatch.setenv(name, form.format(address))
    seen: list[bytes] = []
    refusing(a_proxy, seen)
    with pytest.raises(NotConnected, match="407 Proxy Authentication Required") as caught:
        send(timeout=20)
    assert seen[0].startswith(b"CONNECT api.twilio.com:443 ")
    basic = base64.b64encode(b"someone:pa:ss")
    assert (b"Proxy-Authorization: Basic " + basic in seen[0]) is ("someone" in form)
    assert CONNECTION.credentials[1].reveal().encode() not in b"".join(seen)
    assert "pa:ss" not in str(caught.value)
    a_proxy.close()


@both
@pytest.mark.parametrize("hangs", [True, False], ids=["it hangs", "it closes"])
def test_a_proxy_that_does_not_answer_connect_means_nothing_was_sent(
    send, a_proxy, monkeypatch, hangs
):
    monkeypatch.setenv("HTTPS_PROXY", "http://{}:{}".format(*a_proxy.getsockname()))
    seen: list[bytes] = []
    visitors: list[socket.socket] = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                visitor, _ = a_proxy.accept()
                seen.append(visitor.recv(4000))
                if hangs:
                    visitors.append(visitor)
                else:
                    visitor.close()

    threading.Thread(target=serve, daemon=True).start()
    with pytest.raises(NotConnected, match="Nothing was sent"):
        send(timeout=1)
    assert {line.split()[0] for line in seen} == {b"CONNECT"}
    for visitor in visitors:
        visitor.close()


@both
@pytest.mark.parametrize("proxy", ["ftp://x", "http://someone:pa#ss@127.0.0.1", "http://[::1"])
def test_an_invalid_proxy_is_reported_without_its_password(send, a_proxy, monkeypatch, proxy):
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(ConfigurationError, match="HTTPS_PROXY") as caught:
        send(timeout=20)
    assert "pa" not in str(caught.value).replace("package", "").replace("path", "")
    assert caught.value.__context__ is None


@both
def test_a_socks_proxy_names_the_package_it_needs(send, a_proxy, monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    with pytest.raises(ConfigurationError, match="socksio"):
        send(timeout=20)


class TestThreads:
    def at_once(self, number: int, work: Callable[[], object]) -> list[object]:
        """Do something in many threads at once; return what came of each."""
        barrier, results = threading.Barrier(number), []

        def run() -> None:
            barrier.wait(5)
            try:
                results.append(work())
            except TwilioWidgetsError as error:
                results.append(type(error))

        threads = [threading.Thread(target=run) for _ in range(number)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        return results

    def test_threads_that_share_a_client_share_one_pool(self, serve, monkeypatch):
        made: list[wire.BlockingBackend] = []
        open_sync = wire.open_sync

        def slowly(proxy: None, inside: object) -> wire.BlockingBackend:
            time.sleep(0.02)
            made.append(open_sync(proxy, inside))
            return made[-1]

        monkeypatch.setattr(wire, "open_sync", slowly)
        server = serve(idle=1)
        with Twilio(CONNECTION, base_url=server.url) as twilio:
            sids = self.at_once(
                12,
                lambda: twilio.messages.send("+14155550123", from_="+15005550006", body="Hi").sid,
            )
        assert len(sids) == len(server.received) == 12
        assert len(made) == 1

    def test_a_full_pool_blocks_no_request_beyond_its_deadline(self, serve, monkeypatch):
        monkeypatch.setattr(wire, "MOST_CONNECTIONS", 2)
        server = serve("silent after reading")
        twilio = Twilio(CONNECTION, timeout=TIMEOUT, base_url=server.url)
        with in_time(TIMEOUT + 2 * A_MOMENT):
            ends = self.at_once(
                8, lambda: twilio.messages.send("+14155550123", from_="+15005550006", body="Hi")
            )
        twilio.close()
        assert set(ends) == {OutcomeUnknown, NotConnected}
        assert ends.count(OutcomeUnknown) >= len(server.received)


class TestIdleConnections:
    @pytest.mark.parametrize("fails", ["the server closes first", "we let it go first"])
    def test_a_connection_that_ended_while_idle_makes_no_send_unsure(
        self, serve, monkeypatch, fails
    ):
        """The server's patience and ours, both shorter than the pause between two sends."""
        server_waits, we_wait = (0.05, 5.0) if fails.startswith("the server") else (5.0, 0.05)
        monkeypatch.setattr(wire, "KEEP_ALIVE_SECONDS", we_wait)
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


class TestEventLoops:
    def test_a_client_that_belongs_to_another_loop_says_so_and_sends_nothing(self, serve):
        server = serve(idle=1)
        twilio = AsyncTwilio(CONNECTION, base_url=server.url)

        async def send() -> object:
            return await twilio.messages.send("+14155550123", from_="+15005550006", body="Hi")

        async def last() -> None:
            await send()
            await twilio.aclose()

        with asyncio.Runner() as first, asyncio.Runner() as second:
            first.run(send())
            with pytest.raises(ConfigurationError, match="another event loop"):
                second.run(send())
            first.run(last())
            second.run(last())
        assert len(server.received) == 3


def test_an_empty_answer_that_claims_to_be_compressed_is_empty(serve):
    server = serve("a deletion, compressed")
    with Twilio(CONNECTION, base_url=server.url) as twilio:
        twilio.messages.delete("SM" + "0" * 32)
    assert len(server.received) == 1


def test_a_read_without_a_response_raises_no_reply(serve):
    server = serve("closed after reading")
    with Twilio(CONNECTION, timeout=TIMEOUT, base_url=server.url) as twilio:
        with pytest.raises(NoReply):
            twilio.messages.get("SM" + "0" * 32)
        assert isinstance(twilio.check().error, NoReply)

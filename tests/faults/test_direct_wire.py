"""Connections of our own: used again, let go in time, and not when something came unasked."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import weakref
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from urllib.parse import urlencode

import certifi
import httpcore
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools import without
from twilio_widgets import AsyncTwilio, AuthTokenConnection
from twilio_widgets.core.bodies import FormBody
from twilio_widgets.core.http import backends as wire
from twilio_widgets.core.http.deadline import deadline
from twilio_widgets.core.http.direct_async import AsyncPool
from twilio_widgets.core.http.direct_blocking import BlockingHttpConnection
from twilio_widgets.core.http.outgoing import OutgoingRequest
from twilio_widgets.core.http.response_reader import ResponseReader
from twilio_widgets.core.http.transport import AsyncTransport, BlockingTransport
from twilio_widgets.core.request import Reply, Request
from twilio_widgets.errors import NoReply, NotConnected, OutcomeUnknown, TwilioWidgetsError

CONNECTION = AuthTokenConnection("AC" + "1" * 32, "token")
ACCOUNT = f"/2010-04-01/Accounts/{CONNECTION.account_sid}"
READ = Request(method="GET", path=f"{ACCOUNT}.json")
SEND = Request(
    method="POST",
    path=f"{ACCOUNT}/Messages.json",
    body=FormBody((("To", "+14155550123"), ("From", "+15005550006"), ("Body", "Hi"))),
    creates_message=True,
)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class OfThreads:
    """The blocking transport, awaited: each request has a thread of its own.

    Args:
        options: As for an `AsyncTransport`.
    """

    def __init__(self, connection: AuthTokenConnection, **options: object) -> None:
        self._door = BlockingTransport(connection, **options)

    async def send(self, request: Request) -> Reply:
        return await asyncio.to_thread(self._door.send, request)

    async def aclose(self) -> None:
        self._door.close()

    @property
    def _open(self) -> object:
        return self._door._open


Door = AsyncTransport | OfThreads
Over = Callable[..., object]


@pytest.fixture(params=[OfThreads, AsyncTransport], ids=["blocking", "awaiting"])
def over(request) -> Over:
    """Return what does some work with a transport to a server."""

    def over(url: str, work: Callable[[Door], Awaitable[object]], *, timeout: float = 5) -> object:
        async def working() -> object:
            door = request.param(CONNECTION, timeout=timeout, base_url=url, policy=None)
            try:
                return await work(door)
            finally:
                await door.aclose()

        return asyncio.run(working())

    return over


class Scripted:
    """Answers each request on a connection with the next of its texts, then closes it.

    Args:
        answers: For each connection, what it answers to each request, or does with it.
        context: For TLS.
    """

    def __init__(self, *answers: tuple[bytes, ...], context: ssl.SSLContext | None = None) -> None:
        self._answers, self._context = answers, context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(5)
        self.received: list[list[bytes]] = []
        scheme = "http" if context is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        for answers in self._answers:
            try:
                connection, _address = self._listener.accept()
                if self._context is not None:
                    connection = self._context.wrap_socket(connection, server_side=True)
            except OSError:
                return
            got: list[bytes] = []
            self.received.append(got)
            with connection:
                connection.settimeout(5)
                for answer in answers:
                    got.append(connection.recv(65536))
                    answer(connection) if callable(answer) else connection.sendall(answer)

    def close(self) -> None:
        self._listener.close()
        self._thread.join(5)


@pytest.fixture
def scripted() -> Iterator[Callable[..., Scripted]]:
    made: list[Scripted] = []

    def make(*answers: tuple[bytes, ...], context: ssl.SSLContext | None = None) -> Scripted:
        made.append(Scripted(*answers, context=context))
        return made[-1]

    yield make
    for server in made:
        server.close()


@pytest.fixture
def echo() -> Iterator[str]:
    """Return the address of a server that answers each request with its path, in two pieces."""

    class Echo(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            with contextlib.suppress(OSError):
                self.send_response(200)
                self.send_header("Content-Length", str(len(self.path)))
                self.end_headers()
                self.wfile.write(self.path.encode())

        def handle(self) -> None:
            with contextlib.suppress(OSError):
                super().handle()

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join(5)


async def twice(door: Door) -> list[bytes]:
    return [(await door.send(READ)).content for _ in range(2)]


def test_a_connection_is_used_again(over, serve):
    server = serve(idle=5)
    over(server.url, twice)
    assert (len(server.received), server.connections) == (2, 1)


def test_as_many_connections_are_opened_as_requests_are_under_way(over, serve):
    server = serve(idle=5)

    async def in_two_waves(door: Door) -> None:
        for _ in range(2):
            await asyncio.gather(*(door.send(SEND) for _ in range(20)))

    over(server.url, in_two_waves)
    assert len(server.received) == 40
    assert server.connections <= 20


@pytest.mark.parametrize("first", ["the server", "we"])
def test_a_connection_that_ended_while_idle_makes_no_send_unsure(over, serve, monkeypatch, first):
    """The server's patience and ours, both shorter than the pause between two sends."""
    server_waits, we_wait = (0.05, 5.0) if first == "the server" else (5.0, 0.05)
    monkeypatch.setattr(wire, "KEEP_ALIVE_SECONDS", we_wait)
    server = serve(idle=server_waits)

    async def with_pauses(door: Door) -> None:
        for _ in range(4):
            await door.send(SEND)
            await asyncio.sleep(0.15)

    over(server.url, with_pauses)
    assert (len(server.received), server.connections) == (4, 4)


def test_an_end_that_the_loop_has_not_noticed_yet_makes_no_send_unsure(over, scripted):
    """The server closes while the loop is busy; the next request asks the system first."""
    server = scripted((ANSWER,), (ANSWER,))

    async def busy_in_between(door: Door) -> None:
        await door.send(SEND)
        while len(server.received) < 1 or not _has_come(door):
            threading.Event().wait(0.01)  # a cell that computes: the loop hears nothing
        await door.send(SEND)

    def _has_come(door: Door) -> bool:
        (lines,) = door._open[""]._idle.values()
        return lines[-1].has_news

    over(server.url, busy_in_between)
    assert [len(got) for got in server.received] == [1, 1]


@pytest.mark.parametrize(
    "unasked",
    [ANSWER, b"HTTP/1.1 408 Timeout\r\nContent-Length: 0\r\n\r\n", b"x"],
    ids=["a second answer", "a time-out", "a byte"],
)
def test_bytes_after_a_response_are_not_the_next_response(over, scripted, unasked):
    server = scripted((ANSWER + unasked,), (ANSWER.replace(b"{}", b"[]"),))
    assert over(server.url, twice) == [b"{}", b"[]"]


@pytest.mark.parametrize(
    ("method", "answer", "content"),
    [
        ("GET", b"HTTP/1.1 200 OK\r\n\r\nto the end", b"to the end"),
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", b""),
        ("DELETE", b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        ("GET", b"HTTP/1.1 100 Continue\r\n\r\n" + ANSWER, b"{}"),
        ("GET", b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", b"{}"),
        (
            "GET",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nA: b\r\n\r\n",
            b"{}",
        ),
    ],
    ids=["no length", "HEAD", "no content", "an interim answer", "HTTP/1.0", "chunks"],
)
def test_an_answer_is_whole_when_http_says_so(over, scripted, method, answer, content):
    server = scripted((answer,))

    async def once(door: Door) -> Reply:
        return await door.send(Request(method=method, path=READ.path))

    assert over(server.url, once).content == content


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    ],
    ids=["an unknown transfer", "another protocol", "bare line feeds", "two lengths"],
)
def test_an_answer_that_can_be_read_in_two_ways_is_none(over, scripted, answer):
    server = scripted((answer,))
    with pytest.raises(NoReply):
        over(server.url, lambda door: door.send(SEND))


def test_a_header_that_is_there_twice_is_joined(over, scripted):
    server = scripted((b"HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 0\r\nx-a: 2\r\n\r\n",))
    reply = over(server.url, lambda door: door.send(READ))
    assert reply.headers == {"x-a": "1, 2", "content-length": "0"}


def test_requests_that_wait_for_a_full_pool_fail_in_time_and_are_known_to_be_unsent(
    serve, monkeypatch
):
    monkeypatch.setattr(wire, "MOST_CONNECTIONS", 2)
    server = serve("silent after reading")

    async def crowd() -> list[type]:
        async with AsyncTwilio(CONNECTION, timeout=0.6, base_url=server.url) as twilio:
            sends = (
                twilio.messages.send("+14155550123", from_="+15005550006", body="Hi")
                for _ in range(6)
            )
            ends = await asyncio.gather(*sends, return_exceptions=True)
            return [type(end) for end in ends]

    ends = asyncio.run(crowd())
    assert set(ends) == {OutcomeUnknown, NotConnected}
    assert ends.count(OutcomeUnknown) >= len(server.received) >= 2


def test_closing_ends_what_is_under_way_as_unsure(over, serve):
    server = serve("silent after reading")

    async def closed_meanwhile(door: Door) -> TwilioWidgetsError:
        sending = asyncio.create_task(door.send(SEND))
        while not server.received:
            await asyncio.sleep(0.01)
        await door.aclose()
        with pytest.raises(NoReply) as caught:
            await sending
        return caught.value

    assert "may" not in str(over(server.url, closed_meanwhile))


def test_an_answer_that_our_own_closing_cuts_off_is_not_whole(over, scripted):
    """Without a length it lasts until its connection ends, and that is ended here by us."""
    response, closed = threading.Event(), threading.Event()

    def begin(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nhalf of ")
        response.set()
        closed.wait(5)

    server = scripted((begin,))

    async def closed_meanwhile(door: Door) -> None:
        reading = asyncio.create_task(door.send(READ))
        await asyncio.to_thread(response.wait, 5)
        await door.aclose()
        with pytest.raises(NoReply):
            await reading
        closed.set()

    over(server.url, closed_meanwhile)


def test_the_trailer_of_a_chunked_body_is_limited(over, scripted):
    def trailers_for_ever(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: ")
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(b"x" * 65536)

    server = scripted((trailers_for_ever,))
    with pytest.raises(NoReply, match="exceed 102,400 bytes"):
        over(server.url, lambda door: door.send(READ))


class TestInterruptions:
    """Ctrl+C, which Python raises wherever it is at that moment."""

    def test_an_interrupt_during_parsing_is_not_a_bad_response(self):
        class Stopped(ResponseReader):
            def on_header(self, _name: bytes, _value: bytes) -> None:
                raise KeyboardInterrupt

        arriving = Stopped("GET", 100)
        with pytest.raises(KeyboardInterrupt):
            arriving.feed(ANSWER)
        assert not arriving.keeps_alive

    @pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no signal.setitimer here")
    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    def test_none_loses_a_place_or_gives_an_answer_to_another_request(self, echo, monkeypatch):
        """A connection that it drops is closed with its last reference, which Python mentions."""
        monkeypatch.setattr(wire, "MOST_CONNECTIONS", 1)
        door = BlockingTransport(CONNECTION, timeout=5, base_url=echo, policy=None)
        stops, random = 0, Random(7)

        def stop(*_args: object) -> None:
            raise KeyboardInterrupt

        before = signal.signal(signal.SIGALRM, stop)
        try:
            for number in range(800):
                path = f"{ACCOUNT}/Messages/SM{number:032d}.json"
                try:
                    signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-5, 1e-3))
                    reply = door.send(Request(method="GET", path=path))
                    signal.setitimer(signal.ITIMER_REAL, 0)
                    assert reply.content == path.encode()
                except KeyboardInterrupt:
                    stops += 1
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
        finally:
            signal.signal(signal.SIGALRM, before)
        assert door.send(READ).content == READ.path.encode()
        assert stops > 50
        door.close()
        gc.collect()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no os.fork")
def test_a_fork_shares_no_connection_and_ends_none(echo):
    """Two processes that read from one connection would get each other's answers."""
    door = BlockingTransport(CONNECTION, timeout=5, base_url=echo, policy=None)

    def own(process: str) -> list[bytes]:
        path = f"{ACCOUNT}/Messages/{process}.json"
        answers = {door.send(Request(method="GET", path=path)).content for _ in range(50)}
        return sorted(answer.removeprefix(ACCOUNT.encode()) for answer in answers)

    own("before")
    (line,) = next(iter(door._open[""]._idle.values()))
    theirs, mine = os.pipe()
    if (child := os.fork()) == 0:
        with contextlib.suppress(BaseException):
            os.write(mine, b"".join(own("child")))
            door.close()
        os._exit(0)
    assert own("parent") == [b"/Messages/parent.json"]
    os.waitpid(child, 0)
    assert os.read(theirs, 1000) == b"/Messages/child.json"
    assert [line] == list(next(iter(door._open[""]._idle.values())))
    assert own("after") == [b"/Messages/after.json"]
    assert [line] == list(next(iter(door._open[""]._idle.values())))
    door.close()
    os.close(theirs)
    os.close(mine)


def test_a_request_whose_time_is_over_before_it_leaves_was_not_sent():
    """It may have waited for a place until then."""
    outgoing = OutgoingRequest("GET", "https://api.twilio.com/x", [], None, seconds=1, connecting=1)
    stream = httpcore.MockStream([])
    with deadline(0), pytest.raises(httpcore.ConnectTimeout):
        BlockingHttpConnection(stream, outgoing.origin).ask(outgoing, 100)
    assert not outgoing.may_have_been_sent


def test_a_first_byte_never_leaves_after_its_time():
    """The process may have been stopped since the time was looked at last."""
    outgoing = OutgoingRequest(
        "POST", "https://api.twilio.com/x", [], b"x", seconds=-1, connecting=1
    )
    with pytest.raises(TimeoutError):
        outgoing.may_have_been_sent = True
    assert not outgoing.may_have_been_sent


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    """Return a file with a key and a certificate for 127.0.0.1."""
    openssl = shutil.which("openssl")
    if openssl is None:
        without("openssl", consequence="there is no certificate to try TLS with")
    folder = tmp_path_factory.mktemp("tls")
    key, file = folder / "key.pem", folder / "both.pem"
    subprocess.run(
        [
            openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
            "-keyout", str(key), "-out", str(file),
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    file.write_bytes(file.read_bytes() + key.read_bytes())
    return file


@pytest.fixture
def over_tls(certificate) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


def test_tls_connections_are_reused(over, scripted, over_tls, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    server = scripted((ANSWER, ANSWER), context=over_tls)
    assert over(server.url, twice) == [b"{}", b"{}"]
    assert [len(got) for got in server.received] == [2]


def test_a_connection_that_is_woken_stays_encrypted_and_open_until_its_user_closes_it(
    scripted, over_tls, certificate, monkeypatch
):
    """Otherwise what its user is about to write leaves readable, or over another's connection."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    server = scripted((ANSWER, lambda _connection: None), context=over_tls)
    door = BlockingTransport(CONNECTION, timeout=5, base_url=server.url, policy=None)
    door.send(READ)
    ((line,),) = door._open[""]._idle.values()
    line.wake()
    tls = line._stream.get_extra_info("socket")
    assert tls.version() is not None
    assert tls.fileno() != -1
    with pytest.raises(OSError):
        tls.send(b"credentials")
    door.close()
    assert tls.fileno() == -1


def test_tls_to_an_untrusted_server_means_nothing_was_sent(over, scripted, over_tls):
    server = scripted((ANSWER,), context=over_tls)
    with pytest.raises(NotConnected, match="CERTIFICATE_VERIFY_FAILED"):
        over(server.url, lambda door: door.send(SEND))
    assert [got for got in server.received if got] == []


def test_a_certificate_that_is_not_trusted_names_the_variable_the_file_and_the_remedy(
    over, scripted, over_tls, tmp_path, monkeypatch
):
    server = scripted((ANSWER,), context=over_tls)
    with pytest.raises(NotConnected, match="set SSL_CERT_FILE to a file with its CA certificate"):
        over(server.url, lambda door: door.send(SEND))

    foreign = tmp_path / "other.pem"
    foreign.write_bytes(Path(certifi.where()).read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(foreign))
    server = scripted((ANSWER,), context=over_tls)
    with pytest.raises(NotConnected, match=f"SSL_CERT_FILE names {foreign}; does it contain"):
        over(server.url, lambda door: door.send(SEND))


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [
        ("certificate has expired (_ssl.c:1006)", "Check the date of this computer."),
        ("certificate is not yet valid (_ssl.c:1006)", "Check the date of this computer."),
        (
            "Hostname mismatch, certificate is not valid for 'api.twilio.com'. (_ssl.c:1006)",
            "Something in between answers in Twilio's place, such as a network's login page.",
        ),
    ],
)
def test_each_reason_of_a_certificate_has_its_remedy(reason, remedy):
    error = httpx.ConnectError(
        f"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {reason}"
    )
    told = str(wire.translate_error(error, may_have_been_sent=False))
    assert reason.partition(" (_ssl")[0].rstrip(".") in told
    assert told.endswith(remedy)


@pytest.mark.parametrize("response", [b"HTTP/1.1 503 Busy\r\n\r\n", None])
def test_a_connection_that_is_over_as_it_opens_means_nothing_was_sent(
    over_tls, certificate, monkeypatch, response
):
    """As a server without room says so, or goes, in one piece with the end of the handshake."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    over_tls.maximum_version = ssl.TLSVersion.TLSv1_2
    come, goes = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = over_tls.wrap_bio(come, goes, server_side=True)

    def shake_hands(connection: socket.socket) -> None:
        while True:
            with contextlib.suppress(ssl.SSLWantReadError):
                return tls.do_handshake()
            connection.sendall(goes.read())
            come.write(connection.recv(65536))

    def serve() -> None:
        connection, _address = listener.accept()
        with connection, contextlib.suppress(ssl.SSLWantReadError, OSError):
            connection.settimeout(5)
            shake_hands(connection)
            if response is not None:
                tls.write(response)
            else:
                with contextlib.suppress(ssl.SSLWantReadError):
                    tls.unwrap()
            connection.sendall(goes.read())
            connection.recv(65536)

    async def send(url: str) -> OutgoingRequest:
        direct = AsyncPool(httpx.create_ssl_context, most=1, keep_alive=1)
        outgoing = OutgoingRequest("POST", url, [], b"x", seconds=5, connecting=5)
        with pytest.raises(ConnectionError):
            await direct.exchange(outgoing, 100)
        await direct.aclose()
        return outgoing

    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = threading.Thread(target=serve)
        serving.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        assert not asyncio.run(send(url)).may_have_been_sent
        serving.join(5)


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "é"])
def test_a_text_that_would_be_another_line_never_leaves(value):
    outgoing = OutgoingRequest(
        "GET", "https://api.twilio.com/x", [("A", value)], None, seconds=1, connecting=1
    )
    with pytest.raises(ValueError):
        outgoing.text()
    assert not outgoing.may_have_been_sent


@pytest.mark.parametrize(
    ("url", "text"),
    [
        (
            "https://api.twilio.com:443/a?b=c",
            b"GET /a?b=c HTTP/1.1\r\nHost: api.twilio.com\r\n\r\n",
        ),
        ("http://127.0.0.1:8000", b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n\r\n"),
        ("http://[::1]:80/a", b"GET /a HTTP/1.1\r\nHost: [::1]\r\n\r\n"),
    ],
)
def test_a_request_is_written_as_http_writes_it(url, text):
    assert OutgoingRequest("GET", url, [], None, seconds=1, connecting=1).text() == text


@given(st.lists(st.tuples(st.text(), st.text())))
def test_a_form_is_written_as_urlencode_writes_it(form):
    assert FormBody(tuple(form)).encode() == urlencode(form).encode()


def test_an_answer_that_came_before_all_was_read_counts_and_ends_the_connection():
    class Deaf(httpcore.MockStream):
        def write(self, *_args: object) -> None:
            raise httpcore.WriteError

    outgoing = OutgoingRequest("GET", "https://api.twilio.com/x", [], None, seconds=1, connecting=1)
    line = BlockingHttpConnection(Deaf([ANSWER]), outgoing.origin)
    with deadline(5):  # an interrupted test may have left an old one in this thread
        assert line.ask(outgoing, 100).content == b"{}"
    assert not line.is_usable


def test_a_request_after_closing_leaves_no_connection_open(echo):
    door = BlockingTransport(CONNECTION, timeout=5, base_url=echo, policy=None)
    door.send(READ)
    closed = door._open[""]
    door.close()
    with deadline(5):
        closed.exchange(OutgoingRequest("GET", f"{echo}/x", [], None, seconds=5, connecting=5), 100)
    assert closed._idle == {}


def test_closing_a_client_while_it_connects_leaves_no_connection_open(scripted):
    server = scripted((ANSWER, ANSWER))

    async def closed_meanwhile() -> set[object]:
        door = AsyncTransport(CONNECTION, timeout=5, base_url=server.url, policy=None)
        sending = asyncio.create_task(door.send(READ))
        await asyncio.sleep(0)
        direct = door._open[""]
        await door.aclose()
        await sending
        await asyncio.sleep(0.01)
        return direct._open

    assert asyncio.run(closed_meanwhile()) == set()


@pytest.mark.parametrize("come", [b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"no answer"])
def test_a_finished_response_is_freed_without_the_garbage_collector(come):
    arriving = ResponseReader("POST", 100)
    arriving.feed(come)
    assert arriving.is_over
    gone = weakref.ref(arriving)
    gc.disable()
    try:
        del arriving
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("upgrade", [b"Upgrade: x\r\nConnection: upgrade\r\n", b""])
def test_a_switch_of_protocols_is_a_broken_connection(upgrade):
    """An error from `feed` would be printed by asyncio as a traceback."""
    arriving = ResponseReader("POST", 100)
    arriving.feed(b"HTTP/1.1 101 Switching Protocols\r\n" + upgrade + b"\r\nxyz")
    arriving.fail(ConnectionError("closed"))
    with pytest.raises(ConnectionError):
        arriving.reply()

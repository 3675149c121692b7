"""HTTP as the listener reads it: strict, bounded in size and time, answers in their order."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from twilio_widgets.listener.process.connections import ConnectionLimiter
from twilio_widgets.listener.process.http_connection import HttpConnection
from twilio_widgets.listener.process.limits import USUAL, ListenerLimits
from twilio_widgets.listener.process.main import failed
from twilio_widgets.listener.process.parsing import Parser
from twilio_widgets.listener.process.request import RequestHead, WebhookRequest
from twilio_widgets.listener.process.response import TAKEN, HttpResponse, refused, twiml

QUICK = replace(USUAL, head_seconds=0.4, body_seconds=0.4, idle_seconds=0.4, linger_seconds=0.4)
OK = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\nContent-Type: text/xml; charset=utf-8\r\n\r\n"
    b"<Response/>"
)


class Echo:
    """Takes every request; waits with its answer while `held`."""

    def __init__(self) -> None:
        self.requests: list[WebhookRequest] = []
        self.unread: list[int] = []
        self.held: list[Callable[[HttpResponse], None]] | None = None

    def check_head(self, head: RequestHead) -> HttpResponse | None:
        return refused(404) if head.path == "/nowhere" else None

    def handle(self, request: WebhookRequest, answer: Callable[[HttpResponse], None]) -> None:
        self.requests.append(request)
        if self.held is not None:
            self.held.append(answer)
        else:
            answer(TAKEN)

    def unreadable(self, status: int) -> None:
        self.unread.append(status)


class Server:
    """A listener's socket, with a handler that decides nothing."""

    def __init__(self, port: int, echo: Echo, door: ConnectionLimiter) -> None:
        self.port, self.echo, self.door = port, echo, door

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def say(self, data: bytes, *, parts: int = 1) -> bytes:
        """Send bytes in so many parts, and return everything that comes until the end."""
        reader, writer = await self.open()
        size = -(-len(data) // parts) or 1
        for start in range(0, len(data), size):
            writer.write(data[start : start + size])
            await writer.drain()
            await asyncio.sleep(0)
        with contextlib.suppress(OSError):
            writer.write_eof()
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return answer

    async def empty(self) -> None:
        """Wait until no connection is left: the last ones have to be seen to have ended."""
        async with asyncio.timeout(5):
            while len(self.door):
                await asyncio.sleep(0.001)


@contextlib.asynccontextmanager
async def serving(limits: ListenerLimits = USUAL) -> AsyncIterator[Server]:
    loop = asyncio.get_running_loop()
    echo, door = Echo(), ConnectionLimiter(limits)
    server = await loop.create_server(lambda: HttpConnection(door, echo), "127.0.0.1", 0)
    try:
        yield Server(server.sockets[0].getsockname()[1], echo, door)
    finally:
        server.close()
        door.close()
        await asyncio.sleep(0)
        await server.wait_closed()


def post(body: bytes = b"A=1", *headers: bytes, target: bytes = b"/inbound") -> bytes:
    lines = (b"POST %s HTTP/1.1" % target, b"Host: a", b"Content-Length: %d" % len(body), *headers)
    return b"\r\n".join((*lines, b"", body))


def status_of(answer: bytes) -> int | None:
    return int(answer.split()[1]) if answer else None


def chunked(*chunks: bytes, start: bytes = b"POST /inbound HTTP/1.1\r\nHost: a\r\n") -> bytes:
    coded = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return start + b"Transfer-Encoding: chunked\r\n\r\n" + coded + b"0\r\n\r\n"


HEAD = b"POST /inbound HTTP/1.1\r\nHost: a\r\n"

READ = {
    "plain": (post(b"A=1"), b"A=1"),
    "no body": (HEAD + b"Content-Length: 0\r\n\r\n", b""),
    "a GET": (b"GET /inbound?Body=%C3%A9 HTTP/1.1\r\nHost: a\r\n\r\n", b""),
    "HTTP/1.0": (post().replace(b"HTTP/1.1", b"HTTP/1.0"), b"A=1"),
    "chunks": (chunked(b"A=", b"1&B", b"=2"), b"A=1&B=2"),
    "chunks with a trailer": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nA=1\r\n0\r\nHost: evil\r\n\r\n",
        b"A=1",
    ),
    "a hundred headers": (post(b"A=1", *[b"X: y"] * 98), b"A=1"),
    "a megabyte": (post(b"A=" + b"x" * 999_998), b"A=" + b"x" * 999_998),
    "Latin-1 in a header": (post(b"A=1", b"X: \xff"), b"A=1"),
}


@pytest.mark.parametrize("parts", [1, 7, 1000])
@pytest.mark.parametrize("name", READ)
def test_a_request_is_parsed_however_it_is_split_into_packets(name: str, parts: int) -> None:
    sent, body = READ[name]

    async def prove() -> None:
        async with serving() as server:
            assert (await server.say(sent, parts=parts)).startswith(b"HTTP/1.1 200 OK\r\n")
            (request,) = server.echo.requests
            assert request.body == body
            assert request.head.target == sent.split()[1].decode()
            assert request.head.get("host") == "a"

    asyncio.run(prove())


UNREADABLE = {
    "length and chunks": (HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    "chunks and length": (HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400),
    "two lengths": (HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
    "the same length twice": (HEAD + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
    "a list of lengths": (HEAD + b"Content-Length: 3, 3\r\n\r\nabc", 400),
    "a signed length": (HEAD + b"Content-Length: +3\r\n\r\nabc", 400),
    "a negative length": (HEAD + b"Content-Length: -3\r\n\r\nabc", 400),
    "a hexadecimal length": (HEAD + b"Content-Length: 0x3\r\n\r\nabc", 400),
    "an empty length": (HEAD + b"Content-Length:\r\n\r\nabc", 400),
    "an endless length": (HEAD + b"Content-Length: " + b"9" * 30 + b"\r\n\r\nabc", 400),
    "a bad chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n", 400),
    "a chunk with a bare LF": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n", 400),
    "a chunk too long": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n", 400),
    "an endless chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"F" * 17 + b"\r\n", 400),
    "a strange coding": (HEAD + b"Transfer-Encoding: identity\r\n\r\nabc", 400),
    "chunked not last": (HEAD + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400),
    "a folded header": (HEAD + b"A: b\r\n c\r\nContent-Length: 0\r\n\r\n", 400),
    "a tab-folded header": (HEAD + b"A: b\r\n\tc\r\nContent-Length: 0\r\n\r\n", 400),
    "a folded first header": (b"POST /inbound HTTP/1.1\r\n Host: a\r\n\r\n", 400),
    "NUL in a header": (HEAD + b"A: \0\r\n\r\n", 400),
    "NUL in the target": (b"POST /in\0bound HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "a bare LF": (b"POST /inbound HTTP/1.1\nHost: a\n\n", 400),
    "a bare LF in a header": (HEAD + b"A: b\nB: c\r\n\r\n", 400),
    "a bare CR in a header": (HEAD + b"A: b\rB: c\r\n\r\n", 400),
    "a space before the colon": (HEAD + b"A : b\r\n\r\n", 400),
    "no colon": (HEAD + b"abc\r\n\r\n", 400),
    "no name": (HEAD + b": b\r\n\r\n", 400),
    "a control character": (HEAD + b"A: \x01\r\n\r\n", 400),
    "UTF-8 in the target": ("POST /é HTTP/1.1\r\nHost: a\r\n\r\n".encode(), 400),
    "HTTP/0.9": (b"GET /inbound\r\n\r\n", 400),
    "HTTP/2.0": (b"POST /inbound HTTP/2.0\r\nHost: a\r\n\r\n", 400),
    "HTTP/1.2": (b"POST /inbound HTTP/1.2\r\nHost: a\r\n\r\n", 400),
    "the HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 40 + b"\r\n\r\n", 400),
    "not HTTP": (b"EHLO example\r\n\r\n", 405),
    "a method in lower case": (b"post /inbound HTTP/1.1\r\nHost: a\r\n\r\n", 405),
    "a method of nobody's": (b"BREW /inbound HTTP/1.1\r\nHost: a\r\n\r\n", 405),
    "CONNECT": (b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
    "another protocol": (HEAD + b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n", 400),
    "nothing, emptily": (b"\r\n\r\n", 400),
    "101 headers": (post(b"A=1", *[b"X: y"] * 99), 431),
    "a large header": (HEAD + b"X: " + b"y" * 33_000 + b"\r\n\r\n", 431),
    "a large target": (b"GET /" + b"y" * 33_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 431),
    "a header without end": (HEAD + b"X: " + b"y" * 400_000, 431),
    "a chunked megabyte and more": (chunked(*[b"x" * 100_000] * 11), 413),
    "crumbs of chunks": (chunked(*[b"x"] * 170_000), 413),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_malformed_requests_are_rejected_and_the_connection_is_closed(name: str) -> None:
    """With a status and nothing else; the next request is answered as if nothing had been."""
    sent, status = UNREADABLE[name]

    async def prove() -> None:
        async with serving() as server:
            answer = await server.say(sent)
            assert status_of(answer) == status
            assert answer.endswith(b"Content-Length: 0\r\nConnection: close\r\n\r\n")
            assert (server.echo.requests, server.echo.unread) == ([], [status])
            assert status_of(await server.say(post())) == 200
            await server.empty()

    asyncio.run(prove())


def test_one_request_behind_another_cannot_be_smuggled_into_it() -> None:
    """What follows a request is the next one, or is not read when its start is not sure."""

    async def prove() -> None:
        async with serving() as server:
            two = post(b"A=1") + post(b"B=2")
            assert (await server.say(two)).count(b"200 OK") == 2
            assert [one.body for one in server.echo.requests] == [b"A=1", b"B=2"]
            server.echo.requests.clear()
            after_chunks = await server.say(chunked(b"A=1") + post(b"B=2"))
            assert after_chunks.count(b"HTTP/1.1") == 1
            assert b"Connection: close" in after_chunks
            assert [one.body for one in server.echo.requests] == [b"A=1"]
            server.echo.requests.clear()
            after_close = await server.say(post(b"A=1", b"Connection: close") + post(b"B=2"))
            assert after_close.count(b"HTTP/1.1") == 1
            assert [one.body for one in server.echo.requests] == [b"A=1"]

    asyncio.run(prove())


def test_pipelined_requests_are_answered_in_their_order_one_after_the_other() -> None:
    async def prove() -> None:
        async with serving() as server:
            server.echo.held = []
            reader, writer = await server.open()
            writer.write(b"".join(post(b"N=%d" % n) for n in range(3)))
            for n in range(3):
                while len(server.echo.held) <= n:
                    await asyncio.sleep(0.001)
                assert [one.body for one in server.echo.requests] == [
                    b"N=%d" % m for m in range(n + 1)
                ]
                server.echo.held[n](twiml(str(n)))
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
                body = await reader.readexactly(length)
                assert body == b"<Response><Message>%d</Message></Response>" % n
            writer.close()

    asyncio.run(prove())


def test_a_second_response_to_one_request_is_ignored() -> None:
    async def prove() -> None:
        async with serving() as server:
            server.echo.held = []
            reader, writer = await server.open()
            writer.write(post())
            while not server.echo.held:
                await asyncio.sleep(0.001)
            answer = server.echo.held[0]
            answer(TAKEN)
            answer(TAKEN)
            writer.write_eof()
            assert await reader.read() == OK
            answer(TAKEN)  # and to a connection that is gone
            writer.close()

    asyncio.run(prove())


def test_a_refusal_is_read_although_the_body_was_not() -> None:
    """Closing on unread bytes resets the connection, and the sender never sees the status."""

    async def prove() -> None:
        async with serving() as server:
            answer = await server.say(post(b"x" * 3_000_000, target=b"/nowhere"))
            assert status_of(answer) == 404

    asyncio.run(prove())


def test_expect_100_continue_is_answered_with_100_or_the_rejection() -> None:
    async def prove() -> None:
        async with serving() as server:
            reader, writer = await server.open()
            asked = post(b"A=1", b"Expect: 100-continue")
            writer.write(asked[:-3])
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"A=1")
            writer.write_eof()
            assert await reader.read() == OK
            writer.close()
            elsewhere = post(b"A=1", b"Expect: 100-continue", target=b"/nowhere")
            assert (await server.say(elsewhere[:-3])).startswith(b"HTTP/1.1 404 ")

    asyncio.run(prove())


SLOW = {
    "nothing": b"",
    "half a request line": b"POST /inb",
    "half the headers": HEAD,
    "half a body": post(b"x" * 100)[:-50],
    "half a chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n20\r\nabc",
    "an answered request, then silence": post(),
    "an answered request, then half of one": post() + HEAD,
}


@pytest.mark.parametrize("name", SLOW)
def test_a_connection_that_stays_silent_is_closed(name: str) -> None:
    async def prove() -> None:
        async with serving(QUICK) as server:
            reader, writer = await server.open()
            writer.write(SLOW[name])
            with contextlib.suppress(ConnectionResetError):
                message = await asyncio.wait_for(reader.read(), 10)
                assert message == (OK if name.startswith("an answered") else b"")
            writer.close()
            await server.empty()

    asyncio.run(prove())


def test_a_next_request_has_no_more_time_than_the_first() -> None:
    """Silence between two requests may last; half a request may not."""

    async def prove() -> None:
        async with serving(replace(QUICK, idle_seconds=60)) as server:
            reader, writer = await server.open()
            writer.write(post())
            assert await reader.readexactly(len(OK)) == OK
            writer.write(HEAD)
            with contextlib.suppress(ConnectionResetError):
                assert await asyncio.wait_for(reader.read(), 10) == b""
            writer.close()

    asyncio.run(prove())


def test_dripping_does_not_move_a_deadline() -> None:
    async def prove() -> None:
        async with serving(QUICK) as server:
            reader, writer = await server.open()
            writer.write(b"POST /inbound HTTP/1.1\r\nX: ")
            closed = asyncio.ensure_future(reader.read())
            while not closed.done():
                writer.write(b"y")
                await asyncio.sleep(0.01)
            with contextlib.suppress(ConnectionResetError):
                assert closed.result() == b""
            writer.close()

    asyncio.run(prove())


def test_slow_connections_make_room_and_idle_ones_after_them() -> None:
    """However many there are, a request that comes at once is answered at once."""

    async def prove() -> None:
        async with serving(replace(USUAL, connections=8)) as server:
            reader, idle = await server.open()
            idle.write(post())
            await reader.readexactly(len(OK))
            slow = [await server.open() for _ in range(30)]
            for _, writer in slow:
                writer.write(b"POST /inbound HT")
            for _ in range(20):
                assert status_of(await server.say(post())) == 200
            assert len(server.door) <= 8
            idle.write(post())
            assert await reader.readexactly(len(OK)) == OK
            for _, writer in (*slow, (reader, idle)):
                writer.close()

    asyncio.run(prove())


def test_the_slowest_makes_room_first() -> None:
    async def prove() -> None:
        async with serving(replace(USUAL, connections=4)) as server:
            slow = [await server.open() for _ in range(3)]
            for _, writer in slow:
                writer.write(HEAD)
            while len(server.door) < 3:
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.01)
            reader, quick = await server.open()
            quick.write(post()[:-1])
            while len(server.door) < 4:
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.01)
            more = [await server.open() for _ in range(3)]
            for _, writer in more:
                writer.write(HEAD)
            for old, _ in slow:
                with contextlib.suppress(ConnectionResetError):
                    assert await asyncio.wait_for(old.read(), 10) == b""
            quick.write(post()[-1:])
            assert await reader.readexactly(len(OK)) == OK
            for _, writer in (*slow, *more, (reader, quick)):
                writer.close()

    asyncio.run(prove())


def test_incomplete_bodies_are_limited_in_total_size() -> None:
    """Strangers can make us hold so much and no more; what comes at once is taken meanwhile."""

    async def prove() -> None:
        async with serving(replace(USUAL, bodies=1_000_000, body_seconds=600)) as server:
            slow = [await server.open() for _ in range(12)]
            for _, writer in slow:
                writer.write(post(b"x" * 300_000)[:-1])
            ends = {asyncio.ensure_future(reader.read()) for reader, _ in slow}
            gone: set[asyncio.Future[bytes]] = set()
            async with asyncio.timeout(20):
                while len(gone) < 9:
                    gone, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                    await asyncio.sleep(0.001)
            assert status_of(await server.say(post(b"x" * 300_000))) == 200
            for _, writer in slow:
                writer.close()
            await asyncio.wait(ends)
            for end in ends:
                end.exception()

    asyncio.run(prove())


def test_a_request_that_waits_for_its_answer_keeps_its_place() -> None:
    async def prove() -> None:
        async with serving(replace(USUAL, connections=3)) as server:
            server.echo.held = []
            waiting = [asyncio.ensure_future(server.say(post())) for _ in range(3)]
            while len(server.echo.held) < 3:
                await asyncio.sleep(0.001)
            assert status_of(await server.say(post())) == 503
            for answer in server.echo.held:
                answer(TAKEN)
            assert [status_of(await one) for one in waiting] == [200] * 3

    asyncio.run(prove())


def test_a_client_that_does_not_read_responses_is_not_read_from() -> None:
    """Memory stays bounded: the sender is slowed by TCP itself."""

    async def prove() -> None:
        async with serving() as server:
            reader, writer = await server.open()
            big = twiml("x" * 60_000)
            server.echo.handle = lambda request, answer: (  # type: ignore[method-assign]
                server.echo.requests.append(request),
                answer(big),
            )[1]
            sent, one = 0, post(b"x" * 60_000)
            with contextlib.suppress(asyncio.TimeoutError):
                while sent < 2000:
                    writer.write(one)
                    sent += 1
                    await asyncio.wait_for(writer.drain(), 0.3)
            assert sent < 2000
            seen = len(server.echo.requests)
            assert seen < sent
            for _ in range(sent):
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(head.split(b"Content-Length: ")[1].split()[0]))
            assert len(server.echo.requests) == sent
            writer.close()

    asyncio.run(prove())


REPLIES = {
    None: b"<Response/>",
    "": b"<Response/>",
    "Thanks & <bye>": b"<Response><Message>Thanks &amp; &lt;bye&gt;</Message></Response>",
    "]]>": b"<Response><Message>]]&gt;</Message></Response>",
    "a\0b\x1f\ud800c": b"<Response><Message>abc</Message></Response>",
    " \n\u00a0": b"<Response/>",
    "é👍": "<Response><Message>é👍</Message></Response>".encode(),
}


@pytest.mark.parametrize("reply", REPLIES, ids=repr)
def test_a_reply_is_well_formed_twiml(reply: str | None) -> None:
    answer = twiml(reply)
    assert (answer.status, answer.content_type) == (200, "text/xml; charset=utf-8")
    assert answer.body == REPLIES[reply]


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"http://a/inbound?x=1", "/inbound?x=1"),
        (b"HTTPS://A/inbound", "/inbound"),
        (b"http://a", "/"),
        (b"http://a?x=1", "/?x=1"),
        (b"http://b/inbound", "http://b/inbound"),
        (b"http://a@b/inbound", "http://a@b/inbound"),
        (b"http://a:80/inbound", "http://a:80/inbound"),
    ],
)
def test_an_absolute_target_is_read_for_the_host_of_the_request_only(
    target: bytes, path: str
) -> None:
    head = b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n" % target
    assert Parser(USUAL).read_head(head).target == path


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            OSError(28, "No space left on device", "/data/listener.json"),
            "The listener failed: No space left on device /data/listener.json (OSError 28).",
        ),
        (
            PermissionError(13, "Permission denied"),
            "The listener failed: Permission denied (PermissionError 13).",
        ),
        (
            sqlite3.OperationalError("database or disk is full"),
            "The listener failed: database or disk is full (OperationalError).",
        ),
        (KeyError("secret"), "The listener failed (KeyError)."),
    ],
)
def test_an_unforeseen_failure_names_the_reason_and_the_file(
    error: Exception, sentence: str
) -> None:
    assert failed(error) == sentence

"""Everything that must not get in, sent to one listener; then it takes a webhook as ever."""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from twilio_widgets.core.credentials.connection import AuthTokenConnection
from twilio_widgets.core.signature import sign
from twilio_widgets.listener.control.runtime_file import log_file
from twilio_widgets.listener.control.spec import Spec
from twilio_widgets.listener.events.reading import Reader
from twilio_widgets.listener.kernel.client import ListenerClient

ACCOUNT = "AC" + "1" * 32
TOKEN = "c0ffee" + "5a" * 13
FORM = "application/x-www-form-urlencoded"
SAID = {"AccountSid": ACCOUNT, "From": "+15005550006", "MessageStatus": "sent"}
NEVER = "SM" + "f" * 32
"""The message of every hostile request: it must be in the store nowhere."""


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Spec:
    store = tmp_path_factory.mktemp("hostile") / "events.sqlite"
    return Spec(connection=AuthTokenConnection(ACCOUNT, TOKEN), store=store, idle_seconds=600.0)


@pytest.fixture(scope="module")
def port(spec: Spec) -> Iterator[int]:
    link = ListenerClient.find_or_start(spec, timeout=30)
    found = link.port
    link.detach()  # no thread of ours stays behind between the tests
    yield found
    ListenerClient.find_or_start(spec, timeout=30).stop()


def talk(port: int, data: bytes) -> bytes:
    """Say something, and return everything that comes until the end."""
    heard = b""
    with socket.create_connection(("127.0.0.1", port), 20) as line, contextlib.suppress(OSError):
        with contextlib.suppress(OSError):
            line.sendall(data)
        line.shutdown(socket.SHUT_WR)
        while part := line.recv(65536):
            heard += part
    return heard


def request(
    port: int,
    form: dict[str, str],
    *headers: str,
    target: str = "/status",
    method: str = "POST",
    token: str = TOKEN,
    host: str = "127.0.0.1:{port}",
    kind: str = f"Content-Type: {FORM}",
    body: bytes | None = None,
) -> bytes:
    """A request, rightly signed unless something is changed."""
    body = urlencode(form).encode() if body is None else body
    signature = sign(f"http://127.0.0.1:{port}{target}", form if method == "POST" else {}, token)
    lines = [
        f"{method} {target} HTTP/1.1",
        f"Host: {host.format(port=port)}",
        f"Content-Length: {len(body)}",
        f"X-Twilio-Signature: {signature}",
        kind,
        *headers,
    ]
    head = "\r\n".join(line for line in lines if line)
    return head.encode("latin-1") + b"\r\n\r\n" + body


def hostile(port: int) -> dict[str, tuple[bytes, str]]:
    """Return what is sent, and the status that answers it; or nothing at all."""
    form = {**SAID, "MessageSid": NEVER}
    good = request(port, form)
    head, _, body = good.partition(b"\r\n\r\n")
    start = b"POST /status HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % port
    start += b"Content-Type: %s\r\n" % FORM.encode()

    def with_head(old: bytes, new: bytes) -> bytes:
        assert old in head
        return head.replace(old, new) + b"\r\n\r\n" + body

    length = b"Content-Length: %d" % len(body)
    chunked = b"Transfer-Encoding: chunked"
    signed_length = with_head(length, b"Content-Length: +%d" % len(body))
    cases: dict[str, tuple[bytes, str]] = {
        # Not HTTP, or not whole
        "nothing": (b"", ""),
        "a blank line": (b"\r\n\r\n", "400"),
        "half a request line": (b"POST /sta", ""),
        "half the headers": (head[:-10], ""),
        "half the body": (good[:-10], ""),
        "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64 + b"\r\n\r\n", "400"),
        "SSH": (b"SSH-2.0-OpenSSH_9.0\r\n\r\n", "400"),
        "the HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400"),
        "random bytes": (bytes(range(256)) * 4 + b"\r\n\r\n", "400"),
        "HTTP/0.9": (b"POST /status\r\n\r\n", "400"),
        "HTTP/3.0": (with_head(b"HTTP/1.1", b"HTTP/3.0"), "400"),
        # Two readings of one message
        "length and chunks": (with_head(length, length + b"\r\n" + chunked), "400"),
        "chunks and length": (with_head(length, chunked + b"\r\n" + length), "400"),
        "two lengths": (with_head(length, length + b"\r\n" + length), "400"),
        "two other lengths": (with_head(length, length + b"\r\nContent-Length: 0"), "400"),
        "a list of lengths": (with_head(length, length + b", 0"), "400"),
        "a signed length": (signed_length, "400"),
        "a negative length": (with_head(length, b"Content-Length: -1"), "400"),
        "a length of letters": (with_head(length, b"Content-Length: ten"), "400"),
        "an endless length": (with_head(length, b"Content-Length: " + b"9" * 40), "400"),
        "chunked, hidden": (with_head(length, b"Transfer-Encoding: xchunked"), "400"),
        "chunked, not last": (with_head(length, b"Transfer-Encoding: chunked, identity"), "400"),
        "a chunk of letters": (start + chunked + b"\r\n\r\nzz\r\n", "400"),
        "a chunk too long": (start + chunked + b"\r\n\r\n2\r\nabc\r\n0\r\n\r\n", "400"),
        "a chunk with a sign": (start + chunked + b"\r\n\r\n-2\r\nab\r\n0\r\n\r\n", "400"),
        "an endless chunk": (start + chunked + b"\r\n\r\n" + b"F" * 20 + b"\r\n", "400"),
        # Header injection
        "a folded header": (with_head(length, length + b"\r\nX: a\r\n Host: evil"), "400"),
        "a bare LF": (with_head(length, length + b"\nX: a"), "400"),
        "a bare CR": (with_head(length, length + b"\rX: a"), "400"),
        "NUL": (with_head(length, length + b"\r\nX: a\0b"), "400"),
        "a space before the colon": (with_head(b"Host:", b"Host :"), "400"),
        "no colon": (with_head(length, length + b"\r\nX"), "400"),
        "no name": (with_head(length, length + b"\r\n: a"), "400"),
        "two hosts": (with_head(length, length + b"\r\nHost: evil.test"), "403"),
        "two content types": (request(port, form, "Content-Type: application/json"), "400"),
        "two signatures": (request(port, form, "X-Twilio-Signature: a"), "400"),
        # Too much
        "101 headers": (request(port, form, *["X: a"] * 97), "431"),
        "a large header": (request(port, form, "X: " + "a" * 40_000), "431"),
        "a large target": (request(port, form, target="/status?" + "a" * 40_000), "431"),
        "a large body": (request(port, form, body=b"a" * 1_000_001), "413"),
        "a large body in chunks": (start + chunked + b"\r\n\r\n" + b"400\r\n" + b"a" * 1024
                                   + (b"\r\n400\r\n" + b"a" * 1024) * 1_000, "413"),
        "thousands of form": (
            request(port, form | {f"P{n}": "x" for n in range(3_000)}), "413"
        ),
        # Not for us
        "another host": (request(port, form, host="evil.test"), "403"),
        "a rebound host": (request(port, form, host="127.0.0.1.evil.test:{port}"), "403"),
        "another port": (request(port, form, host="127.0.0.1:1"), "403"),
        "no host": (with_head(b"Host: 127.0.0.1:%d\r\n" % port, b""), "403"),
        "a page's request": (request(port, form, "Origin: https://evil.test"), "403"),
        "a sandboxed page's request": (request(port, form, "Origin: null"), "403"),
        "a path upwards": (request(port, form, target="/status/../../etc/passwd"), "404"),
        "an escaped path": (request(port, form, target="/%73tatus"), "404"),
        "two slashes": (request(port, form, target="//status"), "404"),
        "a whole URL": (request(port, form, target=f"http://127.0.0.1:{port}/status"), "403"),
        "a fragment": (request(port, form, target="/status#a"), "400"),
        # Wrong methods
        "HEAD": (request(port, form, method="HEAD"), "405"),
        "PUT": (request(port, form, method="PUT"), "405"),
        "DELETE": (request(port, form, method="DELETE"), "405"),
        "OPTIONS": (request(port, form, method="OPTIONS"), "405"),
        "TRACE": (request(port, form, method="TRACE"), "405"),
        "CONNECT": (b"CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test\r\n\r\n", "405"),
        "BREW": (request(port, form, method="BREW"), "405"),
        "an upgrade": (request(port, form, "Connection: upgrade", "Upgrade: websocket"), "400"),
        "an expectation": (request(port, form, "Expect: the unexpected"), "417"),
        # Not signed
        "no signature": (with_head(b"X-Twilio-Signature:", b"X-Other:"), "403"),
        "another token": (request(port, form, token="0" * 32), "403"),
        "a body changed": (good.replace(b"sent", b"read"), "403"),
        "a body as JSON": (request(port, form, kind="Content-Type: application/json"), "403"),
        "a body of a GET": (request(port, form, method="GET"), "403"),
        "a body of no kind": (request(port, form, kind=""), "415"),
        "a body not in UTF-8": (request(port, form, body=b"MessageSid=\xff\xfe"), "403"),
        "forwarded": (
            request(port, form, "X-Forwarded-Proto: https", "X-Original-Host: a", token="x"), "403"
        ),
        # Signed, and no event of ours
        "another account": (request(port, form | {"AccountSid": "AC" + "2" * 32}), "403"),
        "no message": (request(port, SAID), "400"),
        "a message of no shape": (request(port, form | {"MessageSid": NEVER + "'--"}), "400"),
        "neither kind": (request(port, {"AccountSid": ACCOUNT, "MessageSid": NEVER}), "400"),
    }  # fmt: skip
    return cases


def test_no_hostile_request_is_accepted_and_a_valid_one_passes_afterwards(
    spec: Spec, port: int
) -> None:
    cases = hostile(port)
    assert len(cases) >= 60

    found = {}
    for name, (sent, _) in cases.items():
        answer = talk(port, sent)
        found[name] = answer.split()[1].decode() if answer else ""
        # One answer, with nothing in it about why.
        assert answer.count(b"HTTP/1.1 ") <= 1
        assert answer.endswith(b"\r\n\r\n") or not answer
        assert b"Content-Length: 0\r\n" in answer or not answer
    assert found == {name: status for name, (_, status) in cases.items()}

    valid = {**SAID, "MessageSid": "SM" + "1" * 32}
    assert talk(port, request(port, valid)).startswith(b"HTTP/1.1 200 OK\r\n")
    with Reader(spec.store) as reader:
        assert [event.message_sid for event in reader.events()] == [valid["MessageSid"]]
    assert not log_file(spec.store).exists()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_hundreds_of_slow_connections_block_no_sender_and_use_little_memory(
    spec: Spec, port: int
) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(500):
            slow = held.enter_context(socket.create_connection(("127.0.0.1", port), 10))
            slow.sendall(b"POST /status HTTP/1.1\r\nX: " + b"a" * 10_000)
        for n in range(20):
            form = {**SAID, "MessageSid": f"SM{n:032x}"}
            assert talk(port, request(port, form)).startswith(b"HTTP/1.1 200 OK\r\n")
        link = ListenerClient.find_or_start(spec, timeout=30)
        status = Path(f"/proc/{link.pid}/status").read_text()
        link.detach()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    assert int(resident.split()[1]) < 150_000


def test_a_flood_of_forgeries_does_not_starve_other_senders(spec: Spec, port: int) -> None:
    """They are counted and the doctor sees a few: what Twilio signed is stored as ever."""
    forged = request(port, {**SAID, "MessageSid": NEVER}, token="0" * 32)
    for n in range(300):
        assert talk(port, forged).startswith(b"HTTP/1.1 403 ")
        if n % 30 == 0:
            form = {**SAID, "MessageSid": f"SM{10_000 + n:032x}"}
            assert talk(port, request(port, form)).startswith(b"HTTP/1.1 200 OK\r\n")
    link = ListenerClient.find_or_start(spec, timeout=30)
    assert link.ask("status")["rejections"]["signature"] >= 300
    link.detach()
    with Reader(spec.store) as reader:
        assert NEVER not in {event.message_sid for event in reader.events()}

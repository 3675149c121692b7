"""The extension in a real Jupyter Server: a webhook gets in by its key, and nothing else does."""

from __future__ import annotations

import contextlib
import http.client
import importlib
import json
import os
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from twilio.request_validator import RequestValidator

from tests.jupyter_host import BASE, FORM, ROOT, TOKEN, Jupyter, Stub, behind_the_hub, started
from twilio_widgets import AuthTokenConnection, Sandbox
from twilio_widgets.listener.control.spec import Spec
from twilio_widgets.listener.events.reading import Reader
from twilio_widgets.listener.ingress.endpoint import Endpoint, open_endpoint
from twilio_widgets.listener.ingress.routes import choose
from twilio_widgets.listener.jupyter import limits
from twilio_widgets.listener.jupyter.announcement import ForwardingServer, own_server
from twilio_widgets.listener.jupyter.registry import Registration
from twilio_widgets.listener.kernel.client import ListenerClient
from twilio_widgets.listener.webhooks import configure as webhooks


@pytest.fixture
def stub() -> Iterator[Stub]:
    listener = Stub()
    yield listener
    listener.close()


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    server = started(tmp_path_factory.mktemp("jupyter"))
    yield server
    server.process.terminate()
    server.process.wait(20)


@pytest.fixture
def way(jupyter: Jupyter, stub: Stub) -> Iterator[Registration]:
    """A key that leads to the stub."""
    with jupyter.register(stub.port) as registration:
        yield registration


def test_a_post_with_the_key_reaches_the_listener_unchanged(jupyter, stub, way):
    body = b"Body=H%C3%A9llo+%F0%9F%91%8D&From=%2B15005550006"
    headers = {**FORM, "X-Twilio-Signature": "abc=", "I-Twilio-Idempotency-Token": "t-1"}
    target = f"{BASE}{way.path}/inbound?x=1&y=%2F"
    status, answered, text = jupyter.ask("POST", target, body, headers)

    assert (status, text) == (200, b"<Response/>")
    (heard,) = stub.heard
    assert (heard.method, heard.target, heard.body) == ("POST", "/inbound?x=1&y=%2F", body)
    assert sorted(heard.headers) == sorted(
        [
            *headers.items(),
            ("Connection", "close"),
            ("Host", f"127.0.0.1:{stub.port}"),
            ("Content-Length", str(len(body))),
            ("X-Twilio-Widgets-Forward", way.forward_token.reveal()),
            ("X-Original-Host", "hub.example.org"),
            ("X-Original-Proto", "http"),
            ("X-Original-Uri", target),
        ]
    )
    answered.pop("Date")
    assert answered == {
        "Content-Type": "text/xml",
        "Content-Length": "11",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "no-store",
    }


def test_a_get_with_the_key_reaches_the_listener(jupyter, stub, way):
    target = f"{BASE}{way.path}/inbound?Body=Hi&From=%2B15005550006"
    assert jupyter.ask("GET", target)[::2] == (200, b"<Response/>")
    (heard,) = stub.heard
    assert (heard.method, heard.target) == ("GET", "/inbound?Body=Hi&From=%2B15005550006")


def test_a_chunked_body_reaches_the_listener_complete(jupyter, stub, way):
    pieces = [b"Body=", b"x" * 100_000, b"&From=%2B15005550006"]
    assert jupyter.status("POST", f"{BASE}{way.path}/inbound", body=iter(pieces)) == 200
    assert [heard.body for heard in stub.heard] == [b"".join(pieces)]


def test_headers_not_meant_for_the_listener_are_removed(jupyter, stub, way):
    """No credentials, no hop-by-hop header, and no header that only the server may set."""
    hidden = {
        "Cookie": "username-hub=login",
        "Authorization": f"token {TOKEN}",
        "Proxy-Authorization": "Basic eA==",
        "Connection": "close, X-Hop",
        "X-Hop": "1",
        "TE": "trailers",
        "Accept-Encoding": "gzip",
        "x-twilio-widgets-forward": "forged",
        "X-Twilio-Widgets-Anything": "forged",
        "X-ORIGINAL-HOST": "forged.example",
        "x-original-uri": "/forged",
        "X-Original-Url": "/forged",
        "X-Original-Proto": "https",
    }
    jupyter.ask("POST", f"{BASE}{way.path}/inbound", b"a=1", {**FORM, **hidden})

    (heard,) = stub.heard
    assert heard.get("X-Twilio-Widgets-Forward") == [way.forward_token.reveal()]
    assert heard.get("X-Original-Host") == ["hub.example.org"]
    assert heard.get("X-Original-Proto") == ["http"]
    assert heard.get("X-Original-Uri") == [f"{BASE}{way.path}/inbound"]
    assert {name.lower() for name, _ in heard.headers} == {
        "connection", "host", "content-type", "content-length", "user-agent",
        "x-twilio-widgets-forward", "x-original-host", "x-original-proto", "x-original-uri",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "expected"),
    [("https,http", "https"), ("https", "https"), (" HTTPS , http", "https"), ("gopher", "http")],
)
def test_the_scheme_is_the_first_that_was_forwarded(jupyter, stub, way, given, expected):
    headers = {"X-Forwarded-Proto": given}
    jupyter.ask("POST", f"{BASE}{way.path}/inbound", b"", headers)
    assert stub.heard[0].get("X-Original-Proto") == [expected]


def test_only_status_content_type_and_body_of_the_response_are_returned(jupyter, stub, way):
    stub.status, stub.body = 403, b""
    stub.headers = {
        "Set-Cookie": "a=1",
        "Location": "https://elsewhere.example",
        "Server": "listener",
        "Access-Control-Allow-Origin": "*",
        "Content-Type": "text/plain",
    }
    status, headers, body = jupyter.ask("POST", f"{BASE}{way.path}/inbound", b"")

    assert (status, body) == (403, b"")
    assert set(headers) == {
        "Content-Type", "Content-Length", "Date", "X-Content-Type-Options",
        "Content-Security-Policy", "Cache-Control",
    }  # fmt: skip


def test_a_redirect_is_never_followed(jupyter, stub, way):
    stub.status, stub.headers = 302, {"Location": f"http://127.0.0.1:{stub.port}/elsewhere"}
    assert jupyter.status("POST", f"{BASE}{way.path}/inbound") == 302
    assert [heard.target for heard in stub.heard] == ["/inbound"]


def test_a_login_in_the_url_gets_no_cookie(jupyter, way):
    target = f"{BASE}{way.path}/inbound?token={TOKEN}"
    headers = jupyter.ask("POST", target, b"", {"Authorization": f"token {TOKEN}"})[1]
    assert "Set-Cookie" not in headers


# What does not get in


def test_an_unknown_key_and_a_closed_listener_are_not_found(jupyter, stub):
    way = jupyter.register(stub.port)
    assert jupyter.status("POST", f"{BASE}{way.path}/inbound") == 200
    forged = way.path[:-1] + ("A" if way.path[-1] != "A" else "B")
    assert jupyter.ask("POST", f"{BASE}{forged}/inbound")[::2] == (404, b"")
    way.close()
    assert jupyter.ask("POST", f"{BASE}{way.path}/inbound")[::2] == (404, b"")
    assert len(stub.heard) == 1


@pytest.mark.parametrize(
    "tail",
    [
        "", "/", "/inbound/", "//inbound", "/./inbound", "/../inbound", "/inbound/..",
        "/%2e%2e/inbound", "/in%62ound", "/in%2Fbound", "/..%2finbound", "/inbound;x", "/in bound",
        "/inbound%00", "/inbound%0d%0aX-Twilio-Widgets-Forward:%20x", "/inbound#x", "/@elsewhere",
        ":80/inbound", "@elsewhere.example/inbound", "/inbound\\..", "/in.bound", "/inbound?a=\xe9",
    ],
)  # fmt: skip
def test_a_path_with_other_characters_is_not_found(jupyter, stub, way, tail):
    raw = f"POST {BASE}{way.path}{tail} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"
    with socket.create_connection(("127.0.0.1", jupyter.port), 20) as line:
        line.sendall(raw.encode("latin-1"))
        first = line.recv(4096).split(b"\r\n")[0].decode()
    assert first in {"HTTP/1.1 404 Not Found", "HTTP/1.1 400 Bad Request"}
    assert stub.heard == []


@pytest.mark.parametrize(
    "target",
    [
        "http://elsewhere.example{path}/inbound",
        "/twilio-widgets/../user/xyz{short}/inbound",
        "{path}%2Finbound",
        "{base}//{short}/inbound",
        "{base}TWILIO-WIDGETS/{key}/inbound",
        "/twilio-widgets/{key}/inbound",
        "{base}twilio-widgets/{key}",
        "{base}twilio-widgets/",
        "{base}twilio-widgets/../api/status",
    ],
)
def test_no_other_form_of_the_path_is_forwarded(jupyter, stub, way, target):
    key = way.key.reveal()
    asked = target.format(base=BASE, path=BASE + way.path, short=f"/{way.path}", key=key)
    status, _, body = jupyter.ask("GET", asked)
    assert status in {302, 400, 403, 404}  # a redirect is the server's own, to its login
    assert b"started" not in body
    assert stub.heard == []


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
def test_other_methods_are_refused_whatever_the_key(jupyter, stub, way, method):
    forged = "twilio-widgets/" + "A" * 32
    for path in (way.path, forged):
        status, headers, body = jupyter.ask(method, f"{BASE}{path}/inbound")
        assert (status, headers["Allow"], body) == (405, "GET, POST", b"")
    assert stub.heard == []


def test_a_body_too_large_is_refused_and_never_forwarded(jupyter, stub, way):
    target, much = f"{BASE}{way.path}/inbound", b"x" * (limits.LARGEST_BODY + 1)
    assert jupyter.status("POST", target, body=much) == 413
    assert jupyter.status("POST", target, body=iter([much])) == 413  # without a length
    assert stub.heard == []
    assert jupyter.status("POST", target, body=much[:-1]) == 200


def test_an_endless_body_is_cut_off(jupyter, stub, way):
    head = (
        f"POST {BASE}{way.path}/inbound HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    with socket.create_connection(("127.0.0.1", jupyter.port), 20) as line:
        line.sendall(head.encode())
        sent = 0
        with contextlib.suppress(OSError):  # reset or broken pipe: the other end is gone
            while sent < 100 * limits.DRAINED:
                line.sendall(chunk)
                sent += 65_536
    assert sent < 100 * limits.DRAINED
    assert stub.heard == []


@pytest.mark.long
def test_a_body_that_does_not_arrive_times_out(jupyter, stub, way):
    head = f"POST {BASE}{way.path}/inbound HTTP/1.1\r\nHost: h\r\nContent-Length: 99\r\n\r\nx"
    with socket.create_connection(("127.0.0.1", jupyter.port), 3 * limits.BODY_SECONDS) as line:
        line.sendall(head.encode())
        assert line.recv(4096) == b""  # hung up on; a socket timeout would raise
    assert stub.heard == []


def test_a_listener_that_died_is_a_bad_gateway(jupyter):
    gone = Stub()
    gone.close()
    with jupyter.register(gone.port) as way:
        assert jupyter.ask("POST", f"{BASE}{way.path}/inbound")[::2] == (502, b"")


def test_the_key_of_a_dead_process_is_not_forwarded(jupyter, stub):
    """Another program may use its port by now."""
    code = (
        "import sys, pathlib; from twilio_widgets.listener.jupyter.registry import register\n"
        f"r = register({stub.port}, where=pathlib.Path(sys.argv[1]))\n"
        "print(r.path, flush=True); sys.stdin.read()"
    )
    listener = subprocess.Popen(
        [sys.executable, "-c", code, str(jupyter.where)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert listener.stdout is not None
    path = listener.stdout.readline().strip()
    assert jupyter.status("POST", f"{BASE}{path}/inbound") == 200
    listener.kill()
    listener.communicate()
    assert jupyter.status("POST", f"{BASE}{path}/inbound") == 404
    assert len(stub.heard) == 1


@pytest.mark.long
def test_a_flood_with_one_key_is_rate_limited_and_another_key_is_not(jupyter, stub):
    with jupyter.register(stub.port) as flood, jupyter.register(stub.port) as calm:
        line = http.client.HTTPConnection("127.0.0.1", jupyter.port, timeout=20)
        waits: list[str] = []
        for _ in range(20 * int(limits.BURST)):
            line.request("GET", f"{BASE}{flood.path}/inbound")
            answer = line.getresponse()
            answer.read()
            if answer.status == 429:
                waits.append(answer.headers["Retry-After"])
                break
        line.close()
        assert waits == ["1"]
        assert len(stub.heard) >= limits.BURST
        assert jupyter.status("POST", f"{BASE}{calm.path}/inbound") == 200


def test_the_servers_own_pages_still_ask_for_a_login(jupyter):
    assert jupyter.status("GET", f"{BASE}api/contents") == 403
    assert jupyter.status("GET", f"{BASE}api/contents", host=f"127.0.0.1:{jupyter.port}") == 403


def test_an_unknown_key_gets_a_response_while_the_client_is_still_writing(jupyter):
    target = f"{BASE}twilio-widgets/{'A' * 32}/inbound"
    assert jupyter.status("POST", target, body=b"x" * limits.LARGEST_BODY) == 404


def test_the_route_without_authentication_is_declared_as_such(jupyter):
    """Jupyter Server warns of every route of an extension that forgets to say so."""
    assert " of Forward registered for " not in jupyter.log.read_text()


def test_the_log_contains_no_key(jupyter, stub, way):
    stub.status = 500
    jupyter.ask("POST", f"{BASE}{way.path}/inbound")
    jupyter.ask("PUT", f"{BASE}{way.path}/inbound")
    text = jupyter.log.read_text()
    assert way.key.reveal() not in text
    assert way.forward_token.reveal() not in text
    assert "Traceback" not in text


def test_a_kernel_of_this_server_finds_it(jupyter):
    environment = {"JPY_PARENT_PID": str(jupyter.process.pid)}
    assert own_server(jupyter.where, environment) == ForwardingServer(BASE)
    assert own_server(jupyter.where, {"JPY_PARENT_PID": str(os.getpid())}) is None
    assert own_server(jupyter.where, {}) is None


def test_the_wheel_enables_the_extension_where_it_is_installed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    shared = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    ((source, target),) = shared.items()
    assert target == "etc/jupyter/jupyter_server_config.d/twilio_widgets.json"
    enabled = json.loads((ROOT / source).read_text())["ServerApp"]["jpserver_extensions"]
    for module, is_on in enabled.items():
        points = importlib.import_module(module)._jupyter_server_extension_points()
        assert (is_on, points) == (True, [{"module": module}])


# With a real listener


class Listening:
    """A listener that Twilio reaches through Jupyter's server, as a notebook would start it."""

    def __init__(self, box: Sandbox, jupyter: Jupyter, folder: Path) -> None:
        account = box.connection
        self.connection = AuthTokenConnection(account.account_sid, account.auth_token)
        self.store = folder / "events.sqlite"
        self.jupyter, self.box = jupyter, box
        self.link, self.entry = self.open()

    def open(self) -> tuple[ListenerClient, Endpoint]:
        spec = Spec(connection=self.connection, root_url=self.box.url, store=self.store)
        link = ListenerClient.find_or_start(spec)
        way = choose(
            self.connection,
            page_url=f"https://hub.example.org{BASE}lab/tree/a.ipynb",
            environ={"JPY_PARENT_PID": str(self.jupyter.process.pid)},
            where=self.jupyter.where,
        )
        folder = webhooks.folder_of(self.store)
        entry = open_endpoint(way, link, folder, where=self.jupyter.where)
        assert entry is not None
        return link, entry

    def post(self, *, sid: str, token: str | None = None, port: int | None = None) -> int:
        """Call as Twilio would from outside: signed for the public URL, through two proxies."""
        url = self.entry.inbound_url.partition("#")[0]
        form = {
            "AccountSid": self.connection.account_sid, "ApiVersion": "2010-04-01", "Body": "Hi",
            "From": "+15005550006", "MessageSid": sid, "NumMedia": "0", "NumSegments": "1",
            "SmsMessageSid": sid, "SmsSid": sid, "SmsStatus": "received",
            "To": self.box.numbers[0],
        }  # fmt: skip
        signing = token or self.connection.auth_token.reveal()
        headers = {
            **FORM,
            "X-Twilio-Signature": RequestValidator(signing).compute_signature(url, form),
            "X-Forwarded-Proto": "https" if port else "https,http",
        }
        target = urlsplit(url)
        assert (target.scheme, target.netloc) == ("https", "hub.example.org")
        body = urlencode(form).encode()
        return self.jupyter.ask("POST", target.path, body, headers, port=port)[0]

    @property
    def public(self) -> str:
        """The address as it is kept: without the key."""
        return f"{self.entry.base.rpartition('/')[0]}/••••"

    @property
    def stored(self) -> list[tuple[str | None, str]]:
        with Reader(self.store) as reader:
            return [(event.message_sid, event.url) for event in reader.events()]


@pytest.fixture
def listening(jupyter: Jupyter, tmp_path: Path) -> Iterator[Listening]:
    with Sandbox(seed=8) as box:
        listener = Listening(box, jupyter, tmp_path)
        yield listener
        if listener.link.alive:
            listener.link.stop()
        listener.link.detach()


def sid(number: int) -> str:
    return f"SM{number:032x}"


def test_a_webhook_from_outside_is_stored_by_the_listener(listening):
    assert listening.post(sid=sid(1)) == 200
    assert listening.stored == [(sid(1), f"{listening.public}/inbound")]


def test_nothing_is_stored_for_a_forgery_an_unknown_key_or_a_closed_listener(listening):
    assert listening.post(sid=sid(1), token="0" * 32) == 403
    entry = listening.entry
    listening.entry = Endpoint(entry.base[:-4] + "AAAA")
    assert listening.post(sid=sid(2)) == 404
    listening.entry = entry
    assert listening.stored == []
    listening.link.stop()
    assert listening.post(sid=sid(3)) == 404


def test_the_route_outlives_the_kernel_but_not_the_listener(listening):
    before = listening.entry
    listening.link.detach()  # the kernel ends
    assert listening.post(sid=sid(1)) == 200
    listening.link, listening.entry = listening.open()  # the next one finds it
    assert listening.entry == before
    assert listening.post(sid=sid(2)) == 200
    os.kill(listening.link.pid, 9)
    until = time.monotonic() + 20
    while (status := listening.post(sid=sid(3))) != 404 and time.monotonic() < until:
        pass
    assert status == 404
    listening.link.detach()
    listening.link, listening.entry = listening.open()
    assert listening.entry == before  # a URL that was pasted somewhere leads here again
    assert listening.post(sid=sid(4)) == 200
    assert [stored for stored, _ in listening.stored] == [sid(1), sid(2), sid(4)]


IN_THE_KERNEL = """
from twilio_widgets import AuthTokenConnection
from twilio_widgets.listener.listener import Listener
listener = Listener(AuthTokenConnection({sid!r}, {token!r}), store={store!r})
way = listener.open_way(page_url="https://hub.example.org/user/xyz/lab/tree/a.ipynb")
print(way.kind, listener.inbound_url)
"""


def test_a_notebook_of_this_server_finds_the_route_by_itself(jupyter, listening, tmp_path):
    """A real kernel, started by the server, that knows only the URL of the page."""
    account = listening.connection
    code = IN_THE_KERNEL.format(
        sid=account.account_sid,
        token=account.auth_token.reveal(),
        store=str(tmp_path / "notebook.sqlite"),
    )
    with jupyter.kernel() as run:
        kind, url = run(code).split()
        assert kind == "jupyter"
        listening.entry = Endpoint(url.removesuffix("/inbound#rc=3&rp=all"))
        assert listening.post(sid=sid(1)) == 200
        assert listening.post(sid=sid(2), token="0" * 32) == 403
        assert run("print(*[event.message_sid for event in listener.reader.events()])") == sid(1)
        run("listener.close()")
        assert listening.post(sid=sid(3)) == 404


@pytest.mark.long
def test_the_route_works_behind_the_proxy_of_jupyterhub(listening, tmp_path):
    with behind_the_hub(listening.jupyter.port, tmp_path) as port:
        assert listening.post(sid=sid(1), port=port) == 200
        assert listening.post(sid=sid(2), port=port, token="0" * 32) == 403
        assert listening.stored == [(sid(1), f"{listening.public}/inbound")]
        with Reader(listening.store) as reader:
            (event,) = reader.events()
        assert ("X-Original-Proto", "https") in event.headers
        listening.link.stop()
        assert listening.post(sid=sid(3), port=port) == 404

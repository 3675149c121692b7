"""The extension in a real Jupyter Server: a webhook gets in by its key, and nothing else does."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from twilio_widgets.listener.jupyter import limits
from twilio_widgets.listener.jupyter.announced import Server, own_server
from twilio_widgets.listener.jupyter.registry import Registration, register

ROOT = Path(__file__).parents[2]
BASE = "/user/xyz/"
TOKEN = "the-server-login-that-nobody-needs"
FORM = {
    "Content-Type": "application/x-www-form-urlencoded",
    "User-Agent": "TwilioProxy/1.1",
}


@dataclass
class Heard:
    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    def get(self, name: str) -> list[str]:
        return [value for header, value in self.headers if header.lower() == name.lower()]


@dataclass
class Stub:
    """A listener that believes everything, remembers it, and answers as told."""

    heard: list[Heard] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/xml"})
    body: bytes = b"<Response/>"

    def __post_init__(self) -> None:
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                stub.heard.append(Heard(self.command, self.path, self.headers.items(), body))
                self.send_response_only(stub.status)
                for name, value in stub.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(stub.body)))
                self.end_headers()
                self.wfile.write(stub.body)

            do_GET = do_POST = answer  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = False
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def stub() -> Iterator[Stub]:
    listener = Stub()
    yield listener
    listener.close()


@dataclass
class Jupyter:
    """A Jupyter Server in a process of its own, with the extension and token auth."""

    process: subprocess.Popen[bytes]
    port: int
    where: Path
    log: Path

    def ask(
        self,
        method: str,
        target: str,
        body: bytes | Iterator[bytes] | None = None,
        headers: dict[str, str] | None = None,
        host: str = "hub.example.org",
    ) -> tuple[int, dict[str, str], bytes]:
        """Make one request with exactly this target, without a login."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, target, body, {"Host": host, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def status(self, method: str, target: str, **options: Any) -> int:
        return self.ask(method, target, **options)[0]

    def register(self, port: int) -> Registration:
        return register(port, where=self.where)


def started(folder: Path, *options: str) -> Jupyter:
    """Start a server that finds the extension as an installed one does: by its config file."""
    config = folder / "config" / "jupyter_server_config.d"
    config.mkdir(parents=True)
    shutil.copy(ROOT / "jupyter-config" / "twilio_widgets.json", config)
    runtime, log = folder / "runtime", folder / "log"
    environment = os.environ | {
        "JUPYTER_CONFIG_PATH": str(folder / "config"),
        "JUPYTER_CONFIG_DIR": str(folder / "user"),
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "JUPYTER_DATA_DIR": str(folder / "data"),
    }
    command = [
        sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root",
        "--ServerApp.port=0", "--ServerApp.ip=127.0.0.1", f"--ServerApp.base_url={BASE}",
        f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={folder}", *options,
    ]  # fmt: skip
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=environment, stdout=output, stderr=subprocess.STDOUT, cwd=folder
        )
    info = runtime / f"jpserver-{process.pid}.json"
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            port = json.loads(info.read_text())["port"]
            socket.create_connection(("127.0.0.1", port), 1).close()
            return Jupyter(process, port, runtime / "twilio_widgets", log)
        except (OSError, ValueError):
            time.sleep(0.05)
    process.kill()
    raise AssertionError(log.read_text())


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


def test_a_post_by_the_key_reaches_the_listener_as_it_was_made(jupyter, stub, way):
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


def test_a_get_by_the_key_reaches_the_listener(jupyter, stub, way):
    target = f"{BASE}{way.path}/inbound?Body=Hi&From=%2B15005550006"
    assert jupyter.ask("GET", target)[::2] == (200, b"<Response/>")
    (heard,) = stub.heard
    assert (heard.method, heard.target) == ("GET", "/inbound?Body=Hi&From=%2B15005550006")


def test_a_body_in_pieces_reaches_the_listener_whole(jupyter, stub, way):
    pieces = [b"Body=", b"x" * 100_000, b"&From=%2B15005550006"]
    assert jupyter.status("POST", f"{BASE}{way.path}/inbound", body=iter(pieces)) == 200
    assert [heard.body for heard in stub.heard] == [b"".join(pieces)]


def test_nothing_that_is_not_for_the_listener_gets_there(jupyter, stub, way):
    """No login, no hop-by-hop header, and no word that only the server may say."""
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
    ("given", "said"),
    [("https,http", "https"), ("https", "https"), (" HTTPS , http", "https"), ("gopher", "http")],
)
def test_the_scheme_is_the_first_that_was_forwarded(jupyter, stub, way, given, said):
    headers = {"X-Forwarded-Proto": given}
    jupyter.ask("POST", f"{BASE}{way.path}/inbound", b"", headers)
    assert stub.heard[0].get("X-Original-Proto") == [said]


def test_of_the_answer_only_status_type_and_body_come_back(jupyter, stub, way):
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
def test_a_path_that_is_not_plain_words_is_not_found(jupyter, stub, way, tail):
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
def test_no_other_form_of_the_path_leads_there_or_anywhere_else(jupyter, stub, way, target):
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


def test_a_body_without_end_is_cut_off(jupyter, stub, way):
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


def test_a_listener_that_went_away_without_a_word_is_a_bad_gateway(jupyter):
    gone = Stub()
    gone.close()
    with jupyter.register(gone.port) as way:
        assert jupyter.ask("POST", f"{BASE}{way.path}/inbound")[::2] == (502, b"")


def test_a_key_of_a_process_that_died_leads_nowhere(jupyter, stub):
    """Its port may be somebody else's by now."""
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
def test_a_flood_by_one_key_is_told_to_wait_and_another_key_is_not(jupyter, stub):
    with jupyter.register(stub.port) as flood, jupyter.register(stub.port) as calm:
        line = http.client.HTTPConnection("127.0.0.1", jupyter.port, timeout=20)
        waits = []
        for _ in range(int(limits.BURST) * 20):
            # Refused before anything is forwarded, which makes the flood quick.
            line.request("POST", f"{BASE}{flood.path}/x", headers={"Content-Length": "9999999"})
            answer = line.getresponse()
            answer.read()
            line.close()
            if answer.status == 429:
                waits.append(answer.headers["Retry-After"])
                break
            assert answer.status == 413
        line.close()
        assert waits == ["1"]
        assert jupyter.status("POST", f"{BASE}{calm.path}/inbound") == 200


def test_the_servers_own_pages_still_ask_for_a_login(jupyter):
    assert jupyter.status("GET", f"{BASE}api/contents") == 403
    assert jupyter.status("GET", f"{BASE}api/contents", host=f"127.0.0.1:{jupyter.port}") == 403


def test_the_log_names_no_key(jupyter, stub, way):
    stub.status = 500
    jupyter.ask("POST", f"{BASE}{way.path}/inbound")
    jupyter.ask("PUT", f"{BASE}{way.path}/inbound")
    text = jupyter.log.read_text()
    assert way.key.reveal() not in text
    assert way.forward_token.reveal() not in text
    assert "Traceback" not in text


def test_a_kernel_of_this_server_finds_it(jupyter):
    environment = {"JPY_PARENT_PID": str(jupyter.process.pid)}
    assert own_server(jupyter.where, environment) == Server(BASE)
    assert own_server(jupyter.where, {"JPY_PARENT_PID": str(os.getpid())}) is None
    assert own_server(jupyter.where, {}) is None


def test_the_wheel_enables_the_extension_where_it_is_installed():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    shared = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    ((source, target),) = shared.items()
    assert target == "etc/jupyter/jupyter_server_config.d/twilio_widgets.json"
    enabled = json.loads((ROOT / source).read_text())["ServerApp"]["jpserver_extensions"]

    import importlib

    for module, is_on in enabled.items():
        points = importlib.import_module(module)._jupyter_server_extension_points()
        assert (is_on, points) == (True, [{"module": module}])

"""Twilio's command line, unchanged, drives the sandbox through a proxy that answers for Twilio."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from tests.tools import without
from twilio_widgets import Sandbox

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

CLI = "twilio-cli@6"


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the command line into a folder of its own."""
    npm, folder = shutil.which("npm"), tmp_path_factory.mktemp("cli")
    if npm is None:
        without("npm", consequence="twilio-cli was not tried")
    command = [npm, "install", "--no-audit", "--no-fund", "--loglevel=error", CLI]
    if subprocess.run(command, cwd=folder, check=False, timeout=1500).returncode:
        without("the npm package twilio-cli", consequence="twilio-cli was not tried")
    return folder / "node_modules" / ".bin" / "twilio"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate for Twilio's hosts that only this test trusts."""
    openssl, folder = shutil.which("openssl"), tmp_path_factory.mktemp("tls")
    if openssl is None:
        without("openssl", consequence="twilio-cli was not tried")
    command = [
        openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        "-subj", "/CN=test", "-addext", "subjectAltName=DNS:*.twilio.com",
        "-keyout", "key.pem", "-out", "cert.pem",
    ]  # fmt: skip
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


class Proxy(BaseHTTPRequestHandler):
    """Accepts CONNECT to any host, ends its TLS, and passes requests to the sandbox."""

    protocol_version = "HTTP/1.1"
    sandbox: ClassVar[Sandbox]
    context: ClassVar[ssl.SSLContext]

    def do_CONNECT(self) -> None:
        self.send_response(200)
        self.end_headers()
        with self.context.wrap_socket(self.connection, server_side=True) as secure:
            self.connection = secure
            self.rfile, self.wfile = secure.makefile("rb"), secure.makefile("wb", buffering=0)
            self.close_connection = False
            while not self.close_connection:
                self.handle_one_request()

    def _pass_on(self) -> None:
        address = self.sandbox.url.removeprefix("http://")
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        onward = http.client.HTTPConnection(address, timeout=20)
        onward.request(self.command, self.path, self.rfile.read(length), headers)
        answer = onward.getresponse()
        content = answer.read()
        onward.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"transfer-encoding", "content-length", "connection"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        self._pass_on()

    def do_POST(self) -> None:
        self._pass_on()

    def log_message(self, *_args: object) -> None:
        """Write nothing."""


@pytest.fixture
def proxy(certificates: Path) -> Iterator[tuple[Sandbox, str]]:
    """Run a sandbox, and the proxy that answers for Twilio with it."""
    with Sandbox(seed=11, messages=30) as sandbox:
        sandbox.open()
        Proxy.sandbox = sandbox
        Proxy.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        Proxy.context.load_cert_chain(certificates / "cert.pem", certificates / "key.pem")
        server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield sandbox, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        server.server_close()


def test_the_command_line_sends_and_reads(cli, certificates, proxy, tmp_path):
    sandbox, address = proxy
    key, secret = sandbox.api_key_connection.credentials
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "HTTP_PROXY": address,
        "HTTPS_PROXY": address,
        "NODE_EXTRA_CA_CERTS": str(certificates / "cert.pem"),
        "TWILIO_ACCOUNT_SID": sandbox.connection.account_sid,
        "TWILIO_API_KEY": key,
        "TWILIO_API_SECRET": secret.reveal(),
    }

    def twilio(*arguments: str) -> list[dict[str, str]]:
        command = [str(cli), *arguments, "-o", "json"]
        ran = subprocess.run(
            command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False
        )
        assert ran.returncode == 0, ran.stderr
        found: list[dict[str, str]] = json.loads(ran.stdout)
        return found

    (sent,) = twilio(
        "api:core:messages:create",
        "--to", "+14155550123", "--from", sandbox.numbers[0], "--body", "Grüße 👋",
    )  # fmt: skip
    (fetched,) = twilio("api:core:messages:fetch", "--sid", sent["sid"])
    listed = twilio("api:core:messages:list", "--limit", "3")

    assert [one.body for one in sandbox.ledger] == ["Grüße 👋"]
    assert fetched["body"] == "Grüße 👋"
    assert listed[0]["sid"] == sent["sid"]
    assert len(listed) == 3

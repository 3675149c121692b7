"""A real Jupyter Server with the extension, and a listener that believes everything."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from jupyter_client.blocking import BlockingKernelClient

from tests.tools import without
from twilio_widgets.listener.jupyter.registry import Registration, register

ROOT = Path(__file__).parents[1]
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
        *,
        host: str = "hub.example.org",
        port: int | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        """Make one request with exactly this target, without a login."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=20)
        try:
            connection.request(method, target, body, {"Host": host, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def status(self, method: str, target: str, **options: Any) -> int:
        return self.ask(method, target, **options)[0]

    @contextmanager
    def kernel(self) -> Iterator[Callable[[str], str]]:
        """Start a kernel as a notebook does; yield what runs code in it and returns its output."""
        login = {"Authorization": f"token {TOKEN}", "Content-Type": "application/json"}
        mine = f"127.0.0.1:{self.port}"
        status, _, body = self.ask("POST", f"{BASE}api/kernels", b"{}", login, host=mine)
        assert status == 201, body
        name = json.loads(body)["id"]
        client = BlockingKernelClient(
            connection_file=str(self.where.parent / f"kernel-{name}.json")
        )
        client.load_connection_file()
        client.start_channels(hb=False)  # or it is given up while it is still starting

        def run(code: str) -> str:
            printed: list[str] = []

            def hear(message: dict[str, Any]) -> None:
                content = message["content"]
                printed.append(content.get("text") or "\n".join(content.get("traceback", ())))

            client.execute_interactive(code, output_hook=hear, timeout=60)
            return "".join(printed).strip()

        try:
            client.wait_for_ready(60)
            yield run
        finally:
            client.stop_channels()
            self.ask("DELETE", f"{BASE}api/kernels/{name}", None, login, host=mine)

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
        f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={folder}",
        "--ServerApp.allow_unauthenticated_access=False", *options,
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


@contextmanager
def behind_the_hub(port: int, folder: Path) -> Iterator[int]:
    """Put JupyterHub's proxy before a server; yield the port on which it is reached."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        without("node and npm", consequence="JupyterHub's proxy cannot be installed")
    install = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder)]
    done = subprocess.run(
        [*install, "configurable-http-proxy@5"], check=False, capture_output=True, text=True
    )
    if done.returncode:
        without("npm registry", consequence=f"the proxy cannot be installed ({done.stderr[-200:]})")
    public, api = _free_port(), _free_port()
    command = [
        node, str(folder / "node_modules/configurable-http-proxy/bin/configurable-http-proxy"),
        "--ip=127.0.0.1", f"--port={public}", "--api-ip=127.0.0.1", f"--api-port={api}",
        f"--default-target=http://127.0.0.1:{port}", "--log-level=warn",
    ]  # fmt: skip
    with subprocess.Popen(command, cwd=folder) as proxy:
        try:
            _until_listening(public)
            yield public
        finally:
            proxy.terminate()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _until_listening(port: int) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return

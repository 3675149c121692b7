"""The driver through which tests reach listener processes, and requests as Twilio makes them."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from twilio_widgets.core.credentials.connection import AuthTokenConnection
from twilio_widgets.core.signature import sign
from twilio_widgets.listener.control.spec import Spec
from twilio_widgets.listener.events.reading import Reader
from twilio_widgets.listener.kernel.client import ListenerClient
from twilio_widgets.sandbox import Sandbox

ACCOUNT = "AC" + "1" * 32
EMPTY_TWIML = (200, "text/xml; charset=utf-8", b"<Response/>")
"""The response to a webhook without a reply: status, content type and body."""

TOKEN = "c0ffee" + "5a" * 13
NUMBER = "+15005550006"


def alive(pid: int) -> bool:
    """Return whether a process runs; a zombie does not."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def until(true: Callable[[], Any], seconds: float = 60.0) -> None:
    """Wait for a condition instead of a fixed time."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "the condition was not met in time"
        time.sleep(0.005)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def store_pid(listener: int) -> int:
    """Return the pid of a listener's store process, its only child (Linux only)."""
    (pid,) = Path(f"/proc/{listener}/task/{listener}/children").read_text().split()
    return int(pid)


class ListenerDriver:
    """Starts listeners in one folder, and kills all of them when closed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pids: set[int] = set()
        self.clients: list[ListenerClient] = []

    def spec(self, **changes: Any) -> Spec:
        usual: dict[str, Any] = {
            "connection": AuthTokenConnection(ACCOUNT, TOKEN),
            "store": self.folder / "events.sqlite",
            "idle_seconds": 600.0,
        }
        return Spec(**(usual | changes))

    def connect(
        self, spec: Spec | None = None, *, take_over: bool = False, **changes: Any
    ) -> ListenerClient:
        wanted = spec or self.spec(**changes)
        client = ListenerClient.find_or_start(wanted, take_over=take_over, timeout=30)
        self.pids.add(client.pid)
        self.clients.append(client)
        return client

    def kill(self, client: ListenerClient, number: int = signal.SIGKILL) -> None:
        os.kill(client.pid, number)
        until(lambda: not alive(client.pid))

    def close(self) -> None:
        for client in self.clients:
            client.detach()
        for path in self.folder.glob("**/*.listener.json"):
            self.pids.add(json.loads(path.read_text())["pid"])
        ours = {pid for pid in self.pids if alive(pid) and _is_listener(pid)}
        for pid in ours:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        until(lambda: not any(map(alive, ours)))


def _is_listener(pid: int) -> bool:
    with contextlib.suppress(OSError):
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        return b"twilio_widgets.listener.process.main" in command
    return False


_NUMBERS = iter(range(1, 1_000_000))


def status(n: int | None = None, word: str = "sent", **more: str) -> dict[str, str]:
    sid = f"SM{next(_NUMBERS) if n is None else n:032x}"
    parameters = {"AccountSid": ACCOUNT, "From": NUMBER, "MessageSid": sid, "MessageStatus": word}
    return parameters | more


def inbound(n: int | None = None, body: str = "Hi") -> dict[str, str]:
    sid = f"SM{next(_NUMBERS) if n is None else n:032x}"
    parameters = {"AccountSid": ACCOUNT, "Body": body, "From": "+15005550001", "MessageSid": sid}
    return parameters | {"NumMedia": "0", "SmsStatus": "received", "To": NUMBER}


def post(
    port: int, path: str, parameters: dict[str, str], token: str = TOKEN, **headers: str
) -> tuple[int, str, bytes]:
    """Make one signed request, and return status, content type and body of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    signature = sign(f"http://127.0.0.1:{port}{path}", parameters, token)
    given = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
    try:
        connection.request("POST", path, urlencode(parameters), given | headers)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type", ""), answer.read()
    finally:
        connection.close()


def events(spec: Spec) -> list[Any]:
    with Reader(spec.store) as reader:
        return list(reader.events())


def call_api(box: Sandbox, method: str, path: str, **data: Any) -> dict[str, Any]:
    import httpx

    name, secret = box.connection.credentials
    url = "https://api.twilio.com" + path.replace("{AC}", f"/2010-04-01/Accounts/{name}")
    with httpx.Client(transport=box.wire, auth=(name, secret.reveal())) as http_client:
        answer: dict[str, Any] = http_client.request(method, url, data=data or None).json()
        return answer


def holders_of(path: Path) -> list[int]:
    """The other processes that have a file open."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if path in [opened.readlink() for opened in (process / "fd").iterdir()]:
                found.append(int(process.name))
    return [pid for pid in found if pid != os.getpid()]

"""Compare the listener with Flask and Twilio's own validator on the same work.

    python benchmarks/bench_listener.py [--seconds 3] [--rounds 3] [--events 200000] [--workers 1]
        [--only compare lost busy]

The figures are printed with their targets; the exit status is 1 when one is missed.

Both servers receive a signed status callback, commit it durably (SQLite, WAL, synchronous = FULL)
and respond. The requests are signed in advance; a separate process sends them over 32 raw sockets.
The servers take turns, so that other load on the machine affects both. The other measurements: how
many of `--events` acknowledged events are in the store, and how a kernel that is busy in C calls
affects the listener at 500 requests per second. Only figures of the same run are comparable.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import os
import platform
import random
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from generate_load import Load, sends, signed

from twilio_widgets import AuthTokenConnection
from twilio_widgets.listener.control.spec import Spec
from twilio_widgets.listener.kernel.client import ListenerClient

ACCOUNT, TOKEN = "AC" + "1" * 32, "2" * 32
HERE = Path(__file__).parent
CONNECTIONS = 32
PARTS = ("compare", "lost", "busy")
_draw = random.Random(20260401)
_missed: list[str] = []


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=3.0, help="length of each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--events", type=int, default=200_000, help="events in the loss test")
    parser.add_argument("--workers", type=int, default=1, help="Flask workers, 8 threads each")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS)
    asked = parser.parse_args()
    say_versions()
    with tempfile.TemporaryDirectory() as folder, ours(Path(folder)) as mine:
        if "compare" in asked.only:
            with peer(Path(folder), asked.workers) as theirs:
                compare("keep-alive", mine, theirs, asked, keep=True, least=5.0)
                compare("a connection each", mine, theirs, asked, keep=False, least=2.0)
        if "lost" in asked.only:
            lost_events(mine, asked.events)
        if "busy" in asked.only:
            busy_kernel(mine, asked)
    return 1 if _missed else 0


def target(name: str, *, met: bool) -> None:
    """Print whether a target is met."""
    print(f"  {'met   ' if met else 'MISSED'} {name}")
    if not met:
        _missed.append(name)


class Server:
    """A server that receives status callbacks."""

    def __init__(self, name: str, port: int, stored: Callable[[], set[str]]) -> None:
        self.name, self.port, self.stored = name, port, stored
        self.client: ListenerClient | None = None

    def requests(self, count: int, *, keep: bool) -> tuple[list[str], list[bytes]]:
        """Return `count` message SIDs, and a signed callback about each."""
        url = f"http://127.0.0.1:{self.port}/status"
        sids = [f"SM{_draw.getrandbits(128):032x}" for _ in range(count)]  # as Twilio's are
        return sids, [callback(url, sid, keep=keep) for sid in sids]


def callback(url: str, sid: str, *, keep: bool) -> bytes:
    """Return the bytes of one callback, as Twilio sends it."""
    parameters = {
        "AccountSid": ACCOUNT,
        "ApiVersion": "2010-04-01",
        "From": "+15005550006",
        "MessageSid": sid,
        "MessageStatus": "delivered",
        "RawDlrDoneDate": "2603041200",
        "SmsSid": sid,
        "SmsStatus": "delivered",
        "To": "+14155550105",
    }
    return signed(url, parameters, TOKEN, keep=keep)


@contextlib.contextmanager
def ours(folder: Path) -> Iterator[Server]:
    """Run the listener."""
    store = folder / "events.sqlite"
    client = ListenerClient.find_or_start(
        Spec(connection=AuthTokenConnection(ACCOUNT, TOKEN), store=store)
    )
    server = Server("listener", client.port, lambda: rows(store, "select message_sid from event"))
    server.client = client
    try:
        yield server
    finally:
        client.stop()


@contextlib.contextmanager
def peer(folder: Path, workers: int) -> Iterator[Server]:
    """Run Flask behind gunicorn."""
    store = folder / "peer.sqlite"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers"]
    command += [str(workers), "--worker-class", "gthread", "--threads", "8", "--keep-alive", "75"]
    command += ["--log-level", "error", "--chdir", str(HERE), "flask_listener:app"]
    environment = {**os.environ, "PEER_TOKEN": TOKEN, "PEER_STORE": str(store)}
    process = subprocess.Popen(command, env=environment)
    try:
        until_open(port)
        yield Server("Flask", port, lambda: rows(store, "select sid from event"))
    finally:
        process.terminate()
        process.wait()


def until_open(port: int) -> None:
    for _ in range(500):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise SystemExit("the peer did not start")


def rows(store: Path, query: str) -> set[str]:
    with contextlib.closing(sqlite3.connect(store)) as db:
        return {sid for (sid,) in db.execute(query)}


def compare(
    name: str,
    mine: Server,
    theirs: Server,
    asked: argparse.Namespace,
    *,
    keep: bool,
    least: float,
) -> None:
    """Measure both servers alternately, and print their rates and the target."""
    found: dict[str, list[Load]] = {mine.name: [], theirs.name: []}
    for round_ in range(asked.rounds + 1):
        for server in (mine, theirs) if round_ % 2 else (theirs, mine):
            enough = int(asked.seconds * (12_000 if server is mine else 3_000))
            load = run(server, enough, keep=keep, seconds=asked.seconds if round_ else 0.5)
            if round_:  # the first round is a warm-up
                found[server.name].append(load)
    print(f"\n{name}, {CONNECTIONS} connections, {asked.rounds} rounds of {asked.seconds:g} s")
    for server, loads in found.items():
        rates = sorted(load.rate for load in loads)
        print(
            f"  {server:<10}{statistics.median(rates):>9,.0f} req/s"
            f"  ({rates[0]:,.0f} to {rates[-1]:,.0f})"
            f"   p50 {median(loads, 0.50):6.1f} ms   p99 {median(loads, 0.99):6.1f} ms"
            f"   200: {sum(load.ok for load in loads):,},"
            f" other: {sum(load.other for load in loads):,}"
        )
    each = zip(found[mine.name], found[theirs.name], strict=True)
    ratios = sorted(one.rate / other.rate for one, other in each)
    ratio = statistics.median(ratios)
    print(f"  the listener is {ratio:.1f} × as fast ({ratios[0]:.1f} to {ratios[-1]:.1f})")
    target(f"at least {least:g} × as fast", met=ratio >= least)


def median(loads: list[Load], part: float) -> float:
    return statistics.median(load.milliseconds(part) for load in loads)


def run(
    server: Server,
    count: int,
    *,
    keep: bool,
    seconds: float = 1e9,
    pace: float | None = None,
    beside: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext,
) -> Load:
    """Send callbacks, and check that every acknowledged one is stored."""
    sids, requests = server.requests(count, keep=keep)
    with beside():
        load = sends(server.port, requests, CONNECTIONS, keep=keep, seconds=seconds, pace=pace)
    missing = {sids[number] for number in load.acknowledged} - server.stored()
    if missing:
        raise SystemExit(f"{server.name} lost {len(missing):,} acknowledged events")
    return load


def lost_events(mine: Server, count: int) -> None:
    """Send many callbacks, and count those acknowledged but not stored."""
    load = run(mine, count, keep=True)
    print(f"\n{load.ok:,} of {count:,} acknowledged at {load.rate:,.0f} req/s; lost: 0")
    assert mine.client is not None
    with contextlib.suppress(OSError):
        listener = Path(f"/proc/{mine.client.pid}")
        (store,) = Path(listener, "task", listener.name, "children").read_text().split()
        peaks = [peak_megabytes(each) for each in (listener, listener.with_name(store))]
        print(f"peak memory: listener {peaks[0]:.0f} MB, store process {peaks[1]:.0f} MB")


def peak_megabytes(process: Path) -> float:
    lines = Path(process, "status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1000


def busy_kernel(mine: Server, asked: argparse.Namespace) -> None:
    """Compare 500 requests per second with an idle kernel and with one busy in C calls."""
    assert mine.client is not None
    received: list[object] = []
    mine.client.on_news = received.append  # like a kernel that shows the table
    beside = {"idle": contextlib.nullcontext, "busy": interpreter_held}
    found: dict[str, list[Load]] = {state: [] for state in beside}
    for _ in range(asked.rounds):
        for state, loads in found.items():
            count = int(500 * asked.seconds)
            loads.append(run(mine, count, keep=True, pace=500, beside=beside[state]))
    print("\n500 requests per second, latency measured from each request's due time")
    for state, loads in found.items():
        print(
            f"  kernel {state}: p50 {median(loads, 0.50):.1f} ms, p99 {median(loads, 0.99):.1f} ms,"
            f" acknowledged {sum(load.ok for load in loads):,}, lost 0"
        )
    ratio = median(found["busy"], 0.99) / median(found["idle"], 0.99)
    print(f"  p99 busy / idle: {ratio:.2f}")
    target("a busy kernel at most doubles p99", met=ratio <= 2)


@contextlib.contextmanager
def interpreter_held() -> Iterator[None]:
    """Make C calls of about 50 ms that do not release the GIL."""
    over, numbers = threading.Event(), list(range(3_000_000))

    def hold() -> None:
        while not over.is_set():
            sum(numbers)

    threading.Thread(target=hold, daemon=True).start()
    try:
        yield
    finally:
        over.set()


def say_versions() -> None:
    names = ("httptools", "twilio", "flask", "gunicorn")
    versions = [f"{name} {importlib.metadata.version(name)}" for name in names]
    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version},", end=" ")
    print(", ".join(versions), f"on {os.cpu_count()} cores", end=", ")
    print(f"load before {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    sys.exit(main())

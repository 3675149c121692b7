"""Sending beside the official client: ``python benchmarks/bench_bulk.py [rounds] [sends]``.

Messages to a loopback server that answers each after 100 ms, 64 under way at once, so that 640 a
second is the ideal. Three senders take turns in one process, against one server in another:

1. *Job*: ``tw.plan(…).send(rate=None, concurrency=64)``: every row is durable in a journal
   (``synchronous=FULL``) before its first byte leaves, and its outcome after its answer.
2. *AsyncTwilio*: 64 tasks over ``messages.send``, without a journal.
3. *Official*: 64 tasks over twilio-python's ``AsyncTwilioHttpClient``, which journals nothing.

The server says what is under way; a measurement begins when it has seen 64 at once, for every
sender alike. A job gets there by itself: it begins with 2 and adds one for every 20 clean answers,
1,240 in all. CPU is this process's, all threads, over the same answers. Targets: the job at least
90 % of the ideal and not below the official client, with at most 1.5 times its CPU a message;
AsyncTwilio with at most 1.0 times.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import platform
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from importlib.metadata import version
from multiprocessing.connection import Connection as Pipe
from multiprocessing.sharedctypes import RawArray
from pathlib import Path
from typing import Any

import pandas as pd
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

import twilio_widgets as tw

LATENCY, AT_ONCE = 0.1, 64
IDEAL = AT_ONCE / LATENCY
RAMP = 20 * (AT_ONCE - 2) + 400
"""Answers before a job has 64 under way, and some to settle down."""

TAIL = 2 * AT_ONCE
LOOK = 0.01
ACCOUNT, TOKEN, SENDER = "AC" + "0" * 32, "c0ffee" * 5 + "42", "+15005550006"
SEEN, PEAK = 0, 1


# The server


class Answering(asyncio.Protocol):
    """Answers each message after 100 ms, and says how many it has answered and had at once."""

    under_way = 0

    def __init__(self, figures: Any) -> None:
        self._figures = figures
        self._data = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, end, body = self._data.partition(b"\r\n\r\n")
        if not end:
            return
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        if len(body) < length:
            return
        self._data = b""
        Answering.under_way += 1
        self._figures[PEAK] = max(self._figures[PEAK], Answering.under_way)
        asyncio.get_running_loop().call_later(LATENCY, self._answer)

    def _answer(self) -> None:
        Answering.under_way -= 1
        self._figures[SEEN] += 1
        self._transport.write(created(self._figures[SEEN]))


def created(number: int) -> bytes:
    """Return Twilio's answer to one message."""
    sid = f"SM{number:032x}"
    uri = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}"
    body = json.dumps(
        {
            "account_sid": ACCOUNT,
            "api_version": "2010-04-01",
            "body": "Your appointment is tomorrow at 10:30.",
            "date_created": "Mon, 02 Mar 2026 10:00:00 +0000",
            "date_sent": None,
            "date_updated": "Mon, 02 Mar 2026 10:00:00 +0000",
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "from": SENDER,
            "messaging_service_sid": None,
            "num_media": "0",
            "num_segments": "1",
            "price": None,
            "price_unit": "USD",
            "sid": sid,
            "status": "queued",
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": "+14155550123",
            "uri": f"{uri}.json",
        }
    ).encode()
    return (
        b"HTTP/1.1 201 CREATED\r\nContent-Type: application/json;charset=utf-8\r\n"
        b"Twilio-Request-Id: RQ%032x\r\nTwilio-Concurrent-Requests: 1\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (number, len(body), body)
    )


def serve(figures: Any, pipe: Pipe) -> None:
    async def serving() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Answering(figures), "127.0.0.1", 0, backlog=256)
        pipe.send(server.sockets[0].getsockname()[1])
        await loop.run_in_executor(None, pipe.recv)
        server.close()

    asyncio.run(serving())


@contextlib.contextmanager
def server(figures: Any) -> Iterator[str]:
    """Run the server in a process of its own; yield its URL."""
    spawning = multiprocessing.get_context("spawn")
    ours, its = spawning.Pipe()
    process = spawning.Process(target=serve, args=(figures, its), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        ours.send("end")
        process.join(5)


# What is measured


@dataclass(frozen=True)
class Measured:
    """One sender's steady state: answers a second, and CPU milliseconds a message."""

    rate: float
    cpu: float


class Meter:
    """Watches the server's figures from a thread while a sender sends.

    Args:
        figures: The server's.
        sends: How many answers are measured.
    """

    def __init__(self, figures: Any, sends: int) -> None:
        self._figures, self._sends = figures, sends
        self._result: Future[Measured] = Future()
        figures[PEAK] = 0
        self._thread = threading.Thread(target=self._watch, args=(figures[SEEN],), daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        return self._result.done()

    def _watch(self, before: int) -> None:
        figures = self._figures
        while figures[PEAK] < AT_ONCE or figures[SEEN] - before < RAMP:
            time.sleep(LOOK)
        first, started, burnt = figures[SEEN], time.perf_counter(), time.process_time()
        while figures[SEEN] - first < self._sends:
            time.sleep(LOOK)
        seen = figures[SEEN] - first
        burnt, took = time.process_time() - burnt, time.perf_counter() - started
        self._result.set_result(Measured(seen / took, burnt / seen * 1e3))

    def result(self) -> Measured:
        return self._result.result(60)


# The senders


@dataclass
class Setting:
    """What the senders have in common."""

    url: str
    figures: Any
    sends: int
    folder: Path
    connection: tw.AuthTokenConnection = field(
        default_factory=lambda: tw.AuthTokenConnection(ACCOUNT, TOKEN)
    )

    @property
    def policy(self) -> tw.Policy:
        return tw.Policy(max_recipients=None)


def job(setting: Setting) -> Measured:
    count = RAMP + setting.sends + TAIL
    frame = pd.DataFrame({"phone": [f"+1415{5550000 + n}" for n in range(count)]})
    text = "Your appointment is tomorrow at 10:30."
    plan = tw.plan(frame, to="phone", body=text, from_=SENDER)
    twilio = tw.Twilio(setting.connection, base_url=setting.url, policy=setting.policy)
    name = f"round-{time.monotonic_ns()}"
    meter = Meter(setting.figures, setting.sends)
    sending = plan.send(
        twilio,
        name=name,
        folder=setting.folder,
        rate=None,
        undo_seconds=0,
        concurrency=AT_ONCE,
    )
    measured = meter.result()
    sending.wait()
    assert sending.progress.counts["accepted"] == count, sending.progress
    return measured


def async_twilio(setting: Setting) -> Measured:
    async def sending() -> Measured:
        async with tw.AsyncTwilio(
            setting.connection, base_url=setting.url, policy=setting.policy
        ) as twilio:
            meter = Meter(setting.figures, setting.sends)

            async def one_after_another(first: int) -> None:
                n = first
                while not meter.done:
                    await twilio.messages.send(
                        f"+1415{5550000 + n % 10_000}",
                        from_=SENDER,
                        body="Your appointment is tomorrow at 10:30.",
                    )
                    n += AT_ONCE

            await asyncio.gather(*map(one_after_another, range(AT_ONCE)))
            return meter.result()

    return asyncio.run(sending())


class Elsewhere(AsyncTwilioHttpClient):
    """The official client's HTTP, with another host."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    async def request(self, method: str, url: str, *args: Any, **options: Any) -> Any:
        url = url.replace("https://api.twilio.com", self._url)
        return await super().request(method, url, *args, **options)


def official(setting: Setting) -> Measured:
    async def sending() -> Measured:
        async with Elsewhere(setting.url) as http:
            client = Client(ACCOUNT, TOKEN, http_client=http)
            meter = Meter(setting.figures, setting.sends)

            async def one_after_another(first: int) -> None:
                n = first
                while not meter.done:
                    await client.messages.create_async(
                        to=f"+1415{5550000 + n % 10_000}",
                        from_=SENDER,
                        body="Your appointment is tomorrow at 10:30.",
                    )
                    n += AT_ONCE

            await asyncio.gather(*map(one_after_another, range(AT_ONCE)))
            return meter.result()

    return asyncio.run(sending())


SENDERS = {"Job": job, "AsyncTwilio": async_twilio, "Official": official}


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    sends = int(sys.argv[2]) if len(sys.argv) > 2 else 2_000
    warnings.filterwarnings("ignore", "The 'auth' parameter", DeprecationWarning)  # the official's
    packages = ", ".join(f"{name} {version(name)}" for name in ("twilio", "aiohttp", "httpx"))
    print(f"Python {platform.python_version()}, {packages}, SQLite {sqlite3.sqlite_version}")
    print(f"{AT_ONCE} under way × {LATENCY * 1e3:.0f} ms: at best {IDEAL:.0f} messages a second")
    print(f"{rounds} rounds, {sends:,} messages each once 64 are under way")
    figures = RawArray("q", 2)
    taken: dict[str, list[Measured]] = {name: [] for name in SENDERS}
    with server(figures) as url, tempfile.TemporaryDirectory() as folder:
        setting = Setting(url, figures, sends, Path(folder))
        for number in range(rounds):
            turns = list(SENDERS)[number % 3 :] + list(SENDERS)[: number % 3]
            for name in turns:
                taken[name].append(SENDERS[name](setting))
    report(taken)


def report(taken: dict[str, list[Measured]]) -> None:
    """Print the medians, and those of the ratios to the official client's in the same round."""
    found: dict[str, tuple[float, float, float]] = {}
    for name, measured in taken.items():
        pairs = list(zip(measured, taken["Official"], strict=True))
        rate = statistics.median(each.rate for each in measured)
        cpu = statistics.median(each.cpu for each in measured)
        faster = statistics.median(own.rate / other.rate for own, other in pairs)
        dearer = statistics.median(own.cpu / other.cpu for own, other in pairs)
        found[name] = rate / IDEAL, faster, dearer
        print(
            f"  {name:12} {rate:4.0f} a second ({rate / IDEAL:4.0%} of the ideal, "
            f"{faster:.2f} × the official)   {cpu:.2f} ms CPU each ({dearer:.2f} × the official)"
        )
    of_ideal, faster, dearer = found["Job"]
    check("job: at least 90 % of the ideal", of_ideal >= 0.9)
    check("job: not below the official client", faster >= 1.0)
    check("job: at most 1.5 × its CPU", dearer <= 1.5)
    check("without a journal: at most 1.0 × its CPU", found["AsyncTwilio"][2] <= 1.0)


def check(target: str, met: bool) -> None:
    print(f"  {'met   ' if met else 'MISSED'} {target}")


if __name__ == "__main__":
    main()

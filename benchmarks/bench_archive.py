"""Copy the message log: Archive.sync against twilio-python, and its memory as the log grows.

Run it with ``python -m benchmarks.bench_archive [messages …]``. A server in a process of its own
answers both clients with the same log over loopback.

1. 50 pages spread evenly over 16, 25 and 50 days, 300 ms a page, k = 8 readers. twilio-python reads
   page after page, because the link to each page is in the page before. Target: at least 0.8 × k
   times faster. The same pages on one day are printed, not judged: that depends on the splitting.
2. From 10,000 to 1,000,000 messages at the same density, without latency: peak memory must stay
   flat, and time grow linearly. Each size runs in a process of its own.
"""

from __future__ import annotations

import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from multiprocessing import get_context
from statistics import median
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit

from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from twilio_widgets import Archive, AuthTokenConnection, Twilio
from twilio_widgets.archive.report import SyncReport

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

ACCOUNT = "AC" + "0" * 31 + "1"
PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
PAGE = 1000
READERS = 8
DENSITY = 2_740
"""Messages a day in the second part: a million in a year."""

ROW = (
    '{{"body":"Your appointment is on Thursday at 10:30. Reply C to confirm.","num_segments":"1",'
    '"direction":"outbound-api","from":"+15005550006","to":"+1415555{number:04d}",'
    '"date_updated":"{at}","price":"-0.00750","error_message":null,"uri":"{path}/{sid}.json",'
    f'"account_sid":"{ACCOUNT}",'
    '"num_media":"0","status":"delivered","messaging_service_sid":null,"sid":"{sid}",'
    '"date_sent":"{at}","date_created":"{at}","error_code":null,"price_unit":"USD",'
    '"api_version":"2010-04-01","subresource_uris":{{"media":"{path}/{sid}/Media.json"}}}}'
)


# --- the server ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Log:
    """A log that is computed: the same number of messages on each day, evenly spaced."""

    first: date
    days: int
    per_day: int
    latency: float

    @property
    def last(self) -> date:
        return self.first + timedelta(days=self.days - 1)

    def moment(self, number: int) -> datetime:
        """Return when message `number` was sent; 0 is the oldest."""
        day, place = divmod(number, self.per_day)
        start = datetime(self.first.year, self.first.month, self.first.day, tzinfo=UTC)
        return start + timedelta(days=day, seconds=place * 86_400 // self.per_day)

    def row(self, number: int) -> str:
        """Return message `number` as JSON."""
        at = format_datetime(self.moment(number))
        return ROW.format(sid=sid_of(number), at=at, number=number % 10_000, path=PATH[:-5])

    def selected(self, query: dict[str, str]) -> range:
        """Return the numbers that the filters select, newest first."""
        low, high = 0, self.days * self.per_day
        if day := query.get("DateSent"):
            number = (date.fromisoformat(day) - self.first).days
            inside = 0 <= number < self.days
            low, high = (number * self.per_day, (number + 1) * self.per_day) if inside else (0, 0)
        if text := query.get("DateSent>"):
            low = max(low, self.first_from(datetime.fromisoformat(text)))
        if text := query.get("DateSent<"):
            last = datetime.fromisoformat(text) + timedelta(seconds=1)
            high = min(high, self.first_from(last))
        return range(high - 1, low - 1, -1)

    def first_from(self, moment: datetime) -> int:
        """Return the number of the first message sent at or after a moment."""
        low, high = 0, self.days * self.per_day
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self.moment(middle) < moment else (low, middle)
        return low

    def page(self, url: str) -> bytes:
        """Return the page that a URL asks for."""
        pairs = parse_qsl(urlsplit(url).query)
        query = dict(pairs)
        rows, number = self.selected(query), int(query.get("Page", "0"))
        size = int(query.get("PageSize", "50"))
        here = rows[number * size : (number + 1) * size]
        filters = [pair for pair in pairs if pair[0].startswith("DateSent")]
        following = [
            *filters,
            ("PageSize", str(size)),
            ("Page", str(number + 1)),
            ("PageToken", "PA"),
        ]
        onward = "&".join(f"{quote(name)}={quote(value)}" for name, value in following)
        more = (number + 1) * size < len(rows)
        link = f'"{PATH}?{onward}"' if more else "null"
        body = ",".join(map(self.row, here))
        return (
            f'{{"messages":[{body}],"page":{number},"page_size":{size},"next_page_uri":{link},'
            f'"uri":"{PATH}","first_page_uri":"{PATH}","previous_page_uri":null,"start":0,"end":0}}'
        ).encode()


def sid_of(number: int) -> str:
    return f"SM{number:032x}"


def serve(log: Log, tell: Connection) -> None:
    """Answer until the parent ends this process."""

    class Pages(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        known: dict[str, bytes] = {}  # noqa: RUF012  # a handler is made for each connection

        def do_GET(self) -> None:
            started = time.monotonic()
            content = self.known.get(self.path)
            if content is None:
                content = log.page(self.path)
                if log.latency:  # the pages of the second part would be too many to keep
                    self.known[self.path] = content
            time.sleep(max(0.0, log.latency - (time.monotonic() - started)))
            head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
            self.wfile.write(f"{head}{len(content)}\r\n\r\n".encode() + content)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    tell.send(server.server_port)
    server.serve_forever()


@contextmanager
def served(log: Log) -> Iterator[str]:
    """Serve a log on loopback from a process of its own."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(log, there), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        process.terminate()
        process.join()


# --- the clients -----------------------------------------------------------------------------


def ours(url: str, log: Log, folder: str) -> SyncReport:
    """Copy the log with the package."""
    with Twilio(AuthTokenConnection(ACCOUNT, "0" * 32), base_url=url) as twilio:
        return Archive(folder).sync(
            twilio, since=log.first, until=log.last, concurrency=READERS, progress=False
        )


def theirs(url: str) -> set[str]:
    """Read the log with twilio-python."""

    class OnLoopback(TwilioHttpClient):
        def request(self, method: str, url_: str, *args: Any, **options: Any) -> Any:
            there = url_.replace("https://api.twilio.com", url)
            return super().request(method, there, *args, **options)

    client = Client(ACCOUNT, "0" * 32, http_client=OnLoopback())
    return {message.sid for message in client.messages.stream(page_size=PAGE)}


@dataclass(frozen=True)
class Paired:
    """One paired run, in seconds."""

    ours: float
    ours_cpu: float
    theirs: float
    theirs_cpu: float
    requests: int
    complete: bool
    equal: bool

    @property
    def ratio(self) -> float:
        return self.theirs / self.ours


def paired(log: Log) -> Paired:
    """Copy one log with both, one after the other."""
    with served(log) as url, tempfile.TemporaryDirectory() as folder:
        points = [(time.monotonic(), time.process_time())]
        report = ours(url, log, folder)
        points.append((time.monotonic(), time.process_time()))
        sids = theirs(url)
        points.append((time.monotonic(), time.process_time()))
        archived = Archive(folder).to_dataframe(columns=["sid"])["sid"]
        return Paired(
            ours=points[1][0] - points[0][0],
            ours_cpu=points[1][1] - points[0][1],
            theirs=points[2][0] - points[1][0],
            theirs_cpu=points[2][1] - points[1][1],
            requests=report.requests,
            complete=report.complete,
            equal=len(archived) == len(sids) and set(archived) == sids,
        )


def recent(days: int, per_day: int, latency: float = 0.0) -> Log:
    """Return a log that ends some days ago."""
    today = datetime.now(UTC).date()
    return Log(today - timedelta(days=days + 9), days, per_day, latency)


def speed(times: int) -> bool:
    """Run the first part; return whether the target is met."""
    print(f"\n50 pages, 300 ms each, {READERS} readers; twilio-python {version('twilio')}")
    paired(recent(1, 10))  # imports and first calls, for both
    met = True
    for days, judged in ((16, True), (25, True), (50, True), (1, False)):
        log = recent(days, 50 * PAGE // days, 0.3)
        runs = [paired(log) for _ in range(times if judged else 1)]
        assert all(run.complete and run.equal for run in runs)
        ratio = median(run.ratio for run in runs)
        words = " ".join(f"{run.ours:.2f}/{run.theirs:.2f}" for run in runs)
        target = f"(target: at least {0.8 * READERS:.1f})" if judged else "(skewed: not judged)"
        print(
            f"  {days:>2} days  {ratio:5.2f} times faster {target}  {runs[0].requests} requests  "
            f"ours/theirs in s: {words}"
        )
        met = met and (not judged or ratio >= 0.8 * READERS)
    return met


# --- memory and time -------------------------------------------------------------------------


def measured(url: str, log: Log, folder: str, tell: Connection) -> None:
    """Copy a log in this process, and report seconds, CPU seconds and memory."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu = time.monotonic(), time.process_time()
    report = ours(url, log, folder)
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert report.complete
    assert report.rows == log.days * log.per_day
    tell.send((wall, cpu, before / 1024, after / 1024, report.requests))


def growth(sizes: list[int]) -> None:
    """Run the second part."""
    print(f"\nMemory and time, {DENSITY:,} messages a day, no latency")
    for size in sizes:
        log = recent(max(1, round(size / DENSITY)), DENSITY)
        context = get_context("spawn")
        here, there = context.Pipe()
        with served(log) as url, tempfile.TemporaryDirectory() as folder:
            process = context.Process(target=measured, args=(url, log, folder, there))
            process.start()
            wall, cpu, before, after, requests = here.recv()
            process.join()
            disk = sum(path.stat().st_size for path in Archive(folder).folder.rglob("*.parquet"))
        rows = log.days * log.per_day
        print(
            f"  {rows:>9,} messages  {wall:7.1f} s  {cpu:6.1f} s CPU  "
            f"{cpu / rows * 1e6:5.1f} µs CPU each  peak {after:5.0f} MB ({before:.0f} before)  "
            f"{requests:,} requests  {disk / 1e6:.1f} MB on disk"
        )


def main(sizes: list[int], times: int = 3) -> int:
    """Run both parts; the exit status is 1 when the target is missed."""
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {times} paired runs")
    met = speed(times)
    growth(sizes)
    return int(not met)


if __name__ == "__main__":
    sys.exit(main([int(text) for text in sys.argv[1:]] or [10_000, 100_000, 1_000_000]))

"""Message frames beside their peers: ``python benchmarks/bench_frames.py [messages] [times]``.

Two comparisons, each of paired runs in one process (ours, theirs, ours, theirs …), CPU seconds of
this process only, medians:

1. *Decoders*: the same page bytes in memory → our `MessageFrame`, and → a bare typed msgspec
   decode, Arrow columns and dates cut out of fixed places with no check at all. Target: ≤ 1.5×.
2. *End to end*: the same pages from a server on loopback, in a process of its own → our
   ``messages.list(limit=None)``, and → twilio-python's ``messages.stream()``, a record at a time,
   into a DataFrame. Target: at least 7× less CPU. Their frame is not even given our dtypes.
"""

from __future__ import annotations

import gc
import json
import os
import platform
import random
import re
import sys
import time
from calendar import month_abbr
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from multiprocessing import get_context
from statistics import median
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from twilio_widgets import AuthTokenConnection, Twilio
from twilio_widgets.frames import conform, message_frame
from twilio_widgets.frames.decode import page_of
from twilio_widgets.frames.gather import FrameBuilder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

    Run = Callable[[], Any]

ACCOUNT = "AC" + "0" * 31 + "1"
PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
PAGE_SIZE = 1000
START = datetime(2026, 1, 15, 12, tzinfo=UTC)
BODIES = (
    "Your appointment is on Thursday at 10:30. Reply C to confirm or R to reschedule.",
    "Grüße aus Köln! Ihr Paket kommt heute zwischen 14 und 16 Uhr. 📦",
    "Your code is 482913. It is valid for ten minutes. Never share it with anybody.",
    "C",
    "ご予約ありがとうございます。変更はこちらからお願いします。",
)
NAMES = (
    "sid", "date_sent", "date_created", "date_updated", "direction", "status", "from_", "to",
    "body", "num_segments", "num_media", "price", "price_unit", "error_code", "error_message",
    "messaging_service_sid", "account_sid",
)  # fmt: skip


def messages(count: int) -> Iterator[dict[str, object]]:
    """Make up a log in which nothing is rare: several languages, both ways, some failures."""
    chance = random.Random(20260115)
    for number in range(count):
        at = format_datetime(START - timedelta(seconds=7 * number))
        sid, failed, sent = f"SM{chance.getrandbits(128):032x}", number % 20 == 0, number % 50 != 1
        uri = f"{PATH[:-5]}/{sid}"
        yield {
            "body": chance.choice(BODIES),
            "num_segments": str(1 + number % 2),
            "direction": "inbound" if number % 4 == 0 else "outbound-api",
            "from": f"+1500555{chance.randrange(10_000):04}",
            "to": f"+447911{chance.randrange(1_000_000):06}",
            "date_updated": at,
            "price": f"-0.{750 * (1 + number % 2):05}" if sent else None,
            "error_message": "Unreachable destination handset" if failed else None,
            "uri": f"{uri}.json",
            "account_sid": ACCOUNT,
            "num_media": "0",
            "status": "undelivered" if failed else "delivered" if sent else "queued",
            "messaging_service_sid": f"MG{7:032x}" if number % 3 else None,
            "sid": sid,
            "date_sent": at if sent else None,
            "date_created": at,
            "error_code": 30003 if failed else None,
            "price_unit": "USD",
            "api_version": "2010-04-01",
            "subresource_uris": {"media": f"{uri}/Media.json", "feedback": f"{uri}/Feedback.json"},
        }


def pages_of(rows: list[dict[str, object]]) -> list[bytes]:
    """Cut a log into pages as Twilio sends them."""

    def uri(number: int) -> str:
        return f"{PATH}?PageSize={PAGE_SIZE}&Page={number}&PageToken=PA{number}"

    last = (len(rows) - 1) // PAGE_SIZE
    return [
        json.dumps(
            {
                "first_page_uri": uri(0),
                "end": min((number + 1) * PAGE_SIZE, len(rows)) - 1,
                "previous_page_uri": uri(number - 1) if number else None,
                "messages": rows[number * PAGE_SIZE : (number + 1) * PAGE_SIZE],
                "uri": uri(number),
                "page_size": PAGE_SIZE,
                "start": number * PAGE_SIZE,
                "next_page_uri": uri(number + 1) if number < last else None,
                "page": number,
            },
            ensure_ascii=False,
        ).encode()
        for number in range(last + 1)
    ]


# --- 1: decoders -----------------------------------------------------------------------------


def ours_in_memory(pages: list[bytes]) -> pd.DataFrame:
    """Decode pages with the package."""
    rows = FrameBuilder()
    for content in pages:
        rows.add(page_of(content).rows)
    return message_frame(rows, attrs={})


BareRow = msgspec.defstruct(
    "BareRow",
    [(n, int | None if n == "error_code" else str | None, None) for n in NAMES],
    rename={"from_": "from"},
    gc=False,
)
BarePage = msgspec.defstruct("BarePage", [("messages", list[BareRow])])
_MONTH = np.zeros(256 * 256, dtype=np.int64)
for _number, _name in enumerate(month_abbr[1:]):
    _MONTH[ord(_name[1]) * 256 + ord(_name[2])] = _number


def bare_in_memory(pages: list[bytes]) -> pa.Table:
    """Decode pages with msgspec and Arrow alone; dates are cut from their places, unchecked."""
    decoder = msgspec.json.Decoder(BarePage)
    chunks: dict[str, list[pa.Array]] = {name: [] for name in NAMES}
    for content in pages:
        rows = decoder.decode(content).messages
        for name in NAMES:
            kind = pa.int64() if name == "error_code" else pa.string()
            chunks[name].append(pa.array([getattr(row, name) for row in rows], kind))
    columns = {name: pa.concat_arrays(parts) for name, parts in chunks.items()}
    for name, texts in columns.items():
        if name.startswith("date_"):
            columns[name] = _bare_dates(texts)
        elif name.startswith("num_"):
            columns[name] = texts.cast(pa.int64())
        elif name == "price":
            columns[name] = texts.cast(pa.decimal128(18, 6))
        elif name in {"status", "direction"}:
            columns[name] = texts.dictionary_encode()
    return pa.table(columns)


def _bare_dates(texts: pa.Array) -> pa.Array:
    given = texts.is_valid().to_numpy(zero_copy_only=False)
    table = np.frombuffer(texts.buffers()[2], dtype=np.uint8).reshape(-1, 31).astype(np.int64)
    digit = (table - ord("0")).T
    months = (digit[12] * 1000 + digit[13] * 100 + digit[14] * 10 + digit[15] - 1970) * 12
    months += _MONTH[table[:, 9] * 256 + table[:, 10]]
    days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    days += digit[5] * 10 + digit[6] - 1
    hours, minutes = digit[17] * 10 + digit[18], digit[20] * 10 + digit[21]
    seconds = ((days * 24 + hours) * 60 + minutes) * 60 + digit[23] * 10 + digit[24]
    result = np.zeros(len(texts), dtype=np.int64)
    result[given] = seconds * 1_000_000
    return pa.array(result.view("datetime64[us]"), pa.timestamp("us", "UTC"), mask=~given)


# --- 2: end to end ---------------------------------------------------------------------------


def serve(pages: list[bytes], tell: Connection) -> None:
    """Answer with prebuilt pages until the parent ends this process."""

    class Pages(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            number = re.search(r"[?&]Page=(\d+)", self.path)
            content = pages[int(number[1]) if number else 0]
            head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
            self.wfile.write(f"{head}{len(content)}\r\n\r\n".encode() + content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    tell.send(server.server_port)
    server.serve_forever()


@contextmanager
def served(pages: list[bytes]) -> Iterator[str]:
    """Serve pages on loopback from a process of its own."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(pages, there), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        process.terminate()
        process.join()


def ours_end_to_end(twilio: Twilio) -> pd.DataFrame:
    """Read the log with the package."""
    return twilio.messages.list(limit=None, progress=False)


def theirs_end_to_end(client: Client) -> pd.DataFrame:
    """Read the log with twilio-python, a `MessageInstance` at a time."""
    records = (
        {name: getattr(message, name) for name in NAMES}
        for message in client.messages.stream(page_size=PAGE_SIZE)
    )
    return pd.DataFrame.from_records(records, columns=list(NAMES))


def client_at(url: str) -> Client:
    """Return twilio-python's client, led to loopback."""

    class OnLoopback(TwilioHttpClient):
        def request(self, method: str, url_: str, *args: Any, **options: Any) -> Any:
            there = url_.replace("https://api.twilio.com", url)
            return super().request(method, there, *args, **options)

    return Client(ACCOUNT, "0" * 32, http_client=OnLoopback())


# --- running ---------------------------------------------------------------------------------


def cpu_of(run: Run) -> tuple[float, Any]:
    """Return the CPU seconds of one run in this process, with its result."""
    gc.collect()
    started = time.process_time()
    result = run()
    return time.process_time() - started, result


def paired(ours: Run, theirs: Run, times: int) -> tuple[list[tuple[float, float]], Any, Any]:
    """Run both in turn and return their CPU seconds, with the last results."""
    seconds: list[tuple[float, float]] = []
    for _ in range(times):
        (mine, our_result), (other, their_result) = cpu_of(ours), cpu_of(theirs)
        seconds.append((mine, other))
    return seconds, our_result, their_result


def report(title: str, names: tuple[str, str], seconds: list[tuple[float, float]]) -> float:
    """Print the medians and return the median of the ratios, theirs to ours."""
    ratio = median(other / mine for mine, other in seconds)
    print(f"\n{title}")
    for place, name in enumerate(names):
        runs = " ".join(f"{pair[place]:.2f}" for pair in seconds)
        print(f"  {name:<46} {median(p[place] for p in seconds):7.2f} s CPU   ({runs})")
    return ratio


def main(count: int = 100_000, times: int = 5) -> int:
    """Run both comparisons; the exit status is 1 when a target is missed."""
    pages = pages_of(list(messages(count)))
    size = sum(map(len, pages))
    peers = ("twilio", "msgspec", "pyarrow", "pandas", "httpx", "requests")
    print(f"{count:,} messages on {len(pages)} pages, {size / 1e6:.1f} MB")
    print(", ".join(f"{name} {version(name)}" for name in peers))
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {times} paired runs")

    seconds, frame, table = paired(
        partial(ours_in_memory, pages), partial(bare_in_memory, pages), times
    )
    assert frame["sid"].tolist() == table["sid"].to_pylist()
    assert frame["date_sent"].tolist() == table["date_sent"].to_pandas().tolist()
    slower = 1 / report("Decoders, bytes in memory", ("ours", "bare msgspec → Arrow"), seconds)
    print(f"  ours takes {slower:.2f}× the bare decode (target: at most 1.5×)")
    del frame, table

    with served(pages) as url:
        twilio = Twilio(AuthTokenConnection(ACCOUNT, "0" * 32), base_url=url)
        ours = partial(ours_end_to_end, twilio)
        seconds, frame, theirs = paired(ours, partial(theirs_end_to_end, client_at(url)), times)
        twilio.close()
    same = conform(theirs.rename(columns={"from_": "from"}))
    pd.testing.assert_frame_equal(pd.DataFrame(frame), same, check_column_type=False)
    names = ("ours: messages.list(limit=None)", "twilio-python: messages.stream() → DataFrame")
    faster = report("End to end, pages from loopback", names, seconds)
    print(f"  ours takes {faster:.1f}× less CPU (target: at least 7×); the frames are equal")
    return int(slower > 1.5 or faster < 7)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))

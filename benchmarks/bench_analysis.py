"""Answers about a large log beside pandas: ``python benchmarks/bench_analysis.py [messages]``.

1. *Preparation*: the time of one ``tw.analysis.prepare``, and the memory of its codes.
2. *Counts* by day, error code, hour and sender: ours on the prepared log, and pandas' ``groupby``
   on columns that were prepared as well (the local day as a date, the hour as a number), in paired
   runs of one process. Target: at least 3× faster each.
3. *Cross-filter*: four groupings under no, one and two filters. Target: below 50 ms at 1,000,000
   messages.
4. *Distinct values*: ``segments``, ``cost(by="country")`` and ``threads`` beside the same work for
   each row (a sample of rows, scaled up), with the growth of the peak memory (Linux).

Medians of CPU seconds, so that another process does not count; the exit status is 1 when a target
is missed.
"""

from __future__ import annotations

import argparse
import gc
import platform
import sys
import time
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from twilio_widgets import analysis
from twilio_widgets.analysis.encodings import reading_of
from twilio_widgets.core.numbers.numbering import describe_number
from twilio_widgets.frames.message_frame import MessageFrame
from twilio_widgets.frames.schema import MONEY_TYPE, SCHEMA, TEXT, WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from twilio_widgets.analysis import PreparedLog

TIMES = 7
ZONE = "Europe/Berlin"
SAMPLE = 5_000
GROUPINGS = [("day", "status"), ("error_code",), ("weekday", "hour"), ("sender",)]
FILTERS: tuple[dict[str, list[object]], ...] = (
    {},
    {"error_code": [30003]},
    {"status": ["delivered"]},
    {"status": ["delivered"], "hour": list(range(8, 20))},
)
TEMPLATES = (
    "Hi {}, we received your payment. Thank you!",
    "Hi {}, we’ve received your payment. It’s booked to your account, thank you for it!",
    "{}, your parcel is out for delivery and arrives between 11:00 and 11:45 📦",
    "Your table is booked, {}. Reply STOP to opt out.",
)


def messages(count: int) -> MessageFrame:
    """Make up a log of 90 days: 10,000 contacts, three numbers, one message in four inbound."""
    chance = np.random.default_rng(20260115)
    sent = np.sort(chance.integers(0, 90 * 86_400, count)) * 1_000_000 + 1_767_225_600_000_000
    inbound = chance.random(count) < 0.25
    people = np.array(
        [f"+1{202 + n % 20}555{n:04}" for n in range(8_000)]
        + [f"+44770090{n:04}" for n in range(2_000)]
    )[(chance.random(count) ** 2 * 10_000).astype(int)]
    ours = np.array(["+14155550142", "+12125550187", "+447700900142"])
    ours = ours[chance.integers(0, 3, count)]
    results = np.array(["delivered"] * 90 + ["sent"] * 3 + ["undelivered"] * 5 + ["failed"] * 2)
    status = np.where(inbound, "received", results[chance.integers(0, 100, count)])
    codes = np.array([30003, 30005, 30006, 30007, 30008, 30034])[chance.integers(0, 6, count)]
    code = np.where(np.isin(status, ["undelivered", "failed"]), codes, None)
    parts = chance.integers(1, 3, count)
    bodies = np.array([text.format(f"no. {n}") for text in TEMPLATES for n in range(2_500)])
    known = {column.name: column.dtype for column in SCHEMA}
    moments = pd.array(sent.view("datetime64[us]"), known["date_sent"])
    return MessageFrame(
        {
            "date_sent": moments,
            "date_created": moments,
            "direction": pd.Categorical(
                np.where(inbound, "inbound", "outbound-api"), dtype=known["direction"]
            ),
            "status": pd.Categorical(status, dtype=known["status"]),
            "from": pd.array(np.where(inbound, people, ours), TEXT),
            "to": pd.array(np.where(inbound, ours, people), TEXT),
            "body": pd.array(bodies[chance.integers(0, len(bodies), count)], TEXT),
            "num_segments": pd.array(parts, WHOLE),
            "num_media": pd.array(np.zeros(count, int), WHOLE),
            "price": pd.arrays.ArrowExtensionArray(
                pa.array([Decimal("-0.0083"), Decimal("-0.0166")], MONEY_TYPE).take(
                    pa.array(parts - 1)
                )
            ),
            "price_unit": pd.array(["USD"] * count, TEXT),
            "error_code": pd.array(code, WHOLE),
        }
    )


def seconds_of(run: Callable[[], Any]) -> float:
    """Return the CPU seconds of one run."""
    started = time.process_time()
    run()
    return time.process_time() - started


def counts(log: PreparedLog, frame: pd.DataFrame) -> bool:
    """Print how long counts take, ours and pandas'; return whether each is 3× faster."""
    local = frame["date_sent"].dt.tz_convert(ZONE)
    table = pd.DataFrame(
        {
            "day": local.dt.tz_localize(None).dt.normalize().array,
            "error_code": frame["error_code"],
            "hour": local.dt.hour.array,
            "sender": frame["from"].where(frame["direction"] != "inbound", frame["to"]),
        }
    )
    print(f"\nCounts, medians of {TIMES} paired runs{'ours':>14}{'pandas':>12}{'ratio':>9}")
    faster = True
    for name in table.columns:
        pairs = [
            (
                seconds_of(lambda name=name: log.counts(name)),
                seconds_of(lambda name=name: table.groupby(name, dropna=False).size()),
            )
            for _ in range(TIMES)
        ]
        ours, theirs = (median(side) for side in zip(*pairs, strict=True))
        ratio = median(other / mine for mine, other in pairs)
        print(f"  by {name:<34}{ours * 1e3:>9.1f} ms{theirs * 1e3:>9.1f} ms{ratio:>8.1f}×")
        known = {str(key): n for key, n in zip(log.keys(name), log.counts(name), strict=True) if n}
        assert sorted(known.values()) == sorted(table.groupby(name, dropna=False).size().tolist())
        faster = faster and ratio >= 3
    return faster


def cross_filter(log: PreparedLog) -> bool:
    """Print how long four groupings take under filters; return whether each is below 50 ms."""
    print("\nFour groupings under filters")
    slowest = 0.0
    for where in FILTERS:
        taken = median(
            seconds_of(lambda where=where: log.cross_filtered(GROUPINGS, where))
            for _ in range(TIMES)
        )
        slowest = max(slowest, taken)
        print(f"  {', '.join(where) or 'no filter':<37}{taken * 1e3:>9.1f} ms")
    return slowest < 0.05 or len(log) > 1_000_000


def peak_of(run: Callable[[], Any]) -> float:
    """Return how far one run raises the resident memory of this process, in MB."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak
    before = _memory("VmRSS")
    run()
    return (_memory("VmHWM") - before) / 1e3


def _memory(name: str) -> int:
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if name in line]
    return int(line.split()[1])


def distinct(frame: MessageFrame) -> None:
    """Print how long answers take on distinct values, and the same work for each row."""
    rows = frame.head(SAMPLE)
    each: dict[str, tuple[Callable[[Any], Any], Callable[[], Any]]] = {
        "segments": (
            analysis.segments,
            lambda: [reading_of(body) for body in rows["body"].tolist()],
        ),
        "cost(by='country')": (
            analysis.cost,
            lambda: [describe_number(number).region for number in rows["to"].tolist()],
        ),
        "threads": (
            analysis.threads,
            lambda: pd.DataFrame(rows).groupby(["from", "to"])["date_sent"].agg(["min", "max"]),
        ),
    }
    title = "On distinct values, from a frame that is not prepared"
    print(f"\n{title}{'ours':>11}{'per row':>12}{'ratio':>9}{'peak':>10}")
    for name, (answer, by_row) in each.items():
        ours = median(seconds_of(lambda answer=answer: answer(frame)) for _ in range(3))
        scaled = median(seconds_of(by_row) for _ in range(3)) * len(frame) / SAMPLE
        peak = peak_of(lambda answer=answer: answer(frame))
        print(f"  {name:<50}{ours:>9.2f} s{scaled:>10.2f} s{scaled / ours:>8.1f}×{peak:>7.0f} MB")


def main() -> int:
    """Run everything; the exit status is 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("messages", type=int, nargs="?", default=1_000_000)
    frame = messages(parser.parse_args().messages)
    peers = ", ".join(f"{name} {version(name)}" for name in ("pandas", "numpy", "pyarrow"))
    print(f"{len(frame):,} messages; Python {platform.python_version()}, {peers}")
    prepared: list[PreparedLog] = []
    taken = median(
        seconds_of(lambda: prepared.append(analysis.prepare(frame, tz=ZONE))) for _ in range(3)
    )
    log = prepared[-1]
    size = sum(log.dimension(name).codes.nbytes for name in analysis.prepared.USUAL)
    print(f"Preparation: {taken:.2f} s, {size / 1e6:.1f} MB of codes")
    fast = counts(log, frame)
    fluid = cross_filter(log)
    distinct(frame)
    return int(not (fast and fluid))


if __name__ == "__main__":
    sys.exit(main())

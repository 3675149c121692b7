"""Measure the time and memory of a sandbox with a long history.

    python benchmarks/bench_sandbox.py [--messages 1000000]

All requests are made in process, through the transport that a client uses.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from typing import Any

import httpx

from twilio_widgets.sandbox import Sandbox

ROOT = "https://api.twilio.com"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--messages", type=int, default=1_000_000, help="length of the history")
    count = parser.parse_args().messages
    before = peak()
    sandbox = timed("open", lambda: Sandbox(messages=count, now="2026-03-04T12:00:00Z"))
    name, secret = sandbox.connection.credentials
    path = f"{ROOT}/2010-04-01/Accounts/{name}/Messages"
    with sandbox, httpx.Client(transport=sandbox.wire, auth=(name, secret.reveal())) as http:
        page = timed("first page of 1,000", lambda: read(http, f"{path}.json?PageSize=1000"))
        row = page["messages"][-1]
        to = row["to"].replace("+", "%2B")
        thousand = f"{path}.json?PageSize=1000"
        timed("one message by SID", lambda: read(http, f"{path}/{row['sid']}.json"))
        timed("one recipient, 1,000 rows", lambda: read(http, f"{thousand}&To={to}"))
        timed("one day, 1,000 rows", lambda: read(http, f"{thousand}&DateSent=2025-06-02"))
        timed("usage, all time", lambda: read(http, path.replace("Messages", "Usage/Records.json")))
        rows = timed("all messages, page by page", lambda: read_all(http, thousand))
    print(f"{'rows read':<28}{rows:>12,}")
    print(f"{'growth of peak memory':<28}{(peak() - before) / 1e6:>10.1f} MB")


def timed(name: str, action: Callable[[], Any]) -> Any:
    """Run `action`, print its wall and CPU time, and return its result."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = action()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{name:<28}{wall:>10.3f} s   CPU {cpu:>9.3f} s")
    return result


def read(http: httpx.Client, url: str) -> dict:
    return http.get(url).raise_for_status().json()


def read_all(http: httpx.Client, url: str) -> int:
    rows = 0
    while url:
        page = read(http, url)
        rows += len(page["messages"])
        url = page["next_page_uri"] and ROOT + page["next_page_uri"]
    return rows


def peak() -> int:
    """Return the peak resident memory of this process, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()

"""Measure the time and memory of a plan by its size: ``python benchmarks/bench_plan.py [rows …]``.

Each size is planned in its own process from CSV text, mapped columns, a template and a list of
opt-outs. 1 in 10 numbers lacks its plus sign, 1 in 50 is a duplicate, 1 in 100 is invalid, and half
the texts are UCS-2. CPU and wall seconds and the peak resident memory are printed. The exit status
is 1 when 100,000 rows take more than 20 seconds of CPU or 500 MB.
"""

from __future__ import annotations

import json
import os
import platform
import random
import resource
import subprocess
import sys
import time
from importlib.metadata import version

from twilio_widgets.bulk.planning.plan import plan

SIZES = (1_000, 10_000, 100_000)
MOST_SECONDS, MOST_MEGABYTES = 20, 500
BODY = "Hi {name}, your table for {guests} at the Harbour Grill is ready. Reply STOP to opt out."


def table(count: int) -> str:
    """Return a generated list of guests in two countries, as CSV."""
    chance = random.Random(20260115)
    lines = ["phone,name,guests,city"]
    numbers: list[str] = []
    for n in range(count):
        gb = f"+447{chance.randrange(400, 999)}{chance.randrange(10**6):06}"
        us = f"+1{chance.choice((212, 312, 415, 646))}{chance.randrange(2_000_000, 9_999_999)}"
        number = chance.choice((gb, us))
        if n % 10 == 1:
            number = gb[1:]
        if n % 50 == 2:
            number = chance.choice(numbers)
        numbers.append(number)
        shown = "nobody" if n % 100 == 3 else number
        lines.append(f"{shown},{chance.choice(('Ada', 'Zoë'))}{n},{chance.randrange(1, 9)},x")
    return "\n".join(lines)


def measure(count: int) -> dict[str, float]:
    """Plan `count` rows and return the time and memory used."""
    rows = table(count)
    opt_outs = [f"+44740000{n:04}" for n in range(min(count // 10, 10_000))]
    wall, cpu = time.perf_counter(), time.process_time()
    made = plan(rows, to="phone", body=BODY, from_="+15005550006", region="GB", opt_outs=opt_outs)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    started = time.process_time()
    frame = made.ready
    assert made.summary.ready + made.summary.rejected == count
    assert len(frame) == made.summary.ready
    return {
        "rows": count,
        "ready": made.summary.ready,
        "cpu": cpu,
        "wall": wall,
        "frame": time.process_time() - started,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main(sizes: tuple[int, ...] = SIZES) -> int:
    """Measure every size in its own process; the exit status is 1 when a target is missed."""
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, "
          f"phonenumbers {version('phonenumbers')}, pandas {version('pandas')}")  # fmt: skip
    print(f"{'rows':>9} {'ready':>9} {'CPU s':>8} {'wall s':>8} {'µs/row':>8} "
          f"{'frame s':>8} {'peak MB':>8}")  # fmt: skip
    missed = False
    for count in sizes:
        command = [sys.executable, __file__, "measure", str(count)]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found = json.loads(told)
        print(f"{count:>9,} {found['ready']:>9,} {found['cpu']:>8.2f} {found['wall']:>8.2f} "
              f"{found['cpu'] / count * 1e6:>8.1f} {found['frame']:>8.2f} "
              f"{found['megabytes']:>8.0f}")  # fmt: skip
        at_most = MOST_SECONDS * max(count / 100_000, 1)
        missed |= found["cpu"] > at_most or found["megabytes"] > MOST_MEGABYTES
    return int(missed)


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        print(json.dumps(measure(int(sys.argv[2]))))
    else:
        sys.exit(main(tuple(map(int, sys.argv[1:])) or SIZES))

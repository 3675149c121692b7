"""How long the first line of a notebook takes: ours beside the official client's.

Each round starts one fresh interpreter for each line, in turn; the medians and their ratio are
printed. The time of starting the interpreter alone is taken off.
"""

import importlib.metadata
import statistics
import subprocess
import sys
import time

ROUNDS = 9
LINES = {
    "nothing": "pass",
    "import twilio_widgets": "import twilio_widgets",
    "import twilio_widgets, then name Twilio": "import twilio_widgets; twilio_widgets.Twilio",
    "import twilio.rest, then name Client": "from twilio.rest import Client",
}


def seconds(line: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", line], check=True)
    return time.perf_counter() - started


def main() -> None:
    took: dict[str, list[float]] = {name: [] for name in LINES}
    for line in LINES.values():
        seconds(line)  # fill the caches
    for _ in range(ROUNDS):
        for name, line in LINES.items():
            took[name].append(seconds(line))
    start = statistics.median(took.pop("nothing"))
    official = statistics.median(took["import twilio.rest, then name Client"]) - start
    peer = importlib.metadata.version("twilio")
    print(f"Python {sys.version.split()[0]}, twilio {peer}, {ROUNDS} rounds")
    for name, times in took.items():
        own = statistics.median(times) - start
        print(f"  {name:42} {own * 1000:7.1f} ms   {own / official:5.2f} × the official client")


if __name__ == "__main__":
    main()

"""Measure the import time of this package, compared with the official client.

Each round runs every statement once, in a fresh interpreter. The medians and their ratio are
printed, without the start-up time of the interpreter.
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
    "from twilio_widgets import Twilio": "import twilio_widgets; twilio_widgets.Twilio",
    "from twilio.rest import Client": "from twilio.rest import Client",
}


def seconds(line: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", line], check=True)
    return time.perf_counter() - started


def main() -> None:
    took: dict[str, list[float]] = {name: [] for name in LINES}
    for line in LINES.values():
        seconds(line)  # warm up the bytecode and file caches
    for _ in range(ROUNDS):
        for name, line in LINES.items():
            took[name].append(seconds(line))
    startup = statistics.median(took.pop("nothing"))
    official = statistics.median(took["from twilio.rest import Client"]) - startup
    peer = importlib.metadata.version("twilio")
    print(f"Python {sys.version.split()[0]}, twilio {peer}, {ROUNDS} rounds")
    for name, times in took.items():
        own = statistics.median(times) - startup
        print(f"  {name:42} {own * 1000:7.1f} ms   {own / official:5.2f} × the official client")


if __name__ == "__main__":
    main()

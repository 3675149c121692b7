"""Set the wall clock of a process in each state of a send, a job, a listener, a poller or a wait.

A process under the shim ``clock_steps.c`` forks one child for each case. The child sets its own
clock when it reaches the state, and reports the result; Twilio's clock, in the parent, is right.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.faults.killing import Quick, plan
from tests.listener_driver import ListenerDriver, post, status
from twilio_widgets import Poller, Twilio
from twilio_widgets.bulk.job import Job
from twilio_widgets.bulk.run import run as running
from twilio_widgets.core.http.transport import BlockingTransport
from twilio_widgets.errors import OutcomeUnknown
from twilio_widgets.journal.journal import Journal
from twilio_widgets.listener.events.reading import Reader
from twilio_widgets.listener.polling.poll import Poll

TO = "+14155550123"


def set_clock(seconds: int) -> None:
    """Set the clock of this process and its children to so many seconds from the right time."""
    Path(os.environ["CLOCK_FILE"]).write_text(str(seconds))


def _around(owner: Any, method: str, *, before: bool, nth: int = 1) -> Callable[[int], None]:
    """Return what arranges a step before or after the nth call of a method."""

    def arrange(step: int) -> None:
        real, calls = getattr(owner, method), 0

        def stepping(*args: Any, **options: Any) -> Any:
            nonlocal calls
            calls += 1
            if before and calls == nth:
                set_clock(step)
            try:
                return real(*args, **options)
            finally:
                if not before and calls == nth:
                    set_clock(step)

        setattr(owner, method, stepping)

    return arrange


SEND_STATES: dict[str, Callable[[int], None]] = {
    "before the send": set_clock,
    "before the request": _around(BlockingTransport, "send", before=True),
    "after the request": _around(BlockingTransport, "send", before=False),
    "after the first look": _around(BlockingTransport, "send", before=False, nth=2),
}
JOB_STATES: dict[str, Callable[[int], None]] = {
    "before the job": set_clock,
    "before claim": _around(Journal, "claim", before=True, nth=2),
    "after claim": _around(Journal, "claim", before=False, nth=2),
    "as a request leaves": _around(running.Run, "_leave", before=False, nth=2),
    "before a response is recorded": _around(running.Run, "_land", before=True, nth=2),
    "before rows are settled": _around(Journal, "settle", before=True),
}
POLL_STATES: dict[str, Callable[[int], None]] = {
    "before a poll": _around(Poll, "look", before=True, nth=2),
    "after a poll": _around(Poll, "look", before=False),
}
WAIT_STATES = ("before", "within")
LISTENER_STATES = ("before", "within", "restart")


def client_of(task: dict[str, Any]) -> Twilio:
    connection = Quick(task["account_sid"], task["auth_token"])
    return Twilio(connection, base_url=task["url"], timeout=20)


def a_send(task: dict[str, Any]) -> dict[str, Any]:
    """Send one message whose response is lost, and look for it."""
    SEND_STATES[task["state"]](task["step"])
    client = client_of(task)
    try:
        client.messages.send(TO, body=task["name"], from_=task["sender"])
    except OutcomeUnknown as error:
        found = client.messages.find(error)
        if task["state"] == "after the first look":
            found = client.messages.find(error)
        return {"found": getattr(found, "sid", None if found is None else "not sure yet")}
    return {"found": "no failure"}


def a_job(task: dict[str, Any]) -> dict[str, Any]:
    """Send five rows, of which responses are lost."""
    JOB_STATES[task["state"]](task["step"])
    job = Job.start(
        plan(task["name"], task["sender"], 5),
        client_of(task),
        name=task["name"],
        folder=task["folder"],
        rate=50,
        undo_seconds=0,
        concurrency=2,
    )
    job.wait(60)
    for _ in range(20):
        if job.progress.state == "finished" and not job.progress.unknown:
            break
        job.resume().wait(60)
    return {"state": job.progress.state}


def a_wait(task: dict[str, Any]) -> dict[str, Any]:
    """Wait for a message's final status."""
    client = client_of(task)
    sent = client.messages.send(TO, body=task["name"], from_=task["sender"])
    if task["state"] == "before":
        set_clock(task["step"])
    waited = client.messages.wait(sent.sid, 60, seen=lambda _message: set_clock(task["step"]))
    return {"status": waited.status}


def a_poller(task: dict[str, Any]) -> dict[str, Any]:
    """Poll the log before and after messages are sent."""
    POLL_STATES[task["state"]](task["step"])
    client = client_of(task)
    poller = Poller(client, store=Path(task["folder"]) / task["name"], watch=False)
    sids = []
    for number in range(4):
        sids.append(client.messages.send(TO, body=f"{number}", from_=task["sender"]).sid)
        poller.look()
    poller.look()
    found = [event.sid for event in poller.reader.messages()]
    poller.close()
    return {"sent": sorted(sids), "found": sorted(set(found) & set(sids)), "all": len(found)}


def a_listener(task: dict[str, Any]) -> dict[str, Any]:
    """Receive callbacks before and after a step, and restart the listener."""
    folder = Path(task["folder"]) / task["name"]
    folder.mkdir()
    driver = ListenerDriver(folder)
    if task["state"] == "before":
        set_clock(task["step"])
    acknowledged = []
    try:
        for round_ in range(3):
            client = driver.connect()
            for number in range(5):
                if task["state"] == "within" and (round_, number) == (1, 2):
                    set_clock(task["step"])
                said = status(1 + round_ * 5 + number)
                if post(client.port, "/status", said)[0] == 200:
                    acknowledged.append(said["MessageSid"])
            client.stop()
            set_clock(task["step"] if task["state"] == "restart" and round_ == 0 else 0)
        client = driver.connect()
        with Reader(folder / "events.sqlite") as reader:
            stored = [event.message_sid for event in reader.events()]
        client.stop()
    finally:
        driver.close()
    return {"acknowledged": sorted(acknowledged), "stored": sorted(stored)}


SCENARIOS = {
    "send": a_send, "job": a_job, "wait": a_wait, "poller": a_poller, "listener": a_listener,
}  # fmt: skip


def serve() -> None:
    """Fork a child for each case that comes in, and report its result."""
    for line in sys.stdin:
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            task = json.loads(line)
            os.environ["CLOCK_FILE"] = str(Path(task["folder"]) / f"{task['name']}.clock")
            set_clock(0)
            right = time.time()
            try:
                result = SCENARIOS[task["scenario"]](task)
            except BaseException as error:  # noqa: BLE001  the parent reports it
                result = {"error": f"{type(error).__name__}: {error}"}
            result["stepped"] = abs(time.time() - right) > 1800
            os.write(write, json.dumps(result).encode())
            os._exit(0)
        os.close(write)
        with os.fdopen(read) as answer:
            said = answer.read()
        os.waitpid(pid, 0)
        sys.stdout.write((said or json.dumps({"error": "the child died"})) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()

"""Kill a job wherever it is, and ask the sandbox's ledger what became of its rows.

A process that has imported everything and runs no thread yet forks one child a kill point; the
child sends a job over a real socket to a sandbox in the parent and kills itself there. Then the job
is resumed, and the ledger is the judge.

The long form, at least 2,000 points, by one command::

    python -m tests.faults.killing --points 2000
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.jobs import Plan
from tests.jobs import plan as small_plan
from twilio_widgets import AuthTokenConnection, Sandbox, Twilio
from twilio_widgets.bulk.job import Job
from twilio_widgets.bulk.run import run as running
from twilio_widgets.errors import JobError, TwilioWidgetsError
from twilio_widgets.journal.journal import Journal

ROOT = Path(__file__).parents[2]
WATCHED = ("/twilio_widgets/", "/httpx/", "/httpcore/", "/h11/", "/anyio/", "/asyncio/")


class Quick(AuthTokenConnection):
    """A connection to a Twilio that lists what it accepts at once."""

    settle_seconds = 0.2


TOGETHER = 8
"""So many jobs go on at once in one process."""

A_WORLD = 100
"""So many kill points share a sandbox. To settle a row the whole log of its time is read, so in one
world for all of them the last would take as long as all before."""


def plan(name: str, sender: str, rows: int) -> Plan:
    """Return a plan whose texts tell its rows from those of every other job."""
    return small_plan(sender, rows, body=f"{name}/{{n}}")


@dataclass(frozen=True, kw_only=True)
class Task:
    """One job to be sent by a child, and where the child ends."""

    name: str
    url: str
    account_sid: str
    auth_token: str
    sender: str
    folder: str
    rows: int = 5
    concurrency: int = 8
    timeout: float = 5.0
    at_line: int | None = None
    """Kill before this line of the watched files is run."""
    phase: str | None = None
    """Kill in this phase (`PHASES`), at its third time."""
    file_limit: int | None = None
    """Bytes above the journal's size at its beginning that a file may have."""
    naive: bool = False
    """Send with a plain loop that tries again whatever has no answer."""

    def client(self) -> Twilio:
        connection = Quick(self.account_sid, self.auth_token)
        return Twilio(connection, base_url=self.url, timeout=self.timeout)


# In the child


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _entering(owner: Any, method: str) -> Callable[[int], None]:
    return lambda time_of: _patched(owner, method, time_of, before=True)


def _leaving(owner: Any, method: str) -> Callable[[int], None]:
    return lambda time_of: _patched(owner, method, time_of, before=False)


def _patched(owner: Any, method: str, time_of: int, *, before: bool) -> None:
    real, calls = getattr(owner, method), 0

    def deadly(*args: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if before and calls == time_of:
            kill()
        result = real(*args, **options)
        if calls == time_of:
            kill()
        return result

    setattr(owner, method, deadly)


PHASES: dict[str, Callable[[int], None]] = {
    "before claim": _entering(Journal, "claim"),
    "after claim": _leaving(Journal, "claim"),
    "after durable attempt": _entering(running.Run, "_start_sending"),
    "after reply before record": _entering(running.Run, "_complete"),
    "in the record": _leaving(Journal, "close_attempts"),
    "during settle": _entering(Journal, "settle"),
}


class Lines:
    """Counts the lines that are run in the watched files, and kills before one of them."""

    def __init__(self, at: int | None) -> None:
        self.passed, self._at = 0, at

    def trace(self, frame: Any, event: str, _argument: object) -> Any:
        if not any(place in frame.f_code.co_filename for place in WATCHED):
            return None
        if event in {"line", "return"}:
            self.passed += 1
            if self.passed == self._at:
                kill()
        return self.trace

    def watch(self) -> None:
        threading.settrace(self.trace)
        sys.settrace(self.trace)


def child(task: Task) -> dict[str, object]:
    """Send the job, and say how it went: unless it is killed."""
    if task.naive:
        return naive(task)
    if task.phase is not None:
        PHASES[task.phase](1 if task.phase == "during settle" else 3)
    lines = Lines(task.at_line)
    if task.file_limit is not None:
        _limit_files(task)
    if task.at_line is not None:
        lines.watch()
    asked = plan(task.name, task.sender, task.rows)
    options = {"folder": task.folder, "rate": None, "undo_seconds": 0}
    try:
        job = Job.start(
            asked, task.client(), name=task.name, concurrency=task.concurrency, **options
        )
        problem = str(job.wait(30))
    except JobError as error:
        problem = str(error)
    sys.settrace(None)
    return {"lines": lines.passed, "result": problem}


def _limit_files(task: Task) -> None:
    """Let the disk be full, for this process, a little after the job's beginning."""
    begun = running.Run.execute

    async def execute(self: running.Run) -> None:
        limit = task.file_limit or 0
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        await begun(self)

    running.Run.execute = execute


def naive(task: Task) -> dict[str, object]:
    """What people write: note what was answered, try everything else again."""
    done = Path(task.folder) / f"{task.name}.done"
    answered = set(done.read_text().split()) if done.exists() else set()
    client = task.client()
    lines = Lines(task.at_line)
    if task.at_line is not None:
        lines.watch()
    for row in plan(task.name, task.sender, task.rows).rows:
        while str(row.n) not in answered:
            try:
                client.messages.send(row.to, **row.parameters)
            except TwilioWidgetsError:
                continue
            answered.add(str(row.n))
            with done.open("a") as file:
                file.write(f"{row.n}\n")
    sys.settrace(None)
    return {"lines": lines.passed, "result": "done"}


def serve() -> None:
    """Fork a child for each task that comes in, and say how each ended."""
    for line in sys.stdin:
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            result = child(Task(**json.loads(line)))
            os.write(write, json.dumps(result).encode())
            os._exit(0)
        os.close(write)
        sys.stdout.write(json.dumps({"pid": pid}) + "\n")
        sys.stdout.flush()
        with os.fdopen(read) as answer:
            result = answer.read()
        _pid, status = os.waitpid(pid, 0)
        ended = {"killed": os.WIFSIGNALED(status), **(json.loads(result) if result else {})}
        sys.stdout.write(json.dumps(ended) + "\n")
        sys.stdout.flush()


# In the parent


class Killer:
    """The parent: a sandbox on a socket, and the process that forks the children."""

    def __init__(self, folder: Path, **world: Any) -> None:
        self.sandbox = Sandbox(**world)
        self.sandbox.open()
        self.folder = folder
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.killing", "--serve"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def task(self, name: str, **options: Any) -> Task:
        account = self.sandbox.accounts[0]
        return Task(
            name=name,
            url=self.sandbox.url,
            account_sid=account.sid,
            auth_token=account.auth_token,
            sender=self.sandbox.numbers[0],
            folder=str(self.folder),
            **options,
        )

    def run(self, task: Task, kill_when: Callable[[], bool] | None = None) -> dict[str, Any]:
        """Let a child carry a task out; kill it from here when something is the case."""
        self._server.stdin.write(json.dumps(vars(task)) + "\n")
        self._server.stdin.flush()
        pid = json.loads(self._server.stdout.readline())["pid"]
        if kill_when is not None:
            until = time.monotonic() + 20
            while not kill_when() and time.monotonic() < until:
                time.sleep(0.002)
            os.kill(pid, signal.SIGKILL)
        return json.loads(self._server.stdout.readline())

    def resume(self, *tasks: Task) -> list[Job]:
        """Go on with jobs, a few at once, until nothing of them is pending or unsettled."""
        jobs: list[Job] = []
        for start in range(0, len(tasks), TOGETHER):
            jobs += self._come_to_their_end(tasks[start : start + TOGETHER])
        return jobs

    def _come_to_their_end(self, tasks: Sequence[Task]) -> list[Job]:
        jobs = [self._again(task) for task in tasks]
        for _ in range(20):
            going = [job for job in jobs if job.wait(60).state != "finished"]
            for job in going:
                job.resume()
            if not going:
                break
        for job in jobs:  # a busy machine may have carried a request out after the last look
            if job.progress.unknown:
                job.resume()
        return [job for job in jobs if job.wait(60)]

    def _again(self, task: Task) -> Job:
        client = replace(task, timeout=30.0).client()
        asked = plan(task.name, task.sender, task.rows)
        options = {"name": task.name, "folder": task.folder, "rate": None, "undo_seconds": 0}
        job = Job.start(asked, client, **options)
        return job if job.under_way else job.resume(client)

    def sent(self, task: Task) -> Counter[int]:
        """How often each row was accepted, by the ledger."""
        return Counter(
            int(one.body.rpartition("/")[2])
            for one in self.sandbox.ledger
            if one.body.startswith(f"{task.name}/")
        )

    def judge(self, task: Task, job: Job) -> list[str]:
        """Compare the job's outcomes with the ledger; return what is wrong."""
        accepted = {one.sid: one.body for one in self.sandbox.ledger}
        wrong = [f"{task.name}: row {n} was sent {k}×" for n, k in self.sent(task).items() if k > 1]
        frame = job.outcomes
        if list(frame["row"]) != list(range(task.rows)):
            wrong.append(f"{task.name}: rows are missing")
        for row, status, sid in zip(frame["row"], frame["status"], frame["sid"], strict=True):
            really = row in self.sent(task)
            if status not in {"accepted", "unknown"}:
                wrong.append(f"{task.name}: row {row} is {status}")
            elif status == "accepted" and accepted.get(sid) != f"{task.name}/{row}":
                wrong.append(f"{task.name}: row {row} has a message that is not its own")
            elif status == "unknown" and really:
                why = frame.loc[frame["row"] == row, "explanation"].item()
                wrong.append(
                    f"{task.name}: row {row} was sent, and is not known to be ({why} {job!r})"
                )
        return wrong

    def close(self) -> None:
        self._server.stdin.close()
        self._server.wait(20)
        self._server.stdout.close()
        self.sandbox.close()

    def __enter__(self) -> Killer:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


def points(
    killer: Killer, count: int, some: range | None = None, **options: Any
) -> tuple[list[str], int, int]:
    """Kill at so many lines, evenly spread over all of a run; return what is wrong.

    Args:
        killer: Runs the children.
        count: How many lines.
        some: Which of them; None: all.
        options: Of the tasks.

    Returns:
        What is wrong; how many children were killed; how many rows were sent more than once.
    """
    word = "naive" if options.get("naive") else f"at-once-{options.get('concurrency', 8)}"
    whole = killer.run(killer.task(f"{word}-whole", at_line=10**9, **options))
    last = int(whole["lines"])
    tasks, killed, wrong = [], 0, list[str]()
    for number in some or range(count):
        at = 1 + number * (last - 1) // max(1, count - 1)
        task = killer.task(f"{word}-{number}", at_line=at, **options)
        killed += killer.run(task)["killed"]
        tasks.append(task)
    if options.get("naive"):
        for task in tasks:
            killer.run(replace(task, at_line=None))
    else:
        for task, job in zip(tasks, killer.resume(*tasks), strict=True):
            wrong += killer.judge(task, job)
    doubled = sum(times > 1 for task in tasks for times in killer.sent(task).values())
    return wrong, killed, doubled


def all_points(count: int, concurrency: int) -> list[str]:
    """Kill at so many lines, a world for every `A_WORLD` of them; say how it went."""
    began, wrong, killed, doubled = time.monotonic(), list[str](), 0, 0
    for start in range(0, count, A_WORLD):
        with tempfile.TemporaryDirectory() as folder, Killer(Path(folder)) as killer:
            some = range(start, min(start + A_WORLD, count))
            found, ended, twice = points(killer, count, some, concurrency=concurrency)
        wrong, killed, doubled = wrong + found, killed + ended, doubled + twice
        if ended < 0.9 * len(some):
            wrong.append(f"of {len(some)} children only {ended} were killed")
        sys.stdout.write(
            f"{concurrency} at once: {killed} of {count} killed, {doubled} rows sent twice, "
            f"{len(wrong)} wrong outcomes, {time.monotonic() - began:.0f} s\n"
        )
        sys.stdout.flush()
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=2000, help="kill points in all")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
        return 0
    wrong: list[str] = []
    for concurrency in (1, 8):
        wrong += all_points(options.points // 2, concurrency)
    sys.stdout.writelines(f"{line}\n" for line in wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

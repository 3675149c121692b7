"""The store in a process of its own: asked over pipes, missed when it dies, and started again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import structs

from tests.arrivals import ACCOUNT, a_status, an_inbound
from twilio_widgets.errors import ListenerError, StoreUnavailable
from twilio_widgets.listener.events.batch import INVALID_UNICODE, Receipt
from twilio_widgets.listener.events.event import Arrival, Rejection
from twilio_widgets.listener.events.reading import Reader
from twilio_widgets.listener.events.store import Store
from twilio_widgets.listener.store_process import client as store_process
from twilio_widgets.listener.store_process import protocol as messages
from twilio_widgets.listener.store_process.client import DIED, StoreClient, StoreLocation
from twilio_widgets.listener.store_process.protocol import (
    Answer,
    Commit,
    Deleted,
    Forget,
    Frames,
    KeepFor,
    Reject,
    Request,
    StoreAck,
    Stored,
    StoreError,
    StoreOpened,
    encode,
    frame,
)

# The messages

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
REJECTION = Rejection(at=NOW, status=403, reason="No match.", cause="signature", path="/status")

REQUESTS: list[Request] = [
    Commit.of([encode(a_status(1, "sent")), encode(an_inbound(2, "Zoë 🙂"))]),
    Commit.of([]),
    Reject([REJECTION, REJECTION]),
    Forget(None),
    Forget(NOW),
    KeepFor(None, NOW),
    KeepFor(0.5, NOW),
]
ANSWERS: list[Answer] = [
    StoreOpened("wal", ("It was damaged.",)),
    Stored([Receipt(id=1, new=True), Receipt(id=None, new=False, problem=INVALID_UNICODE)]),
    Deleted(7),
    StoreAck(),
    StoreError("The disk is full.", "full"),
    StoreError("Another account's."),
]


def bodies(stream: bytes, size: int) -> list[bytes]:
    """Read messages from a stream that comes in parts of a size."""
    frames, found = Frames(), list[bytes]()
    for start in range(0, len(stream), size):
        found += frames.feed(stream[start : start + size])
    return found


@pytest.mark.parametrize("size", [1, 3, 4, 5, 64, 1_000_000])
def test_messages_are_decoded_however_they_are_split(size: int) -> None:
    asked = b"".join(map(frame, REQUESTS))
    answers = b"".join(map(frame, ANSWERS))
    again = [messages.request_of(body) for body in bodies(asked, size)]
    assert list(map(frame, again)) == list(map(frame, REQUESTS))
    assert [messages.answer_of(body) for body in bodies(answers, size)] == ANSWERS


@pytest.mark.parametrize(
    "arrival",
    [
        a_status(1, "delivered"),
        an_inbound(2, "Zoë 🙂\0\n"),
        Arrival(
            kind="inbound",
            received_at=NOW,
            parameters=(("Body", ""), ("Body", "twice")),
            method="GET",
            url="https://example.org/inbound?a=b",
            headers=(("A", "b"), ("A", "c")),
            source="poll",
            scheme="shared key",
            row_token="t0ken",
        ),
    ],
)
def test_an_arrival_is_the_same_on_the_other_side(arrival: Arrival) -> None:
    commit = messages.request_of(next(Frames().feed(frame(Commit.of([encode(arrival)])))))
    assert isinstance(commit, Commit)
    assert [messages.decode(each) for each in commit.arrivals] == [arrival]


def test_an_unpaired_surrogate_is_found_before_anything_is_sent() -> None:
    with pytest.raises(UnicodeEncodeError):
        encode(an_inbound(1, "\ud83d"))


def test_a_store_error_keeps_its_type_but_no_private_text() -> None:
    unavailable = StoreError.of(StoreUnavailable("The disk is full.", cause="full")).error
    assert isinstance(unavailable, StoreUnavailable)
    assert (str(unavailable), unavailable.cause) == ("The disk is full.", "full")
    other = StoreError.of(ListenerError("Another account's.")).error
    assert (type(other), str(other)) == (ListenerError, "Another account's.")
    assert StoreError.of(KeyError("Body=secret")) == StoreError("Storing failed: KeyError.")


def test_an_undecodable_path_can_be_reported() -> None:
    path = os.fsdecode(b"/caf\xe9/events.sqlite")  # Linux allows any bytes
    answers = [StoreError.of(StoreUnavailable(f"{path} is locked.", cause="locked"))]
    assert [messages.answer_of(body) for body in bodies(frame(answers[0]), 64)] == answers
    assert answers[0].text == "/caf\\udce9/events.sqlite is locked."
    assert StoreOpened.of("wal", [path]) == StoreOpened("wal", ("/caf\\udce9/events.sqlite",))


# The process


class Line:
    """A store client, and the problems it reported."""

    def __init__(self, path: Path, retention_days: float | None = None) -> None:
        self.told: list[str | None] = []
        place = StoreLocation(path=path, account_sid=ACCOUNT, world="live")
        self.store = StoreClient(place, retention_days, self.told.append)

    async def commit(self, *arrivals: Arrival) -> Answer:
        answers: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.store.send(Commit.of(map(encode, arrivals)), answers.set_result)
        return await answers


def process_of() -> int:
    """The one child of ours that keeps a store."""
    for child in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
        for pid in child.read_text().split():
            with contextlib.suppress(OSError):
                if store_process.MODULE.encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                    return int(pid)
    raise AssertionError("there is no process")


async def until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.005)


def with_store(
    path: Path, prove: Callable[[Line], Awaitable[None]], retention_days: float | None = None
) -> None:
    async def run() -> None:
        line = Line(path, retention_days)
        await line.store.open()
        try:
            await prove(line)
        finally:
            await line.store.close()

    asyncio.run(run())


needs_proc = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


DAY = 86_400


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.sqlite"


def test_the_client_offers_the_operations_of_the_store(path: Path) -> None:
    async def prove(line: Line) -> None:
        assert line.store.journal_mode == "wal"
        assert line.store.notices == ()
        assert await line.commit(a_status(1, "sent"), a_status(1, "sent")) == Stored(
            [Receipt(id=1, new=True), Receipt(id=1, new=False)]
        )
        await line.store.reject([REJECTION])
        assert await line.store.keep_for(None) == 0
        with Reader(path) as reader:
            assert [each.reason for each in reader.rejections()] == ["No match."]
            assert [each.id for each in reader.events()] == [1]
        assert await line.store.forget(None) == 1
        assert await line.store.keep_for(3.0) == 0
        assert line.store.retention_days == 3.0
        with pytest.raises(ListenerError, match="OverflowError"):
            await line.store.keep_for(1e9)  # before the calendar begins
        assert line.told == []

    with_store(path, prove)
    assert not path.with_name("events.sqlite-wal").exists()


def test_its_retention_is_kept_at_the_start(path: Path) -> None:
    with Store.open(path, account_sid=ACCOUNT, world="live", retention_days=None) as store:
        store.commit([a_status(1, "sent"), a_status(2, "sent", seconds=2 * DAY)])  # years ago

    async def prove(_: Line) -> None:
        with Reader(path) as reader:
            assert [event.id for event in reader.events()] == [2]

    with_store(path, prove, retention_days=1.0)


@needs_proc
def test_retention_runs_without_blocking_requests(path: Path) -> None:
    """The idle check must not block when the disk hangs."""

    async def prove(line: Line) -> None:
        both = a_status(1, "sent"), a_status(2, "sent", seconds=2 * DAY)  # years ago
        assert isinstance(await line.commit(*both), Stored)
        os.kill(process_of(), signal.SIGSTOP)
        line.store.retire()
        os.kill(process_of(), signal.SIGCONT)
        assert await line.commit() == Stored([])
        with Reader(path) as reader:
            assert [event.id for event in reader.events()] == [2]

    with_store(path, prove, retention_days=1.0)


def test_a_file_that_cannot_be_opened_is_reported_and_the_process_ends(path: Path) -> None:
    path.write_text("Dear diary")

    async def prove() -> None:
        with pytest.raises(ListenerError, match="is not an event store"):
            await Line(path).store.open()
        assert not _children()

    asyncio.run(prove())


def _children() -> bool:
    with contextlib.suppress(AssertionError):
        return bool(process_of())
    return False


def test_it_waits_for_the_previous_process_to_release_the_file(path: Path) -> None:
    """As one does whose listener was killed: it ends when its pipe does, and not before."""

    async def prove() -> None:
        line = Line(path)
        before = Store.open(path, account_sid=ACCOUNT, world="live", retention_days=None)
        opening = asyncio.ensure_future(line.store.open())
        await asyncio.sleep(0.5)
        assert not opening.done()
        before.close()
        await opening
        assert isinstance(await line.commit(a_status(1, "sent")), Stored)
        await line.store.close()

    asyncio.run(prove())


@needs_proc
def test_it_receives_no_credential_and_ignores_signals(path: Path) -> None:
    async def prove(line: Line) -> None:
        pid = process_of()
        seen = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        assert seen[-2] == store_process.MODULE.encode()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(pid, number)
        assert isinstance(await line.commit(a_status(1, "sent")), Stored)
        assert process_of() == pid

    with_store(path, prove)


@needs_proc
def test_queued_commits_share_a_transaction_and_each_gets_its_answer(path: Path) -> None:
    """And what was asked for between them is done between them."""

    async def prove(line: Line) -> None:
        with contextlib.closing(sqlite3.connect(path)) as other:
            (before,) = other.execute("pragma data_version").fetchone()
            pid = process_of()
            os.kill(pid, signal.SIGSTOP)
            batches = [
                [a_status(1, "sent"), a_status(2, "sent")],
                [],
                [a_status(1, "sent")],
                [a_status(3, "sent")],
            ]
            asked = [asyncio.ensure_future(line.commit(*batch)) for batch in batches]
            await asyncio.sleep(0.05)
            os.kill(pid, signal.SIGCONT)
            assert [await each for each in asked] == [
                Stored([Receipt(id=1, new=True), Receipt(id=2, new=True)]),
                Stored([]),
                Stored([Receipt(id=1, new=False)]),
                Stored([Receipt(id=3, new=True)]),
            ]
            (after,) = other.execute("pragma data_version").fetchone()
            assert after == before + 1
            os.kill(pid, signal.SIGSTOP)
            first = asyncio.ensure_future(line.commit(a_status(4, "sent")))
            await asyncio.sleep(0)
            forgotten = asyncio.ensure_future(line.store.forget(None))
            await asyncio.sleep(0)
            last = asyncio.ensure_future(line.commit(a_status(4, "sent")))
            await asyncio.sleep(0.05)
            os.kill(pid, signal.SIGCONT)
            assert await first == Stored([Receipt(id=4, new=True)])
            assert await forgotten == 4
            assert await last == Stored([Receipt(id=5, new=True)])

    with_store(path, prove)


@needs_proc
def test_a_killed_process_is_restarted_and_acknowledged_events_are_stored(path: Path) -> None:
    async def prove(line: Line) -> None:
        assert await line.commit(a_status(1, "sent")) == Stored([Receipt(id=1, new=True)])
        pid = process_of()
        os.kill(pid, signal.SIGSTOP)  # so that it certainly has not done what it is asked now
        late = asyncio.ensure_future(line.commit(a_status(2, "sent")))
        forgetting = asyncio.ensure_future(line.store.forget(None))
        await asyncio.sleep(0.05)
        assert not late.done()
        os.kill(pid, signal.SIGKILL)
        assert await late == DIED
        with pytest.raises(StoreUnavailable, match="process died"):
            await forgetting
        assert await line.commit(a_status(3, "sent")) == DIED  # at once
        await until(lambda: line.told == [DIED.text, None])
        assert process_of() != pid
        assert await line.commit(a_status(1, "sent"), a_status(4, "sent")) == Stored(
            [Receipt(id=1, new=False), Receipt(id=2, new=True)]
        )

    with_store(path, prove)


@needs_proc
def test_when_its_file_is_removed_the_process_is_restarted_with_a_new_one(path: Path) -> None:
    async def prove(line: Line) -> None:
        assert await line.commit(a_status(1, "sent")) == Stored([Receipt(id=1, new=True)])
        path.unlink()
        assert isinstance(await line.commit(a_status(2, "sent")), StoreError)
        await until(lambda: line.told[-1:] == [None])
        assert await line.commit(a_status(2, "sent")) == Stored([Receipt(id=1, new=True)])

    with_store(path, prove)


@needs_proc
def test_a_request_at_the_moment_of_its_death_is_answered(path: Path) -> None:
    """Between its end and our hearing of it there is a turn of the loop."""

    async def prove(line: Line) -> None:
        loop, answers, asked = asyncio.get_running_loop(), list[Answer](), 0

        def ask() -> None:
            nonlocal asked
            if not line.told:
                asked += 1
                line.store.send(Commit.of([]), answers.append)
                loop.call_soon(ask)

        ask()
        os.kill(process_of(), signal.SIGKILL)
        await until(lambda: None in line.told)
        assert await line.commit() == Stored([])
        assert len(answers) == asked

    with_store(path, prove)


@needs_proc
def test_the_end_does_not_wait_for_one_that_is_only_beginning(path: Path) -> None:
    async def prove(line: Line) -> None:
        before = process_of()
        os.kill(before, signal.SIGKILL)
        await until(lambda: bool(line.told))
        await until(lambda: _children() and process_of() != before)
        os.kill(process_of(), signal.SIGSTOP)
        await asyncio.sleep(0.1)  # meanwhile it is connected
        async with asyncio.timeout(2.0):
            await line.store.close()
        assert not _children()

    with_store(path, prove)


def test_a_request_that_cannot_be_encoded_is_not_queued(path: Path) -> None:
    """Otherwise every later answer would go to the wrong request."""

    async def prove(line: Line) -> None:
        with pytest.raises(UnicodeEncodeError):
            await line.store.reject([structs.replace(REJECTION, reason="\ud83d")])
        assert await line.commit(a_status(1, "sent")) == Stored([Receipt(id=1, new=True)])

    with_store(path, prove)


def test_an_exception_in_one_callback_does_not_affect_the_others(path: Path) -> None:
    async def prove(line: Line) -> None:
        wrong: list[object] = []
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: wrong.append(context["exception"])
        )
        line.store.send(Commit.of([]), lambda _: [].pop())
        assert await line.commit(a_status(1, "sent")) == Stored([Receipt(id=1, new=True)])
        assert list(map(str, wrong)) == ["pop from empty list"]
        assert line.told == []

    with_store(path, prove)


@needs_proc
def test_the_reason_is_reported_while_it_cannot_be_restarted(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_process, "_LONGEST_PAUSE", 0.1)

    async def prove(line: Line) -> None:
        os.kill(process_of(), signal.SIGKILL)
        await until(lambda: bool(line.told))
        path.write_bytes(b"Dear diary" * 20)  # somebody puts another file there
        for ending in ("-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        await until(lambda: len(line.told) > 2)
        why = line.told[-1]
        assert why is not None
        assert "is not an event store" in why
        assert await line.commit(a_status(1, "sent")) == StoreError(why)
        path.unlink()
        await until(lambda: line.told[-1] is None)
        assert isinstance(await line.commit(a_status(1, "sent")), Stored)

    with_store(path, prove)


@needs_proc
def test_one_that_hangs_at_the_end_is_killed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_process, "_CLOSE_SECONDS", 0.2)

    async def prove(line: Line) -> None:
        assert isinstance(await line.commit(a_status(1, "sent")), Stored)
        os.kill(process_of(), signal.SIGSTOP)
        forgetting = asyncio.ensure_future(line.store.forget(None))
        await asyncio.sleep(0)  # it is asked
        await line.store.close()
        with pytest.raises(ListenerError, match="is shutting down"):
            await forgetting

    with_store(path, prove)
    assert not _children()
    with Store.open(path, account_sid=ACCOUNT, world="live", retention_days=None) as store:
        assert store.commit([a_status(1, "sent")]) == [Receipt(id=1, new=False)]


def test_after_the_end_it_refuses(path: Path) -> None:
    async def prove() -> None:
        line = Line(path)
        await line.store.open()
        await line.store.close()
        assert await line.commit(a_status(1, "sent")) == StoreError(
            "The listener is shutting down."
        )
        with pytest.raises(ListenerError, match="is shutting down"):
            await line.store.forget(None)
        await line.store.close()  # twice is once

    asyncio.run(prove())


@needs_proc
def test_a_store_process_with_malformed_output_is_ended(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is started at a slower pace each time: one that dies at once would take a whole core."""
    monkeypatch.setattr(store_process, "MODULE", "tests.babbling")
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def slept(seconds: float) -> None:
        if seconds >= 0.1:
            pauses.append(seconds)
            seconds = 0.0
        await sleep(seconds)

    async def prove(line: Line) -> None:
        monkeypatch.setattr(asyncio, "sleep", slept)
        for n in range(4):
            assert await line.commit(a_status(1, "sent")) == DIED
            await until(lambda n=n: line.told.count(None) == n + 1)  # type: ignore[misc]
        assert pauses == [0.1, 0.2, 0.4, 0.8]
        assert len(set(path.read_text().split())) == 5

    with_store(path, prove)


@pytest.mark.parametrize(
    ("python", "why"),
    [("/nowhere/python", "cannot be started: No such file"), ("/bin/false", "ended before")],
)
def test_a_python_that_cannot_run_it_is_reported(
    path: Path, monkeypatch: pytest.MonkeyPatch, python: str, why: str
) -> None:
    """An environment that was taken away, say; it may come back."""

    async def prove(line: Line) -> None:
        right = sys.executable
        monkeypatch.setattr(sys, "executable", python)
        with pytest.raises(ListenerError, match=why):
            await Line(path).store.open()
        os.kill(process_of(), signal.SIGKILL)
        await until(lambda: why in (line.told[-1:] or [""])[0])  # type: ignore[operator]
        monkeypatch.setattr(sys, "executable", right)
        await until(lambda: line.told[-1] is None)
        assert isinstance(await line.commit(a_status(1, "sent")), Stored)

    with_store(path, prove)


@needs_proc
def test_a_failed_restart_is_retried(path: Path) -> None:
    """There may be too many threads already for the one that waits for its end."""

    async def prove(line: Line) -> None:
        usual = threading.stack_size(1 << 46)  # there is no room for such a thread
        try:
            os.kill(process_of(), signal.SIGKILL)
            await until(lambda: len(line.told) > 1)
        finally:
            threading.stack_size(usual)
        await until(lambda: line.told[-1] is None)
        assert isinstance(await line.commit(a_status(1, "sent")), Stored)

    with_store(path, prove)


def test_a_locked_store_is_reported_and_nothing_is_half_stored(path: Path) -> None:
    async def prove(line: Line) -> None:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("begin immediate")
            answers = await line.commit(a_status(1, "sent"))
            assert isinstance(answers, StoreError)
            assert answers.cause == "locked"
            other.execute("rollback")
        assert await line.commit(a_status(1, "sent")) == Stored([Receipt(id=1, new=True)])

    with_store(path, prove)


def test_more_data_than_a_pipe_buffers_arrives(path: Path) -> None:
    async def prove(line: Line) -> None:
        many = [an_inbound(n, "x" * 60_000) for n in range(60)]
        assert await line.commit(*many) == Stored([Receipt(id=n + 1, new=True) for n in range(60)])

    with_store(path, prove)
    with Reader(path) as reader:
        assert [len(each.body or "") for each in reader.events()] == [60_000] * 60

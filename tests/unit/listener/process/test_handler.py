"""Between the gate and the disk: shared commits, answers only after them, and no more than fits."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from twilio_widgets.errors import StoreUnavailable
from twilio_widgets.listener.events.batch import INVALID_UNICODE, Receipt
from twilio_widgets.listener.events.event import Arrival, Rejection
from twilio_widgets.listener.process import group_commit as committing
from twilio_widgets.listener.process.group_commit import GroupCommitter
from twilio_widgets.listener.process.log import Log
from twilio_widgets.listener.process.refusal import RejectionCause
from twilio_widgets.listener.process.rejections import RejectionLog
from twilio_widgets.listener.process.replies import Replies
from twilio_widgets.listener.process.response import HttpResponse, twiml
from twilio_widgets.listener.store_process import protocol as wire
from twilio_widgets.listener.store_process.protocol import Commit, Stored, StoreError
from twilio_widgets.signature.findings import MISMATCH, TOO_LARGE, TOO_MANY
from twilio_widgets.signature.presented import SignedRequest
from twilio_widgets.signature.verdict import Verdict


def arrival(n: int = 0, **parameters: str) -> Arrival:
    parameters = {"MessageSid": f"SM{n:032x}", "From": "+15005550001", **parameters}
    return Arrival(
        kind="inbound", received_at=datetime.now(UTC), parameters=tuple(parameters.items())
    )


class Disk:
    """Stores arrivals while it is free, and remembers what came together."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.failure: StoreError | None = None
        self.failures: list[str] = []
        self.asked: deque[tuple[Sequence[object], Callable[[wire.Answer], None]]] = deque()
        self._is_free = True

    def told(self, problem: str | None) -> None:
        if problem is not None:
            self.failures.append(problem)

    def send(self, request: Commit, answered: Callable[[wire.Answer], None]) -> None:
        self.asked.append((request.arrivals, answered))
        if self._is_free:
            asyncio.get_running_loop().call_soon(self.free)

    def hold(self) -> None:
        self._is_free = False

    def free(self) -> None:
        self._is_free = True
        while self.asked:
            arrivals, answered = self.asked.popleft()
            if self.failure is not None:
                answered(self.failure)
                continue
            first = sum(self.batches) + 1
            self.batches.append(len(arrivals))
            receipts = [Receipt(id=first + n, new=True) for n in range(len(arrivals))]
            answered(Stored(receipts))


def with_committer(prove: Callable[[GroupCommitter, Disk], Awaitable[None]]) -> None:
    async def run() -> None:
        disk = Disk()
        await prove(GroupCommitter(disk, disk.told), disk)

    asyncio.run(run())


async def until(true: Callable[[], bool]) -> None:
    while not true():
        await asyncio.sleep(0.002)


def test_arrivals_of_one_loop_iteration_are_committed_together() -> None:
    async def prove(committer: GroupCommitter, disk: Disk) -> None:
        disk.hold()
        done: list[Receipt | None] = []
        for lot in (1, 700, 3):
            for n in range(lot):
                assert committer.take(arrival(n), done.append)
            await asyncio.sleep(0)
        assert [len(asked) for asked, _ in disk.asked] == [1, 700, 3]
        assert (done, len(committer)) == ([], 704)
        disk.free()
        await committer.idle()
        assert [one.id for one in done if one] == list(range(1, 705))

    with_committer(prove)


def test_more_than_fits_is_not_taken_by_count_and_by_bytes() -> None:
    async def prove(committer: GroupCommitter, disk: Disk) -> None:
        disk.hold()
        done: list[Receipt | None] = []
        taken = [committer.take(arrival(n), done.append) for n in range(2_001)]
        assert taken == [True] * 2_000 + [False]
        disk.free()
        await committer.idle()
        disk.hold()
        text = "x" * 1_000_000
        large = [committer.take(arrival(n, Body=text), done.append) for n in range(17)]
        assert large == [True] * 16 + [False]
        disk.free()
        await committer.idle()
        assert len(done) == 2_016
        assert committer.take(arrival(), done.append)
        await committer.idle()

    with_committer(prove)


def test_requests_are_answered_503_after_a_second_without_the_disk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those under way, those that wait, and at once those that come; then it goes on."""
    monkeypatch.setattr(committing, "LONGEST_WAIT", 0.2)
    monkeypatch.setattr(committing, "_CHECK_SECONDS", 0.02)

    async def prove(committer: GroupCommitter, disk: Disk) -> None:
        disk.hold()
        done: list[Receipt | None] = []
        committer.take(arrival(1), done.append)
        await asyncio.sleep(0.01)
        committer.take(arrival(2), done.append)
        await until(lambda: len(done) == 2)
        assert done == [None, None]
        assert not committer.take(arrival(3), done.append)
        assert set(disk.failures) == {committing.NO_ANSWER}
        disk.free()
        await committer.idle()
        assert done == [None, None]  # stored late, and answered once
        assert committer.take(arrival(4), done.append)
        await committer.idle()
        assert done[2:] == [Receipt(id=3, new=True)]
        assert disk.batches == [1, 1, 1]

    with_committer(prove)


def test_an_event_that_could_not_be_stored_is_never_acknowledged() -> None:
    async def prove(committer: GroupCommitter, disk: Disk) -> None:
        disk.failure = StoreError("The disk is full.", "full")
        done: list[Receipt | None] = []
        committer.take(arrival(1), done.append)
        await committer.idle()
        assert (done, disk.failures) == ([None], ["The disk is full."])
        disk.failure = None
        committer.take(arrival(2), done.append)
        await committer.idle()
        assert done[1:] == [Receipt(id=1, new=True)]

    with_committer(prove)


@pytest.mark.parametrize("failure", [None, StoreError("Full.", "full")])
def test_an_exception_while_answering_one_request_does_not_affect_the_others(
    failure: StoreError | None,
) -> None:
    async def prove(committer: GroupCommitter, disk: Disk) -> None:
        disk.failure = failure
        wrong: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, what: wrong.append(what))
        done: list[Receipt | None] = []
        for _ in range(20):  # their bytes are let go of as well, or it were full by and by
            assert committer.take(arrival(0, Body="x" * 1_000_000), lambda _: 1 // 0)
            assert committer.take(arrival(1), done.append)
            await committer.idle()
        assert (len(done), len(wrong)) == (20, 20)

    with_committer(prove)


def test_a_store_that_refuses_at_once_refuses_all_that_wait() -> None:
    """While its process is started again, say."""

    class Refusing(Disk):
        def send(self, request: Commit, answered: Callable[[wire.Answer], None]) -> None:
            answered(StoreError("It is started again.", "disk"))

    async def run() -> None:
        disk, done = Refusing(), list[Receipt | None]()
        committer = GroupCommitter(disk, disk.told)
        assert all(committer.take(arrival(n), done.append) for n in range(1_200))
        await committer.idle()
        assert (done, len(committer)) == ([None] * 1_200, 0)
        assert disk.failures == ["It is started again."]

    asyncio.run(run())


def test_invalid_unicode_is_rejected_at_once_and_delays_no_other_arrival() -> None:
    async def prove(committer: GroupCommitter, disk: Disk) -> None:
        done: list[Receipt | None] = []
        assert committer.take(arrival(1, Body="\ud83d"), done.append)
        assert done == [Receipt(id=None, new=False, problem=INVALID_UNICODE)]
        assert committer.take(arrival(2), done.append)
        await committer.idle()
        assert done[1:] == [Receipt(id=1, new=True)]
        assert disk.batches == [1]

    with_committer(prove)


# Replies


def replying(prove: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(prove())


def test_a_redelivered_message_gets_the_answer_it_got_before() -> None:
    """Also when the text has changed meanwhile: another answer could be a second reply."""

    async def nobody(_: dict[str, object]) -> str | None:
        raise AssertionError

    async def prove() -> None:
        given: list[HttpResponse] = []
        replies = Replies(lambda: False, nobody, "One")
        replies.answer(arrival(1), 1, given.append)
        replies.text = "Two"
        replies.answer(arrival(1), 1, given.append)
        replies.answer(arrival(2), 2, given.append)
        assert given == [twiml("One"), twiml("One"), twiml("Two")]

    replying(prove)


def test_the_kernel_is_asked_once_per_message_however_often_it_is_delivered() -> None:
    async def prove() -> None:
        asked: list[dict[str, object]] = []
        answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

        async def ask(message: dict[str, object]) -> str | None:
            asked.append(message)
            return await answer

        given: list[HttpResponse] = []
        replies = Replies(lambda: True, ask, "Not this")
        replies.answer(arrival(1, Body="Hi"), 7, given.append)
        replies.answer(arrival(1, Body="Hi"), 7, given.append)
        await asyncio.sleep(0.01)
        assert given == []
        answer.set_result("From the kernel")
        await until(lambda: len(given) == 2)
        replies.answer(arrival(1, Body="Hi"), 7, given.append)
        assert given == [twiml("From the kernel")] * 3
        assert asked == [
            {
                "id": 7,
                "parameters": {
                    "MessageSid": f"SM{1:032x}",
                    "From": "+15005550001",
                    "Body": "Hi",
                },
            }
        ]

    replying(prove)


SILENT = ["late", "gone", "none", "too long"]


@pytest.mark.parametrize("how", SILENT)
def test_no_reply_is_sent_if_the_kernel_is_too_slow(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twilio_widgets.listener.process.replies.KERNEL_SECONDS", 0.05)

    async def ask(_: dict[str, object]) -> str | None:
        if how == "gone":
            raise ConnectionResetError
        if how == "late":
            await asyncio.Event().wait()
        return "x" * 1_601 if how == "too long" else None

    async def prove() -> None:
        given: list[HttpResponse] = []
        Replies(lambda: True, ask).answer(arrival(1), 1, given.append)
        await until(lambda: bool(given))
        assert given == [twiml(None)]

    replying(prove)


# What was turned away


def noting(
    prove: Callable[[RejectionLog, list[list[Rejection]], list[SignedRequest]], Awaitable[None]],
    *,
    seconds: float = 0.0,
) -> None:
    """Note requests, each of which takes the doctor so many seconds."""
    stored: list[list[Rejection]] = []
    seen: list[SignedRequest] = []

    def diagnose(presented: SignedRequest) -> Verdict:
        seen.append(presented)
        return Verdict(valid=False, reason="The scheme differs.", cause="scheme", mend="Say https.")

    async def run() -> None:
        async def reject(lot: Sequence[Rejection]) -> None:
            stored.append(list(lot))

        with ThreadPoolExecutor(1) as doctor:
            turned = RejectionLog(
                diagnose,
                reject,
                doctor,
                lambda: None,
                clock=lambda: len(seen) * seconds,
            )
            await prove(turned, stored, seen)

    asyncio.run(run())


def forged(body: bytes = b"From=%2B15005550001&Body=secret") -> RejectionCause:
    presented = SignedRequest(
        method="POST",
        url="http://127.0.0.1/status",
        body=body,
        content_type="application/x-www-form-urlencoded",
    )
    return RejectionCause(
        status=403, cause="signature", reason=MISMATCH.reason, presented=presented
    )


def test_a_forged_request_is_stored_with_its_diagnosis() -> None:
    async def prove(turned: RejectionLog, stored: list[list[Rejection]], _: list[Any]) -> None:
        turned.note(forged(), method="POST", path="/status")
        await until(lambda: bool(stored))
        ((rejection,),) = stored
        assert (rejection.status, rejection.cause) == (403, "signature: scheme")
        assert (rejection.reason, rejection.mend) == ("The scheme differs.", "Say https.")
        assert (rejection.method, rejection.path) == ("POST", "/status")
        assert rejection.from_ is not None
        assert "5550001" not in rejection.from_
        assert "secret" not in repr(rejection)
        await turned.idle()

    noting(prove)


def test_all_rejections_of_a_flood_are_counted_and_the_latest_diagnosed() -> None:
    """The doctor's work is bounded whatever comes, and so is what is kept for him."""

    async def prove(
        turned: RejectionLog, stored: list[list[Rejection]], seen: list[SignedRequest]
    ) -> None:
        for n in range(5_000):
            turned.note(forged(b"N=%d" % n), method="POST", path="/status")
        turned.note(forged(b"x" * 1_000_000))
        await until(lambda: bool(stored))
        await turned.idle()
        assert turned.counts == {"signature": 5_001}
        assert [len(lot) for lot in stored] == [1_000]
        assert [one.body for one in seen] == [b"N=%d" % n for n in range(4_999, 4_899, -1)]
        parameters = [(one.cause, one.reason) for one in stored[0]]
        assert parameters == [
            *[("signature", TOO_MANY.reason)] * 899,
            *[("signature: scheme", "The scheme differs.")] * 100,
            ("signature", TOO_LARGE.reason),
        ]

    noting(prove)


def test_large_forgeries_hold_little_memory() -> None:
    async def prove(
        turned: RejectionLog, stored: list[list[Rejection]], seen: list[SignedRequest]
    ) -> None:
        for _ in range(90):
            turned.note(forged(b"x" * 60_000))
        assert sum(noted.size for noted in turned._kept) <= 2_000_000
        await turned.idle()
        assert len(seen) == 33

    noting(prove)


def test_diagnoses_use_a_fifth_of_the_time_plus_a_saved_budget() -> None:
    """A burst is looked into at once; a flood gets no more than his share."""

    async def prove(
        turned: RejectionLog, stored: list[list[Rejection]], seen: list[SignedRequest]
    ) -> None:
        for looked_into in (16, 20):  # half a second that was saved; a fifth of that, gone by
            for _ in range(50):
                turned.note(forged())
            await turned.idle()
            assert len(seen) == looked_into
        assert [one.cause for one in stored[1]] == ["signature"] * 46 + ["signature: scheme"] * 4

    noting(prove, seconds=1 / 32)


def test_a_store_that_takes_no_rejections_stops_nothing() -> None:
    async def run() -> None:
        told: list[int] = []

        async def reject(lot: Sequence[Rejection]) -> None:
            told.append(len(lot))
            if len(told) == 1:
                raise StoreUnavailable("Locked.", cause="locked")

        with ThreadPoolExecutor(1) as doctor:
            turned = RejectionLog(lambda _: pytest.fail("asked"), reject, doctor, lambda: None)
            plain = RejectionCause(status=404, cause="path", reason="Nothing there.")
            turned.note(plain)
            await turned.idle()
            turned.note(plain)
            await turned.idle()
            assert (turned.counts, told) == ({"path": 2}, [1, 1])

    asyncio.run(run())


# The log


def test_a_flood_of_problems_is_a_line_a_second_for_its_owner_alone(tmp_path: Path) -> None:
    clock = [100.0]
    log = Log(tmp_path / "log", now=lambda: clock[0])
    for _ in range(1_000):
        log.say("store", "locked\nby another")
    log.say("error", "KeyError")
    clock[0] += 1.0
    log.say("store", "locked")
    lines = [line.split(" ", 1)[1] for line in (tmp_path / "log").read_text().splitlines()]
    assert lines == [
        "store: locked by another",
        "error: KeyError",
        "store: locked (and 999 times since)",
    ]
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600


def test_the_log_stays_small_and_ignores_a_missing_folder(tmp_path: Path) -> None:
    log = Log(tmp_path / "log", now=time.monotonic_ns)
    for n in range(400):
        log.say(f"reason {n}", "x" * 2_000)
    assert (tmp_path / "log").stat().st_size < 300_000
    Log(tmp_path / "gone" / "log").say("store")


def test_the_log_accepts_an_undecodable_path(tmp_path: Path) -> None:
    Log(tmp_path / "log").say("store", "/caf\udce9/events.sqlite is locked.")
    assert (tmp_path / "log").read_text().endswith("store: /caf\\udce9/events.sqlite is locked.\n")

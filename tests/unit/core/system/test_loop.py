"""The background loop: it begins with the first work, ends with the last, and leaves nothing."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading
import time

import pytest

from twilio_widgets.core.system import loop


def running() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == loop.NAME]


def test_works_share_one_thread_which_ends_with_the_last():
    gate = threading.Event()

    async def waits() -> int:
        while not gate.is_set():
            await asyncio.sleep(0.001)
        return threading.get_ident()

    first, second = loop.start(waits()), loop.start(waits())
    assert len(running()) == 1
    with pytest.raises(TimeoutError):
        first.result(0.01)
    gate.set()
    assert first.result(5) == second.result(5) != threading.get_ident()
    assert (first.done, second.done) == (True, True)
    assert running() == []


def test_an_error_is_raised_where_it_is_waited_for_and_the_loop_ends_too():
    async def fails() -> None:
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        loop.start(fails()).result(5)
    assert loop.start(asyncio.sleep(0, "again")).result(5) == "again"


def test_a_call_reaches_the_thread_of_the_work_until_it_ends():
    called: list[int] = []

    async def waits() -> int:
        while not called:
            await asyncio.sleep(0.001)
        return threading.get_ident()

    work = loop.start(waits())
    work.call(lambda: called.append(threading.get_ident()))
    assert [work.result(5)] == called
    work.call(lambda: called.append(0))
    assert len(called) == 1


def test_many_threads_can_begin_and_end_it_at_once():
    found: list[int] = []

    def begin(number: int) -> None:
        for _ in range(50):
            found.append(loop.start(asyncio.sleep(0, number)).result(5))  # noqa: PERF401

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted([number for number in range(8) for _ in range(50)])


def test_work_started_while_the_last_task_ends_is_done():
    """Each begins the next in the only step it has, so that the loop is ending all the time."""
    begun: list[loop.BackgroundTask[int]] = []

    async def passes_on(left: int) -> int:
        if left:
            begun.append(loop.start(passes_on(left - 1)))
        return left

    begun.append(loop.start(passes_on(50)))
    assert [begun[number].result(5) for number in range(51)] == list(range(50, -1, -1))


def test_work_that_fails_leaves_no_thread_either():
    async def fails() -> None:
        await asyncio.to_thread(time.sleep, 0.01)
        raise LookupError

    for _ in range(20):
        with pytest.raises(LookupError):
            loop.start(fails()).result(5)
        assert running() == []


def test_threads_that_work_borrowed_end_with_it():
    """Such as the one in which a busy job waits for the disk."""
    before = set(threading.enumerate())

    async def borrows() -> str:
        return await asyncio.to_thread(lambda: threading.current_thread().name)

    assert loop.start(borrows()).result(5).startswith("asyncio")
    assert set(threading.enumerate()) - before == set()


def begun_as_another_ends(
    coroutine,
) -> tuple[loop.BackgroundTask[object], loop.BackgroundTask[None]]:
    """Begin work that the loop is too busy to begin yet, while the only other work has ended."""
    begun: list[loop.BackgroundTask[object]] = []
    busy = threading.Event()

    async def ends() -> None:
        here = asyncio.get_running_loop()
        here.call_soon(here.call_soon, lambda: (busy.set(), time.sleep(0.3)))
        begun.append(loop.start(coroutine))

    ended = loop.start(ends())
    assert busy.wait(5)
    return begun[0], ended


def test_a_call_reaches_work_started_while_other_work_ends():
    """Such as the cancel of a job that was begun just now: it is never lost."""
    called: list[int] = []

    async def waits() -> int:
        for _ in range(500):
            await asyncio.sleep(0 if called else 0.01)
        return len(called)

    work, _ended = begun_as_another_ends(waits())
    work.call(lambda: called.append(1))
    assert work.result(10) == 1


def test_a_result_is_not_delayed_by_work_started_at_the_same_time():
    gate = threading.Event()

    async def waits() -> None:
        while not gate.is_set():
            await asyncio.sleep(0.001)

    work, ended = begun_as_another_ends(waits())
    since = time.monotonic()
    ended.result(5)
    assert time.monotonic() - since < 3
    gate.set()
    work.result(5)
    assert running() == []


@pytest.mark.parametrize("leaving", [SystemExit, KeyboardInterrupt])
def test_work_that_raises_a_base_exception_ends_alone(leaving):
    async def leaves() -> None:
        await asyncio.sleep(0.01)
        raise leaving

    async def goes_on() -> str:
        await asyncio.sleep(0.1)
        return "whole"

    other, work = loop.start(goes_on()), loop.start(leaves())
    with pytest.raises(leaving):
        work.result(5)
    assert other.result(5) == "whole"
    assert running() == []


def test_waiting_for_a_task_in_its_own_thread_is_refused():
    """It would wait forever, and everything else with it."""
    works: list[loop.BackgroundTask[str]] = []

    async def waits_for_itself() -> str:
        while not works:
            await asyncio.sleep(0.001)
        with pytest.raises(RuntimeError, match="would deadlock"):
            works[0].result(5)
        return "gone on"

    works.append(loop.start(waits_for_itself()))
    assert works[0].result(5) == "gone on"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # never awaited
def test_work_given_up_as_its_thread_starts_never_begins(monkeypatch):
    """Stopped there, nobody can tell yet whether the thread runs: it looks first."""
    begun: list[int] = []
    started: list[threading.Thread] = []
    runs = threading.Event()

    class Late(loop._Thread):
        def start(self) -> None:
            started.append(threading.Thread(target=lambda: (runs.wait(5), self.run())))
            started[0].start()
            raise KeyboardInterrupt

    async def begins() -> None:
        begun.append(1)

    monkeypatch.setattr(loop, "_Thread", Late)
    with pytest.raises(KeyboardInterrupt):
        loop.start(begins())
    runs.set()
    started[0].join(5)
    gc.collect()
    assert begun == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_fork_begins_work_although_another_thread_was_just_beginning_some():
    with loop._starting:
        if (fork := os.fork()) == 0:
            signal.alarm(5)  # ends it when it hangs
            os._exit(loop.start(asyncio.sleep(0, 7)).result(5))
    assert os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1]) == 7


def test_work_that_takes_a_while_to_hand_over_is_not_lost(monkeypatch):
    """Its place is counted before it stands in the line, and the loop may look in between."""
    hand_over = asyncio.run_coroutine_threadsafe

    def slowly(*given):
        time.sleep(0.01)
        return hand_over(*given)

    monkeypatch.setattr(asyncio, "run_coroutine_threadsafe", slowly)
    ended: list[int] = []

    def begin() -> None:
        for _ in range(20):
            ended.append(loop.start(asyncio.sleep(0.005, 1)).result(5))  # noqa: PERF401

    threads = [threading.Thread(target=begin) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ended) == 60


def test_without_threads_a_task_runs_on_the_loop_of_its_caller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "emscripten")  # JupyterLite
    called = []

    async def work() -> str:
        await asyncio.sleep(0)
        return threading.current_thread().name

    async def cell() -> tuple[bool, str]:
        task = loop.start(work())
        before = task.done
        task.call(lambda: called.append("called"))
        while not task.done:
            await asyncio.sleep(0)
        return before, task.result()

    assert asyncio.run(cell()) == (False, threading.current_thread().name)
    assert called == ["called"]

"""The background loop: it begins with the first work, ends with the last, and leaves nothing."""

from __future__ import annotations

import asyncio
import threading

import pytest

from twilio_widgets.core import loop


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


def test_a_call_reaches_the_works_own_thread_and_after_its_end_nobody():
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


def test_what_is_begun_as_the_last_ends_is_done():
    """Each begins the next in the only step it has, so that the loop is ending all the time."""
    begun: list[loop.Work[int]] = []

    async def passes_on(left: int) -> int:
        if left:
            begun.append(loop.start(passes_on(left - 1)))
        return left

    begun.append(loop.start(passes_on(50)))
    assert [begun[number].result(5) for number in range(51)] == list(range(50, -1, -1))


def test_threads_that_work_borrowed_end_with_it():
    """Such as the one in which a busy job waits for the disk."""
    before = set(threading.enumerate())

    async def borrows() -> str:
        return await asyncio.to_thread(lambda: threading.current_thread().name)

    assert loop.start(borrows()).result(5).startswith("asyncio")
    assert set(threading.enumerate()) - before == set()

"""Work is started through one seam, and its errors reach the panel."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from twilio_widgets.panels.kit import work

if TYPE_CHECKING:
    import pytest


def raised(error: Exception) -> None:
    raise AssertionError(f"unexpected: {error}")


def test_starting_work_returns_before_the_work_is_done() -> None:
    may_end = threading.Event()
    begun = work.start(may_end.wait, 30, on_error=raised)

    assert not begun.done
    may_end.set()
    assert begun.join(30)


def test_work_runs_in_a_daemon_thread_that_says_what_it_is() -> None:
    seen: list[threading.Thread] = []

    def note_the_thread() -> None:
        seen.append(threading.current_thread())

    work.start(note_the_thread, on_error=raised).join(30)

    assert [(thread.name, thread.daemon) for thread in seen] == [
        ("twilio_widgets-work-note_the_thread", True)
    ]


def test_an_error_reaches_the_handler_and_is_not_printed(
    capfd: pytest.CaptureFixture[str],
) -> None:
    errors: list[Exception] = []
    begun = work.start(lambda: 1 / 0, on_error=errors.append)

    assert begun.join(30)
    assert [type(error) for error in errors] == [ZeroDivisionError]
    assert capfd.readouterr() == ("", "")


def test_work_that_waits_for_itself_does_not_deadlock() -> None:
    answers: list[bool] = []
    holder: list[work.Work] = []
    ready = threading.Event()

    def wait_for_myself() -> None:
        ready.wait(30)
        answers.append(holder[0].join())

    holder.append(work.start(wait_for_myself, on_error=raised))
    ready.set()
    holder[0].join(30)

    assert answers == [False]


def test_without_threads_work_is_the_next_step_of_the_event_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(work, "THREADS_EXIST", False)
    order: list[str] = []

    async def callback() -> None:
        work.start(order.append, "work", on_error=raised)
        order.append("the callback returned")
        await asyncio.sleep(0)

    asyncio.run(callback())
    assert order == ["the callback returned", "work"]


def test_without_threads_and_without_a_loop_work_is_done_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(work, "THREADS_EXIST", False)
    order: list[str] = []

    assert work.start(order.append, "work", on_error=raised).done
    assert order == ["work"]


def test_without_threads_waiting_for_work_does_it_and_only_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(work, "THREADS_EXIST", False)
    order: list[str] = []

    async def callback() -> None:
        assert work.start(order.append, "work", on_error=raised).join()
        order.append("waited")
        await asyncio.sleep(0)

    asyncio.run(callback())
    assert order == ["work", "waited"]

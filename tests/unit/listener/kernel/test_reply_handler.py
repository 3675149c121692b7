"""A failing reply function only loses its own reply, and `problem` reports why."""

from __future__ import annotations

import asyncio
import sys
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from twilio_widgets.listener.kernel import reply_handler as answering
from twilio_widgets.listener.kernel.reply_handler import ReplyHandler

QUESTION: dict[str, Any] = {"id": 0, "parameters": {"MessageSid": "SM" + "1" * 32, "Body": "Hi"}}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that only advances when set."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(answering, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


async def cancelled(event: Any) -> str:
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("does", "problem"),
    [
        (lambda event: int(event.body), "ValueError: invalid literal for int() with base 10: 'Hi'"),
        (lambda event: sys.exit("not +14155550123"), "SystemExit: not +1 4••• ••• 123"),
        (lambda event: asyncio.run(cancelled(event)), "CancelledError: "),
        (lambda event: 5, "ConfigurationError: A reply must be a str, or None for no reply."),
    ],
)
def test_an_exception_of_the_function_is_reported_and_no_reply_is_sent(
    does: Any, problem: str
) -> None:
    asked = ReplyHandler(does)
    assert asked.answer(QUESTION) is None
    assert asked.problem == f"The reply function raised {problem}"
    asked.become(ReplyHandler(lambda event: event.body))
    assert (asked.problem, asked.answer(QUESTION), asked.problem) == (None, "Hi", None)


def test_a_function_that_hangs_is_reported_meanwhile(clock: SimpleNamespace) -> None:
    called, go_on = threading.Event(), threading.Event()

    def hangs(_event: object) -> str:
        called.set()
        go_on.wait(20)
        return "late"

    asked = ReplyHandler(hangs)
    thread = threading.Thread(target=asked.answer, args=(QUESTION,))
    thread.start()
    assert called.wait(20)
    assert asked.problem is None
    clock.now += 2.5
    assert asked.problem == (
        "The reply function did not return within 2 s, so no reply was sent (1 messages). Make it "
        "faster; a call that hangs ends only with the kernel."
    )
    go_on.set()
    thread.join(20)
    assert asked.problem == (
        "The reply function took 2.5 s for the last message; the limit is 2 s, so no reply was "
        "sent."
    )

"""A send that is stopped from outside: by a person, at any line, or by a cancelled task."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

import twilio_widgets
from tests.tools import stop_pressed
from twilio_widgets import AsyncTwilio, AuthTokenConnection, Sandbox, Twilio

PACKAGE = Path(twilio_widgets.__file__).parent
OURS = tuple(str(PACKAGE / folder) for folder in ("client", "core"))
SHARED = ("segments.py", "secret.py", "connection.py")  # the sandbox runs these too
CONNECTION = AuthTokenConnection("AC" + "1" * 32, "c0ffee" * 5 + "42")
TO, FROM = "+14155550123", "+15005550006"


@contextlib.contextmanager
def stopped_at(line: int) -> Iterator[list[str]]:
    """Raise KeyboardInterrupt before the nth line of ours is run; tell where that was."""
    passed, where = 0, []

    def trace(frame, event, _argument):
        nonlocal passed
        file = frame.f_code.co_filename
        if not file.startswith(OURS) or file.endswith(SHARED):
            return None
        if event == "line":
            passed += 1
            if passed == line:
                where.append(f"{Path(file).name}:{frame.f_lineno}")
                sys.settrace(None)
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield where
    finally:
        sys.settrace(before)


def shows(error: BaseException, token: str) -> bool:
    """Say whether a traceback with the locals of every frame of ours holds a text."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    _of_the_test, *ours = told.stack
    return any(token in value for frame in ours for value in (frame.locals or {}).values())


def test_a_send_stopped_at_any_line_is_found_or_was_never_made():
    """The journal of a plain send is the client: it keeps every send whose answer it owes."""
    with Sandbox(now="2026-01-15T12:00:00Z") as sandbox:
        token = sandbox.connection.credentials[1].reveal()
        twilio = Twilio(sandbox.connection)
        twilio.messages.send(TO, from_=sandbox.numbers[0], body="everything is loaded")
        stopped: dict[str, str] = {}
        for line in range(1, 5000):
            body, leaks = f"stop {line}", False
            try:
                with stopped_at(line) as where:
                    twilio.messages.send(TO, from_=sandbox.numbers[0], body=body)
            except KeyboardInterrupt as stop:
                stopped[body], leaks = where[0], shows(stop, token)
            assert not leaks, where
            if not where:
                break
        gc.collect()  # a flow that was dropped has heard of it now
        made = {one.body: one.sid for one in sandbox.ledger if one.body in stopped}
        opened = {outcome.parameters["Body"][0]: outcome for outcome in twilio.messages.unanswered}

        assert len(made) == sum(one.body in stopped for one in sandbox.ledger)
        handed_over = set(made.values()) & set(twilio.messages.outbox.sent)
        lost = {stopped[body] for body in made if body not in opened} - {
            stopped[body] for body in made if made[body] in handed_over
        }
        assert lost == set()
        sandbox.clock.advance("2 min")
        for body, outcome in opened.items():
            found = twilio.messages.find(outcome)
            assert (found.sid if found else None) == made.get(body), stopped[body]
        assert twilio.messages.unanswered == ()
        assert len(made) > 50


def test_a_hanging_send_can_be_stopped_and_says_how_to_find_the_message(serve):
    server = serve("silent after reading")
    with (
        Twilio(CONNECTION, timeout=20, base_url=server.url) as twilio,
        stop_pressed(lambda: server.received),
    ):
        with pytest.raises(KeyboardInterrupt, match="may have been sent") as caught:
            twilio.messages.send(TO, from_=FROM, body="Hi")
        (outcome,) = twilio.messages.unanswered
    assert "twilio.messages.unanswered" in str(caught.value)
    assert outcome.parameters["Body"] == ("Hi",)
    assert (outcome.latest_arrival - outcome.started_at).total_seconds() < 5
    assert server.connections == 1


def test_a_change_that_is_stopped_says_that_it_may_have_been_made(serve):
    server = serve("silent after reading")
    with (
        Twilio(CONNECTION, timeout=20, base_url=server.url) as twilio,
        stop_pressed(lambda: server.received),
    ):
        with pytest.raises(KeyboardInterrupt, match="may have been made"):
            twilio.messages.cancel("SM" + "0" * 32)
        assert twilio.messages.unanswered == ()


@pytest.mark.parametrize("fault", ["hang", "delay"])
def test_every_send_of_a_cancelled_group_can_be_asked_about(fault):
    """One task fails and its group cancels the others, while their requests are on their way."""
    with Sandbox() as sandbox:

        async def group() -> AsyncTwilio:
            twilio = AsyncTwilio(sandbox.connection, base_url=sandbox.url)
            await twilio.check()
            sandbox.fail(fault=fault, times=5, delay=2 if fault == "delay" else None)

            async def fail() -> None:
                while len(sandbox.ledger) < 5:
                    await asyncio.sleep(0.01)
                raise LookupError

            async def sends_and_a_failure() -> None:
                async with asyncio.TaskGroup() as tasks:
                    for number in range(5):
                        sending = twilio.messages.send(
                            TO, from_=sandbox.numbers[0], body=f"number {number}"
                        )
                        tasks.create_task(sending)
                    tasks.create_task(fail())

            with pytest.raises(ExceptionGroup):
                await sends_and_a_failure()
            opened = twilio.messages.unanswered
            assert len(opened) == 5
            found = [await twilio.messages.find(outcome) for outcome in opened]
            assert {m.sid for m in found} == {one.sid for one in sandbox.ledger}
            assert twilio.messages.unanswered == ()
            await twilio.aclose()

        asyncio.run(group())
        assert len(sandbox.ledger) == 5


def test_a_send_that_is_never_awaited_sends_nothing():
    with Sandbox() as sandbox:
        twilio = AsyncTwilio(sandbox.connection)
        twilio.messages.send(TO, from_=sandbox.numbers[0], body="Hi").close()
        assert sandbox.ledger == ()


def test_time_begins_when_a_call_is_awaited_not_when_it_is_made(monkeypatch):
    """Otherwise the last of many calls made at once would have no time left."""
    with Sandbox() as sandbox:
        twilio = AsyncTwilio(sandbox.connection, timeout=0.2)
        sid = Twilio(sandbox.connection).messages.send(TO, from_=sandbox.numbers[0], body="Hi").sid
        calls = [
            twilio.check(),
            twilio.messages.get(sid),
            twilio.messages.feedback(sid),
            twilio.services(),
        ]
        sandbox.fail(status=503, times=1)

        async def later() -> list[object]:
            await asyncio.sleep(0.3)
            return [await call for call in calls]

        monkeypatch.setattr("random.uniform", lambda _low, _high: 0.01)
        assert asyncio.run(later())[1].sid == sid

"""A pulse gathers requests, beats not too often, and leaves nothing running."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from typing import TYPE_CHECKING

from twilio_widgets.panels.kit import throttle as pulse_module
from twilio_widgets.panels.kit.throttle import EVERY, LoopThrottle, ThreadThrottle, throttle

if TYPE_CHECKING:
    import pytest


def threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name == "twilio_widgets-test"]


def test_a_burst_is_a_beat_or_two_and_rest_ends_the_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse_module, "REST", 0.05)
    beats, rested = list[float](), threading.Event()
    heart = ThreadThrottle("twilio_widgets-test", lambda: beats.append(1), rested.set)
    assert threads() == []
    for _ in range(1_000):
        heart.ask()

    assert rested.wait(5)
    heart.stop()
    assert 1 <= len(beats) < 20  # one, unless the machine is so busy that the burst takes its time
    assert threads() == []


def test_beats_keep_their_distance_and_none_is_forgotten() -> None:
    beats: list[float] = []
    enough = threading.Event()

    def beat() -> None:
        beats.append(time.monotonic())
        if len(beats) < 4:
            heart.ask()
        else:
            enough.set()

    heart = ThreadThrottle("twilio_widgets-test", beat, lambda: None)
    heart.ask()
    assert enough.wait(5)
    heart.stop()
    gaps = [later - sooner for sooner, later in itertools.pairwise(beats)]

    assert min(gaps) >= EVERY * 0.9
    assert len(beats) == 4


def test_a_pulse_asked_again_after_its_rest_beats_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse_module, "REST", 0.01)
    beat, rest = threading.Event(), threading.Event()
    heart = ThreadThrottle("twilio_widgets-test", beat.set, rest.set)
    for _ in range(3):
        heart.ask()
        assert beat.wait(5)
        assert rest.wait(5)
        beat.clear()
        rest.clear()
    heart.stop()


def test_a_stopped_pulse_beats_no_more() -> None:
    beats: list[int] = []
    heart = ThreadThrottle("twilio_widgets-test", lambda: beats.append(1), lambda: None)
    heart.stop()
    heart.ask()

    assert (beats, threads()) == ([], [])


def test_a_beat_may_stop_its_own_pulse() -> None:
    done = threading.Event()

    def beat() -> None:
        heart.stop()
        done.set()

    heart = ThreadThrottle("twilio_widgets-test", beat, lambda: None)
    heart.ask()
    assert done.wait(5)
    heart.stop()


def test_without_threads_the_event_loop_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse_module, "THREADS_EXIST", False)
    monkeypatch.setattr(pulse_module, "REST", 0.05)
    beats: list[float] = []

    async def main() -> None:
        loop, rested, twice = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()

        def beat() -> None:
            beats.append(loop.time())
            if len(beats) == 1:
                heart.ask()
            else:
                twice.set()

        heart = throttle("twilio_widgets-test", beat, rested.set)
        assert isinstance(heart, LoopThrottle)
        for _ in range(100):
            heart.ask()
        await asyncio.wait_for(twice.wait(), 5)
        await asyncio.wait_for(rested.wait(), 5)
        heart.ask()
        heart.stop()
        await asyncio.sleep(EVERY)

    asyncio.run(main())
    assert len(beats) == 2
    assert beats[1] - beats[0] >= EVERY * 0.9


def test_without_threads_and_without_a_loop_it_is_now() -> None:
    beats: list[int] = []
    heart = LoopThrottle(lambda: beats.append(1), lambda: None)
    heart.ask()

    assert beats == [1]

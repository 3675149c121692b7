"""A job's bar as a Python object: what it shows, and what it does when it is asked."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.panel_driver import PanelDriver, stop
from twilio_widgets.bulk.planning.plan import plan
from twilio_widgets.bulk.progress import JobProgress
from twilio_widgets.client import Twilio
from twilio_widgets.core.guardrails.policy import Policy
from twilio_widgets.panels.bulk.job_bar import JobBar
from twilio_widgets.panels.bulk.progress import line_of, picture_of, pill_of, summary_of
from twilio_widgets.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twilio_widgets.bulk.job import Job

NONE = dict.fromkeys(
    ("pending", "attempted", "accepted", "rejected", "unknown", "skipped", "abandoned"), 0
)


def progress(state: str, note: str = "", rate: float | None = None, **counts: int) -> JobProgress:
    return JobProgress(name="spring", state=state, counts=NONE | counts, note=note, rate=rate)


class Gate:
    """A policy that holds every request back until it is opened."""

    def __init__(self) -> None:
        self.reached, self._opened = threading.Event(), threading.Event()

    def check(self, _request: object) -> None:
        self.reached.set()
        assert self._opened.wait(30)

    def open(self) -> None:
        self._opened.set()


@pytest.fixture
def bars() -> Iterator[list[JobBar]]:
    made: list[JobBar] = []
    yield made
    for bar in made:
        bar.close()


def begin(sandbox: Sandbox, gate: Gate | None = None, rows: int = 4) -> Job:
    people = [{"to": f"+1415555{1000 + n}", "n": n} for n in range(rows)]
    made = plan(people, body="Hi {n}", from_=sandbox.numbers[0], rate=None)
    client = Twilio(sandbox.connection, policy=gate or Policy(max_recipients=None))
    return made.send(client, "spring", undo_seconds=0, concurrency=1)


def press(bar: JobBar, wish: str, turn: int | None = None) -> None:
    """Press a button as a page does: over both of its channels."""
    if wish == "resume":
        PanelDriver(bar).press_on(bar._line, what=wish)
    else:
        stop(bar._line, wish, turn)


# Words


def test_the_line_says_how_far_how_fast_and_how_long():
    running = progress("running", rate=9.8, pending=800, attempted=31, accepted=412)
    assert line_of(running) == "412 of 1,243 rows · 9.8 per second · about 1 min 25 s left"
    assert running.eta == timedelta(seconds=85)
    waiting = line_of(progress("waiting", pending=1))
    assert waiting == "Sending 1 row in a moment. Nothing has been sent yet."
    assert "Nothing is sent again" in line_of(progress("settling", unknown=2))


def test_the_buttons_are_those_that_mean_something():
    def asked(progress: JobProgress) -> list[str]:
        return [text for _wish, text in picture_of(progress).buttons]

    assert asked(progress("waiting", pending=3)) == ["Undo"]
    counts_down = replace(progress("waiting", pending=3), starts_in=4.2)
    assert asked(counts_down) == ["Undo ({} s)"]
    assert line_of(counts_down) == "Sending 3 messages in {} s. Nothing has been sent yet."
    assert picture_of(counts_down).starts_in == 4.2
    assert asked(progress("running", pending=3)) == ["Pause", "Cancel"]
    assert asked(progress("settling", unknown=3)) == ["Pause"]
    assert asked(progress("paused", pending=3)) == ["Go on", "Cancel"]
    assert asked(progress("paused", accepted=3)) == []
    assert asked(progress("finished", accepted=3)) == []
    assert asked(progress("cancelled", skipped=3)) == []
    assert picture_of(progress("running", pending=3), here=False).buttons == ()


def test_a_job_that_is_not_sure_of_a_row_is_not_simply_finished():
    assert pill_of(progress("finished", accepted=3)) == ("finished", "good")
    assert pill_of(progress("finished", accepted=2, unknown=1)) == (
        "finished, 1 not sure",
        "warning",
    )


def test_a_saved_notebook_contains_counts_and_no_personal_data():
    rows = summary_of(progress("paused", "You paused it.", pending=1, accepted=2))
    assert rows == (
        ("Job", "spring"),
        ("State", "paused"),
        ("Rows", "2 accepted, 1 pending"),
        ("Note", "You paused it."),
    )


# The bar


def test_a_job_at_the_end_of_a_cell_is_a_bar_with_a_text_and_a_still_picture(sandbox):
    job = begin(sandbox)
    job.wait(20)
    bundle = job._repr_mimebundle_()
    assert bundle["text/plain"] == 'Job "spring" is finished: 4 accepted.'
    assert "<td>4 accepted</td>" in bundle["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert job.bar is job.bar
    job.bar.close()


def test_a_bar_keeps_up_by_itself_and_ends_with_the_end(sandbox, bars):
    gate, ended = Gate(), threading.Event()
    job = begin(sandbox, gate)

    def told(progress: JobProgress) -> None:
        if progress.state == "finished":
            ended.set()

    bars.append(bar := JobBar(job, on_change=told))
    assert gate.reached.wait(20)
    gate.open()
    assert ended.wait(20)
    job.wait(20)
    assert bar._line.view["parts"] == (("accepted", 4, "moving"),)
    assert (bar._head.pill, bar._head.tone) == ("finished", "good")


def test_pause_and_resume_by_the_buttons(sandbox, bars):
    gate = Gate()
    job = begin(sandbox, gate)
    bars.append(bar := JobBar(job))
    assert gate.reached.wait(20)
    press(bar, "pause")
    gate.open()
    assert job.wait(20).state == "paused"
    assert bar.join(20)
    bar.look()
    press(bar, "resume")
    assert bar.join(20)
    assert job.wait(20).state == "finished"
    assert len(sandbox.ledger) == 4


def test_cancel_lets_nothing_more_leave(sandbox, bars):
    gate = Gate()
    job = begin(sandbox, gate)
    bars.append(bar := JobBar(job))
    assert gate.reached.wait(20)
    press(bar, "cancel")
    gate.open()
    assert bar.join(20)
    counts = job.wait(20).counts
    assert job.progress.state == "cancelled"
    assert counts["skipped"] == 4 - len(sandbox.ledger) > 0


def test_a_late_press_applies_to_the_buttons_that_were_shown(sandbox, bars):
    """A page says it by two ways; the slower one may come when the job goes on again."""
    gate = Gate()
    job = begin(sandbox, gate)
    bars.append(bar := JobBar(job))
    assert gate.reached.wait(20)
    late = bar._line.turn
    press(bar, "pause")
    gate.open()
    job.wait(20)
    assert bar.join(20)
    bar.look()
    press(bar, "cancel", turn=late)
    assert bar.join(20)
    assert job.progress.state == "paused"


def test_an_action_without_a_button_is_ignored(sandbox, bars):
    job = begin(sandbox)
    job.wait(20)
    bars.append(bar := JobBar(job))
    for wish in ("resume", "cancel", "resend", ""):
        press(bar, wish)
    for message in (None, {"t": "act"}, {"t": "act", "id": "1-1", "what": 3, "turn": 0}):
        bar._line.on_control(message)
    assert bar.join(20)
    assert job.progress.state == "finished"


def test_a_job_that_cannot_continue_says_why(sandbox, bars):
    gate = Gate()
    job = begin(sandbox, gate)
    assert gate.reached.wait(20)
    job.pause()
    gate.open()
    job.wait(20)
    from twilio_widgets.bulk.job import Job

    again = Job.open("spring", connection=sandbox.connection)
    bars.append(bar := JobBar(again))
    press(bar, "resume")
    assert bar.join(20)
    assert "give the client" in bar._line.view["note"]


def test_closing_the_bar_leaves_the_job_alone(sandbox):
    gate = Gate()
    job = begin(sandbox, gate)
    bar = JobBar(job)
    assert gate.reached.wait(20)
    bar.close()
    bar.close()
    gate.open()
    assert job.wait(20).state == "finished"

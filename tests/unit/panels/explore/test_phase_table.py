"""The effect of every step of the explore panel in every phase."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from tests.phase_tables import expected, steps_in, table_of
from twilio_widgets.analysis.overview import Figures
from twilio_widgets.panels.charts.view import Pick
from twilio_widgets.panels.code.access import Access
from twilio_widgets.panels.connection.state import Identity
from twilio_widgets.panels.explore import state as steps
from twilio_widgets.panels.explore import text as texts
from twilio_widgets.panels.explore.state import (
    Answer,
    Asked,
    ExploreState,
    Loaded,
    Opened,
    Running,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 1, 15, 12, 4, tzinfo=UTC)
ME = Identity(
    account="AC0f…9a41",
    kind="API key",
    source="typed in",
    place="United States (us1)",
    checks_webhooks=False,
    access=Access(kind="API key"),
)
ASKED, WHERE = Asked(period="all"), (("error_code", ("30003",)),)
FIGURES = Figures(
    messages=3,
    sent=2,
    delivered_rate=0.5,
    failed=1,
    inbound=1,
    opt_outs=0,
    costs=(),
    not_billed=0,
    segments_each=1.0,
)
ANSWER = Answer(span=(None, None), where=WHERE, charts=(), figures=FIGURES)
LOADED = Loaded(origin="live", rows=3, now=NOW)
IDLE = ExploreState(
    identity=ME,
    asked=ASKED,
    turn=1,
    loaded=LOADED,
    where=WHERE,
    answer=ANSWER,
    shown=(3, 3),
    opened=Opened(sid="SM1", total=2),
)
READING = Running(kind="load", text="Page 1")

PHASES = {
    "not connected": ExploreState(asked=ASKED, turn=1),
    "not read": ExploreState(identity=ME, asked=ASKED, turn=1),
    "first load": ExploreState(identity=ME, asked=ASKED, turn=1, running=READING),
    "counting": replace(IDLE, answer=None, shown=None),
    "idle": IDLE,
    "failed": replace(IDLE, problem="No reply."),
    "reading": replace(IDLE, running=READING),
    "stopping": replace(IDLE, running=READING, stopping=True),
}

STEPS = {
    "all_cleared": steps.all_cleared,
    "asked_for": partial(steps.asked_for, name="period", value="24 h"),
    "began": partial(steps.began, kind="load"),
    "chart_cleared": partial(steps.chart_cleared, chart=1),
    "charts_counted": partial(steps.charts_counted, asked=ASKED, answer=replace(ANSWER, charts=())),
    "cleared": steps.cleared,
    "closed": steps.closed,
    "connected": partial(steps.connected, identity=replace(ME, account="AC11…1111")),
    "continued": partial(steps.continued, turn=1, running=replace(READING, text="Page 2")),
    "disconnected": steps.disconnected,
    "ended": partial(steps.ended, turn=1, loaded=replace(LOADED, rows=4)),
    "failed": partial(steps.failed, problem="Unexpected."),
    "figures_counted": partial(
        steps.figures_counted,
        asked=ASKED,
        where=WHERE,
        figures=replace(FIGURES, failed=2),
        before=None,
    ),
    "found": partial(steps.found, sid="SM1", message=None, chat=(), total=3),
    "load_failed": partial(steps.load_failed, turn=1, problem="No answer."),
    "opened": partial(steps.opened, sid="SM2"),
    "picked": partial(steps.picked, chart=1, pick=Pick("30005"), on=True),
    "removed": partial(steps.removed, dimension="error_code", key="30003"),
    "rows_shown": partial(steps.rows_shown, where=WHERE, rows=2, total=3),
    "stop_requested": steps.stop_requested,
    "switched": steps.switched,
}


def phase_of(state: ExploreState) -> str:
    if state.running is not None:
        if state.stopping:
            return "stopping"
        return "first load" if state.loaded is None else "reading"
    if state.problem:
        return "failed"
    if state.loaded is None:
        return "not connected" if state.identity is None else "not read"
    return "counting" if state.answer is None else "idle"


def says(state: ExploreState) -> Iterator[str]:
    if texts.pill_of(state) == ("complete", "good"):
        yield "complete"
    if state.problem:
        yield "error"
    if texts.tiles_of(state):
        yield "figures"
    if state.where:
        yield "filters"
    if state.shown is not None:
        yield "rows"
    if state.opened is not None:
        yield "message"


def test_the_effect_of_every_step_in_every_phase() -> None:
    assert STEPS.keys() == steps_in(steps, ExploreState)
    assert table_of(PHASES, STEPS, phase_of, says) == expected(__file__)

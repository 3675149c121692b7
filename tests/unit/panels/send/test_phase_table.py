"""The effect of every step of the send panel in every phase."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, get_args

import pytest

from tests.phase_tables import expected, steps_in, table_of
from twilio_widgets.core.message.message import Message
from twilio_widgets.core.templates.sendable import Sendable
from twilio_widgets.core.templates.template import ContentTemplate
from twilio_widgets.panels.code.access import Access
from twilio_widgets.panels.send import state as steps
from twilio_widgets.panels.send import template_steps as templates
from twilio_widgets.panels.send.draft import Draft, parameters_of
from twilio_widgets.panels.send.state import Phase, SendingAccount, SendState

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
ACCOUNT = SendingAccount(label="sandbox", access=Access.of("sandbox"))
DRAFT = Draft(to="+14155550123", from_="+15005550006", body="Hello")
TEMPLATE = ContentTemplate(
    sid="HX" + "0" * 32,
    friendly_name="ready",
    language="en",
    types={"twilio/text": {"body": "Hi {{name}}"}},
    variables={},
)
WINDOW = Sendable(ok=False, why="The window is closed.")
SENT = Message(sid="SM" + "0f" * 16, status="delivered", direction="outbound-api")


def state_in(phase: Phase) -> SendState:
    """A state in this phase that says everything a card can say in it."""
    state = SendState(draft=DRAFT, account=ACCOUNT, phase=phase, attempt=1, templates=(TEMPLATE,))
    if phase == "writing":
        return replace(state, failure="An error.", problems={"to": "A problem."}, note="A note.")
    if phase in {"asking", "counting"}:
        return state
    state = replace(state, sent=parameters_of(DRAFT))
    if phase == "following":
        return replace(state, message=replace(SENT, status="sent"), note="It was found.")
    if phase == "followed":
        return replace(state, message=SENT, failure="An error.", note="A note.")
    lost = phase in {"unknown", "searching"}
    return replace(state, can_search=lost, failure="No reply." if lost else "")


STEPS = {
    "accepted": partial(steps.accepted, message=SENT),
    "addressed": partial(steps.addressed, to="+14155550199", from_=""),
    "agreed": partial(steps.agreed, undo_seconds=5),
    "another": steps.another,
    "restarted": steps.restarted,
    "connected": partial(steps.connected, account=replace(ACCOUNT, label="AC…")),
    "counted": partial(steps.counted, attempt=1, seconds_left=3),
    "disconnected": steps.disconnected,
    "followed": partial(steps.followed, attempt=1, note="Why."),
    "left": partial(steps.left, attempt=1),
    "polled_again": steps.polled_again,
    "lost": partial(steps.lost, text="No reply.", can_search=True),
    "not_searched": partial(steps.not_searched, text="No log."),
    "pressed": partial(steps.pressed, now=NOW, ask_above=3, undo_seconds=5),
    "refused": partial(steps.refused, text="Refused."),
    "searched": partial(steps.searched, found=None),
    "searching": steps.searching,
    "seen": partial(steps.seen, attempt=1, message=replace(SENT, status="queued")),
    "suggested": partial(steps.suggested, senders=("+15005550006 — SMS",)),
    "toggled_more": steps.toggled_more,
    "failed": partial(steps.failed, text="Unexpected."),
    "typed": partial(steps.typed, name="body", value="Another text"),
    "undone": steps.undone,
    "template selected": partial(templates.selected, sid=TEMPLATE.sid),
    "template filled": partial(templates.filled, place=0, text="Ada"),
    "template listed": partial(templates.listed, templates=(TEMPLATE,)),
    "template window_read": partial(templates.window_read, question=None, answer=WINDOW),
}


def says(state: SendState) -> Iterator[str]:
    if state.draft.template:
        yield "template"
    if state.sendable is not None:
        yield "window"
    if state.failure:
        yield "error"
    if state.problems:
        yield "problem"
    if state.note:
        yield "note"
    if steps.shown_message(state) is not None:
        yield "result"


def test_the_effect_of_every_step_in_every_phase() -> None:
    phases = {phase: state_in(phase) for phase in get_args(Phase)}

    assert STEPS.keys() == steps_in(steps, SendState) | steps_in(templates, SendState, "template ")
    assert table_of(phases, STEPS, lambda state: state.phase, says) == expected(__file__)


@pytest.mark.parametrize("phase", ["following", "followed"])
def test_no_result_is_shown_with_the_text_of_another_message(phase: Phase) -> None:
    typed = steps.typed(state_in(phase), "body", "Another text")
    pressed = steps.pressed(
        replace(typed, draft=replace(typed.draft, to="nobody")),
        NOW,
        ask_above=3,
        undo_seconds=5,
    )

    assert list(says(typed)) == []
    assert list(says(pressed)) == ["problem"]


def test_the_late_end_of_an_earlier_message_says_nothing_about_the_next() -> None:
    typed = steps.typed(state_in("following"), "body", "Another text")
    failed = steps.seen(typed, 1, replace(SENT, status="undelivered", error_code=30003))
    ended = steps.followed(failed, 1, "Still sent.")

    assert ended.phase == "followed"
    assert list(says(ended)) == []

"""The effect of every step of the messages panel in every phase."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from tests.phase_tables import expected, steps_in, table_of
from twilio_widgets.core.message.message import Message
from twilio_widgets.panels.code.access import Access
from twilio_widgets.panels.connection.state import Identity
from twilio_widgets.panels.messages import state as steps
from twilio_widgets.panels.messages import text as texts
from twilio_widgets.panels.messages.chat import Chat
from twilio_widgets.panels.messages.state import Detail, MessagesQuery, MessagesState, Read
from twilio_widgets.progress import ReadProgress

if TYPE_CHECKING:
    from collections.abc import Iterator

ME = Identity(
    account="AC0f…9a41",
    kind="API key",
    source="typed in",
    place="United States (us1)",
    checks_webhooks=False,
    access=Access(kind="API key"),
)
SID = "SM" + "0123456789abcdef" * 2
MESSAGE = Message(sid=SID, status="delivered", direction="outbound-api", to="+14155550123")
READ = Read(asked=MessagesQuery(), rows=3, pages=1, complete=True)
PAGE = ReadProgress(rows=3, pages=1, limit=1_000)
ASKING = Chat(contact="+14155550123", messages=(MESSAGE,), total=1, reading=True)
IDLE = MessagesState(
    identity=ME,
    turn=1,
    read=READ,
    rows_to_see=True,
    sid=SID,
    sid_problem="A problem.",
    detail=Detail(sid=SID, message=MESSAGE, reading=False, chat=ASKING),
)

PHASES = {
    "not connected": replace(IDLE, identity=None),
    "empty": replace(IDLE, read=None, rows_to_see=False),
    "idle": IDLE,
    "failed": replace(IDLE, problem="No reply."),
    "reading": replace(IDLE, reading=PAGE),
    "stopping": replace(IDLE, reading=PAGE, stopping=True),
}

STEPS = {
    "began": steps.began,
    "chat_asked": steps.chat_asked,
    "chat_closed": steps.chat_closed,
    "chat_failed": partial(steps.chat_failed, contact=ASKING.contact, problem="No reply."),
    "chat_opened": partial(steps.chat_opened, sid=SID, chat=replace(ASKING, reading=False)),
    "chat_read": partial(steps.chat_read, chat=replace(ASKING, asked=True, reading=False)),
    "chat_received": partial(steps.chat_received, message=replace(MESSAGE, sid="SM" + "1" * 32)),
    "connected": partial(steps.connected, identity=ME),
    "continued": partial(steps.continued, turn=1, reading=replace(PAGE, pages=2)),
    "detail_closed": steps.detail_closed,
    "disconnected": steps.disconnected,
    "ended": partial(steps.ended, turn=1, read=replace(READ, rows=4)),
    "failed": partial(steps.failed, turn=1, problem="No answer."),
    "failed_unexpectedly": partial(steps.failed_unexpectedly, problem="Unexpected."),
    "filter_changed": partial(steps.filter_changed, name="to", value="+14155550123"),
    "found": partial(steps.found, message=replace(MESSAGE, status="read")),
    "looked_up": partial(steps.looked_up, sid=SID),
    "not_found": partial(steps.not_found, sid=SID, problem="No such message."),
    "row_added": steps.row_added,
    "stop_requested": steps.stop_requested,
    "toggled_code": steps.toggled_code,
    "typed_sid": partial(steps.typed_sid, text="SM"),
}


def phase_of(state: MessagesState) -> str:
    if state.identity is None:
        return "not connected"
    if state.reading is not None:
        return "stopping" if state.stopping else "reading"
    if state.problem:
        return "failed"
    return "idle" if state.rows_to_see else "empty"


def says(state: MessagesState) -> Iterator[str]:
    if texts.pill_of(state) == ("complete", "good"):
        yield "complete"
    if state.problem:
        yield "error"
    if state.sid_problem:
        yield "problem"
    if state.detail is not None:
        yield "detail"
    if state.detail is not None and state.detail.chat is not None:
        yield "asking" if state.detail.chat.reading else "chat"


def test_the_effect_of_every_step_in_every_phase() -> None:
    assert STEPS.keys() == steps_in(steps, MessagesState)
    assert table_of(PHASES, STEPS, phase_of, says) == expected(__file__)


def test_a_log_is_called_complete_only_when_the_rows_answer_the_filters() -> None:
    changed = steps.filter_changed(IDLE, "to", "+14155550123")
    failed = steps.failed(steps.began(IDLE), 2, "No reply.")

    assert [texts.pill_of(state)[0] for state in (IDLE, changed, failed)] == [
        "complete",
        "filters changed",
        "problem",
    ]

"""The messages panel as a Python object, on the sandbox."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from ipywidgets.widgets import widget as registry
from pandas.testing import assert_frame_equal

from tests.panel_driver import PanelDriver, stop
from twilio_widgets.client import Twilio
from twilio_widgets.panels.connection.panel import ConnectionPanel
from twilio_widgets.panels.inputs.line_input import LineInput
from twilio_widgets.panels.kit.elements import close_tree
from twilio_widgets.panels.messages.filters import EVERYTHING
from twilio_widgets.panels.messages.panel import MessagesPanel
from twilio_widgets.panels.messages.progress import ReadingLine
from twilio_widgets.panels.messages.rows import row_of, rows_of
from twilio_widgets.panels.table.message_text import body_of, error_of, facts_of
from twilio_widgets.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twilio_widgets.core.request import Request

NOW = "2026-01-31T12:00:00Z"
NOWHERE = "SM" + "0" * 32
HOSTILE = "<img src=x onerror=alert(1)> $\\href{javascript:alert(1)}{x}$ \u202eevil"


class Gate:
    """A policy that holds one request back until it is opened."""

    def __init__(self, at: int) -> None:
        self._left = at
        self.reached, self._opened = threading.Event(), threading.Event()

    def check(self, request: Request) -> None:
        self._left -= 1
        if self._left == 0:
            self.reached.set()
            assert self._opened.wait(30)

    def open(self) -> None:
        self._opened.set()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(messages=2_500, now=NOW) as sandbox:
        yield sandbox


@pytest.fixture
def twilio(sandbox: Sandbox) -> Iterator[Twilio]:
    with Twilio(sandbox.connection) as twilio:
        yield twilio


@pytest.fixture
def panel(twilio: Twilio) -> Iterator[MessagesPanel]:
    panel = MessagesPanel(twilio)
    yield panel
    panel.close()


def choose(panel: MessagesPanel, **values: object) -> None:
    """Set filters as a page does."""
    for name, value in values.items():
        text = value.isoformat() if hasattr(value, "isoformat") else str(value)
        control = panel._filters.controls[name]
        PanelDriver(panel).say(control, {"t": "typed", "text": text})


def loaded(panel: MessagesPanel) -> MessagesPanel:
    PanelDriver(panel).press_on(panel._filters.load)
    assert panel.join(30)
    return panel


def enter(panel: MessagesPanel, field: LineInput, text: str) -> None:
    """Type into a field and press Enter in it."""
    PanelDriver(panel).type_and_enter(field, text)


# Reading


def test_nothing_is_read_before_it_is_requested(sandbox: Sandbox) -> None:
    class Nobody:
        def check(self, request: Request) -> None:
            raise AssertionError("a request left")

    with Twilio(sandbox.connection, policy=Nobody()) as twilio:
        panel = MessagesPanel(twilio)
        assert (panel.frame, panel.message) == (None, None)
        assert repr(panel) == "MessagesPanel(AC4d…4a02 · not read yet)"
        panel.close()


def test_load_shows_what_was_read_and_says_that_the_log_holds_more(
    panel: MessagesPanel, twilio: Twilio
) -> None:
    expected = twilio.messages.list()
    loaded(panel)

    assert panel.frame is not None
    assert_frame_equal(panel.frame, expected)
    assert panel._table.rows == tuple(rows_of(expected))
    assert panel._table._log.note == "There are more messages: increase “At most”."
    assert (panel._head.pill, panel._head.tone) == ("incomplete", "idle")
    assert repr(panel) == "MessagesPanel(AC4d…4a02 · 1,000 read, incomplete)"


def test_everything_is_everything(panel: MessagesPanel) -> None:
    choose(panel, limit=EVERYTHING)
    loaded(panel)

    assert panel.frame is not None
    assert (len(panel.frame), panel.frame.attrs["complete"]) == (2_500, True)
    assert panel._table._log.note == "All messages in the log."
    assert panel._head.pill == "complete"


def test_filters_are_asked_of_twilio(panel: MessagesPanel, twilio: Twilio) -> None:
    recipient = twilio.messages.list(limit=1)["to"].iloc[0]
    choose(panel, to=f"{recipient} ", period="30 days", limit=200)
    loaded(panel)

    assert panel.frame is not None
    assert_frame_equal(
        panel.frame,
        twilio.messages.list(
            to=recipient, sent_after=datetime(2026, 1, 1, 12, 0, tzinfo=UTC), limit=200
        ),
    )
    assert len(panel.frame) > 0


def test_enter_in_an_address_loads(panel: MessagesPanel) -> None:
    enter(panel, panel._filters.controls["to"], "+12025550000")

    assert panel.join(30)
    assert panel.frame is not None
    assert len(panel.frame) == 0
    assert panel._empty.text == "No message in the log matches these filters."
    assert panel._table.layout.display == "none"


def test_the_code_shown_reads_the_same_frame(panel: MessagesPanel, sandbox: Sandbox) -> None:
    choose(panel, period="7 days", limit=200)
    PanelDriver(panel).press_on(panel._code_button)
    ours = panel._code.texts[0][1]
    action = ours.split("\n\n")[-1]
    loaded(panel)

    assert panel.frame is not None
    with Twilio(sandbox.connection) as twilio:
        names: dict[str, Any] = {"twilio": twilio, "datetime": datetime, "UTC": UTC}
        exec(action, names)
    assert_frame_equal(names["frame"], panel.frame)


def test_cancel_keeps_what_was_read_and_says_so(sandbox: Sandbox) -> None:
    gate = Gate(at=2)
    with Twilio(sandbox.connection, policy=gate) as twilio:
        panel = MessagesPanel(twilio, limit=None)
        panel.load()
        assert gate.reached.wait(30)
        progress = (panel._line.text, panel._filters.load.disabled)
        stop(panel._line)
        stopping = (panel._line.text, panel._line.stopping)
        gate.open()
        assert panel.join(30)

        assert progress == ("1,000 messages · 1 page", True)
        assert stopping == ("Stopping after the current page · 1,000 messages · 1 page", True)
        assert panel.frame is not None
        assert (len(panel.frame), panel.frame.attrs["complete"]) == (2_000, False)
        assert len(panel._table.rows) == 2_000
        assert panel._table._log.note == (
            "Stopped after 2,000 messages · 2 pages. There are more messages."
        )
        assert (panel._line.text, panel._filters.load.disabled) == ("", False)
        panel.close()


@pytest.mark.parametrize("message", [None, "cancel", {"t": "load"}, {"cancel": 1}, ["cancel"]])
def test_only_a_cancel_cancels(message: object) -> None:
    heard: list[str] = []
    line = ReadingLine(lambda: heard.append("cancel"))
    line.on_control(message)
    nothing = list(heard)
    stop(line)
    close_tree(line)

    assert (nothing, heard) == ([], ["cancel"])


@pytest.mark.parametrize(
    "message", [None, "enter", {"t": "typed"}, {"t": "typed", "text": 1}, {"t": "x", "text": "a"},
             {"t": "typed", "text": "a" * 10_001}]
)  # fmt: skip
def test_a_field_takes_only_what_its_page_may_say(message: object) -> None:
    field = LineInput("To", "any recipient")
    field._handle_custom_msg(message, [])
    nothing = field.value
    field._handle_custom_msg({"t": "typed", "text": "+1"}, [])
    close_tree(field)

    assert (nothing, field.value) == ("", "+1")


@pytest.mark.parametrize(
    ("kind", "text", "taken"),
    [
        ("date", "2026-01-15", "2026-01-15"),
        ("date", "15 January", ""),
        ("datetime-local", "2026-01-15T13:00", "2026-01-15T13:00"),
        ("datetime-local", "soon", ""),
        ("select", "a", "a"),
        ("select", "b", ""),
        ("area", "a\nb", "a\nb"),
    ],
)
def test_a_field_takes_only_what_its_kind_can_be(kind: Any, text: str, taken: str) -> None:
    field = LineInput("Field", kind=kind)
    field.offer([("a", "A")])
    field._handle_custom_msg({"t": "typed", "text": text}, [])
    close_tree(field)

    assert field.value == taken


def test_a_reading_that_breaks_off_says_why_and_keeps_the_rows(
    panel: MessagesPanel, sandbox: Sandbox
) -> None:
    before = loaded(panel).frame
    sandbox.fail(status=401, code=None, method="GET")
    loaded(panel)

    assert panel._filters._advice.tone == "problem"
    assert "credentials" in panel._filters._advice.text
    assert panel.frame is before
    assert len(panel._table.rows) == 1_000


def test_closing_ends_a_reading(sandbox: Sandbox) -> None:
    gate = Gate(at=1)
    with Twilio(sandbox.connection, policy=gate) as twilio:
        panel = MessagesPanel(twilio, limit=None)
        panel.load()
        assert gate.reached.wait(30)
        closing = threading.Thread(target=panel.close)
        closing.start()
        assert panel._stop_reading.wait(30)
        gate.open()
        closing.join(30)

        assert panel.join(0)
        assert panel.frame is None


# One message


def test_an_opened_row_is_read_afresh_and_its_error_explained(panel: MessagesPanel) -> None:
    frame = loaded(panel).frame
    assert frame is not None
    bad = frame[frame["error_code"] == 30003].iloc[0]
    row = next(row for row in panel._table.rows if row["sid"] == bad["sid"])
    panel._opened(row)
    assert panel.join(30)

    assert panel.message is not None
    assert (panel.message.sid, panel.message.error_code) == (bad["sid"], 30003)
    view = panel._detail._message._content
    assert view["error"] == {
        "title": "30003: the recipient's phone cannot be reached",
        "advice": "Try again later: it may be off or out of reach.",
        "message": "Unreachable destination handset",
        "who": "the recipient",
        "again": "yes, later",
        "url": "https://www.twilio.com/docs/api/errors/30003",
    }
    assert (view["status"], view["tone"], view["body"]) == ("undelivered", "problem", bad["body"])


def test_every_field_of_a_message_is_shown(twilio: Twilio) -> None:
    message = twilio.messages.get(twilio.messages.list(limit=1)["sid"].iloc[0])

    assert [label for label, _ in facts_of(message)] == [
        "From", "To", "Direction", "Sent", "Created", "Updated",
        "Segments", "Media", "Price", "Service", "Account",
    ]  # fmt: skip
    assert error_of(message) == {}
    assert message.account_sid is not None
    assert message.account_sid not in str(facts_of(message))


def test_a_sid_is_looked_up_from_its_field(panel: MessagesPanel, twilio: Twilio) -> None:
    sid = twilio.messages.list(limit=1)["sid"].iloc[0]
    enter(panel, panel._looking_up.sid, f" {sid}")
    assert panel.join(30)

    assert panel.message == twilio.messages.get(sid)
    assert panel._detail.box.layout.display is None


def test_a_sid_that_is_not_there_and_one_that_is_none(panel: MessagesPanel) -> None:
    panel.look_up(NOWHERE)
    assert panel.join(30)
    absent = panel._detail._message._content
    enter(panel, panel._looking_up.sid, "AC123")

    assert absent["status"] == ""
    assert "20404" in absent["problem"]
    assert panel._looking_up._problem.text == (
        "A message SID is SM or MM followed by 32 characters, 0-9 or a-f."
    )


def test_refresh_reads_again_and_changes_the_row_too(
    panel: MessagesPanel, sandbox: Sandbox, twilio: Twilio
) -> None:
    sent = twilio.messages.send(
        "+14155550123", from_=sandbox.numbers[0], body="Your table is ready."
    )
    loaded(panel)
    panel.look_up(sent.sid)
    assert panel.join(30)
    sandbox.clock.advance("1 min")
    PanelDriver(panel).press_on(panel._detail.refresh)
    assert panel.join(30)

    assert panel.message is not None
    assert panel.message.status == "delivered"
    assert panel._table.rows[0] == row_of(panel.message)


def test_the_code_of_a_detail_reads_that_message(panel: MessagesPanel, twilio: Twilio) -> None:
    sid = twilio.messages.list(limit=1)["sid"].iloc[0]
    panel.look_up(sid)
    assert panel.join(30)
    PanelDriver(panel).press_on(panel._detail.show_code)

    assert panel._detail.code.texts[0][1].endswith(f'message = twilio.messages.get("{sid}")')
    assert panel._detail.show_code.text == "Hide code for this message"
    PanelDriver(panel).press_on(panel._detail.close)
    assert panel.message is None
    assert panel._detail.box.layout.display == "none"


def test_a_body_is_shown_line_by_line_with_what_hides_in_it() -> None:
    with Sandbox(now=NOW) as sandbox, Twilio(sandbox.connection) as twilio:
        sid = str(
            sandbox.receive(from_="+14155550188", body="one\r\ntwo\n\u202ethree\x1b[2J")["sid"]
        )
        message = twilio.messages.get(sid)

    assert body_of(message) == "one\ntwo\n⟨U+202E⟩three␛[2J"


# What was sent meanwhile


def test_a_message_is_put_on_top_and_changed_where_it_stands(
    panel: MessagesPanel, sandbox: Sandbox, twilio: Twilio
) -> None:
    frame = loaded(panel).frame
    first = twilio.messages.send("+14155550123", from_=sandbox.numbers[0], body="one")
    panel.show(first)
    panel.show(twilio.messages.send("+14155550123", from_=sandbox.numbers[0], body="two"))
    sandbox.clock.advance("1 min")
    panel.show(twilio.messages.get(first.sid))

    rows = panel._table.rows[:2]
    assert [(row["body"], row["status"]) for row in rows] == [
        ("two", "queued"), ("one", "delivered")
    ]  # fmt: skip
    assert panel.frame is frame


def test_a_message_that_was_not_asked_for_is_not_put_into_the_table(
    panel: MessagesPanel, sandbox: Sandbox, twilio: Twilio
) -> None:
    choose(panel, to="+12025550000")
    panel.show(twilio.messages.send("+14155550123", from_=sandbox.numbers[0], body="Ahoy"))

    assert panel._table.rows == ()


def test_a_message_shown_during_a_reading_outlives_it(sandbox: Sandbox, twilio: Twilio) -> None:
    gate = Gate(at=2)
    with Twilio(sandbox.connection, policy=gate) as held:
        panel = MessagesPanel(held, limit=None)
        panel.load()
        assert gate.reached.wait(30)  # the first page, with the newest messages, has been read
        message = twilio.messages.send("+14155550123", from_=sandbox.numbers[0], body="late")
        panel.show(message)
        gate.open()
        assert panel.join(30)

        assert panel._table.rows[0] == row_of(message)
        assert panel.frame is not None
        assert message.sid not in set(panel.frame["sid"])
        panel.close()


# Connecting


def test_it_wakes_up_when_its_connection_panel_connects(sandbox: Sandbox) -> None:
    connecting = ConnectionPanel()
    panel = MessagesPanel(connecting)
    asleep = (panel._head.pill, panel._filters.load.disabled, panel._empty.text)
    PanelDriver(connecting).press("Try the sandbox")
    assert connecting.join(30)
    awake = (panel._head.pill, panel._filters.load.disabled)
    loaded(panel)
    PanelDriver(connecting).press("Disconnect")

    assert asleep == (
        "not connected",
        True,
        "Not connected. Press Connect in the connection panel; then this panel becomes active.",
    )
    assert awake == ("not read yet", False)
    assert panel.frame is not None
    assert len(panel._table.rows) == len(panel.frame) == 200
    assert panel._filters.load.disabled
    panel.look_up(NOWHERE)
    assert (
        panel._looking_up._problem.text == "Connect first: looking up a message needs a connection."
    )
    panel.close()
    connecting.close()


def test_a_reading_for_an_account_that_is_gone_is_not_shown(sandbox: Sandbox) -> None:
    gate = Gate(at=1)
    with Twilio(sandbox.connection, policy=gate) as held, Twilio(sandbox.connection) as other:
        panel = MessagesPanel(held)
        panel.load()
        assert gate.reached.wait(30)
        panel._on_connected(other)
        gate.open()
        assert panel.join(30)

        assert panel.frame is None
        assert panel._table.rows == ()
        panel.close()


def test_a_client_that_was_given_stays_open(twilio: Twilio) -> None:
    MessagesPanel(twilio).close()

    assert twilio.check()


# What every panel keeps


def test_unknown_options_are_refused_with_advice(twilio: Twilio) -> None:
    with pytest.raises(TypeError, match=r"has no option 'limits'. Did you mean limit\?"):
        MessagesPanel(twilio, limits=5)
    with pytest.raises(TypeError, match="limit is a number of messages from 1, or None, not 0"):
        MessagesPanel(twilio, limit=0)
    with pytest.raises(TypeError, match="a Twilio or a ConnectionPanel, not SandboxConnection"):
        MessagesPanel(twilio.connection)  # type: ignore[arg-type]


def test_a_limit_of_ones_own_is_offered(twilio: Twilio) -> None:
    panel = MessagesPanel(twilio, limit=5_000)

    assert panel._filters.controls["limit"].value == "5000"
    assert ["5000", "5,000"] in panel._filters.controls["limit"].options
    panel.close()


def test_closing_leaves_no_widget_behind(twilio: Twilio) -> None:
    before = set(registry._instances)
    panel = loaded(MessagesPanel(twilio))
    panel.close()
    panel.close()

    assert set(registry._instances) == before


def test_a_saved_notebook_shows_the_rows_as_text_that_stays_text() -> None:
    with Sandbox(now=NOW) as sandbox, Twilio(sandbox.connection) as twilio:
        sandbox.receive(from_="+14155550188", body=HOSTILE)
        panel = MessagesPanel(twilio)
        empty = panel._repr_mimebundle_()
        bundle = loaded(panel)._repr_mimebundle_()
        panel.close()

    assert empty["text/plain"] == "MessagesPanel(AC4d…4a02 · not read yet)"
    assert "<td>not read yet</td>" in str(empty["text/html"])
    assert bundle["text/plain"] == "MessagesPanel(AC4d…4a02 · 1 read, complete)"
    html = str(bundle["text/html"])
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert "<img" not in html
    assert "$\\" not in html
    assert "⟨U+202E⟩evil" in html


def test_no_row_and_no_account_sid_is_widget_state(panel: MessagesPanel, twilio: Twilio) -> None:
    loaded(panel)
    state = json.dumps([widget.get_state() for widget in registry._instances.values()], default=str)
    assert panel.frame is not None

    assert max(panel.frame["body"].dropna(), key=len) not in state
    assert panel.frame["sid"].iloc[0] not in state
    assert twilio.connection.account_sid not in state

"""The raw request card as a Python object, on the sandbox."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
from ipywidgets.widgets import widget as registry

from tests.panel_driver import PanelDriver, stop
from twilio_widgets.client import Twilio
from twilio_widgets.core.bodies import RawBody
from twilio_widgets.errors import ApiError, OutcomeUnknown, PathRefused
from twilio_widgets.panels.connection.panel import ConnectionPanel
from twilio_widgets.panels.inputs.ordered_button import NOT_NOW
from twilio_widgets.panels.kit.elements import close_tree
from twilio_widgets.panels.raw.outcome import without_secrets
from twilio_widgets.panels.raw.panel import RawRequestPanel
from twilio_widgets.panels.raw.progress import AttemptsLine
from twilio_widgets.panels.viewers.blob import BytesView, file_name, picture_type, size_words
from twilio_widgets.panels.viewers.text_view import LONGEST_SHOWN, TextView
from twilio_widgets.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twilio_widgets.core.request import Request

NOW = "2026-01-31T12:00:00Z"
BALANCE = "/Accounts/$TWILIO_ACCOUNT_SID/Balance.json"
MESSAGES = "/Accounts/$TWILIO_ACCOUNT_SID/Messages.json"
ACCOUNT = "/Accounts/$TWILIO_ACCOUNT_SID.json"


class Spy:
    """A policy that keeps what leaves, and can hold one request back."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.hold_at: int | None = None
        self.reached, self._opened = threading.Event(), threading.Event()

    def check(self, request: Request) -> None:
        self.requests.append(request)
        if len(self.requests) == self.hold_at:
            self.reached.set()
            assert self._opened.wait(30)

    def open(self) -> None:
        self._opened.set()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(messages=120, now=NOW) as sandbox:
        yield sandbox


@pytest.fixture
def spy() -> Spy:
    return Spy()


@pytest.fixture
def panel(sandbox: Sandbox, spy: Spy) -> Iterator[RawRequestPanel]:
    with Twilio(sandbox.connection, policy=spy) as twilio:
        panel = RawRequestPanel(twilio)
        yield panel
        panel.close()


def set_up(panel: RawRequestPanel, **values: object) -> None:
    """Fill in the form as a page does; rows are (name, value)."""
    form = panel._form
    for name, value in values.items():
        if name in form.tables:
            rows = [[*row, True] for row in value]  # type: ignore[attr-defined]
            form.tables[name]._handle_custom_msg({"t": "rows", "rows": rows}, [])
        elif name in form.typed:
            form.typed[name]._handle_custom_msg({"t": "typed", "text": value}, [])
        else:
            owner = next(fields for fields in form.sets.values() if name in fields.values)
            owner._handle_custom_msg({"t": "set", "name": name, "value": value}, [])


def press(panel: RawRequestPanel, button: str = "send") -> RawRequestPanel:
    PanelDriver(panel).press_on(getattr(panel._form, button))
    assert panel.join(30)
    return panel


def sent(panel: RawRequestPanel, **values: object) -> RawRequestPanel:
    """Send the request, and confirm it if it reaches a person."""
    set_up(panel, **values)
    press(panel)
    return press(panel, "agree") if panel._state.why == "effect" else panel


def sms(sandbox: Sandbox, body: str = "Hello") -> dict[str, object]:
    rows = [("To", "+14155550123"), ("From", sandbox.numbers[0]), ("Body", body)]
    return {"method": "POST", "path": MESSAGES, "body": "data", "data": rows}


def status(panel: RawRequestPanel) -> str:
    assert panel._state.answer is not None
    return panel._state.answer.status


# Sending


def test_making_and_showing_a_panel_sends_nothing(panel: RawRequestPanel, spy: Spy) -> None:
    panel._repr_mimebundle_()

    assert spy.requests == []
    assert (panel.response, panel.error) == (None, None)
    assert repr(panel) == "RawRequestPanel(AC4d…4a02 · none sent yet)"


def test_an_answer_is_there_for_the_next_cell(panel: RawRequestPanel) -> None:
    sent(panel, path=BALANCE)

    assert panel.response is not None
    assert panel.response.data["currency"] == "USD"
    assert panel._answer._tree._value == panel.response.data
    assert (status(panel), panel._state.view) == ("200 OK", "tree")
    assert repr(panel) == f"RawRequestPanel(AC4d…4a02 · GET {BALANCE} · 200 OK)"


def test_every_part_of_the_form_reaches_twilio(
    panel: RawRequestPanel, sandbox: Sandbox, spy: Spy
) -> None:
    sent(
        panel,
        **sms(sandbox),
        query=[("A", "1"), ("A", "2")],
        headers=[("X-One", "1")],
        timeout=7.5,
    )
    request = spy.requests[0]

    assert (request.method, request.path) == (
        "POST",
        f"/2010-04-01/Accounts/{sandbox.connection.account_sid}/Messages.json",
    )
    assert request.query == (("A", "1"), ("A", "2"))
    assert ("X-One", "1") in request.headers
    assert request.body.pairs == (
        ("To", "+14155550123"),
        ("From", sandbox.numbers[0]),
        ("Body", "Hello"),
    )
    assert request.timeout == pytest.approx(7.5, abs=0.5)
    assert [message.body for message in sandbox.ledger] == ["Hello"]


def test_a_file_reaches_twilio_as_it_was_chosen(
    panel: RawRequestPanel, sandbox: Sandbox, spy: Spy
) -> None:
    files = panel._form.files
    files._handle_custom_msg({"t": "begin", "u": "1-1", "name": "menu.png", "size": 3}, [])
    files._handle_custom_msg({"t": "piece", "u": "1-1", "from": 0}, [b"abc"])
    files._handle_custom_msg({"t": "typed", "id": 1, "name": "Picture", "file": "a.png"}, [])
    sent(panel, method="POST", path=MESSAGES, body="multipart", form=[("To", "+14155550123")])
    body = spy.requests[0].body.encode()

    assert b'name="To"\r\n\r\n+14155550123\r\n' in body
    assert b'name="Picture"; filename="a.png"\r\nContent-Type: image/png\r\n\r\nabc\r\n' in body


def test_a_text_reaches_twilio_as_it_stands(panel: RawRequestPanel, spy: Spy) -> None:
    kind = "application/x-www-form-urlencoded"
    sent(panel, method="POST", path=MESSAGES, body="text", text="To=1&Body=x", content_type=kind)

    assert spy.requests[0].body == RawBody(b"To=1&Body=x", kind)


def test_a_press_waits_for_the_text_that_was_typed_before_it(
    panel: RawRequestPanel, sandbox: Sandbox
) -> None:
    """The page's messages may be heard on two threads, the press first."""
    set_up(panel, **sms(sandbox, "Hel"))
    data, page = panel._form.tables["data"], PanelDriver(panel)
    rows = [
        ["To", "+14155550123", True],
        ["From", sandbox.numbers[0], True],
        ["Body", "Hello", True],
    ]
    others = [one for one in page.fields() if one[0] != data.key]
    page.press_on(panel._form.send, [*others, [data.key, "5-5:9", rows]])
    assert panel.join(30)
    before = panel._state.phase
    data._handle_custom_msg({"t": "rows", "rows": rows, "n": "5-5:9"}, [])
    press(panel, "agree")

    assert before == "ready"
    assert [message.body for message in sandbox.ledger] == ["Hello"]


def test_a_message_is_sent_only_after_a_question(panel: RawRequestPanel, sandbox: Sandbox) -> None:
    set_up(panel, **sms(sandbox))
    press(panel)
    before = (panel._state.phase, panel._form.ask.layout.display, len(sandbox.ledger))
    press(panel, "agree")

    assert before == ("asking", None, 0)
    assert len(sandbox.ledger) == 1


def test_two_presses_send_a_message_once(panel: RawRequestPanel, sandbox: Sandbox) -> None:
    sent(panel, **sms(sandbox))
    press(panel)
    asked = (panel._state.phase, panel._form.ask.layout.display, len(sandbox.ledger))
    press(panel, "agree")

    assert asked == ("asking", None, 1)
    assert len(sandbox.ledger) == 2


def test_enter_sends_what_reads_and_never_a_change(
    panel: RawRequestPanel, sandbox: Sandbox
) -> None:
    set_up(panel, **sms(sandbox))
    PanelDriver(panel).enter("URL or path")
    assert panel.join(30)
    changes = len(sandbox.ledger)
    set_up(panel, method="GET", path=BALANCE, body="none")
    PanelDriver(panel).enter("URL or path")
    assert panel.join(30)

    assert changes == 0
    assert status(panel) == "200 OK"


def test_a_path_that_leads_elsewhere_is_refused_under_the_path(
    panel: RawRequestPanel, spy: Spy
) -> None:
    sent(panel, path="https://example.com/Accounts.json")

    assert spy.requests == []
    assert isinstance(panel.error, PathRefused)
    assert panel._form._notes["path"].tone == "problem"
    assert panel._state.history == ()


@pytest.mark.parametrize("name", ["Authorization", "proxy-authorization", "Cookie"])
def test_a_header_with_credentials_is_never_sent_or_kept(
    panel: RawRequestPanel, spy: Spy, name: str
) -> None:
    sent(panel, path=BALANCE, headers=[(name, "Basic canary")])

    assert spy.requests == []
    assert "canary" not in str(panel._form.tables["headers"].get_state())
    assert "connection already authenticates" in panel._form._notes["headers"].text


# What comes back


def test_a_page_of_a_list_is_a_tree_and_a_table(panel: RawRequestPanel) -> None:
    sent(panel, path=f"{MESSAGES}?PageSize=5")
    panel._answer.views._handle_custom_msg({"t": "choose", "value": "table"}, [])
    table: Any = panel._answer._table.children[0]

    assert panel._state.view == "table"
    assert panel.response is not None
    assert [row["sid"] for row in table.rows] == [
        message["sid"] for message in panel.response.data["messages"]
    ]
    assert table.order == "in Twilio's order"


def test_a_list_is_read_into_a_frame_up_to_the_limit(panel: RawRequestPanel) -> None:
    sent(panel, path=MESSAGES, answer="frame", limit=70)
    table: Any = panel._answer._table.children[0]

    assert panel.response is not None
    assert len(panel.response.data) == len(table.rows) == 70
    assert table._log.note == "There are more rows: increase “At most”."
    assert [column["name"] for column in table.columns][:3] == ["date_sent", "direction", "from"]


def test_another_answer_takes_the_last_one_off_the_page(panel: RawRequestPanel) -> None:
    sent(panel, path=MESSAGES, answer="frame")
    before = len(registry._instances)
    for _ in range(3):
        press(panel)

    assert len(registry._instances) == before


def test_an_empty_list_says_so(panel: RawRequestPanel, sandbox: Sandbox) -> None:
    sent(panel, **sms(sandbox))
    assert panel.response is not None
    path = panel.response.data["subresource_uris"]["media"]
    sent(panel, path=path, method="GET", body="none", answer="frame")
    shown: Any = panel._answer._table.children[0]

    assert panel.response is not None
    assert len(panel.response.data) == 0
    assert shown.text == "The list is empty."


def test_an_error_is_explained_and_its_body_is_shown(
    panel: RawRequestPanel, sandbox: Sandbox
) -> None:
    rows = [("To", "+442079460123"), ("From", sandbox.numbers[0]), ("Body", "Hello")]
    sent(panel, method="POST", path=MESSAGES, body="data", data=rows)
    view = panel._answer._head.view

    assert isinstance(panel.error, ApiError)
    assert panel.response is not None
    assert panel.response.data["code"] == 21614
    assert (view["status"], view["tone"]) == ("400 Bad Request", "problem")
    assert view["error"]["title"] == "21614: the recipient cannot receive SMS"
    assert panel._state.view == "tree"


def test_an_answer_that_is_not_json_is_kept_as_text(panel: RawRequestPanel) -> None:
    sent(panel, path=BALANCE.removesuffix(".json"))

    assert panel.response is not None
    assert (status(panel), panel._state.view) == ("invalid response · 200 OK", "text")
    assert panel._answer._text._text.startswith("<?xml")


def test_a_media_file_is_an_image(panel: RawRequestPanel, sandbox: Sandbox) -> None:
    with Twilio(sandbox.connection) as twilio:
        message = twilio.messages.send(
            "+14155550123",
            from_=sandbox.numbers[0],
            body="Look",
            media_url=["https://example.com/menu.png"],
        )
        media = twilio.messages.media(message.sid)[0]
    sent(panel, path=media.uri.removesuffix(".json"), answer="binary")
    blob = panel._answer._blob

    assert panel.response is not None
    assert (panel._state.view, blob.picture, blob.name) == ("file", "image/png", f"{media.sid}.png")
    assert blob._content == panel.response.data


def test_credentials_in_an_answer_are_not_shown(panel: RawRequestPanel, sandbox: Sandbox) -> None:
    """Twilio answers an account with its auth token."""
    token = sandbox.connection.credentials[1].reveal()
    messages: list[Any] = []
    sent(panel, path=ACCOUNT)
    panel._answer._tree.send = messages.append
    panel._answer._tree._handle_custom_msg(
        {"t": "want", "epoch": panel._answer._tree.epoch, "path": [], "from": 0}, []
    )
    sent(panel, path=ACCOUNT, answer="text")

    assert "auth_token" in json.dumps(messages)
    assert token not in json.dumps(messages)
    assert "auth_token" in panel._answer._text._text
    assert token not in panel._answer._text._text
    assert token not in str([widget.get_state() for widget in registry._instances.values()])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"auth_token": "x", "a": 1}', '{"auth_token": "••••••••", "a": 1}'),
        ('{"secret":"x"}', '{"secret":"••••••••"}'),
        ("<AuthToken>x</AuthToken>", "<AuthToken>••••••••</AuthToken>"),
        ('{"token_ttl": "x"}', '{"token_ttl": "x"}'),
    ],
)
def test_a_text_is_hushed_where_it_holds_a_credential(text: str, expected: str) -> None:
    assert without_secrets(text) == expected


# Attempts, cancelling, unknown outcomes


def test_a_503_is_retried_and_reported(panel: RawRequestPanel, sandbox: Sandbox, spy: Spy) -> None:
    sandbox.fail(status=503, times=2)
    sent(panel, path=BALANCE, max_retries=3, retry_delay_ms=250)

    assert panel.response is not None
    assert (panel.response.attempts, len(spy.requests)) == (3, 3)
    assert [(one.outcome, one.wait) for one in panel._state.tries] == [
        ("503", 0.25),
        ("503", 0.25),
        ("200", None),
    ]
    assert [step[0] for step in panel._attempts.steps] == ["1: 503", "2: 503", "3: 200"]


def test_a_cancel_during_a_pause_prevents_further_attempts(
    panel: RawRequestPanel, sandbox: Sandbox, spy: Spy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancel_instead_of_sleeping(_connection: object, _seconds: float) -> None:
        stop(panel._attempts)

    monkeypatch.setattr(type(sandbox.connection), "sleep", cancel_instead_of_sleeping)
    sandbox.fail(status=503, times=9)
    sent(panel, path=BALANCE, max_retries=5, retry_delay_ms=250)

    assert len(spy.requests) == 1
    assert status(panel) == "cancelled"
    assert panel._state.answer is not None
    assert panel._state.answer.problem == "Cancelled after 1 attempt. No further request was sent."


def test_a_cancelled_change_that_may_have_happened_says_so(
    panel: RawRequestPanel, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        type(sandbox.connection),
        "sleep",
        lambda *_: stop(panel._attempts),
    )
    sandbox.fail(fault="reset_after_accept", times=9)
    sent(panel, **sms(sandbox), max_retries=5, retry_delay_ms=250, repeat_unsafe=True)
    answer = panel._state.answer

    assert answer is not None
    assert (answer.status, answer.lost, answer.can_search) == ("cancelled", True, True)
    assert "It may have been carried out" in answer.problem
    assert len(sandbox.ledger) == 1
    press(panel)
    assert panel._state.why == "unknown"


def test_a_cancel_while_an_attempt_is_under_way_waits_for_its_answer(
    panel: RawRequestPanel, sandbox: Sandbox, spy: Spy
) -> None:
    spy.hold_at = 1
    set_up(panel, **sms(sandbox))
    press(panel)
    PanelDriver(panel).press("Send it")
    assert spy.reached.wait(30)
    stop(panel._attempts)
    stopping = (panel._attempts.stopping, panel._attempts.text)
    spy.open()
    assert panel.join(30)

    assert stopping == (True, "Cancelling: no further attempt is made.")
    assert status(panel) == "201 Created"
    assert len(sandbox.ledger) == 1


@pytest.mark.parametrize("sent", [None, "cancel", {"t": "press"}, {"t": "act"}, ["cancel"]])
def test_only_a_cancel_cancels(sent: object) -> None:
    heard: list[str] = []
    line = AttemptsLine(lambda: heard.append("cancel"))
    line.on_control(sent)
    nothing = list(heard)
    stop(line)
    close_tree(line)

    assert (nothing, heard) == ([], ["cancel"])


def test_a_lost_message_is_not_repeated_and_can_be_found(
    panel: RawRequestPanel, sandbox: Sandbox, spy: Spy
) -> None:
    sandbox.fail(fault="reset_after_accept")
    sent(panel, **sms(sandbox), max_retries=5, retry_all_errors=True)
    lost = panel._state.answer
    attempts = len(spy.requests)
    PanelDriver(panel).press_on(panel._answer.find_out)
    assert panel.join(30)

    assert isinstance(panel.error, OutcomeUnknown)
    assert lost is not None
    assert (lost.status, lost.lost, lost.can_search) == ("outcome unknown", True, True)
    assert "“Find out” looks for it" in lost.problem
    assert (attempts, len(sandbox.ledger)) == (1, 1)
    assert status(panel) == "was sent"
    assert sandbox.ledger[0].sid in panel._answer._head.view["problem"]


def test_a_message_that_is_nowhere_may_be_sent_again(
    panel: RawRequestPanel, sandbox: Sandbox
) -> None:
    sandbox.fail(fault="reset_before_read")
    sent(panel, **sms(sandbox))
    assert panel._state.answer is not None
    lost = panel._state.answer.lost
    sandbox.clock.advance("1 hour")
    PanelDriver(panel).press_on(panel._answer.find_out)
    assert panel.join(30)

    assert lost
    assert panel._answer._head.view["problem"].startswith("It is not in the message log")
    press(panel)
    press(panel, "agree")
    assert len(sandbox.ledger) == 1


def test_a_lost_change_other_than_a_message_gives_advice_and_no_search(
    panel: RawRequestPanel, sandbox: Sandbox
) -> None:
    sandbox.fail(status=500)
    sid = "PN" + "0" * 32
    path = f"/Accounts/$TWILIO_ACCOUNT_SID/IncomingPhoneNumbers/{sid}.json"
    sent(panel, method="POST", path=path, body="data", data=[("FriendlyName", "x")])
    answer = panel._state.answer

    assert answer is not None
    assert (answer.lost, answer.can_search) == (True, False)
    assert panel._answer.find_out.layout.display == "none"
    assert panel.response is not None
    assert panel.response.status == 500


# History


def test_the_history_names_requests_and_shows_no_body(
    panel: RawRequestPanel, sandbox: Sandbox
) -> None:
    account = sandbox.connection.account_sid
    sent(panel, path=f"/Accounts/{account}/Messages.json?To=%2B14155550123&PageSize=1")
    sent(panel, **sms(sandbox, "private"))
    masked = f"/Accounts/{account[:4]}…{account[-4:]}/Messages.json?To=%2B1 4••• ••• 123&PageSize=1"

    assert [row[:5] for row in panel._history.rows] == [
        [2, "POST", MESSAGES, "201 Created", "good"],
        [1, "GET", masked, "200 OK", "good"],
    ]
    assert "private" not in str(panel._history.get_state())


def test_send_again_asks_first_for_anything_but_a_get(
    panel: RawRequestPanel, sandbox: Sandbox, spy: Spy
) -> None:
    sent(panel, path=BALANCE)
    sent(panel, **sms(sandbox))
    PanelDriver(panel).press_on(panel._history, what=["again", 1])
    assert panel.join(30)
    read = (len(spy.requests), panel._form.path.value, panel._state.phase)
    PanelDriver(panel).press_on(panel._history, what=["again", 2])
    assert panel.join(30)
    asked = (len(sandbox.ledger), panel._state.phase, panel._form.sets["method"].values["method"])
    press(panel, "agree")

    assert read == (3, BALANCE, "ready")
    assert asked == (1, "asking", "POST")
    assert len(sandbox.ledger) == 2


def test_open_puts_a_request_into_the_form_and_sends_nothing(
    panel: RawRequestPanel, sandbox: Sandbox, spy: Spy
) -> None:
    sent(panel, **sms(sandbox))
    set_up(panel, method="GET", path=BALANCE, body="none", data=[])
    PanelDriver(panel).press_on(panel._history, what=["open", 1])

    assert len(spy.requests) == 1
    assert panel._form.path.value == MESSAGES
    assert panel._form.tables["data"].rows[2] == ["Body", "Hello", True]


@pytest.mark.parametrize("what", [None, "again", ["again"], ["again", 9], ["again", True], [1]])
def test_the_history_ignores_any_other_message(
    panel: RawRequestPanel, spy: Spy, what: object
) -> None:
    sent(panel, path=BALANCE)
    answer = PanelDriver(panel).press_on(panel._history, what=what)
    assert panel.join(30)

    assert answer == NOT_NOW
    assert len(spy.requests) == 1


# The panel


def test_it_wakes_up_when_a_connection_panel_connects(sandbox: Sandbox) -> None:
    asleep, awake = ConnectionPanel(), ConnectionPanel(sandbox.connection)
    assert awake.join(30)
    panels = [RawRequestPanel(source, path=BALANCE) for source in (asleep, awake)]
    press(panels[1])
    sent = [panel._form._notes[""].text for panel in panels]
    able = [not panel._form.send.disabled for panel in panels]
    for one in (*panels, asleep, awake):
        one.close()

    assert sent == [
        "Not connected. Press Connect in the connection panel; then this panel becomes active.",
        "",
    ]
    assert able == [False, True]
    assert panels[1].response is not None


def test_a_panel_without_a_source_says_how_to_get_one() -> None:
    panel = RawRequestPanel()
    press(panel)

    assert panel._form._notes[""].text.startswith("Not connected. Create this panel with")
    assert repr(panel) == "RawRequestPanel(not connected)"
    panel.close()


def test_options_it_does_not_have_are_refused() -> None:
    with pytest.raises(TypeError, match="Did you mean path"):
        RawRequestPanel(pth=BALANCE)
    with pytest.raises(TypeError, match="takes twilio="):
        RawRequestPanel("twilio")  # type: ignore[arg-type]


def test_closing_leaves_no_widget_behind_and_keeps_what_came(sandbox: Sandbox, spy: Spy) -> None:
    before = set(registry._instances)
    with Twilio(sandbox.connection, policy=spy) as twilio:
        panel = sent(RawRequestPanel(twilio), path=MESSAGES)
        PanelDriver(panel).press_on(panel._code_button)
        panel.close()
        press(panel)

    assert set(registry._instances) == before
    assert panel.response is not None
    assert len(spy.requests) == 1


def test_a_saved_notebook_says_what_was_sent_and_holds_no_answer(
    panel: RawRequestPanel, sandbox: Sandbox
) -> None:
    sent(panel, **sms(sandbox, "private"))
    still = str(panel._repr_mimebundle_()["text/html"])

    assert "201 Created" in still
    assert "private" not in still
    assert "+14155550123" not in still


# Bytes and text


def test_an_image_is_one_by_how_it_begins_and_not_by_what_it_says() -> None:
    assert picture_type(b"\x89PNG\r\n\x1a\n...") == "image/png"
    assert picture_type(b"<svg onload=alert(1)>") is None
    assert picture_type(b"") is None


@pytest.mark.parametrize(
    ("stem", "kind", "expected"),
    [
        ("ME1", "image/png", "ME1.png"),
        ("../../.bashrc", "text/plain; charset=utf-8", "bashrc.txt"),
        ("a b\n<c>", "application/x-sh", "a-b-c.bin"),
        ("", None, "answer.bin"),
        ("Records.json", "application/json", "Records.json"),
    ],
)
def test_a_file_is_saved_under_a_harmless_name(stem: str, kind: str | None, expected: str) -> None:
    assert file_name(stem, kind) == expected


def test_sizes_are_read_by_people() -> None:
    assert [size_words(size) for size in (0, 1, 999, 1_500, 2_560_000)] == [
        "0 bytes",
        "1 byte",
        "999 bytes",
        "1.5 kB",
        "2.6 MB",
    ]


def test_bytes_and_texts_travel_when_asked_and_are_no_state() -> None:
    blob, text = BytesView(), TextView("Answer")
    sent: list[Any] = []
    blob.send = text.send = lambda message, buffers=None: sent.append((message, buffers))
    blob.show(b"\x89PNG\r\n\x1a\nprivate", stem="ME1", content_type="image/png")
    text.show("\u202eprivate" + "x" * LONGEST_SHOWN)
    for view in (blob, text):
        for content in ({"t": "want", "epoch": 9}, {"t": "want"}, "want", None):
            view._handle_custom_msg(content, [])
        view._handle_custom_msg({"t": "want", "epoch": 1}, [])
    state = str(blob.get_state()) + str(text.get_state())
    for view in (blob, text):
        close_tree(view)

    assert sent[0] == ({"t": "bytes", "epoch": 1}, [b"\x89PNG\r\n\x1a\nprivate"])
    assert sent[1][0]["text"].startswith("⟨U+202E⟩private")
    assert len(sent) == 2
    assert "private" not in state
    assert text.note == "Showing 200,000 of 200,008 characters."

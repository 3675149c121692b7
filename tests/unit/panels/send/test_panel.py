"""The panel that sends: one press is one message, and every outcome is told where it belongs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from ipywidgets.widgets.widget import _instances

from tests.panel_driver import PanelDriver, shown
from twilio_widgets.client import Twilio
from twilio_widgets.errors import ConfigurationError, OutcomeUnknown
from twilio_widgets.panels.connection.panel import ConnectionPanel
from twilio_widgets.panels.inputs.ordered_button import NOT_NOW
from twilio_widgets.panels.inputs.ordered_input import CHANGED
from twilio_widgets.panels.kit import work
from twilio_widgets.panels.send.follow import follow
from twilio_widgets.panels.send.panel import SendPanel
from twilio_widgets.sandbox import Sandbox

NOON = "2026-01-15T12:00:00Z"
TO = "+14155550123"
HOSTILE = "<img src=x onerror=alert(1)> $x^2$ “”"


@pytest.fixture
def twilio(sandbox: Sandbox) -> Iterator[Twilio]:
    with Twilio(sandbox.connection) as client:
        yield client


@pytest.fixture
def make(twilio: Twilio, sandbox: Sandbox) -> Iterator[Callable[..., SendPanel]]:
    """Make panels that are closed when the test ends, and that no widget outlives."""
    before = set(_instances)
    made: list[SendPanel] = []

    def panel(client: object = twilio, **options: Any) -> SendPanel:
        usual = {"to": TO, "from_": sandbox.numbers[0], "body": "Hello", "undo_seconds": 0}
        made.append(SendPanel(client, **(usual | options)))  # type: ignore[arg-type]
        made[-1].join(30)  # its suggestions are read
        return made[-1]

    yield panel
    for one in made:
        one.close()
    assert set(_instances) == before


def press(panel: SendPanel, text: str) -> str:
    """Press the button that a person sees with this text; nothing happens when it is disabled."""
    return PanelDriver(panel).press(text)


def seen(panel: SendPanel) -> list[str]:
    """What the buttons that can be pressed say."""
    return PanelDriver(panel).labels()


def says(panel: SendPanel) -> list[str]:
    """Every sentence on the card."""
    return PanelDriver(panel).sentences()


def write(panel: SendPanel, label: str, text: str) -> None:
    """Type a text into the field with this label."""
    PanelDriver(panel).type(label, text)


def click(panel: SendPanel, button: Any) -> str:
    """Press a button, also one that is disabled or gone, as a page that is behind does."""
    return PanelDriver(panel).press_on(button)


def field(panel: SendPanel, label: str) -> Any:
    return PanelDriver(panel).control(label)


def under(panel: SendPanel, label: str) -> tuple[str, str]:
    """What stands under a field, and how it is meant."""
    boxes = [one for one in shown(panel) if field(panel, label) in getattr(one, "children", ())]
    note = boxes[0].children[-1]
    return note.text, note.tone


def track(panel: SendPanel) -> str:
    steps = next(one.steps for one in shown(panel) if hasattr(one, "steps"))
    return " ".join(f"{word}:{mark}" for word, mark in steps)


# One press is one message


def test_a_message_is_sent_and_followed_until_it_is_delivered(
    make: Callable[..., SendPanel], sandbox: Sandbox
) -> None:
    panel = make()

    press(panel, "Send")

    assert panel.join(30)
    assert [(one.to, one.body) for one in sandbox.ledger] == [(TO, "Hello")]
    assert panel.message is not None
    assert panel.message.sid == sandbox.ledger[0].sid
    assert panel.message.status == "delivered"
    assert track(panel) == "queued:done sent:done delivered:done"
    assert seen(panel) == ["Send another", "More", "Show the code"]


def test_making_and_showing_the_panel_sends_nothing(
    make: Callable[..., SendPanel], sandbox: Sandbox
) -> None:
    panel = make()

    panel._repr_mimebundle_()
    panel._repr_mimebundle_()

    assert panel.join(30)
    assert sandbox.ledger == ()
    assert panel.message is None


def test_a_double_click_sends_once(make: Callable[..., SendPanel], sandbox: Sandbox) -> None:
    panel = make()
    button = PanelDriver(panel).button("Send")

    click(panel, button)
    click(panel, button)

    assert panel.join(30)
    assert len(sandbox.ledger) == 1


def test_clicks_from_many_threads_send_once(
    make: Callable[..., SendPanel], sandbox: Sandbox
) -> None:
    panel = make()
    button, together = PanelDriver(panel).button("Send"), threading.Barrier(8)

    def once() -> None:
        together.wait(10)
        click(panel, button)

    threads = [threading.Thread(target=once) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert panel.join(30)
    assert len(sandbox.ledger) == 1


def test_the_messages_of_a_press_played_again_send_nothing(
    make: Callable[..., SendPanel], sandbox: Sandbox
) -> None:
    """A reconnecting page may repeat what it sent."""
    panel = make()
    button, fields = PanelDriver(panel).button("Send"), PanelDriver(panel).fields()
    act = {"t": "act", "id": "1-1", "turn": 0, "fields": fields}
    button._handle_custom_msg({"t": "press", "id": "1-1"}, [])

    for _ in range(3):
        button._handle_custom_msg(act, [])
        assert panel.join(30)

    assert len(sandbox.ledger) == 1


def test_a_click_while_it_is_leaving_sends_nothing_more(
    make: Callable[..., SendPanel],
    sandbox: Sandbox,
    twilio: Twilio,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    panel, leaving, may_leave = make(), threading.Event(), threading.Event()
    send = twilio.messages.send

    def slowly(**parameters: Any) -> Any:
        leaving.set()
        may_leave.wait(30)
        return send(**parameters)

    monkeypatch.setattr(twilio.messages, "send", slowly)
    button = PanelDriver(panel).button("Send")
    click(panel, button)
    assert leaving.wait(30)
    label = button.text
    click(panel, button)
    may_leave.set()

    assert panel.join(30)
    assert label == "Sending…"
    assert len(sandbox.ledger) == 1


def test_a_changed_message_can_be_sent_and_the_same_one_only_on_request(
    make: Callable[..., SendPanel], sandbox: Sandbox
) -> None:
    panel = make()
    press(panel, "Send")
    panel.join(30)

    write(panel, "Message", "Hello again")
    press(panel, "Send")
    panel.join(30)
    press(panel, "Send another")
    assert len(sandbox.ledger) == 2
    press(panel, "Send")
    panel.join(30)

    assert [one.body for one in sandbox.ledger] == ["Hello", "Hello again", "Hello again"]


def test_a_page_that_shows_another_text_sends_nothing_and_says_so(
    make: Callable[..., SendPanel], sandbox: Sandbox
) -> None:
    """Another page typed; this one has not drawn it yet."""
    panel = make()
    page, other = PanelDriver(panel), PanelDriver(panel)
    shown = page.fields()
    other.type("Message", "Hello from another page")

    assert page.press_on(page.button("Send"), shown) == CHANGED
    assert panel.join(30)
    assert sandbox.ledger == ()


def test_the_accepted_message_is_shown_until_another_one_is_typed(
    make: Callable[..., SendPanel],
) -> None:
    panel = make()
    press(panel, "Send")
    assert panel.join(30)
    assert panel._form._sent.rows == [["Sent to", TO], ["Text", "Hello"]]
    assert panel._form._outcome.text.startswith("Delivered.")

    write(panel, "Message", "Something else")

    assert (panel._form._sent.rows, panel._form._track.steps) == ([], [])
    assert panel._form._outcome.text == ""
    assert panel.message is not None, "the next cell still has it"

    write(panel, "Message", "Hello")

    assert panel._form._outcome.text.startswith("Delivered."), "the fields contain it again"


def test_a_press_whose_answer_was_lost_is_not_acted_on_twice(
    make: Callable[..., SendPanel], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page says that the kernel has not confirmed the press, and the user presses again."""
    panel = make()
    button = panel._form.send
    monkeypatch.setattr(button, "send", lambda *_message: None)
    click(panel, button)
    monkeypatch.undo()
    answers = [click(panel, button)]
    assert panel.join(30)
    answers.append(click(panel, button))

    assert answers == [NOT_NOW, NOT_NOW]
    assert panel.join(30)
    assert [one.body for one in sandbox.ledger] == ["Hello"]


# Undo, and asking first


def test_a_late_undo_says_so(make: Callable[..., SendPanel], sandbox: Sandbox) -> None:
    panel = make()
    press(panel, "Send")
    assert panel.join(30)

    assert click(panel, panel._form.undo) == "Too late to undo: the message has been sent."
    assert len(sandbox.ledger) == 1


def test_an_undo_of_an_earlier_message_does_not_stop_the_next_one(
    make: Callable[..., SendPanel], sandbox: Sandbox
) -> None:
    panel = make()
    late = PanelDriver(panel)
    undo = panel._form.undo
    press(panel, "Send")
    panel.join(30)
    undo._handle_custom_msg({"t": "press", "id": "1-1"}, [])
    turn = undo.turn
    write(panel, "Message", "Next")
    press(panel, "Send")
    undo._handle_custom_msg({"t": "act", "id": "1-1", "turn": turn, "fields": late.fields()}, [])

    assert panel.join(30)
    assert [one.body for one in sandbox.ledger] == ["Hello", "Next"]


@pytest.mark.parametrize(
    "name", ["undo", "back", "another", "find_out", "anew", "look_again"], ids=str
)
def test_a_button_that_can_do_nothing_any_more_says_so(
    make: Callable[..., SendPanel], name: str
) -> None:
    """A page that has not drawn the newest state still shows it."""
    panel = make()

    assert click(panel, getattr(panel._form, name)) == NOT_NOW


def test_undo_calls_the_message_back(make: Callable[..., SendPanel], sandbox: Sandbox) -> None:
    panel = make(undo_seconds=60)
    press(panel, "Send")
    counting = seen(panel)
    press(panel, "Undo")

    assert panel.join(30)
    assert counting == ["Undo (sending in 60 s)", "More", "Show the code"]
    assert says(panel)[-1] == "Undone: nothing was sent."
    assert sandbox.ledger == ()
    assert seen(panel) == ["Send", "More", "Show the code"]


def test_without_undo_it_leaves_when_the_seconds_are_over(
    make: Callable[..., SendPanel], sandbox: Sandbox
) -> None:
    panel = make(undo_seconds=1)
    press(panel, "Send")

    assert sandbox.ledger == ()
    assert panel.join(30)
    assert len(sandbox.ledger) == 1


def test_undo_and_send_again_sends_once(make: Callable[..., SendPanel], sandbox: Sandbox) -> None:
    panel = make(undo_seconds=1)
    press(panel, "Send")
    press(panel, "Undo")
    press(panel, "Send")

    assert panel.join(30)
    assert len(sandbox.ledger) == 1


def test_changing_the_text_during_the_countdown_keeps_the_message_here(
    make: Callable[..., SendPanel], sandbox: Sandbox
) -> None:
    panel = make(undo_seconds=1)
    press(panel, "Send")
    write(panel, "Message", "Hello, but")

    assert panel.join(30)
    assert "The message was changed, so it was not sent." in says(panel)
    assert sandbox.ledger == ()


def test_a_change_during_a_second_countdown_does_not_send_the_first_message_again(
    make: Callable[..., SendPanel], sandbox: Sandbox
) -> None:
    panel = make(undo_seconds=1)
    press(panel, "Send")
    panel.join(30)
    write(panel, "Message", "Second")
    press(panel, "Send")
    write(panel, "Message", "Second, but")

    assert panel.join(30)
    assert [one.body for one in sandbox.ledger] == ["Hello"]


def test_a_long_message_is_asked_about_and_a_double_click_does_not_answer(
    make: Callable[..., SendPanel], sandbox: Sandbox
) -> None:
    panel = make(body="x" * 200, confirm_segments=1)
    button = PanelDriver(panel).button("Send")
    click(panel, button)
    click(panel, button)

    assert panel.join(30)
    assert "This message has 2 segments, about $0.0166 (estimate). Send it?" in says(panel)
    assert sandbox.ledger == ()
    press(panel, "Send 2 segments")
    assert panel.join(30)
    assert len(sandbox.ledger) == 1


def test_a_long_message_can_be_taken_back_at_the_question(
    make: Callable[..., SendPanel], sandbox: Sandbox
) -> None:
    panel = make(body="x" * 200, confirm_segments=1)
    press(panel, "Send")
    press(panel, "Back")

    assert panel.join(30)
    assert sandbox.ledger == ()
    assert seen(panel) == ["Send", "More", "Show the code"]


# Errors stand where they belong


@pytest.mark.parametrize(
    ("to", "message"),
    [
        ("", "Enter a recipient: + and the country code, then the number."),
        ("4155550123", "4••••••123 must begin with + and the country code."),
    ],
)
def test_an_invalid_recipient_is_reported_under_to(
    make: Callable[..., SendPanel], sandbox: Sandbox, to: str, message: str
) -> None:
    panel = make(to=to)
    press(panel, "Send")

    assert panel.join(30)
    assert under(panel, "To") == (message, "problem")
    assert sandbox.ledger == ()


@pytest.mark.parametrize(
    ("options", "label", "code"),
    [
        ({"to": "+15005550001"}, "To", 21211),
        ({"to": "+442079460123"}, "To", 21614),
        ({"from_": "+13125550119"}, "From", 21606),
        ({"from_": "MG" + "00" * 16}, "From", 21701),
    ],
)
def test_a_refusal_by_twilio_is_reported_under_its_field(
    make: Callable[..., SendPanel],
    sandbox: Sandbox,
    options: dict[str, str],
    label: str,
    code: int,
) -> None:
    panel = make(**options)
    press(panel, "Send")

    assert panel.join(30)
    text, tone = under(panel, label)
    assert (f"(Twilio {code})" in text, tone) == (True, "problem")
    assert sandbox.ledger == ()
    assert "Send" in seen(panel)  # nothing was sent, so it may be tried again


def test_a_refusal_under_more_opens_it(make: Callable[..., SendPanel], sandbox: Sandbox) -> None:
    panel = make()
    press(panel, "More")
    write(panel, "Validity", "5")
    press(panel, "Less")
    sandbox.fail(code=21624)
    press(panel, "Send")

    assert panel.join(30)
    text, tone = under(panel, "Validity")
    assert ("(Twilio 21624)" in text, tone) == (True, "problem")


def test_a_refusal_with_no_field_stands_over_the_buttons(
    make: Callable[..., SendPanel], sandbox: Sandbox
) -> None:
    panel = make()
    sandbox.fail(status=403)
    press(panel, "Send")

    assert panel.join(30)
    assert "(Twilio 20403)" in says(panel)[-1]
    assert sandbox.ledger == ()


def test_a_message_that_does_not_arrive_is_explained(
    make: Callable[..., SendPanel], sandbox: Sandbox
) -> None:
    panel = make(to="+14155550194")
    press(panel, "Send")

    assert panel.join(30)
    assert track(panel) == "queued:done sent:done undelivered:failed"
    assert "(Twilio 30007)" in says(panel)[-1]


def test_a_message_with_no_receipt_is_followed_for_a_while_and_can_be_looked_at_again(
    make: Callable[..., SendPanel],
) -> None:
    panel = make(to="+14155550196")
    press(panel, "Send")
    assert panel.join(30)
    first = says(panel)[-1]
    press(panel, "Look again")
    assert panel.join(30)

    assert first.startswith("Still sent: some carriers return no delivery receipt. Cost: $")
    assert track(panel) == "queued:done sent:done delivered:ahead"
    assert "Look again" in seen(panel)


def test_a_status_that_cannot_be_read_does_not_call_the_message_unsent(
    make: Callable[..., SendPanel], sandbox: Sandbox
) -> None:
    panel = make()
    sandbox.fail(status=404, method="GET", path="/Messages/SM")
    press(panel, "Send")

    assert panel.join(30)
    assert says(panel)[-1].startswith("The message was sent, but its status could not be read.")
    assert seen(panel) == ["Send another", "Look again", "More", "Show the code"]


# When nobody knows


def test_a_lost_reply_is_never_sent_again_and_the_log_finds_the_message(
    make: Callable[..., SendPanel], sandbox: Sandbox
) -> None:
    panel = make()
    sandbox.fail(fault="reset_after_accept")
    press(panel, "Send")
    assert panel.join(30)

    assert "“Find out” looks for it in the message log." in says(panel)[-1]
    assert isinstance(panel.error, OutcomeUnknown)
    assert seen(panel) == ["Find out", "New message", "More", "Show the code"]
    click(panel, panel._form.send)  # although it is hidden
    press(panel, "Find out")
    assert panel.join(30)
    assert len(sandbox.ledger) == 1
    assert panel.message is not None
    assert (panel.message.sid, panel.message.status) == (sandbox.ledger[0].sid, "delivered")
    assert panel.error is None


def test_a_message_can_be_sent_again_only_if_the_log_proves_its_absence(
    make: Callable[..., SendPanel], sandbox: Sandbox
) -> None:
    panel = make()
    sandbox.fail(status=503)
    press(panel, "Send")
    panel.join(30)

    press(panel, "Find out")
    assert panel.join(30)
    assert says(panel)[-1].startswith("Not sure yet: it is not in the message log")
    assert "Send" not in seen(panel)
    sandbox.clock.advance("5 min")
    press(panel, "Find out")
    assert panel.join(30)
    assert says(panel)[-1].startswith(
        "The message is not in the message log and can no longer appear there"
    )
    assert sandbox.ledger == ()
    press(panel, "Send")
    assert panel.join(30)
    assert len(sandbox.ledger) == 1


def test_the_log_of_another_account_decides_nothing(
    sandbox: Sandbox, make: Callable[..., SendPanel]
) -> None:
    connections = ConnectionPanel(sandbox.connection)
    connections.join(30)
    panel = make(connections)
    sandbox.fail(fault="reset_after_accept")
    press(panel, "Send")
    panel.join(30)
    with Sandbox(now=NOON) as other, Twilio(other.connection) as elsewhere:
        panel._connect(elsewhere)
        panel.join(30)
        press(panel, "Find out")
        panel.join(30)

        assert "another account's log does not contain it" in says(panel)[-1]
        assert "Send" not in seen(panel)
    panel.close()
    connections.close()


def test_a_log_that_cannot_be_read_leaves_the_outcome_unknown(
    make: Callable[..., SendPanel], sandbox: Sandbox
) -> None:
    panel = make()
    sandbox.fail(fault="reset_after_accept")
    press(panel, "Send")
    panel.join(30)
    sandbox.fail(status=403, method="GET", path="/Messages")
    press(panel, "Find out")

    assert panel.join(30)
    assert says(panel)[-1].startswith("The message log could not be read")
    assert seen(panel) == ["Find out", "New message", "More", "Show the code"]


def test_leaving_an_unknown_outcome_behind_takes_the_message_out_of_the_fields(
    make: Callable[..., SendPanel], sandbox: Sandbox
) -> None:
    panel = make()
    sandbox.fail(fault="reset_after_accept")
    press(panel, "Send")
    panel.join(30)
    press(panel, "New message")

    assert (field(panel, "To").value, field(panel, "Message").value) == ("", "")
    assert field(panel, "From").value == f"{sandbox.numbers[0]} — SMS, MMS"
    assert len(sandbox.ledger) == 1


def test_an_accident_in_our_own_code_counts_as_maybe_sent(
    make: Callable[..., SendPanel], twilio: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_parameters: Any) -> None:
        raise RuntimeError("something of ours broke")

    panel = make()
    monkeypatch.setattr(twilio.messages, "send", broken)
    press(panel, "Send")

    assert panel.join(30)
    assert says(panel)[-1] == (
        "Unexpected error: RuntimeError: something of ours broke "
        "The message may have been sent: check the message log before you send it again."
    )
    assert seen(panel) == ["New message", "More", "Show the code"]


# Connecting


def test_without_a_connection_the_panel_says_how_to_get_one(
    make: Callable[..., SendPanel],
) -> None:
    panel = make(None)

    assert says(panel)[-1].startswith("Not connected. Create this panel with a connection")
    assert seen(panel) == ["More", "Show the code"]
    assert repr(panel) == "SendPanel(not connected)"


def test_a_connection_panel_wakes_it_up_and_puts_it_to_sleep(
    make: Callable[..., SendPanel], sandbox: Sandbox
) -> None:
    connections = ConnectionPanel()
    panel = make(connections)
    asleep = says(panel)[-1]
    PanelDriver(connections).press("Try the sandbox")
    connections.join(30)
    panel.join(30)
    awake = seen(panel)
    PanelDriver(connections).press("Disconnect")

    assert asleep == (
        "Not connected. Press Connect in the connection panel; then this panel becomes active."
    )
    assert awake == ["Send", "More", "Show the code"]
    assert seen(panel) == ["More", "Show the code"]
    panel.close()
    connections.close()


def test_a_disconnect_during_the_countdown_sends_nothing(
    make: Callable[..., SendPanel], sandbox: Sandbox
) -> None:
    connections = ConnectionPanel(sandbox.connection)
    connections.join(30)
    panel = make(connections, undo_seconds=60)
    press(panel, "Send")
    connections.close()

    assert panel.join(30)
    assert sandbox.ledger == ()


def test_a_closed_panel_no_longer_follows_the_connection_panel(
    make: Callable[..., SendPanel],
) -> None:
    connections = ConnectionPanel()
    panel = make(connections)
    panel.close()

    assert (connections._on_connect, connections._on_disconnect) == ([], [])
    connections.close()


def test_the_accounts_own_senders_are_suggested_and_any_other_can_be_typed(
    make: Callable[..., SendPanel], sandbox: Sandbox
) -> None:
    panel = make()
    suggested = [value.partition(" — ")[0] for value, _text in field(panel, "From").options]

    assert suggested == [*sandbox.numbers, *sandbox.services]
    write(panel, "From", "Harbour")
    write(panel, "To", "+447700900123")
    press(panel, "Send")
    assert panel.join(30)
    assert sandbox.ledger[0].from_ == "Harbour"


def test_a_suggested_service_is_sent_with_as_a_service(
    make: Callable[..., SendPanel], sandbox: Sandbox
) -> None:
    panel = make()
    write(panel, "From", field(panel, "From").options[-2][0])
    press(panel, "Send")

    assert panel.join(30)
    assert panel.message is not None
    assert panel.message.messaging_service_sid == sandbox.services[0]
    assert track(panel) == "accepted:done queued:done sent:done delivered:done"


def test_senders_that_cannot_be_read_are_no_obstacle(
    make: Callable[..., SendPanel], sandbox: Sandbox
) -> None:
    sandbox.fail(status=403, method="GET", path="/IncomingPhoneNumbers")
    panel = make()

    text, tone = under(panel, "From")
    assert (text.startswith("Some senders could not be listed; you can type one."), tone) == (
        True,
        "hint",
    )
    press(panel, "Send")
    assert panel.join(30)
    assert len(sandbox.ledger) == 1


# More


def test_the_fields_under_more_are_sent(
    make: Callable[..., SendPanel], sandbox: Sandbox, twilio: Twilio
) -> None:
    panel = make(from_=sandbox.services[0])
    press(panel, "More")
    write(panel, "Media", "https://example.com/a.png")
    write(panel, "Send at", "2026-01-15T13:00")
    write(panel, "Callback", "https://example.com/callback")
    write(panel, "Validity", "600")
    press(panel, "Send")

    assert panel.join(30)
    assert panel.message is not None
    assert (panel.message.status, panel.message.num_media) == ("scheduled", 1)
    assert says(panel)[-1].startswith("Scheduled for 2026-01-15 13:00 UTC.")
    assert track(panel) == "scheduled:done queued:ahead sent:ahead delivered:ahead"


# The panel as a panel


def test_closing_during_the_countdown_sends_nothing(
    make: Callable[..., SendPanel], sandbox: Sandbox
) -> None:
    panel = make(undo_seconds=60)
    press(panel, "Send")
    panel.close()

    assert panel.join(0)
    assert sandbox.ledger == ()


def test_a_closed_panel_sends_nothing_even_during_a_countdown(
    make: Callable[..., SendPanel],
) -> None:
    panel = make()
    press(panel, "Send")
    panel.join(30)
    panel._undo_seconds = 60
    write(panel, "Message", "Second")
    press(panel, "Send")
    panel.close()

    assert panel._state.phase == "counting"
    assert panel._leave(2) is None


def test_closing_while_it_leaves_sends_once_and_the_message_can_be_read(
    make: Callable[..., SendPanel],
    sandbox: Sandbox,
    twilio: Twilio,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    panel, leaving, may_leave = make(), threading.Event(), threading.Event()
    send = twilio.messages.send

    def slowly(**parameters: Any) -> Any:
        leaving.set()
        may_leave.wait(30)
        return send(**parameters)

    monkeypatch.setattr(twilio.messages, "send", slowly)
    press(panel, "Send")
    assert leaving.wait(30)
    closing = threading.Thread(target=panel.close)
    closing.start()
    may_leave.set()
    closing.join(30)

    assert panel.join(30)
    assert len(sandbox.ledger) == 1
    assert panel.message is not None
    assert panel.message.sid == sandbox.ledger[0].sid


def test_following_stops_within_a_slice_of_the_pause(twilio: Twilio, sandbox: Sandbox) -> None:
    message = twilio.messages.send(TO, from_=sandbox.numbers[0], body="Hello")
    before, seen = sandbox.clock.now(), []

    last = follow(twilio, message, seen=seen.append, stopped=lambda: sandbox.clock.now() > before)

    assert (last, seen) == (message, [])
    assert sandbox.clock.now() - before == timedelta(seconds=0.25)


def test_closing_while_it_follows_ends_soon() -> None:
    with Sandbox() as sandbox, Twilio(sandbox.connection) as twilio:  # on the real clock
        panel = SendPanel(
            twilio, to="+14155550196", from_=sandbox.numbers[0], body="Hi", undo_seconds=0
        )
        panel.join(30)  # reading the senders rewrites "From"
        press(panel, "Send")
        while panel.message is None:
            panel.join(0.01)
        panel.close()

        assert panel.join(0)


def test_a_hostile_text_is_text_in_the_picture_and_the_summary(
    make: Callable[..., SendPanel],
) -> None:
    panel = make(body=HOSTILE)
    press(panel, "Send")
    panel.join(30)
    bundle = panel._repr_mimebundle_()

    assert "onerror" not in bundle["text/html"]
    assert "onerror" not in bundle["text/plain"]
    assert TO not in bundle["text/html"]
    assert "+1 4••• ••• 123" in bundle["text/plain"]


def test_the_code_is_the_same_call(make: Callable[..., SendPanel]) -> None:
    panel = make(from_="+14155550142", body='Say "hi"\n</script>')

    ours = panel._snippet(panel._state).ours

    assert ours.endswith(
        "message = twilio.messages.send(\n"
        '    to="+14155550123",\n'
        '    from_="+14155550142",\n'
        "    body='Say \"hi\"\\n</script>',\n"
        ")"
    )


def test_the_quotes_are_replaced_on_request(make: Callable[..., SendPanel]) -> None:
    panel = make(body="“Hi” 🙂")
    PanelDriver(panel).press_on(panel._form.meter)

    assert field(panel, "Message").value == '"Hi" 🙂'


def test_without_threads_it_sends_at_once(
    make: Callable[..., SendPanel], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "THREADS_EXIST", False)
    panel = make(undo_seconds=5)
    press(panel, "Send")

    assert len(sandbox.ledger) == 1
    assert panel.message is not None
    assert panel.message.status == "delivered"
    panel.close()  # while there are still no threads


def test_unknown_options_are_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(TypeError, match=r"no option .boddy.\. Did you mean body\?"):
        SendPanel(boddy="Hello")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "options",
    [
        {"confirm_segments": 0},
        {"confirm_segments": True},
        {"confirm_segments": "3"},
        {"undo_seconds": -1},
        {"undo_seconds": 0.5},
        {"undo_seconds": 3600},
        {"prices": {"Germany": 1}},
    ],
)
def test_an_option_that_cannot_be_right_is_refused(options: dict[str, Any]) -> None:
    before = set(_instances)
    with pytest.raises(ConfigurationError) as caught:
        SendPanel(**options)

    assert caught.value.field == next(iter(options))
    assert set(_instances) == before


def test_a_connection_is_not_taken_for_a_client(sandbox: Sandbox) -> None:
    with pytest.raises(TypeError, match=r"give Twilio\(connection\)"):
        SendPanel(sandbox.connection)  # type: ignore[arg-type]

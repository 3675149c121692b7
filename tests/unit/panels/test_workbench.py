"""The workbench and the demo as Python objects."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from ipywidgets.widgets import widget as registry

from tests.panel_driver import PanelDriver, shown
from twilio_widgets.client import Twilio
from twilio_widgets.core.guardrails.policy import Policy
from twilio_widgets.core.numbers.money import money_text
from twilio_widgets.errors import NotConnected
from twilio_widgets.panels.demo import demo
from twilio_widgets.panels.inputs.ordered_input import CHANGED
from twilio_widgets.panels.messages.rows import row_of
from twilio_widgets.panels.send.panel import SendPanel
from twilio_widgets.panels.workbench import Workbench
from twilio_widgets.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twilio_widgets.core.message.message import Message

NOW = "2026-01-31T12:00:00Z"


@pytest.fixture
def bench() -> Iterator[Workbench]:
    """A workbench on a frozen sandbox, where waiting takes no time."""
    bench = demo(messages=500, now=NOW)
    yield bench
    bench.close()


def open_tab(bench: Workbench, tab: str) -> None:
    bench._tabs._receive(None, {"t": "choose", "value": tab}, None)


def send(bench: Workbench) -> None:
    bench.send_panel._undo_seconds = 0
    PanelDriver(bench.send_panel).press("Send")
    assert bench.join(30)


def test_the_demo_is_connected_and_has_read_the_newest_messages(bench: Workbench) -> None:
    assert bench.sandbox is not None
    assert bench.connection == bench.sandbox.connection
    assert bench.frame is not None
    assert (len(bench.frame), bench.frame.attrs["complete"]) == (200, False)
    assert bench.message is None
    assert repr(bench) == (
        "Workbench(ConnectionPanel(AC4d…4a02 · sandbox), SendPanel(sandbox · nothing sent yet), "
        "MessagesPanel(AC4d…4a02 · 200 read, incomplete), AccountPanel(AC4d…4a02 · not read yet))"
    )


def test_a_message_sent_stands_in_the_table_and_ends_there_as_delivered(bench: Workbench) -> None:
    seen: list[tuple[object, object]] = []
    bench.send_panel.on_message(
        lambda message: seen.append((message.status, bench.messages_panel._table.rows[0]["status"]))
    )
    send(bench)

    assert bench.message is not None
    assert bench.message.status == "delivered"
    assert bench.messages_panel._table.rows[0] == row_of(bench.message)
    assert [status for status, _ in seen] == sorted(
        {status for status, _ in seen}, key=["queued", "sending", "sent", "delivered"].index
    )
    assert all(status == shown for status, shown in seen)
    assert len(bench.messages_panel._table.rows) == 201
    assert bench.frame is not None
    assert bench.message.sid not in set(bench.frame["sid"])


def test_a_detail_follows_the_message_that_is_being_sent(bench: Workbench) -> None:
    looked: list[str] = []

    def look(message: Message) -> None:
        if not looked:
            bench.messages_panel.look_up(message.sid)
        looked.append(message.status)

    bench.send_panel.on_message(look)
    send(bench)

    assert bench.messages_panel.message is not None
    assert (looked[0], bench.messages_panel.message.status) == ("queued", "delivered")


def test_reply_addresses_the_other_party_and_keeps_the_text(bench: Workbench) -> None:
    assert bench.frame is not None
    inbound = bench.frame[bench.frame["direction"] == "inbound"].iloc[0]
    bench.messages_panel.look_up(inbound["sid"])
    assert bench.join(30)
    assert PanelDriver(bench.messages_panel).press("Reply") == ""

    sending = PanelDriver(bench.send_panel)
    assert sending.read("To") == inbound["from"]
    assert sending.read("From").startswith(inbound["to"])
    assert "Harbour Grill" in sending.read("Message")
    assert bench.message is None, "nothing was sent"


def test_a_reply_to_the_message_that_was_open_before_is_refused(bench: Workbench) -> None:
    """The page may not have drawn the newly opened message yet."""
    assert bench.frame is not None
    page, reply = PanelDriver(bench.messages_panel), bench.messages_panel._detail.reply
    first, second = bench.frame["sid"].iloc[:2]
    bench.messages_panel.look_up(first)
    assert bench.join(30)
    before = reply.turn
    bench.messages_panel.look_up(second)
    assert bench.join(30)

    assert page.press_on(reply, turn=before) == CHANGED
    assert page.press_on(reply) == ""


def test_a_reply_waits_until_the_other_message_has_left(bench: Workbench) -> None:
    assert bench.frame is not None
    bench.messages_panel.look_up(bench.frame["sid"].iloc[0])
    assert bench.join(30)
    PanelDriver(bench.send_panel).press("Send")
    answer = PanelDriver(bench.messages_panel).press("Reply")
    PanelDriver(bench.send_panel).press("Undo")

    assert answer == "A message is being sent in the other card. Reply when it is done."


def test_recent_recipients_are_suggested(bench: Workbench) -> None:
    to = bench.send_panel._form.controls["to"]
    assert to.options == []
    send(bench)

    assert to.options == [["+14155550123", ""]]


def test_a_subscription_to_a_message_can_be_ended() -> None:
    seen: list[Message] = []
    with Sandbox(now=NOW) as sandbox, Twilio(sandbox.connection) as twilio:
        panel = SendPanel(
            twilio, to="+14155550123", from_=sandbox.numbers[0], body="Ahoy", undo_seconds=0
        )
        panel.on_message(seen.append)()
        PanelDriver(panel).press("Send")
        assert panel.join(30)
        panel.close()

    assert seen == []


def test_the_account_has_a_tab_beside_the_log(bench: Workbench) -> None:
    messages, account = bench.messages_panel, bench.account_panel
    before = [messages in set(shown(bench)), account in set(shown(bench))]
    open_tab(bench, "account")
    after = [messages in set(shown(bench)), account in set(shown(bench))]
    PanelDriver(account).press("Load")
    assert bench.join(30)

    assert (before, after) == ([True, False], [False, True])
    assert account.frame is not None
    assert len(account.frame) == 4


@pytest.mark.parametrize(
    ("tab", "title"),
    [
        ("bulk", "Many messages"),
        ("explore", "Explore messages"),
        ("events", "Events"),
        ("raw", "Raw request"),
    ],
)
def test_a_panel_is_created_and_connected_when_its_tab_is_opened(
    bench: Workbench, tab: str, title: str
) -> None:
    before = bench._panels
    open_tab(bench, tab)
    open_tab(bench, "messages")
    open_tab(bench, tab)
    (panel,) = set(bench._panels) - set(before)

    assert panel is getattr(bench, f"{tab}_panel")
    assert (panel.title, panel in set(shown(bench))) == (title, True)
    assert bench.send_panel not in set(shown(bench))
    assert panel._head.pill != "not connected"
    assert f"<caption>{title}</caption>" in bench._picture_html()


def test_nothing_is_read_or_sent_before_it_connects() -> None:
    bench = Workbench()

    assert (bench.frame, bench.message) == (None, None)
    with pytest.raises(NotConnected, match="not connected yet"):
        _ = bench.twilio
    with pytest.raises(NotConnected, match="not connected yet"):
        _ = bench.connection
    bench.close()


def test_the_first_page_is_read_on_connecting() -> None:
    bench = Workbench()
    PanelDriver(bench.connection_panel).press("Try the sandbox")
    assert bench.join(30)

    assert bench.frame is not None
    assert len(bench.frame) == 200
    bench.close()


def test_a_connection_that_was_given_outlives_it() -> None:
    with Sandbox(now=NOW) as sandbox:
        bench = Workbench(sandbox.connection)
        assert bench.join(30)
        assert bench.frame is not None
        bench.close()

        with Twilio(sandbox.connection) as twilio:
            assert twilio.check()


def test_closing_ends_everything_and_its_own_sandbox() -> None:
    threads, widgets = set(threading.enumerate()), set(registry._instances)
    bench = demo(messages=50, now=NOW)
    assert bench.sandbox is not None
    connection = bench.sandbox.connection
    bench.close()
    bench.close()

    assert set(registry._instances) == widgets
    assert {thread for thread in threading.enumerate() if thread.is_alive()} <= threads
    with Twilio(connection) as twilio:
        assert not twilio.check()


def test_two_demos_do_not_meet() -> None:
    first, second = demo(messages=10, now=NOW), demo(messages=10, now=NOW)
    send(first)

    assert len(first.messages_panel._table.rows) == 11
    assert len(second.messages_panel._table.rows) == 10
    first.close()
    second.close()


def test_unknown_options_are_refused_with_advice() -> None:
    with pytest.raises(TypeError, match=r"has no option 'bodi'. Did you mean body\?"):
        Workbench(bodi="Ahoy")
    with Sandbox() as sandbox, pytest.raises(TypeError, match="give connection= or sandbox="):
        Workbench(sandbox.connection, sandbox=sandbox)


def test_a_saved_notebook_says_what_each_card_held(bench: Workbench) -> None:
    bundle = bench._repr_mimebundle_()

    assert bundle["text/plain"] == repr(bench)
    html = str(bundle["text/html"])
    titles = [html.index(f"<caption>{title}</caption>") for title in (
        "Connection", "Send a message", "Messages", "Account")]  # fmt: skip
    assert titles == sorted(titles)
    assert html.count("<tr><td") == 200


def status_of(bench: Workbench) -> dict[str, str]:
    assert bench.join(30)
    return dict(bench._status.rows)


def test_the_status_line_shows_the_account_its_balance_and_the_spend_of_today() -> None:
    policy = Policy(max_cost_per_day="5", max_recipients_per_day=20)
    with Sandbox(now=NOW) as sandbox:
        bench = Workbench(
            sandbox=sandbox, policy=policy, to="+14155550123", from_=sandbox.numbers[0], body="Ahoy"
        )
        assert status_of(bench) == {
            "Account": sandbox.connection.masked_account,
            "Region": "United States (us1)",
            "Balance": money_text(Twilio(sandbox.connection).balance().amount),
            "Today": "$0.00 of $5.00, 0 of 20 recipients (UTC day)",
        }
        before = status_of(bench)["Balance"]

        send(bench)

        after = status_of(bench)
        assert after["Balance"] == money_text(Twilio(sandbox.connection).balance().amount) != before
        assert after["Today"] == "$0.0083 of $5.00, 1 of 20 recipients (UTC day)"
        bench.close()


def test_a_balance_that_the_key_may_not_read_is_stated() -> None:
    with Sandbox(now=NOW) as sandbox:
        bench = Workbench()
        sandbox.fail(status=403, method="GET", path="Balance")
        bench._status.use(Twilio(sandbox.connection))

        status = status_of(bench)
        assert status["Balance"] == "not available: this key may not read it (403)"
        assert status["Today"] == "not counted: no daily limit"
        bench.close()


def test_the_status_line_names_no_account_after_a_disconnect(bench: Workbench) -> None:
    assert "Balance" in status_of(bench)

    PanelDriver(bench.connection_panel).press("Disconnect")

    assert status_of(bench) == {"Account": "not connected"}


def test_its_module_does_not_load_the_listener() -> None:
    """JupyterLite has neither processes nor sockets, and the listener refuses to be imported."""
    loading = "import sys, twilio_widgets.panels.workbench"
    code = f"{loading}; print('twilio_widgets.listener' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert done.stdout == "False\n"

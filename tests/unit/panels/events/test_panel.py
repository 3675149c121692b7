"""The events panel as a Python object, on the sandbox, with a listener's process of its own."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ipywidgets.widgets.widget import _instances as widgets
from msgspec.structs import replace

from tests.panel_driver import PanelDriver
from twilio_widgets.client import Twilio
from twilio_widgets.core.credentials.connection import AuthTokenConnection
from twilio_widgets.listener.listener import Listener
from twilio_widgets.listener.poller import Poller
from twilio_widgets.panels.connection.panel import ConnectionPanel
from twilio_widgets.panels.events import text as texts
from twilio_widgets.panels.events.curl import replay_command
from twilio_widgets.panels.events.panel import EventsPanel
from twilio_widgets.panels.events.source import process_of
from twilio_widgets.panels.events.state import EventsState
from twilio_widgets.panels.inputs.line_input import LineInput
from twilio_widgets.panels.inputs.ordered_button import NOT_NOW
from twilio_widgets.sandbox import Sandbox

PATIENCE = 30.0


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=3) as sandbox:
        yield sandbox


@pytest.fixture
def twilio(sandbox: Sandbox) -> Iterator[Twilio]:
    """A client whose listener, should one run, is ended with the test."""
    with Twilio(sandbox.connection) as twilio:
        yield twilio
        if sandbox.connection.root_url and _is_running(twilio):
            Listener(twilio).close()


def _is_running(twilio: Twilio) -> bool:
    return process_of(twilio.connection, None) is not None


@pytest.fixture
def panel(twilio: Twilio) -> Iterator[EventsPanel]:
    panel = EventsPanel(twilio)
    yield panel
    panel.close()


def enter(panel: EventsPanel, field: LineInput, text: str) -> None:
    """Type a text and press Enter."""
    PanelDriver(panel).type_and_enter(field, text)


def on(panel: EventsPanel) -> EventsPanel:
    panel.start()
    assert panel.join(PATIENCE)
    assert panel._state.phase == "on", panel._state.problems
    return panel


def wait_for(panel: EventsPanel, what: Callable[[], bool]) -> None:
    """Wait until something is so that a look of the panel brings."""
    assert panel._open
    _wait_until(what)


def _wait_until(what: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_nothing_starts_by_itself(panel: EventsPanel, twilio: Twilio) -> None:
    assert repr(panel).endswith("· not started)")
    assert (panel.listener, panel.events) == (None, None)
    assert not _is_running(twilio)


def test_a_simulated_message_arrives_as_a_signed_webhook(
    panel: EventsPanel, sandbox: Sandbox
) -> None:
    PanelDriver(panel).press_on(on(panel)._form.inbound)
    assert panel.join(PATIENCE)
    assert sandbox.settle(PATIENCE)
    wait_for(panel, lambda: panel._state.seen is not None and panel._state.seen.counts.total == 1)

    assert panel.events is not None
    assert panel._state.seen is not None
    assert panel.events[["kind", "status", "body", "scheme"]].to_numpy().tolist() == [
        ["inbound", "received", "Are you open today?", "auth token"]
    ]
    assert [one.before for one in panel._state.seen.pointed] == ["not set"]
    assert panel._state.seen.advice is None


@pytest.mark.long
def test_a_simulated_send_reports_its_status_here(panel: EventsPanel, sandbox: Sandbox) -> None:
    PanelDriver(panel).press_on(on(panel)._form.status)
    assert panel.join(PATIENCE)

    def delivered() -> bool:
        events = panel.events
        return events is not None and "delivered" in events["status"].tolist()

    wait_for(panel, delivered)
    assert panel.events is not None
    assert panel.events["status"].tolist() == ["sent", "delivered"]


def test_a_number_is_connected_and_restored(panel: EventsPanel, sandbox: Sandbox) -> None:
    on(panel)
    number = next(one for one in panel._twilio.numbers() if one.phone_number == sandbox.numbers[0])
    enter(panel, panel._form.entries["point"], "+15550000000")
    assert panel.join(PATIENCE)
    assert "point" in panel._state.problems

    enter(panel, panel._form.entries["point"], sandbox.numbers[0])
    assert panel.join(PATIENCE)
    assert panel._state.note.endswith("now sends its messages here (before: not set).")
    assert panel._form.entries["point"].value == ""
    assert panel._form._pointed.rows[0][0] == number.sid

    page = PanelDriver(panel)
    assert page.press_on(panel._form._pointed, what="PN" + "0" * 32) == NOT_NOW
    assert not panel._state.busy
    assert page.press_on(panel._form._pointed, what=number.sid) == ""
    assert panel.join(PATIENCE)
    assert panel._form._pointed.rows == []
    assert "again" in panel._state.note


@pytest.mark.long
def test_the_reply_is_set_while_it_runs(panel: EventsPanel) -> None:
    on(panel)
    enter(panel, panel._form.entries["reply"], "We close at 10 pm.")
    assert panel.join(PATIENCE)
    assert isinstance(panel.listener, Listener)
    assert panel.listener.reply == "We close at 10 pm."
    enter(panel, panel._form.entries["reply"], "x" * 1_601)
    assert panel.join(PATIENCE)
    assert panel._state.problems["reply"].startswith("The reply has 1,601 characters")
    assert panel.listener.reply == "We close at 10 pm."
    enter(panel, panel._form.entries["reply"], "")
    assert panel.join(PATIENCE)
    assert panel.listener.reply is None


def test_running_the_cell_again_finds_the_same_listener(panel: EventsPanel, twilio: Twilio) -> None:
    first = on(panel).listener
    again = EventsPanel(twilio)
    assert again.join(PATIENCE)
    assert isinstance(first, Listener)
    assert isinstance(again.listener, Listener)
    assert again.listener.heartbeat.pid == first.heartbeat.pid
    assert again._state.found
    again.close()
    assert first.heartbeat.alive


def test_closing_leaves_the_listener_and_stop_ends_it(panel: EventsPanel, twilio: Twilio) -> None:
    on(panel).close()
    assert _is_running(twilio)
    again = EventsPanel(twilio)
    assert again.join(PATIENCE)
    again.stop()
    assert again.join(PATIENCE)
    assert not _is_running(twilio)
    assert again.listener is None
    assert again.events is not None
    assert len(again.events) == 0
    again.close()


def test_closing_while_it_starts_leaves_nothing_behind_but_the_listener(
    panel: EventsPanel, twilio: Twilio
) -> None:
    panel.start()
    panel.close()
    assert panel.join(PATIENCE)
    assert panel.listener is None
    assert _is_running(twilio)


@pytest.mark.long
def test_closing_a_sandbox_ends_its_listener() -> None:
    connection = ConnectionPanel()
    panel = EventsPanel(connection)
    PanelDriver(connection).press("Try the sandbox")
    assert connection.join(PATIENCE)
    listener = on(panel).listener
    assert isinstance(listener, Listener)
    process = Path(f"/proc/{listener.heartbeat.pid}")
    PanelDriver(connection).press("Disconnect")
    assert connection.join(PATIENCE)
    assert repr(panel) == "EventsPanel(not connected)"
    _wait_until(lambda: not process.exists())
    panel.close()
    connection.close()


@pytest.fixture
def left(twilio: Twilio, sandbox: Sandbox) -> Iterator[Listener]:
    """A listener that runs with a number pointed at it, and the token was changed since."""
    listener = Listener(twilio, reply="We are closed.")
    listener.point(sandbox.numbers[0])
    sandbox._world.account.auth_token = "e" * 32
    yield listener
    listener.detach()
    with Twilio(sandbox.connection) as now, Listener(now, take_over=True):
        pass


def test_a_listener_with_the_old_token_runs_until_the_user_agrees_to_replace_it(
    left: Listener, sandbox: Sandbox
) -> None:
    pid, port = left.heartbeat.pid, left.port
    with Twilio(sandbox.connection) as renewed:
        panel = EventsPanel(renewed)  # one runs, so it is looked for
        assert panel.join(PATIENCE)
        assert (panel._state.phase, panel.listener) == ("asking", None)
        assert panel._state.problems == {}
        assert panel._form.ask.layout.display is None
        assert panel._form.start.disabled
        (pointed,) = left.pointed
        name = f"{pointed.name[:2]} {pointed.name[2]}••• ••• {pointed.name[-3:]}"
        assert panel._form._question.text.endswith(f"again:\n· {name}: not set")
        assert "take_over=True" in panel._snippet(panel._state).ours

        PanelDriver(panel).press_on(panel._form.back)
        assert panel._form.ask.layout.display == "none"
        assert left.heartbeat.pid == pid
        PanelDriver(panel).press_on(panel._form.start)
        assert panel.join(PATIENCE)
        PanelDriver(panel).press_on(panel._form.take_over)
        PanelDriver(panel).press_on(
            panel._form.take_over
        )  # the second press finds nothing that was asked
        assert panel.join(PATIENCE)

        listener = panel.listener
        assert isinstance(listener, Listener)
        assert (listener.port, listener.reply, listener.pointed) == (port, None, ())
        assert listener.heartbeat.pid != pid
        assert repr(panel).endswith("· listening)")
        assert panel._form._note.text.startswith("The other listener was stopped")
        assert "take_over=True" in panel._snippet(panel._state).ours
        PanelDriver(panel).press_on(panel._form.inbound)
        assert panel.join(PATIENCE)
        assert sandbox.settle(PATIENCE)
        _wait_until(lambda: panel.events is not None and len(panel.events) == 1)
        panel.stop()
        assert panel.join(PATIENCE)
        assert "take_over" not in panel._snippet(panel._state).ours
        panel.close()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="a process is ended as Linux ends it")
def test_a_killed_listener_is_not_reported_as_running(panel: EventsPanel, twilio: Twilio) -> None:
    with contextlib.closing(Listener(twilio)) as killed:
        pid = killed.heartbeat.pid
        killed.detach()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        on(panel)
        assert not panel._state.found


def test_a_bad_public_url_stands_under_its_field(panel: EventsPanel) -> None:
    panel._form.entries["public_url"]._handle_custom_msg({"t": "typed", "text": "ftp://x"}, [])
    panel.start()
    assert panel.join(PATIENCE)
    assert panel._state.phase == "idle"
    assert panel._state.problems["public_url"].startswith("public_url must be the address")


def test_an_unreachable_listener_is_reported_and_the_page_url_helps_to_reach_it(
    tmp_path: Path,
) -> None:
    account = AuthTokenConnection("AC" + "1" * 32, "2" * 32)
    with Twilio(account) as twilio:
        panel = EventsPanel(twilio, store=tmp_path / "events.sqlite")
        for page in (
            {"url": 3},
            {"url": "https://" + "x" * 2_000},
            {"url": "https://hub.example/"},
        ):
            panel._form.urls._handle_custom_msg({"t": "page", **page}, [])
        assert panel._page_url == "https://hub.example/"
        on(panel)
        assert repr(panel).endswith("· not reachable)")
        ingress = panel._state.ingress
        assert ingress is not None
        assert "Enter a public URL, or press Stop and choose Polling." in ingress.warnings[0]
        assert panel._state.seen is not None
        assert panel._state.seen.notices == ()  # what the ingress says is not said twice

        enter(panel, panel._form.entries["public_url"], "https://hooks.example/x")
        assert panel.join(PATIENCE)
        assert repr(panel).endswith("· listening)")
        assert panel._form.urls._content == [
            ["Inbound URL", "https://hooks.example/x/inbound#rc=3&rp=all"],
            ["Status URL", "https://hooks.example/x/status#rc=3&rp=all"],
        ]
        assert panel._state.note == "Twilio reaches this listener at a new address now."
        enter(panel, panel._form.entries["public_url"], "https://hooks.example/x")
        assert panel.join(PATIENCE)
        assert panel._state.note == "The address is the same as before."
        enter(panel, panel._form.entries["public_url"], "")
        assert panel.join(PATIENCE)
        assert (panel._state.note, panel._form.urls._content) == ("", [])
        assert repr(panel).endswith("· not reachable)")
        panel.stop()
        assert panel.join(PATIENCE)
        panel.close()


def test_no_url_and_no_number_is_widget_state(panel: EventsPanel, sandbox: Sandbox) -> None:
    PanelDriver(panel).press_on(on(panel)._form.inbound)
    assert panel.join(PATIENCE)
    assert sandbox.settle(PATIENCE)
    form = panel._form
    parts = [form.urls, form.beat, form._pointed, form._ingress, form._note, form._advice]
    state = "".join(str(part.get_state()) for part in parts)
    assert isinstance(panel.listener, Listener)
    assert panel.listener.inbound_url not in state
    assert sandbox.numbers[0] not in state


def test_a_copied_curl_command_delivers_the_event_again(
    panel: EventsPanel, sandbox: Sandbox
) -> None:
    PanelDriver(panel).press_on(on(panel)._form.inbound)
    assert panel.join(PATIENCE)
    assert sandbox.settle(PATIENCE)
    listener = panel.listener
    assert isinstance(listener, Listener)
    (event,) = listener.reader.events()

    for private in ("?token=••••", "?bodySHA256=00"):
        assert replay_command(replace(event, url=event.url + private), listener.port) == ""
    assert replay_command(replace(event, source="poll"), listener.port) == ""
    assert replay_command(replace(event, url="http://[broken"), listener.port) == ""
    assert replay_command(event, None) == ""
    command = replay_command(event, listener.port)
    token = sandbox.connection.auth_token.reveal()
    assert token not in command
    again = shlex.split(command.replace("\\\n", " "))
    done = subprocess.run(
        [*again, "--silent", "--write-out", "%{http_code}", "--output", "/dev/null"],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )

    assert done.stdout == "200"
    assert listener.counts.duplicates == {"inbound": 1}


def test_a_poller_of_ones_own_is_shown_and_left_open(twilio: Twilio, sandbox: Sandbox) -> None:
    with Poller(twilio, watch=False) as poller:
        panel = EventsPanel(poller)
        sandbox.receive(from_="+14155550123", body="By polling")
        poller.look()
        wait_for(panel, lambda: "1 inbound" in repr(panel))
        assert panel.listener is poller
        assert repr(panel).endswith("· polling · 1 inbound, 1 polled)")
        panel.close()
        sandbox.receive(from_="+14155550123", body="Still open")
        assert poller.look().added == 1


def test_a_listener_that_was_closed_elsewhere_can_be_started_again(
    twilio: Twilio,
) -> None:
    with Listener(twilio) as listener:
        panel = EventsPanel(listener)
        assert repr(panel).endswith("· listening)")
    panel._look(listener, panel._state.turn)
    assert repr(panel).endswith("· ended)")
    panel.stop()
    assert panel.join(PATIENCE)
    assert repr(panel).endswith("· stopped)")
    on(panel).stop()
    assert panel.join(PATIENCE)
    panel.close()


def test_a_listener_stopped_elsewhere_is_shown_as_ended_and_can_be_started_again(
    panel: EventsPanel, twilio: Twilio, sandbox: Sandbox
) -> None:
    """A second card that shows the same listener is the first one's elsewhere."""
    PanelDriver(panel).press_on(on(panel)._form.inbound)
    assert panel.join(PATIENCE)
    assert sandbox.settle(PATIENCE)
    other = on(EventsPanel(twilio))
    form, first = other._form, other.listener
    wait_for(other, lambda: form.beat.beat["before"])
    assert form.beat.beat["tone"] == "good"
    panel.stop()
    assert panel.join(PATIENCE)
    wait_for(other, lambda: repr(other).endswith("· ended · 1 inbound, 1 valid)"))
    assert form.beat.beat["tone"] == "idle"
    assert (form.start.text, form.start.disabled) == ("Start again", False)
    assert form._closing.text == texts.ENDED
    needs_listener = (form.stop, form.inbound, form.entries["point"], form.entries["body"])
    assert [control.disabled for control in needs_listener] == [True] * 4
    assert [form.entries[name].action for name in ("public_url", "reply")] == ["", ""]
    assert other._point() == other._set_reply() == other._simulate_inbound() == NOT_NOW

    PanelDriver(other).press_on(form.start)
    assert other.join(PATIENCE)
    assert isinstance(other.listener, Listener)
    assert other.listener is not first
    assert other.listener.heartbeat.alive
    assert (form.start.text, form._note.text) == ("Start", "")
    assert form.start.layout.display == "none"
    assert other.events is not None
    assert len(other.events) == 1
    other.close()


def test_polling_is_a_choice_and_ends_with_the_card(panel: EventsPanel, twilio: Twilio) -> None:
    PanelDriver(panel).choose("Receive", "Polling")
    poller = on(panel).listener
    assert isinstance(poller, Poller)
    assert not _is_running(twilio)
    panel.close()
    assert "closed" in repr(poller)


def test_it_wakes_up_when_its_connection_panel_connects(sandbox: Sandbox) -> None:
    connection = ConnectionPanel()
    panel = EventsPanel(connection)
    assert repr(panel) == "EventsPanel(not connected)"
    PanelDriver(connection).press("Try the sandbox")
    assert connection.join(PATIENCE)
    assert repr(panel).endswith("· not started)")
    panel.close()
    connection.close()


def test_unknown_options_are_refused_with_advice(twilio: Twilio) -> None:
    with pytest.raises(TypeError, match=r"Did you mean public_url\?"):
        EventsPanel(twilio, public_uri="https://example.com")
    with pytest.raises(TypeError, match="takes a Twilio, a ConnectionPanel, a Listener or a Pol"):
        EventsPanel(twilio.connection)  # type: ignore[arg-type]


def test_closing_leaves_no_widget_behind(twilio: Twilio) -> None:
    before = set(widgets)
    panel = on(EventsPanel(twilio))
    panel.close()
    panel.close()
    assert set(widgets) == before


def test_the_code_with_flask_takes_what_the_sandbox_signs_and_nothing_else(
    panel: EventsPanel, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    flask = pytest.importorskip("flask")
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", sandbox.connection.auth_token.reveal())
    panel._form.entries["reply"].value = "Thank you"
    names: dict[str, Any] = {"__name__": "shown"}
    exec(panel._snippet(panel._state).official, names)
    assert isinstance(names["app"], flask.Flask)
    signature = names["validator"].compute_signature(
        "https://example.ngrok.app/inbound", {"Body": "hi"}
    )
    client = names["app"].test_client()
    answers = [
        client.post("/inbound", data={"Body": body}, headers={"X-Twilio-Signature": signature})
        for body in ("hi", "forged")
    ]
    assert [answer.status_code for answer in answers] == [200, 403]
    assert "<Message>Thank you</Message>" in answers[0].text


def test_the_code_of_this_library_opens_the_store_that_the_panel_does(
    twilio: Twilio, tmp_path: Path
) -> None:
    """Another store is another listener, which would hear nothing."""
    store = tmp_path / "mine.sqlite"
    with Listener(twilio, store=store) as named, Listener(twilio) as usual:
        panels = EventsPanel(twilio, store=str(store)), EventsPanel(named), EventsPanel(usual)
        codes = [panel._snippet(panel._state).ours for panel in panels]
        polled = panels[0]._snippet(EventsState(how="polling")).ours
        for panel in panels:
            assert panel.join(PATIENCE)
            panel.close()
    assert [str(store) in code for code in codes] == [True, True, False]
    assert f'store="{store}"' in polled.partition("tw.Poller(")[2]


@pytest.mark.long
def test_the_code_of_this_library_starts_the_listener_that_the_panel_would(
    panel: EventsPanel, tmp_path: Path
) -> None:
    panel._form.entries["reply"].value = "Thank you"
    names: dict[str, Any] = {}
    exec(panel._snippet(panel._state).ours, names)
    listener = names["listener"]
    try:
        assert listener.reply == "Thank you"
    finally:
        listener.close()
        listener.table.close()
        names["twilio"].close()
        names["sandbox"].close()

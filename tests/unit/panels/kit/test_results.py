"""The results of panels, observed as traits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import ipywidgets
import pytest
import traitlets

from tests.panel_driver import PanelDriver
from twilio_widgets.client import Twilio
from twilio_widgets.errors import NotConnected
from twilio_widgets.panels.bulk.panel import BulkPanel
from twilio_widgets.panels.connection.panel import ConnectionPanel
from twilio_widgets.panels.events.panel import EventsPanel
from twilio_widgets.panels.messages.panel import MessagesPanel
from twilio_widgets.panels.raw.panel import RawRequestPanel
from twilio_widgets.panels.resources.panel import AccountPanel
from twilio_widgets.panels.send.panel import SendPanel
from twilio_widgets.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

RESULTS = {
    SendPanel: ("message", "value"),
    MessagesPanel: ("frame", "message", "selection", "value"),
    RawRequestPanel: ("response", "value"),
    EventsPanel: ("events", "listener", "selection", "value"),
    BulkPanel: ("job", "outcomes", "plan", "value"),
    ConnectionPanel: ("connection", "twilio", "value"),
    AccountPanel: ("frame", "value"),
}


@pytest.fixture
def twilio() -> Iterator[Twilio]:
    with Sandbox(messages=5) as sandbox, Twilio(sandbox.connection) as client:
        yield client


def watch(panel: Any, name: str) -> list[Any]:
    """Return the list to which every new value of a result is added."""
    seen: list[Any] = []
    panel.observe(lambda change: seen.append(change["new"]), name)
    return seen


@pytest.mark.parametrize(("kind", "names"), RESULTS.items())
def test_results_are_read_only_traits_that_are_neither_synced_nor_saved(
    kind: type[Any], names: tuple[str, ...]
) -> None:
    panel = kind()
    try:
        assert set(names) <= panel.traits().keys()
        assert not set(names) & set(panel.keys)
        assert not set(names) & panel.get_state().keys()
        for name in names:
            with pytest.raises(traitlets.TraitError, match=f'"{name}" trait is read-only'):
                setattr(panel, name, 1)
    finally:
        panel.close()


def _counted(frame: Any) -> str:
    return "no rows" if frame is None else f"{len(frame)} rows"


def test_a_load_is_observed_once_with_its_frame(twilio: Twilio) -> None:
    panel = MessagesPanel(twilio)
    frames, label = watch(panel, "frame"), ipywidgets.Label()
    traitlets.dlink((panel, "frame"), (label, "value"), _counted)
    panel.load()
    assert panel.join(30)

    assert len(frames) == 1
    assert frames[0] is panel.frame
    assert label.value == "5 rows"
    assert "frame" not in json.dumps(panel.get_state(), default=str)
    panel.close()


def test_selected_rows_are_a_frame(twilio: Twilio) -> None:
    panel = MessagesPanel(twilio)
    assert panel.selection is None
    panel.load()
    assert panel.join(30)
    selections = watch(panel, "selection")
    assert panel.frame is not None
    sids = panel.frame["sid"].tolist()
    log = panel._table._log
    panel._table.on_control({"t": "select", "epoch": log.epoch, "places": [-2, -4]})

    assert panel.selection["sid"].tolist() == [sids[1], sids[3]]
    assert [one["sid"].tolist() for one in selections] == [[sids[1], sids[3]]]
    panel._table.on_control({"t": "open", "epoch": log.epoch, "place": -1})
    assert panel.selection["sid"].tolist() == [sids[0]]
    assert panel.join(30)
    panel.close()


def test_every_status_of_a_message_is_observed() -> None:
    with Sandbox(now="2026-01-31T12:00:00Z") as sandbox, Twilio(sandbox.connection) as client:
        options = {"to": "+14155550123", "from_": sandbox.numbers[0], "body": "Hello"}
        panel = SendPanel(client, undo_seconds=0, **options)
        messages = watch(panel, "message")
        assert panel.join(30)
        PanelDriver(panel).press("Send")
        assert panel.join(30)
        panel.close()

    assert messages[-1] is panel.message
    assert [one and one.status for one in messages][-1] == "delivered"


def test_a_connection_is_observed_until_it_closes() -> None:
    panel = ConnectionPanel()
    connections, values = watch(panel, "connection"), watch(panel, "value")
    PanelDriver(panel).press("Try the sandbox")
    assert panel.join(30)
    own = panel.connection
    PanelDriver(panel).press("Disconnect")
    with pytest.raises(NotConnected):
        _ = panel.connection
    panel.close()

    assert connections == values == [own, None]


def test_an_observer_that_raises_is_shown_on_the_card(twilio: Twilio) -> None:
    def fail(_change: object) -> None:
        raise ValueError("Oh.")

    panel = MessagesPanel(twilio)
    panel.observe(fail, "frame")
    panel.load()
    assert panel.join(30)

    assert panel._state.problem == "Unexpected error: ValueError: Oh."
    panel.close()

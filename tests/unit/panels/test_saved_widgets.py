"""What the notebook file contains of each widget: a masked picture, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from twilio_widgets import Sandbox, Twilio, analysis
from twilio_widgets.panels.charts.chart import Chart
from twilio_widgets.panels.connection.panel import ConnectionPanel
from twilio_widgets.panels.events.panel import EventsPanel
from twilio_widgets.panels.explore.panel import ExplorePanel
from twilio_widgets.panels.kit.saved_picture import SWITCH, VIEW
from twilio_widgets.panels.messages.panel import MessagesPanel
from twilio_widgets.panels.raw.panel import RawRequestPanel
from twilio_widgets.panels.resources.panel import AccountPanel
from twilio_widgets.panels.send.panel import SendPanel
from twilio_widgets.panels.table.cells import TableColumn
from twilio_widgets.panels.table.table import VirtualTable
from twilio_widgets.panels.workbench import Workbench

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Made = Callable[[Twilio, Any], Any]

NUMBER = "+14155550123"


def table_of(_twilio: Twilio, static: Any) -> VirtualTable:
    table = VirtualTable([TableColumn("to", "To", kind="phone")], label="Rows", static=static)
    table.append([{"to": NUMBER}])
    return table


def messages_of(twilio: Twilio, static: Any) -> MessagesPanel:
    panel = MessagesPanel(twilio, static=static)
    panel.load()
    return panel


def chart_of(twilio: Twilio, static: Any) -> Chart:
    spec = analysis.volume(twilio.messages.list(), by="sender").chart().spec
    return Chart(spec, static=static)


MADE: dict[str, Made] = {
    "account": lambda twilio, static: AccountPanel(twilio, static=static),
    "chart": chart_of,
    "connection": lambda twilio, static: ConnectionPanel(twilio.connection, static=static),
    "events": lambda twilio, static: EventsPanel(twilio, static=static),
    "explore": lambda twilio, static: ExplorePanel(
        messages=twilio.messages.list(), period="all", static=static
    ),
    "messages": messages_of,
    "raw": lambda twilio, static: RawRequestPanel(twilio, static=static),
    "send": lambda twilio, static: SendPanel(twilio, to=NUMBER, static=static),
    "table": table_of,
    "workbench": lambda twilio, static: Workbench(twilio.connection, to=NUMBER, static=static),
}


@pytest.fixture
def twilio() -> Iterator[Twilio]:
    with Sandbox() as sandbox, Twilio(sandbox.connection) as twilio:
        twilio.messages.send(NUMBER, from_=sandbox.numbers[0], body="Hello")
        yield twilio


@pytest.fixture(params=MADE)
def made(request: pytest.FixtureRequest, twilio: Twilio) -> Iterator[Callable[[Any], Any]]:
    """Yield a function that makes the widget with an option, and waits for its rows."""
    widgets = []

    def make(static: Any) -> Any:
        widgets.append(MADE[request.param](twilio, static))
        getattr(widgets[-1], "join", lambda _timeout: None)(30)
        return widgets[-1]

    yield make
    for widget in widgets:
        widget.close()


def test_the_picture_is_saved_with_masked_numbers(made: Callable[[Any], Any]) -> None:
    widget = made(True)
    bundle = bundle_of(widget)

    assert set(bundle) == {VIEW, "text/plain", "text/html"}
    assert NUMBER not in str(bundle)
    assert NUMBER not in widget._saved_html()


@pytest.mark.parametrize("off", ["option", "variable"])
def test_turned_off_nothing_but_its_repr_is_saved(
    made: Callable[[Any], Any], off: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if off == "variable":
        monkeypatch.setenv(SWITCH, "0")
    widget = made(off == "variable")
    bundle = bundle_of(widget)

    assert set(bundle) == {VIEW, "text/plain"}
    assert bundle["text/plain"] == repr(widget)
    assert NUMBER not in str(bundle)


def bundle_of(widget: Any) -> dict[str, Any]:
    """Return the MIME bundle that IPython saves when there is no second output."""
    bundle = widget._repr_mimebundle_()
    return dict(bundle[0] if isinstance(bundle, tuple) else bundle)

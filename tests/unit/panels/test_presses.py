"""Every button and every field of every panel takes part in the rule of presses."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import ipywidgets
import pytest

from tests.panel_driver import everything
from twilio_widgets import (
    AccountPanel,
    BulkPanel,
    ClassPanel,
    ConnectionPanel,
    EventsPanel,
    ExplorePanel,
    MessagesPanel,
    RawRequestPanel,
    Sandbox,
    SendPanel,
    Twilio,
    Workbench,
)
from twilio_widgets.panels.inputs.ordered_button import Pressable
from twilio_widgets.panels.inputs.ordered_input import OrderedInput
from twilio_widgets.panels.kit.elements import Element
from twilio_widgets.panels.kit.panel import Panel

if TYPE_CHECKING:
    from collections.abc import Iterator

WITH_A_CLIENT = (
    AccountPanel,
    BulkPanel,
    EventsPanel,
    ExplorePanel,
    MessagesPanel,
    RawRequestPanel,
    SendPanel,
)


@contextmanager
def made(kind: Any, sandbox: Sandbox) -> Iterator[Any]:
    """Yield a panel of this kind."""
    if kind in WITH_A_CLIENT:
        with Twilio(sandbox.connection) as twilio:
            yield kind(twilio)
    elif kind is Workbench:
        yield Workbench(sandbox=sandbox)
    elif kind is ClassPanel:
        with Sandbox() as own, own.open_class() as classroom:
            yield ClassPanel(classroom)
    else:
        yield kind()


@pytest.fixture(
    params=[*WITH_A_CLIENT, ConnectionPanel, Workbench, ClassPanel], ids=lambda kind: kind.__name__
)
def panel(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Any]:
    with made(request.param, sandbox) as panel:
        yield panel
        panel.close()


def test_a_press_carries_every_field_of_its_card(panel: Any) -> None:
    cards = [one for one in everything(panel) if isinstance(one, Panel)]
    fields = {
        card.title: {one.key for one in everything(card) if isinstance(one, OrderedInput)}
        for card in cards
    }
    carried = {
        card.title: set(card._barrier._elements) if fields[card.title] else set() for card in cards
    }

    assert carried == fields
    assert cards


def test_every_button_has_an_action(panel: Any) -> None:
    found = [one for one in everything(panel) if isinstance(one, Pressable)]
    buttons = [one for one in found if not isinstance(one, OrderedInput)]

    assert [one for one in buttons if one._press is None] == []
    assert buttons


def test_nothing_of_ipywidgets_is_pressed_or_filled_in(panel: Any) -> None:
    """Its messages can be overtaken: only boxes and labels of it are used."""
    others = [one for one in everything(panel) if not isinstance(one, Element)]

    assert [one for one in others if not isinstance(one, ipywidgets.Box | ipywidgets.Label)] == []

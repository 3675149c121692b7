"""Looking up the recipients from the bulk panel: its cost is typed before anything is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

import twilio_widgets as tw
from tests.panel_driver import PanelDriver
from twilio_widgets.client import Twilio
from twilio_widgets.core.guardrails.policy import Policy
from twilio_widgets.core.lookups.cost import LookupCost
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.panels.bulk import lookup_row as lookups
from twilio_widgets.panels.bulk.lookup_prompt import LookupPrompt
from twilio_widgets.panels.bulk.panel import BulkPanel
from twilio_widgets.panels.bulk.state import BulkState
from twilio_widgets.sandbox import Sandbox

GUESTS = [{"phone": "+14155550101"}, {"phone": "+442079460123"}, {"phone": "+14155550104"}]


@pytest.fixture
def make(sandbox: Sandbox) -> Iterator[Callable[..., BulkPanel]]:
    made: list[BulkPanel] = []

    def panel(**options: Any) -> BulkPanel:
        given = {"body": "Hi", "from_": sandbox.numbers[0], "undo_seconds": 0} | options
        made.append(BulkPanel(Twilio(sandbox.connection), GUESTS, **given))
        assert made[-1].join(20)
        PanelDriver(made[-1]).press("Check")
        assert made[-1].join(20)
        return made[-1]

    yield panel
    for one in made:
        one.close()


def ask(panel: BulkPanel) -> None:
    PanelDriver(panel).press("Look up numbers")
    settle(panel)


def settle(panel: BulkPanel) -> None:
    """Wait for the work, and for the work that it starts."""
    for _round in range(3):
        assert panel.join(20)


def confirm(panel: BulkPanel, words: str) -> str:
    driver = PanelDriver(panel)
    driver.say(panel._numbers.typed, {"t": "typed", "text": words})
    answer = driver.press_on(panel._numbers.confirm)
    settle(panel)
    return answer


def test_the_cost_is_typed_and_then_landlines_are_rejected(
    sandbox: Sandbox, make: Callable[..., BulkPanel]
) -> None:
    panel = make()
    assert panel.plan is not None
    assert len(panel.plan) == 3
    ask(panel)
    assert "Looking up 3 numbers costs about $0.0240." in PanelDriver(panel).text()
    assert "Type “pay $0.0240” to confirm." in PanelDriver(panel).text()
    assert not PanelDriver(panel).labels().count("Send")  # one question at a time
    assert confirm(panel, "pay") == "Nothing was asked. Type “pay $0.0240” to confirm."
    assert sandbox.lookups == ()

    assert confirm(panel, " Pay  $0.0240 ") == ""
    assert len(sandbox.lookups) == 3
    assert [one.n for one in panel.plan.problems] == [1]
    assert "Looked up 3 numbers for about $0.0240." in PanelDriver(panel).text()
    assert "Type “send 2” to confirm." in PanelDriver(panel).text()


def test_the_user_is_told_that_the_price_is_an_estimate_and_can_give_it(
    sandbox: Sandbox, make: Callable[..., BulkPanel]
) -> None:
    estimated, own = make(), make(lookup_prices={"line_type": "0.005"})
    ask(estimated)
    ask(own)

    assert (
        'BulkPanel(…, lookup_prices={"line_type": "…"}) uses yours.'
        in PanelDriver(estimated).text()
    )
    assert "Looking up 3 numbers costs about $0.0150. Twilio bills it" in PanelDriver(own).text()
    assert confirm(own, "pay $0.0150") == ""
    assert len(sandbox.lookups) == 3
    with pytest.raises(ConfigurationError, match="'line', which is not a field"):
        BulkPanel(lookup_prices={"line": "0.005"})


def test_the_code_reads_the_prices_and_looks_the_numbers_up(
    sandbox: Sandbox, make: Callable[..., BulkPanel]
) -> None:
    prices = tw.prices(Twilio(sandbox.connection), ["US", "GB"], progress=False)
    panel = make(prices=prices, lookup_prices={"line_type": "0.005"})
    ask(panel)
    confirm(panel, "pay $0.0150")
    code = panel._snippet(panel._state).ours

    compile(code, "shown", "exec")
    assert code.count("prices = tw.prices(twilio)\n") == 1
    lookup = 'twilio.lookup( plan.ready["to"], max_cost="0.02", prices={"line_type": "0.005"}, )'
    assert lookup in " ".join(code.split())
    assert code.count("prices=prices") == 2
    assert code.count("lookup=found") == 1


def test_looking_up_again_does_not_forget_a_landline(
    sandbox: Sandbox, make: Callable[..., BulkPanel]
) -> None:
    panel = make()
    ask(panel)
    confirm(panel, "pay $0.0240")
    ask(panel)

    assert panel.plan is not None
    assert [one.n for one in panel.plan.problems] == [1]
    assert len(sandbox.lookups) == 3


@pytest.mark.parametrize(
    ("typed", "phase"),
    [("pay $0.0240", "running"), ("PAY $0.0240 ", "running"), ("pay", "asking"),
     ("pay $0.02", "asking"), ("", "asking")],
)  # fmt: skip
def test_only_the_typed_cost_begins_it(typed: str, phase: str) -> None:
    cost = LookupCost(numbers=3, cached=0, invalid=0, cost=Decimal("0.024"))
    prompt = LookupPrompt(turn=1, cost=cost, typed=typed)
    state = lookups.confirmed(BulkState(phase="checked", turn=1, lookup=prompt))

    assert state.lookup is not None
    assert state.lookup.phase == phase


def test_known_numbers_are_used_without_a_question(
    sandbox: Sandbox, make: Callable[..., BulkPanel]
) -> None:
    numbers = [guest["phone"] for guest in GUESTS]
    Twilio(sandbox.connection).lookup(numbers, max_cost=1, progress=False)
    panel = make()
    ask(panel)

    assert "Looked up 3 numbers (all were in the cache)." in PanelDriver(panel).text()
    assert len(sandbox.lookups) == 3


def test_going_back_or_changing_the_text_asks_nothing(
    sandbox: Sandbox, make: Callable[..., BulkPanel]
) -> None:
    panel = make()
    ask(panel)
    PanelDriver(panel).press_on(panel._numbers.back)
    assert "costs about" not in PanelDriver(panel).text()
    ask(panel)
    PanelDriver(panel).type("Message", "Hello")
    assert "costs about" not in PanelDriver(panel).text()
    assert confirm(panel, "pay $0.0240") != ""
    assert sandbox.lookups == ()


def test_the_guard_rails_of_the_panel_refuse_it_in_a_dry_run(
    sandbox: Sandbox, make: Callable[..., BulkPanel]
) -> None:
    panel = make(policy=Policy(dry_run=True))
    ask(panel)
    confirm(panel, "pay $0.0240")

    assert "Dry run: nothing was sent." in PanelDriver(panel).text()
    assert sandbox.lookups == ()


def test_prices_and_a_lookup_can_be_given(sandbox: Sandbox, make: Callable[..., BulkPanel]) -> None:
    twilio = Twilio(sandbox.connection)
    found = twilio.lookup([guest["phone"] for guest in GUESTS], max_cost=1, progress=False)
    panel = make(prices=tw.prices(twilio, progress=False), lookup=found)

    assert panel.plan is not None
    assert [one.n for one in panel.plan.problems] == [1]
    assert "your account's prices of 2026-01-15" in PanelDriver(panel).text()


@pytest.mark.parametrize("options", [{"prices": {"gb": 1}}, {"lookup": [1]}])
def test_an_invalid_option_is_refused_at_once(options: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        BulkPanel(**options)  # type: ignore[arg-type]  # invalid on purpose

"""A plan with a lookup: landlines and invalid numbers are rejected before anything is sent."""

from __future__ import annotations

from decimal import Decimal

import pytest

import twilio_widgets as tw
from twilio_widgets import Sandbox, Twilio
from twilio_widgets.errors import ConfigurationError

MOBILE, LANDLINE, SHORT, TOLL_FREE = "+447700900123", "+442079460123", "+1415555", "+18005550100"
RECIPIENTS = [MOBILE, LANDLINE, SHORT, TOLL_FREE, f"whatsapp:{LANDLINE}"]


def planned(sandbox: Sandbox, **more: object) -> tw.Plan:
    twilio = Twilio(sandbox.connection)
    found = twilio.lookup(RECIPIENTS, max_cost=1, progress=False)
    rows = [{"to": to} for to in RECIPIENTS]
    options = {"lookup": found} | more
    return tw.plan(rows, body="Hi", from_="+447700900142", **options)  # type: ignore[arg-type]  # passed on


def test_landlines_and_invalid_numbers_are_rejected_with_their_reason(sandbox: Sandbox) -> None:
    made = planned(sandbox)

    assert [(one.n, one.kind, one.reason) for one in made.problems] == [
        (1, "recipient",
         "+44 2••• ••• 123 is a landline (looked up on 2026-01-15): it cannot receive SMS."),
        (2, "recipient", "+1 ••• •55 is not a valid number (looked up on 2026-01-15)."),
    ]  # fmt: skip


def test_a_landline_may_be_on_whatsapp_and_a_toll_free_number_has_a_note(
    sandbox: Sandbox,
) -> None:
    ready = planned(sandbox).ready

    assert ready["row"].tolist() == [0, 3, 4]
    assert "a toll-free number" in ready["notes"][1]


def test_the_carrier_decides_the_price(sandbox: Sandbox) -> None:
    prices = tw.prices(Twilio(sandbox.connection), ["GB"], progress=False)

    assert planned(sandbox, prices=prices).rows[0].cost == Decimal("0.0463")


def test_recipients_that_were_not_looked_up_are_counted(sandbox: Sandbox) -> None:
    twilio = Twilio(sandbox.connection)
    found = twilio.lookup([MOBILE], max_cost=1, progress=False)
    made = tw.plan(
        [{"to": MOBILE}, {"to": TOLL_FREE}], body="Hi", from_="+447700900142", lookup=found
    )

    assert made.summary.warnings == (
        "1 recipient was not looked up: twilio.lookup(…) them as well.",
    )


@pytest.mark.parametrize("lookup", ["+14155550123", [MOBILE], {"number": MOBILE}])
def test_only_the_frame_of_a_lookup_is_accepted(lookup: object) -> None:
    with pytest.raises(ConfigurationError, match=r"twilio\.lookup"):
        tw.plan([{"to": MOBILE}], body="Hi", from_="+447700900142", lookup=lookup)

"""After a job: predicted against billed, by country, with the reasons for the difference."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import twilio_widgets as tw
from twilio_widgets import Sandbox, Twilio
from twilio_widgets.bulk.costs import costs_of, country_of
from twilio_widgets.journal.row import JournalRow

US, GB = "+14155550123", "+447400123456"


def row(to: str, **more: Any) -> JournalRow:
    given = {"status": "accepted", "cost": "0.01", "price": "-0.01", "price_unit": "USD"}
    given |= {"segments": 1, "billed_segments": 1}
    return JournalRow(n=0, form=(("To", to),), **(given | more))


def compared(*rows: JournalRow) -> dict[str, Any]:
    frame = costs_of(rows, job="news")
    assert len(frame) == 1
    return dict(frame.iloc[0])


def test_a_job_is_compared_by_country(sandbox: Sandbox) -> None:
    """The plan assumes the highest price of a carrier, and the sandbox bills less."""
    twilio = Twilio(sandbox.connection)
    prices = tw.prices(twilio, progress=False)
    rows = [{"to": to} for to in (US, "+14155550124", GB)]
    job = tw.plan(rows, body="Hi", from_=sandbox.numbers[0], prices=prices).send(twilio, "news")
    job.wait()
    before = job.cost()
    sandbox.clock.advance("1 h")
    job.refresh()
    after = job.cost()

    assert before["reasons"].tolist() == [
        "1 message without a price yet: job.refresh() reads it.",
        "2 messages without a price yet: job.refresh() reads it.",
    ]
    assert after[["country", "messages", "billed_messages", "price_unit"]].values.tolist() == [
        ["GB", 1, 1, "USD"], ["US", 2, 2, "USD"],
    ]  # fmt: skip
    assert after[["predicted", "billed", "difference"]].values.tolist() == [
        [Decimal("0.0503"), Decimal("0.0463"), Decimal("-0.004")],
        [Decimal("0.0166"), Decimal("0.0166"), Decimal(0)],
    ]
    assert after["reasons"].fillna("").tolist() == [
        "1 message cost $0.04630 a segment instead of $0.05030: the price depends on the carrier "
        "and the sender, and carriers add fees.",
        "",
    ]


def test_more_segments_than_predicted_are_a_reason() -> None:
    found = compared(row(US, segments=2, cost="0.02", billed_segments=3, price="-0.03"))

    assert found["reasons"] == "1 message took 3 segments instead of 2."
    assert (found["predicted_segments"], found["billed_segments"]) == (2, 3)


def test_a_message_without_an_estimate_is_not_part_of_the_difference() -> None:
    found = compared(row(US), row(US, cost=None, price="-0.05"))

    assert (found["billed"], found["difference"]) == (Decimal("0.06"), Decimal(0))
    assert found["reasons"] == "1 message had no estimate: no price was known."


def test_failed_messages_are_usually_not_billed() -> None:
    found = compared(row(US), row(US, price=None, price_unit=None, message_status="failed"))

    assert (found["messages"], found["billed_messages"]) == (2, 1)
    assert found["reasons"] == (
        "1 message failed or were cancelled, which Twilio usually does not bill."
    )


def test_another_currency_is_not_compared() -> None:
    found = compared(row(US, price_unit="EUR"))

    assert found["price_unit"] == "EUR"
    assert str(found["difference"]) == "<NA>"
    assert found["reasons"].endswith("another currency than the estimate's US dollars.")


def test_rows_that_were_not_accepted_cost_nothing() -> None:
    assert len(costs_of([row(US, status="rejected"), row(US, status="unknown")], job="x")) == 0


def test_a_forgotten_recipient_has_no_country() -> None:
    assert (country_of(""), country_of("whatsapp:" + US), country_of("+447700900123")) == (
        None, "US", "GB",
    )  # fmt: skip

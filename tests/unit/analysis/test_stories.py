"""The analysis finds each story that the sandbox tells, with the counts that the sandbox names."""

from __future__ import annotations

from decimal import Decimal

import pytest

from twilio_widgets import Sandbox, Twilio, analysis


@pytest.fixture(scope="module")
def told():
    """The log of a sandbox with stories, prepared, and its stories by kind."""
    with (
        Sandbox(1, 6000, "2026-03-04T12:00:00Z", stories=True) as sandbox,
        Twilio(sandbox.connection) as twilio,
    ):
        frame = twilio.messages.list(limit=None, progress=False)
        return analysis.prepare(frame), {story.kind: story for story in sandbox.stories}


@pytest.mark.parametrize("kind", ["unregistered_sender", "landlines", "filtered_link"])
def test_failures_of_the_period_have_the_codes_of_the_story(told, kind):
    log, story = told[0], told[1][kind]

    failures = analysis.failures(log.between(story.since, story.until))

    of_story = failures[failures["error_code"].isin(story.error_codes)]
    assert set(of_story["error_code"]) == set(story.error_codes)
    assert set(of_story["error_code"]) <= set(failures["error_code"].head(3))
    # A few other messages fail with the same codes in any week.
    assert story.failed <= of_story["messages"].sum() <= story.failed + 5


def test_the_outage_makes_more_than_noise(told):
    log, stories = told
    story = stories["carrier_outage"]
    week = log.between(story.since, story.until)
    before = log.between(until=min(one.since for one in stories.values()))

    figures = analysis.compare(before, week).set_index("figure")

    failures = analysis.failures(week)
    assert set(failures["error_code"].head(3)) >= set(story.error_codes)
    assert failures.set_index("error_code").loc[30003, "who"] == "recipient"
    assert figures.loc["failed rate", "difference"] > 0.02
    assert figures.loc["failed rate", "more_than_noise"]


def test_the_unregistered_sender_is_the_worst(told):
    log, story = told[0], told[1]["unregistered_sender"]

    senders = analysis.senders(log.between(story.since, story.until)).set_index("sender")

    assert (senders["delivered_rate"].idxmin(),) == story.numbers
    assert senders.loc[story.numbers[0], "failed"] >= story.failed


def test_curly_quotes_doubled_the_cost_of_one_text(told):
    log, story = told[0], told[1]["curly_quotes"]

    answer = analysis.segments(log.between(story.since, story.until))

    (curly,) = answer[answer["characters"] == "’"].to_dict("records")
    assert curly["fixable"]
    assert curly["messages"] == curly["extra_segments"] == story.messages
    assert curly["segments"] == 2 * story.messages
    assert curly["extra_cost"] > Decimal("0.0083") * story.messages


def test_opt_outs_follow_one_text(told):
    log, story = told[0], told[1]["opt_out_spike"]

    texts = analysis.opt_outs(log, by="text")
    days = analysis.opt_outs(log)

    # Of one recipient, another text was the last one before the opt-out.
    assert texts["body"].iloc[0] == story.body
    assert texts["opt_outs"].tolist() == [len(story.numbers) - 1, 1]
    assert days["opt_outs"].sum() == len(story.numbers)
    assert days["opted_out"].iloc[-1] == len(story.numbers)
    spike = days.loc[days["opt_outs"] > 0, "day"]
    assert story.since.date() <= spike.min().date() <= spike.max().date() <= story.until.date()
    assert days["refused"].sum() == (log.frame["error_code"] == 21610).sum() > 0


def test_late_prices_are_not_billed(told):
    log, story = told[0], told[1]["late_prices"]

    late = analysis.cost(log.between(story.since, story.until), by="direction")

    refused = (log.between(story.since, story.until).frame["error_code"] == 21610).sum()
    assert late["not_billed"].sum() == story.messages + refused
    assert late["cost"].isna().all()

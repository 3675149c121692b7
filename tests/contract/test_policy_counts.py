"""A policy counts messages that were or may have been sent, and none that certainly were not."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest

import twilio_widgets as tw
from twilio_widgets.core.bodies import FormBody
from twilio_widgets.core.guardrails.limits import Amount
from twilio_widgets.core.request import Request
from twilio_widgets.errors import NotConnected, PolicyRefused, TwilioWidgetsError
from twilio_widgets.sandbox.world import create as composing

TO = "+14155550123"
DAY = tw.Policy(max_recipients=None, max_cost_per_day=5)
SENT = Amount(1, 1, Decimal("0.0083"))


def send(twilio, sandbox, to: str = TO) -> None:
    twilio.messages.send(to, from_=sandbox.numbers[0], body="Hello")


MEANINGS = [
    ({}, SENT),
    ({"status": 429}, SENT),
    ({"status": 429, "times": 4}, Amount()),
    ({"status": 400, "code": 21610}, Amount()),
    ({"status": 503}, SENT),
    ({"status": 408}, SENT),
    ({"fault": "html", "status": 403}, SENT),
    ({"fault": "error_after_accept", "status": 303}, SENT),
    ({"fault": "reset_before_read"}, SENT),
    ({"fault": "reset_after_accept"}, SENT),
    ({"fault": "truncated"}, SENT),
]
"""The faults of one send, and how much of it is counted. At most four attempts are made."""


def test_only_messages_that_were_certainly_not_sent_are_uncounted(connect, sandbox):
    twilio = connect(sandbox, policy=DAY)
    for fault, counted in MEANINGS:
        before, ledger = DAY.today(sandbox.connection), len(sandbox.ledger)
        if fault:
            sandbox.fail(**fault)
        with suppress(TwilioWidgetsError):
            send(twilio, sandbox)
        assert DAY.today(sandbox.connection) - before == counted, fault
        assert len(sandbox.ledger) - ledger <= counted.recipients, fault


def test_a_message_is_counted_before_it_is_sent(connect, sandbox, monkeypatch):
    """After a crash the count is too high, never too low."""
    counted = []
    create = composing.create

    def arrived(*world_account_form):
        counted.append(DAY.today(sandbox.connection).recipients)
        return create(*world_account_form)

    monkeypatch.setattr(composing, "create", arrived)
    for _ in range(2):
        send(connect(sandbox, policy=DAY), sandbox)
    assert counted == [1, 2]


def test_a_failed_connection_counts_nothing(sandbox):
    with tw.Twilio(
        sandbox.connection, base_url="http://127.0.0.1:9", policy=DAY, timeout=1
    ) as nobody:
        with pytest.raises(NotConnected):
            send(nobody, sandbox)
        assert DAY.today(sandbox.connection) == Amount()


def test_a_refused_message_counts_nothing(connect, sandbox):
    with pytest.raises(tw.errors.RejectedMessage):
        send(connect(sandbox, policy=DAY), sandbox, to="+15005550001")
    assert DAY.today(sandbox.connection) == Amount()


def test_a_day_is_counted_over_clients_and_ends_at_midnight(connect, sandbox):
    policy = tw.Policy(max_recipients_per_day=3)
    first, second = connect(sandbox, policy=policy), connect(sandbox, policy=policy)
    for twilio in (first, second, first):
        send(twilio, sandbox)
    with pytest.raises(PolicyRefused, match="your policy allows 3 per day"):
        send(second, sandbox)
    assert len(sandbox.ledger) == 3
    sandbox.connection.sleep(timedelta(hours=12, minutes=1).total_seconds())
    send(second, sandbox)
    assert policy.today(sandbox.connection) == Amount(1, 1, Decimal("0.0083"))


def test_threads_of_many_clients_never_send_more_than_a_day_allows(sandbox):
    policy = tw.Policy(max_recipients_per_day=20)
    clients = [tw.Twilio(sandbox.connection, policy=policy) for _ in range(4)]

    def work(twilio: tw.Twilio) -> None:
        for _ in range(10):
            with suppress(PolicyRefused):
                send(twilio, sandbox)

    threads = [threading.Thread(target=work, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for client in clients:
        client.close()
    assert len(sandbox.ledger) == policy.today(sandbox.connection).recipients == 20


def test_a_job_stops_at_its_limit_and_a_429_does_not_count(connect, sandbox):
    policy = tw.Policy(max_recipients=2)
    quota = policy.check_job(sandbox.connection, recipients=2, name="spring")
    twilio = connect(sandbox, policy=policy)
    path = f"/2010-04-01/Accounts/{sandbox.connection.acting_sid}/Messages.json"
    form = (("To", TO), ("From", sandbox.numbers[0]), ("Body", "Hello"))

    def flow():
        return (yield Request(method="POST", path=path, body=FormBody(form), job=quota))

    sandbox.fail(status=429, times=3)
    replies = [twilio.run(flow()).status for _ in range(5)]
    assert (replies, quota.sent) == ([429, 429, 429, 201, 201], Amount(2))
    with pytest.raises(PolicyRefused, match="would bring the job 'spring' to 3 recipients"):
        twilio.run(flow())
    assert len(sandbox.ledger) == 2


def test_quiet_hours_use_the_clock_of_the_sandbox(connect, sandbox):
    """It is noon in UTC, and four in the morning in California."""
    twilio = connect(sandbox, policy=tw.Policy(quiet_hours=("21:00", "08:00")))
    with pytest.raises(PolicyRefused, match="It is 04:00 in America/Los_Angeles"):
        send(twilio, sandbox)
    later = {"messaging_service_sid": sandbox.services[0], "body": "Hello"}
    at = sandbox.clock.now() + timedelta(hours=6)
    assert twilio.messages.send(TO, send_at=at, **later).status == "scheduled"
    with pytest.raises(PolicyRefused, match="It will be 22:00 in America/Los_Angeles"):
        twilio.messages.send(TO, send_at=at + timedelta(hours=12), **later)
    sandbox.connection.sleep(timedelta(hours=4).total_seconds())
    send(twilio, sandbox)
    assert len(sandbox.ledger) == 2

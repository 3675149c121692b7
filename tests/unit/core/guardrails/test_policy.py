"""The rules of a policy: each refuses what it names, says so, and lets everything else pass."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import twilio_widgets as tw
from twilio_widgets.core.bodies import FormBody
from twilio_widgets.core.guardrails.enforcement import SendPermission
from twilio_widgets.core.guardrails.job_quota import JobQuota
from twilio_widgets.core.guardrails.limits import Amount
from twilio_widgets.core.guardrails.recipients import Allowed, plain_address
from twilio_widgets.core.request import Request
from twilio_widgets.errors import ConfigurationError, InvalidMessage, PolicyRefused

ACCOUNT = "AC" + "0" * 32
PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
TO, FROM = "+12125550123", "+15005550006"
NOON_IN_NEW_YORK = datetime(2026, 1, 15, 17, tzinfo=UTC)


class At(tw.AuthTokenConnection):
    """A real account's connection, at a moment and with a folder of its own."""

    moment = NOON_IN_NEW_YORK
    folder = None

    def now(self):
        return self.moment

    @property
    def data_folder(self):
        assert self.folder is not None, "nothing here may touch the user's own folder"
        return self.folder


@pytest.fixture
def connection(tmp_path, monkeypatch):
    monkeypatch.setattr(At, "folder", tmp_path)
    return At(ACCOUNT, "0" * 32)


def message(to: str = TO, job: JobQuota | None = None, **fields: str) -> Request:
    form = {"To": to, "From": FROM, "Body": "Hello", **fields}
    return Request(method="POST", path=PATH, body=FormBody(tuple(form.items())), job=job)


def refusal(policy: tw.Policy, connection, request: Request) -> PolicyRefused:
    with pytest.raises(PolicyRefused) as caught:
        policy.on(connection).judge(request)
    assert "2125550123" not in str(caught.value), "a number is a person"
    assert caught.value.__cause__ is caught.value.__context__ is None
    return caught.value


# Defaults


def test_without_a_word_single_messages_pass_and_are_counted_nowhere():
    connection = tw.AuthTokenConnection(ACCOUNT, "0" * 32)
    judge = tw.Policy().on(connection)
    for _ in range(200):
        assert isinstance(judge.judge(message()), SendPermission)
    assert judge.judge(Request(method="GET", path=PATH)) is None


def test_a_job_above_a_hundred_is_refused_and_told_how(connection):
    assert isinstance(tw.Policy().judge_job(connection, recipients=100), JobQuota)
    with pytest.raises(PolicyRefused) as caught:
        tw.Policy().judge_job(connection, recipients=1243, name="spring")
    assert str(caught.value) == (
        "The job 'spring' comes to 1,243 recipients; your policy allows 100 in one job, so nothing "
        "was sent. If that is what you mean: Twilio(connection, "
        "policy=tw.Policy(max_recipients=1243))."
    )
    assert caught.value.rule == "max_recipients"
    assert tw.Policy(max_recipients=1243).judge_job(connection, recipients=1243)


def test_the_sandbox_is_free_until_a_policy_is_given():
    with tw.Sandbox(seed=1) as sandbox:
        for connection in (sandbox.connection, sandbox.api_key_connection):
            with tw.Twilio(connection) as twilio:
                assert twilio.policy == tw.Policy(max_recipients=None)
                assert twilio.policy.judge_job(connection, recipients=100_000)
        strict = tw.Policy()
        with tw.Twilio(sandbox.connection, policy=strict) as twilio:
            assert twilio.policy is strict
            with pytest.raises(PolicyRefused):
                twilio.policy.judge_job(sandbox.connection, recipients=101)
    with tw.Twilio(tw.AuthTokenConnection(ACCOUNT, "0" * 32)) as twilio:
        assert twilio.policy == strict


def test_what_is_no_policy_is_refused_when_the_client_is_made(connection):
    with pytest.raises(
        ConfigurationError, match=r"policy is a tw\.Policy\(…\), not dict"
    ) as caught:
        tw.Twilio(connection, policy={"max_recipients": 5})
    assert caught.value.field == "policy"


def test_a_judge_of_ones_own_is_asked_about_every_request(connection):
    class Mine:
        def judge(self, request):
            raise PolicyRefused("Mine.")

    with tw.Twilio(connection, policy=Mine()) as twilio:
        with pytest.raises(PolicyRefused, match="Mine"):
            twilio.messages.send(TO, from_=FROM, body="Hi")
        assert isinstance(twilio.policy, Mine)


# A dry run


def test_a_dry_run_says_what_it_would_have_been(connection):
    policy = tw.Policy(dry_run=True)
    assert str(refusal(policy, connection, message(Body="a" * 161))) == (
        "Dry run: nothing was sent. It would have been one message to +1 2••• ••• 123: "
        "2 segments, about $0.0166."
    )
    template = refusal(policy, connection, message("+442079460123", ContentSid="HX" + "0" * 32))
    assert str(template).endswith(": a content template, cost not known.")
    change = Request(method="POST", path=PATH.replace(".json", f"/SM{'1' * 32}.json"))
    assert str(refusal(policy, connection, change)) == (
        f"Dry run: nothing was sent. It would have been POST Messages/SM{'1' * 32}.json."
    )
    removal = replace(change, method="DELETE")
    assert refusal(policy, connection, removal).rule == "dry_run"
    with pytest.raises(PolicyRefused) as caught:
        policy.judge_job(connection, recipients=3, segments=4, cost=Decimal("0.0332"))
    assert str(caught.value) == (
        "Dry run: nothing was sent. This job would have been 3 recipients, 4 segments, about "
        "$0.0332."
    )


def test_in_a_dry_run_reads_pass_and_the_other_rules_speak_first(connection):
    policy = tw.Policy(dry_run=True, allow=["+44*"], max_recipients_per_day=0)
    assert policy.on(connection).judge(Request(method="GET", path=PATH)) is None
    assert refusal(policy, connection, message()).rule == "allow"
    assert refusal(policy, connection, message("+442079460123")).rule == "max_recipients_per_day"
    assert policy.today(connection) == Amount()


# Recipients


@pytest.mark.parametrize(
    ("entry", "to"),
    [
        ("+12125550123", "+12125550123"),
        ("+1 (212) 555-0123", "+12125550123"),
        ("+12125550123", "+1 212 555 0123"),
        ("0012125550123", "+12125550123"),
        ("+1212555*", "+12125550123"),
        ("+1 212 555*", "+1-212-555-0123"),
        ("+12125550123", "whatsapp:+12125550123"),
        ("+1212*", "WhatsApp:+12125550123"),
        ("WhatsApp:+1212*", "whatsapp:+12125550123"),
        ("+12125550123", "\u202a+1\u00a0212\u2009555\u20110123\u202c"),
        ("+12125550123", "＋１２１２５５５０１２３"),
        ("messenger:123*", "messenger:12345"),
    ],
)
def test_a_recipient_is_on_the_list_however_it_is_written(connection, entry, to):
    assert to in Allowed.of(entry)
    assert tw.Policy(allow=[entry]).on(connection).judge(message(to)) is not None


@pytest.mark.parametrize(
    ("entry", "to"),
    [
        ("+12125550123", "+12125550124"),
        ("+12125550123", "+121255501234"),
        ("+12125550123", "12125550123"),
        ("+1212555*", "+1212556"),
        ("+1212555*", "+12125550123,+442079460123"),
        ("+1212555*", "+12125550123 +442079460123"),
        ("+1212555*", "+12125550123;+442079460123"),
        ("whatsapp:+12125550123", "+12125550123"),
        ("whatsapp:+1212*", "rcs:+12125550123"),
        ("+1212*", ""),
        ("+1212*", "messenger:1212"),
    ],
)
def test_who_is_not_on_the_list_is_refused(connection, entry, to):
    assert refusal(tw.Policy(allow=[entry]), connection, message(to)).rule == "allow"


def test_an_empty_list_allows_nobody(connection):
    assert str(refusal(tw.Policy(allow=[]), connection, message())) == (
        "+1 2••• ••• 123 is not among the recipients that your policy allows, so nothing was sent. "
        "tw.Policy(allow=[…]) is the list."
    )


@given(st.text("+0123456789 ().-:*aW\u200d\u00a0\u2011１＋"))
def test_writing_an_address_plainly_twice_changes_nothing(text):
    assert plain_address(plain_address(text)) == plain_address(text)


# Sizes


def test_a_message_on_its_own_is_held_to_the_limits_of_a_job(connection):
    policy = tw.Policy(max_segments=2, max_cost="0.02")
    assert policy.on(connection).judge(message(Body="a" * 161)) is not None
    assert str(refusal(policy, connection, message(Body="❤" * 200))) == (
        "The message to +1 2••• ••• 123 comes to 3 segments; your policy allows 2, so nothing was "
        "sent. tw.Policy(max_segments=3) allows it."
    )
    dear = tw.Policy(max_cost="0.01")
    assert str(refusal(dear, connection, message(Body="a" * 161))) == (
        "The message to +1 2••• ••• 123 comes to about $0.0166; your policy allows $0.0100, so "
        'nothing was sent. tw.Policy(max_cost="0.02") allows it.'
    )


def test_what_has_no_price_or_no_known_size_is_refused_where_it_counts(connection):
    policy = tw.Policy(max_cost=5)
    british = message("+442079460123")
    assert "There is no price for a message to +44 2••• ••• 123" in str(
        refusal(policy, connection, british)
    )
    assert 'tw.Policy(prices={"GB": "0.05"})' in str(refusal(policy, connection, british))
    priced = tw.Policy(max_cost=5, prices={"GB": "0.05", "MMS": 1, "whatsapp": Decimal("0.01")})
    judge = priced.on(connection)
    costs = [
        judge.judge(request).amount.cost
        for request in (
            british,
            message("+442079460123", MediaUrl="https://a.example/b.png"),
            message("whatsapp:+442079460123", ContentSid="HX" + "0" * 32),
            message(MediaUrl="https://a.example/b.png"),
        )
    ]
    assert costs == [Decimal("0.05"), Decimal(1), Decimal("0.01"), Decimal(1)]
    assert refusal(policy, connection, message("messenger:1")).rule == "max_cost"
    template = message(ContentSid="HX" + "0" * 32)
    assert refusal(tw.Policy(max_segments=9), connection, template).rule == "max_segments"
    assert tw.Policy().on(connection).judge(template) is not None
    for unknown in ({"segments": None, "cost": Decimal(1)}, {"segments": 1, "cost": None}):
        strict = tw.Policy(max_segments=9, max_cost=5)
        with pytest.raises(PolicyRefused, match="not known for every message"):
            strict.judge_job(connection, recipients=1, **unknown)


def test_what_is_given_twice_is_refused_where_a_rule_depends_on_it(connection):
    request = message(to="+1500")
    request = replace(request, query=(("To", TO),))
    assert refusal(tw.Policy(allow=["+1*"]), connection, request).rule == "readable"
    assert tw.Policy().on(connection).judge(request) is not None


# Jobs and days


def test_a_job_is_held_to_what_really_leaves(connection):
    """It said two recipients, and sends a third."""
    policy = tw.Policy(max_recipients=2)
    permit = policy.judge_job(connection, recipients=2, name="spring")
    judge = policy.on(connection)
    first = judge.judge(message(job=permit))
    assert judge.judge(message(job=permit)) is not None
    assert str(refusal(policy, connection, message(job=permit))) == (
        "With the message to +1 2••• ••• 123, the job 'spring' would come to 3 recipients; your "
        "policy allows 2 in one job, so this one was not sent. tw.Policy(max_recipients=3) allows "
        "it."
    )
    assert judge.judge(message()) is not None, "a message on its own is no part of the job"
    first.give_back()
    assert permit.sent == Amount(1)
    assert judge.judge(message(job=permit)) is not None


def test_what_the_policy_cannot_weigh_is_a_share_of_what_the_job_was_judged_by(connection):
    """The plan had a price for Britain; the policy has none."""
    policy = tw.Policy(max_cost=1, max_segments=10)
    whole = {"recipients": 3, "segments": 6, "cost": Decimal("0.2")}
    permit = policy.judge_job(connection, **whole, name="spring")
    judge = policy.on(connection)
    for more in ({}, {"ContentSid": "HX" + "0" * 32}):
        judge.judge(message("+442079460123", job=permit, **more))
    assert permit.sent == Amount(2, 3, Decimal("0.133332"))
    assert repr(permit) == "Permit('spring', 2 sent)"
    exact = tw.Policy(max_cost="0.2")
    permit = exact.judge_job(connection, **whole)
    for _ in range(3):
        assert exact.on(connection).judge(message("+442079460123", job=permit)) is not None


def test_a_day_has_limits_over_all_clients_of_an_account(connection, monkeypatch):
    policy = tw.Policy(max_recipients_per_day=3, max_segments_per_day=10, max_cost_per_day=1)
    judges = [policy.on(connection), policy.on(connection)]
    verdicts = [judge.judge(message()) for judge in (*judges, judges[0])]
    assert str(refusal(policy, connection, message())) == (
        "With this message, today (UTC) would come to 4 recipients; your policy allows 3 a day, so "
        "nothing more was sent. Go on tomorrow, or raise it: tw.Policy(max_recipients_per_day=4)."
    )
    assert policy.today(connection) == Amount(3, 3, Decimal("0.0249"))
    verdicts[0].give_back()
    with pytest.raises(PolicyRefused, match="With this job, today") as caught:
        policy.judge_job(connection, recipients=2, segments=2, cost=Decimal("0.01"))
    assert caught.value.rule == "max_recipients_per_day"
    assert policy.judge_job(connection, recipients=1, segments=1, cost=Decimal("0.01"))
    monkeypatch.setattr(At, "moment", NOON_IN_NEW_YORK.replace(day=16))
    assert judges[0].judge(message()) is not None
    for judge in judges:
        judge.close()


def test_a_day_that_refuses_gives_the_job_its_message_back(connection):
    policy = tw.Policy(max_recipients_per_day=0)
    permit = JobQuota()
    assert refusal(policy, connection, message(job=permit)).rule == "max_recipients_per_day"
    assert permit.sent == Amount()


def test_a_subaccount_counts_with_its_account(tmp_path, monkeypatch):
    monkeypatch.setattr(At, "folder", tmp_path)
    policy = tw.Policy(max_recipients_per_day=1)
    inside = At(ACCOUNT, "0" * 32, subaccount_sid="AC" + "1" * 32)
    judge = policy.on(inside)
    assert judge.judge(message()) is not None
    assert policy.today(At(ACCOUNT, "0" * 32)).recipients == 1
    judge.close()


WITHOUT_SQLITE = """
import sys
sys.modules["sqlite3"] = None
import twilio_widgets as tw
with tw.Sandbox(seed=1) as sandbox:
    given = dict(from_=sandbox.numbers[0], body="Hi")
    with tw.Twilio(sandbox.connection, policy=tw.Policy()) as twilio:
        twilio.messages.send("+14155550123", **given)
    with tw.Twilio(sandbox.connection, policy=tw.Policy(max_cost_per_day=1)) as twilio:
        try:
            twilio.messages.send("+14155550123", **given)
        except tw.errors.PolicyRefused as refused:
            print(refused)
"""


def test_where_there_is_no_sqlite_only_days_cannot_be_counted():
    """As in a browser, where Python may come without it."""
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_SQLITE], capture_output=True, text=True, check=True
    )
    assert ran.stdout.startswith(
        "What is sent today cannot be counted (there is no SQLite here), so nothing was sent."
    )


# Quiet hours


def test_quiet_hours_refuse_by_the_clock_of_the_connection(connection, monkeypatch):
    policy = tw.Policy(quiet_hours=("21:00", "08:00"))
    assert policy.on(connection).judge(message()) is not None
    monkeypatch.setattr(At, "moment", datetime(2026, 1, 15, 3, 30, tzinfo=UTC))
    assert str(refusal(policy, connection, message())) == (
        "It is 22:30 in America/New_York, where +1 2••• ••• 123 can be, and your policy is quiet "
        "from 21:00 to 08:00 there, so nothing was sent. Send it later, or schedule it: send_at=."
    )


def test_a_schedule_is_judged_at_its_own_time(connection):
    policy = tw.Policy(quiet_hours=("21:00", "08:00"))
    fixed = {"MessagingServiceSid": "MG" + "0" * 32, "ScheduleType": "fixed"}
    night, day = "2026-01-16T03:30:00Z", "2026-01-16T17:30:00Z"
    assert "It will be 22:30" in str(refusal(policy, connection, message(SendAt=night, **fixed)))
    assert policy.on(connection).judge(message(SendAt=day, **fixed)) is not None
    assert refusal(policy, connection, message(SendAt="soon", **fixed)).rule == "quiet_hours"


def test_an_unknown_zone_asks(connection):
    policy = tw.Policy(quiet_hours=("21:00", "08:00"))
    asked = refusal(policy, connection, message("+80012345678"))
    assert "tw.Policy(…, allow_unknown_zone=True), or policy.confirmed(unknown_zone=True)" in str(
        asked
    )
    for sure in (policy.confirmed(unknown_zone=True), replace(policy, allow_unknown_zone=True)):
        assert sure.on(connection).judge(message("+80012345678")) is not None


def test_a_policy_can_be_asked_before_anything_is_sent(connection):
    """For every row of a plan; nothing is counted, and a dry run does not count."""
    policy = tw.Policy(
        dry_run=True, allow=["+1212*"], max_segments=1, max_recipients_per_day=1,
        quiet_hours=("21:00", "08:00"),
    )  # fmt: skip

    def rule_of(to: str = TO, **more: object) -> str | None:
        given = {"to": to, "from_": FROM, "body": "Hi", **more}
        refused = policy.refusal_of(connection, given)
        return refused and refused.rule

    night = datetime(2026, 1, 17, 3, tzinfo=UTC)
    assert [rule_of(), rule_of(), rule_of("+442079460123"), rule_of(body="a" * 161)] == [
        None, None, "allow", "max_segments",
    ]  # fmt: skip
    assert rule_of(send_at=night, messaging_service_sid="MG" + "0" * 32) == "quiet_hours"
    with pytest.raises(InvalidMessage):
        rule_of("nobody")
    assert policy.today(connection) == Amount()


# Confirming


def test_what_a_person_types_to_send():
    assert tw.Policy.confirmation(1243) == "send 1,243"
    assert tw.Policy.confirmation(7) == "send 7"
    for text in ("send 1,243", " SEND  1243 ", "send 1 243", "send 1\u2009243", "send 1\u202f243",
                 "Send 1.243", "send 1’243", "send\u00a01_243"):  # fmt: skip
        assert tw.Policy.confirms(text, 1243), text
    for text in ("", "send", "1243", "send 1,244", "send 12,43", "send 1243!", "send 1,,243",
                 "send -1243", "sent 1243", "send 1,243 now", "send1243",
                 "send 01243"):  # fmt: skip
        assert not tw.Policy.confirms(text, 1243), text
    assert tw.Policy.confirms("send 1,234,567", 1_234_567)


def test_a_confirmed_number_raises_one_limit_only():
    policy = tw.Policy(max_cost=5)
    assert policy.confirmed(recipients=1243) == tw.Policy(max_cost=5, max_recipients=1243)
    assert policy.confirmed(recipients=7) == policy.confirmed() == policy
    assert tw.Policy(max_recipients=None).confirmed(recipients=9).max_recipients is None


# The value


STRICT = dict(
    dry_run=True, allow=["+1500555*", "+12125550123"], max_recipients=1000, max_segments=2000,
    max_cost="12.50", max_cost_per_day=100, quiet_hours=("21:00", "08:00"), prices={"GB": "0.05"},
)  # fmt: skip


def test_a_policy_shows_its_rules_and_no_number():
    assert repr(tw.Policy()) == "Policy(max_recipients=100)"
    assert repr(tw.Policy(**STRICT)) == (
        "Policy(dry_run=True, allow=('+1500555*', '+1 2••• ••• 123'), max_recipients=1000, "
        "max_segments=2000, max_cost='12.50', max_cost_per_day='100', "
        "quiet_hours=('21:00', '08:00'), prices={'GB': '0.05'})"
    )


def test_a_policy_explains_itself_in_sentences():
    assert tw.Policy().explain() == ("At most 100 recipients in one job.",)
    assert tw.Policy(max_recipients=None).explain() == ("No limits.",)
    assert tw.Policy(**STRICT, max_recipients_per_day=1).explain() == (
        "Dry run: nothing is sent, and nothing is changed.",
        "Only these recipients: +1500555*, +1 2••• ••• 123.",
        "At most 1,000 recipients, 2,000 segments, $12.50 by estimate in one job.",
        "At most 1 recipient, $100.00 by estimate in one day (UTC).",
        "Quiet from 21:00 to 08:00 at the destination; a recipient whose time zone is not known is "
        "refused.",
    )


def test_a_policy_is_a_value():
    policy = tw.Policy(**STRICT)
    assert policy == tw.Policy(**STRICT)
    assert hash(policy) == hash(tw.Policy(**STRICT))
    assert pickle.loads(pickle.dumps(policy)) == policy
    assert replace(policy) == policy
    with pytest.raises(FrozenInstanceError):
        policy.dry_run = False


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("dry_run", 1), ("allow_unknown_zone", "no"), ("max_recipients", -1),
        ("max_recipients", 1.5), ("max_recipients", True), ("max_segments", "5"),
        ("max_cost", "five"), ("max_cost", -1),
        ("max_cost", float("nan")), ("max_cost", True), ("max_cost_per_day", "Infinity"),
        ("max_recipients_per_day", "x"), ("max_segments_per_day", -2), ("quiet_hours", "21-8"),
        ("allow", ["+1500 555 00 06", 5]), ("allow", "*"), ("allow", ["+*"]), ("allow", [""]),
        ("allow", ["+1*5"]), ("allow", 5), ("prices", {"gb": 1}), ("prices", {"GBR": 1}),
        ("prices", {"GB": "cheap"}), ("prices", {1: 1}), ("prices", ["GB"]),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_right_is_refused_by_name(field, value):
    with pytest.raises(ConfigurationError) as caught:
        tw.Policy(**{field: value})
    assert caught.value.field == field

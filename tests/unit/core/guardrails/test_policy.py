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
    """A real account's connection, with a time and a folder of its own."""

    present = NOON_IN_NEW_YORK
    folder = None

    def now(self):
        return self.present

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
        policy.on(connection).check(request)
    assert "2125550123" not in str(caught.value), "a number is a person"
    assert caught.value.__cause__ is caught.value.__context__ is None
    return caught.value


# Defaults


def test_the_default_policy_allows_single_messages_and_counts_none():
    connection = tw.AuthTokenConnection(ACCOUNT, "0" * 32)
    guard = tw.Policy().on(connection)
    for _ in range(200):
        assert isinstance(guard.check(message()), SendPermission)
    assert guard.check(Request(method="GET", path=PATH)) is None


def test_a_job_above_a_hundred_recipients_is_refused_with_advice(connection):
    assert isinstance(tw.Policy().check_job(connection, recipients=100), JobQuota)
    with pytest.raises(PolicyRefused) as caught:
        tw.Policy().check_job(connection, recipients=1243, name="spring")
    assert str(caught.value) == (
        "The job 'spring' has 1,243 recipients; your policy allows 100 per job, so nothing was "
        "sent. To allow it: Twilio(connection, policy=tw.Policy(max_recipients=1243))."
    )
    assert caught.value.rule == "max_recipients"
    assert tw.Policy(max_recipients=1243).check_job(connection, recipients=1243)


def test_a_sandbox_has_no_limits_unless_a_policy_is_given():
    with tw.Sandbox(seed=1) as sandbox:
        for connection in (sandbox.connection, sandbox.api_key_connection):
            with tw.Twilio(connection) as twilio:
                assert twilio.policy == tw.Policy(max_recipients=None)
                assert twilio.policy.check_job(connection, recipients=100_000)
        strict = tw.Policy()
        with tw.Twilio(sandbox.connection, policy=strict) as twilio:
            assert twilio.policy is strict
            with pytest.raises(PolicyRefused):
                twilio.policy.check_job(sandbox.connection, recipients=101)
    with tw.Twilio(tw.AuthTokenConnection(ACCOUNT, "0" * 32)) as twilio:
        assert twilio.policy == strict


def test_a_client_refuses_a_policy_of_another_type(connection):
    with pytest.raises(
        ConfigurationError, match=r"policy must be a tw\.Policy\(…\), not dict"
    ) as caught:
        tw.Twilio(connection, policy={"max_recipients": 5})
    assert caught.value.field == "policy"


def test_a_custom_policy_checks_every_request(connection):
    class Mine:
        def check(self, request):
            raise PolicyRefused("Mine.")

    with tw.Twilio(connection, policy=Mine()) as twilio:
        with pytest.raises(PolicyRefused, match="Mine"):
            twilio.messages.send(TO, from_=FROM, body="Hi")
        assert isinstance(twilio.policy, Mine)


# A dry run


def test_a_dry_run_describes_the_request_it_refuses(connection):
    policy = tw.Policy(dry_run=True)
    assert str(refusal(policy, connection, message(Body="a" * 161))) == (
        "Dry run: nothing was sent. Without it: one message to +1 2••• ••• 123, 2 segments, "
        "about $0.0166."
    )
    template = refusal(policy, connection, message("+442079460123", ContentSid="HX" + "0" * 32))
    assert str(template).endswith(", a content template, cost not known.")
    change = Request(method="POST", path=PATH.replace(".json", f"/SM{'1' * 32}.json"))
    assert str(refusal(policy, connection, change)) == (
        f"Dry run: nothing was sent. Without it: POST Messages/SM{'1' * 32}.json."
    )
    removal = replace(change, method="DELETE")
    assert refusal(policy, connection, removal).rule == "dry_run"
    with pytest.raises(PolicyRefused) as caught:
        policy.check_job(connection, recipients=3, segments=4, cost=Decimal("0.0332"))
    assert str(caught.value) == (
        "Dry run: nothing was sent. This job would have had 3 recipients, 4 segments, about "
        "$0.0332."
    )


def test_a_dry_run_allows_reads_and_applies_the_other_rules_first(connection):
    policy = tw.Policy(dry_run=True, allow=["+44*"], max_recipients_per_day=0)
    assert policy.on(connection).check(Request(method="GET", path=PATH)) is None
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
def test_an_allowed_recipient_may_be_written_in_any_form(connection, entry, to):
    assert to in Allowed.of(entry)
    assert tw.Policy(allow=[entry]).on(connection).check(message(to)) is not None


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
def test_a_recipient_that_is_not_on_the_list_is_refused(connection, entry, to):
    assert refusal(tw.Policy(allow=[entry]), connection, message(to)).rule == "allow"


def test_an_empty_list_allows_no_recipient(connection):
    assert str(refusal(tw.Policy(allow=[]), connection, message())) == (
        "+1 2••• ••• 123 is not one of the recipients that your policy allows, so nothing was "
        "sent. To allow it, add it to tw.Policy(allow=[…])."
    )


@given(st.text("+0123456789 ().-:*aW\u200d\u00a0\u2011１＋"))
def test_plain_address_is_idempotent(text):
    assert plain_address(plain_address(text)) == plain_address(text)


# Sizes


def test_a_message_outside_a_job_must_meet_the_limits_of_a_job(connection):
    policy = tw.Policy(max_segments=2, max_cost="0.02")
    assert policy.on(connection).check(message(Body="a" * 161)) is not None
    assert str(refusal(policy, connection, message(Body="❤" * 200))) == (
        "The message to +1 2••• ••• 123 has 3 segments; your policy allows 2, so nothing was sent. "
        "tw.Policy(max_segments=3) would allow it."
    )
    dear = tw.Policy(max_cost="0.01")
    assert str(refusal(dear, connection, message(Body="a" * 161))) == (
        "The message to +1 2••• ••• 123 costs about $0.0166; your policy allows $0.0100, so "
        'nothing was sent. tw.Policy(max_cost="0.02") would allow it.'
    )


def test_smart_encoding_counts_as_in_a_plan(connection):
    body = "a" * 159 + "…"
    plan = tw.plan([{"to": TO}], body=body, from_="+15005550001", smart_encoded=True)
    policy = tw.Policy(max_segments=plan.summary.segments)

    assert policy.refusal_of(connection, {"to": TO, **plan.rows[0].parameters}) is None
    assert refusal(policy, connection, message(Body=body)).rule == "max_segments"


def test_an_unknown_price_or_size_is_refused_if_a_rule_limits_it(connection):
    policy = tw.Policy(max_cost=5)
    british = message("+442079460123")
    assert "The price of a message to +44 2••• ••• 123 is not known" in str(
        refusal(policy, connection, british)
    )
    assert 'tw.Policy(prices={"GB": "0.05"})' in str(refusal(policy, connection, british))
    priced = tw.Policy(max_cost=5, prices={"GB": "0.05", "MMS": 1, "whatsapp": Decimal("0.01")})
    guard = priced.on(connection)
    costs = [
        guard.check(request).amount.cost
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
    assert tw.Policy().on(connection).check(template) is not None
    for unknown in ({"segments": None, "cost": Decimal(1)}, {"segments": 1, "cost": None}):
        strict = tw.Policy(max_segments=9, max_cost=5)
        with pytest.raises(PolicyRefused, match="not known for every message"):
            strict.check_job(connection, recipients=1, **unknown)


def test_contradictory_parameters_are_refused_if_a_rule_depends_on_them(connection):
    request = message(to="+1500")
    request = replace(request, query=(("To", TO),))
    assert refusal(tw.Policy(allow=["+1*"]), connection, request).rule == "readable"
    assert tw.Policy().on(connection).check(request) is not None


# Jobs and days


def test_a_job_is_limited_by_the_messages_it_really_sends(connection):
    """It declared two recipients, and sends to a third."""
    policy = tw.Policy(max_recipients=2)
    quota = policy.check_job(connection, recipients=2, name="spring")
    guard = policy.on(connection)
    first = guard.check(message(job=quota))
    assert guard.check(message(job=quota)) is not None
    assert str(refusal(policy, connection, message(job=quota))) == (
        "The message to +1 2••• ••• 123 would bring the job 'spring' to 3 recipients; your policy "
        "allows 2 per job, so this message was not sent. tw.Policy(max_recipients=3) would allow "
        "it."
    )
    assert guard.check(message()) is not None, "a message outside the job does not count in it"
    first.give_back()
    assert quota.sent == Amount(1)
    assert guard.check(message(job=quota)) is not None


def test_a_message_without_an_estimate_counts_as_its_share_of_the_jobs_estimate(connection):
    """The plan had a price for Britain; the policy has none."""
    policy = tw.Policy(max_cost=1, max_segments=10)
    whole = {"recipients": 3, "segments": 6, "cost": Decimal("0.2")}
    quota = policy.check_job(connection, **whole, name="spring")
    guard = policy.on(connection)
    for more in ({}, {"ContentSid": "HX" + "0" * 32}):
        guard.check(message("+442079460123", job=quota, **more))
    assert quota.sent == Amount(2, 3, Decimal("0.133332"))
    assert repr(quota) == "JobQuota('spring', 2 sent)"
    exact = tw.Policy(max_cost="0.2")
    quota = exact.check_job(connection, **whole)
    for _ in range(3):
        assert exact.on(connection).check(message("+442079460123", job=quota)) is not None


def test_daily_limits_apply_to_all_clients_of_an_account_together(connection, monkeypatch):
    policy = tw.Policy(max_recipients_per_day=3, max_segments_per_day=10, max_cost_per_day=1)
    guards = [policy.on(connection), policy.on(connection)]
    verdicts = [guard.check(message()) for guard in (*guards, guards[0])]
    assert str(refusal(policy, connection, message())) == (
        "This message would bring today's total (UTC) to 4 recipients; your policy allows 3 per "
        "day, so nothing more was sent. Continue tomorrow, or raise the limit: "
        "tw.Policy(max_recipients_per_day=4)."
    )
    assert policy.today(connection) == Amount(3, 3, Decimal("0.0249"))
    verdicts[0].give_back()
    with pytest.raises(PolicyRefused, match="This job would bring today") as caught:
        policy.check_job(connection, recipients=2, segments=2, cost=Decimal("0.01"))
    assert caught.value.rule == "max_recipients_per_day"
    assert policy.check_job(connection, recipients=1, segments=1, cost=Decimal("0.01"))
    monkeypatch.setattr(At, "present", NOON_IN_NEW_YORK.replace(day=16))
    assert guards[0].check(message()) is not None
    for guard in guards:
        guard.close()


def test_a_message_refused_by_a_daily_limit_is_not_counted_in_its_job(connection):
    policy = tw.Policy(max_recipients_per_day=0)
    quota = JobQuota()
    assert refusal(policy, connection, message(job=quota)).rule == "max_recipients_per_day"
    assert quota.sent == Amount()


def test_messages_of_a_subaccount_count_for_its_parent_account(tmp_path, monkeypatch):
    monkeypatch.setattr(At, "folder", tmp_path)
    policy = tw.Policy(max_recipients_per_day=1)
    inside = At(ACCOUNT, "0" * 32, subaccount_sid="AC" + "1" * 32)
    guard = policy.on(inside)
    assert guard.check(message()) is not None
    assert policy.today(At(ACCOUNT, "0" * 32)).recipients == 1
    guard.close()


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


def test_without_sqlite_only_daily_limits_fail():
    """As in Pyodide, which may lack the sqlite3 module."""
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_SQLITE], capture_output=True, text=True, check=True
    )
    assert ran.stdout.startswith(
        "Today's messages cannot be counted (this Python has no sqlite3 module), so nothing was "
        "sent."
    )


# Quiet hours


def test_quiet_hours_refuse_by_the_clock_of_the_connection(connection, monkeypatch):
    policy = tw.Policy(quiet_hours=("21:00", "08:00"))
    assert policy.on(connection).check(message()) is not None
    monkeypatch.setattr(At, "present", datetime(2026, 1, 15, 3, 30, tzinfo=UTC))
    assert str(refusal(policy, connection, message())) == (
        "It is 22:30 in America/New_York, a possible time zone of +1 2••• ••• 123, and your policy "
        "has quiet hours from 21:00 to 08:00, so nothing was sent. Send it later, or schedule it "
        "with send_at=."
    )


def test_quiet_hours_apply_to_the_scheduled_time(connection):
    policy = tw.Policy(quiet_hours=("21:00", "08:00"))
    fixed = {"MessagingServiceSid": "MG" + "0" * 32, "ScheduleType": "fixed"}
    night, day = "2026-01-16T03:30:00Z", "2026-01-16T17:30:00Z"
    assert "It will be 22:30" in str(refusal(policy, connection, message(SendAt=night, **fixed)))
    assert policy.on(connection).check(message(SendAt=day, **fixed)) is not None
    assert refusal(policy, connection, message(SendAt="soon", **fixed)).rule == "quiet_hours"


def test_an_unknown_time_zone_is_refused_unless_it_is_allowed(connection):
    policy = tw.Policy(quiet_hours=("21:00", "08:00"))
    asked = refusal(policy, connection, message("+80012345678"))
    assert "tw.Policy(…, allow_unknown_zone=True) or policy.confirmed(unknown_zone=True)" in str(
        asked
    )
    for sure in (policy.confirmed(unknown_zone=True), replace(policy, allow_unknown_zone=True)):
        assert sure.on(connection).check(message("+80012345678")) is not None


def test_refusal_of_checks_a_message_without_sending_it(connection):
    """A plan calls it for every row; it counts nothing and ignores `dry_run`."""
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


def test_the_confirmation_text_is_recognized():
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


def test_confirming_a_number_raises_only_the_limit_of_recipients():
    policy = tw.Policy(max_cost=5)
    assert policy.confirmed(recipients=1243) == tw.Policy(max_cost=5, max_recipients=1243)
    assert policy.confirmed(recipients=7) == policy.confirmed() == policy
    assert tw.Policy(max_recipients=None).confirmed(recipients=9).max_recipients is None


# The value


STRICT = dict(
    dry_run=True, allow=["+1500555*", "+12125550123"], max_recipients=1000, max_segments=2000,
    max_cost="12.50", max_cost_per_day=100, quiet_hours=("21:00", "08:00"), prices={"GB": "0.05"},
)  # fmt: skip


def test_the_repr_shows_the_rules_with_numbers_masked():
    assert repr(tw.Policy()) == "Policy(max_recipients=100)"
    assert repr(tw.Policy(**STRICT)) == (
        "Policy(dry_run=True, allow=('+1500555*', '+1 2••• ••• 123'), max_recipients=1000, "
        "max_segments=2000, max_cost='12.50', max_cost_per_day='100', "
        "quiet_hours=('21:00', '08:00'), prices={'GB': '0.05'})"
    )


def test_explain_returns_the_rules_as_sentences():
    assert tw.Policy().explain() == ("At most 100 recipients per job.",)
    assert tw.Policy(max_recipients=None).explain() == ("No limits.",)
    assert tw.Policy(**STRICT, max_recipients_per_day=1).explain() == (
        "Dry run: nothing is sent or changed.",
        "Only these recipients: +1500555*, +1 2••• ••• 123.",
        "At most 1,000 recipients, 2,000 segments, $12.50 (estimated) per job.",
        "At most 1 recipient, $100.00 (estimated) per day (UTC).",
        "Quiet hours from 21:00 to 08:00, local time at the destination; a message to an unknown "
        "time zone is refused.",
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
def test_an_invalid_rule_is_refused_by_name(field, value):
    with pytest.raises(ConfigurationError) as caught:
        tw.Policy(**{field: value})
    assert caught.value.field == field

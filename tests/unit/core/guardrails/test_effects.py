"""Requests that reach a person or are billed, on any of Twilio's hosts, and what policies do."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

import twilio_widgets as tw
from twilio_widgets.core.bodies import FormBody, RawBody
from twilio_widgets.core.guardrails.effects import effect_of
from twilio_widgets.core.guardrails.limits import Amount
from twilio_widgets.core.http.guard import guard
from twilio_widgets.core.request import Request
from twilio_widgets.errors import PolicyRefused

ACCOUNT = "AC" + "0" * 32
ROOT = f"/2010-04-01/Accounts/{ACCOUNT}"
TO = "+12125550123"
JSON = RawBody(b'{"body": "Hi"}', "application/json")

REACHING = [
    ("api", f"{ROOT}/Calls.json"),
    ("api", f"{ROOT}/Conferences/CF1/Participants.json"),
    ("api", f"{ROOT}/OutgoingCallerIds.json"),
    ("conversations", "/v1/Conversations/CH1/Messages"),
    ("conversations", "/v1/Services/IS1/Conversations/CH1/Messages"),
    ("conversations", "/v2/Conversations/C1/Actions"),
    ("chat", "/v2/Services/IS1/Channels/CH1/Messages"),
    ("ip-messaging", "/v1/Services/IS1/Channels/CH1/Messages"),
    ("assistants", "/v1/Assistants/aia1/Messages"),
    ("proxy", "/v1/Services/KS1/Sessions/KC1/Participants/KP1/MessageInteractions"),
    ("notify", "/v1/Services/IS1/Notifications"),
    ("verify", "/v2/Services/VA1/Verifications"),
    ("verify", "/v2/Services/VA1/Entities/alice@example.com/Challenges"),
    ("studio", "/v2/Flows/FW1/Executions"),
    ("studio", "/v1/Flows/FW1/Engagements"),
    ("flex-api", "/v1/Interactions"),
    ("flex-api", "/v1/Interactions/KD1/Channels/UO1/Invites"),
    ("api", f"{ROOT}/Calls/CA1/Payments.json"),
    ("messaging", "/v2/Indicators/Typing.json"),
    ("numbers", "/v2/HostedNumber/Orders"),
    ("messaging", "/v1/a2p/BrandRegistrations/BN1/SmsOtp"),
]
BILLED = [
    ("api", f"{ROOT}/IncomingPhoneNumbers.json"),
    ("api", f"{ROOT}/IncomingPhoneNumbers/Local.json"),
    ("api", f"{ROOT}/Calls/CA1/Recordings.json"),
    ("lookups", "/v2/batch/query"),
    ("marketplace", "/v1/InstalledAddOns"),
    ("numbers", "/v2/ShortCodes/Applications"),
    ("video", "/v1/Compositions"),
    ("messaging", "/v1/a2p/BrandRegistrations"),
    ("supersim", "/v1/SmsCommands"),
    ("wireless", "/v1/Commands"),
]
NEITHER = [
    ("api", f"{ROOT}/Messages.json"),  # a message, which policies guard as such
    ("api", f"{ROOT}/Calls/CA1.json"),
    ("api", f"{ROOT}/IncomingPhoneNumbers/PN1.json"),
    ("content", "/v1/Content"),
    ("conversations", "/v1/Conversations"),
    ("messaging", "/v1/Services"),
    ("verify", "/v2/Services/VA1/VerificationCheck"),
    ("sync", "/v1/Services"),
]


class At(tw.AuthTokenConnection):
    """A real account's connection at a fixed time, with a folder of its own."""

    folder = None

    def now(self):
        return datetime(2026, 1, 15, 17, tzinfo=UTC)

    @property
    def data_folder(self):
        assert self.folder is not None, "nothing here may touch the user's own folder"
        return self.folder


@pytest.fixture
def connection(tmp_path, monkeypatch):
    monkeypatch.setattr(At, "folder", tmp_path)
    return At(ACCOUNT, "0" * 32)


def posted(service: str, path: str, body=None, **fields: str) -> Request:
    request = Request(
        method="POST",
        path=path,
        service=service,
        body=body or (FormBody(tuple(fields.items())) if fields else None),
    )
    guard(request)
    return request


def refusal(policy: tw.Policy, connection, request: Request) -> PolicyRefused:
    with pytest.raises(PolicyRefused) as caught:
        policy.on(connection).check(request)
    assert "2125550123" not in str(caught.value), "a number is a person"
    return caught.value


@pytest.mark.parametrize(("service", "path"), REACHING)
def test_a_request_that_reaches_a_person_is_recognised(service, path):
    effect = effect_of(posted(service, path))
    assert effect is not None
    assert effect.reaches


@pytest.mark.parametrize(("service", "path"), BILLED)
def test_a_request_that_is_billed_is_recognised(service, path):
    effect = effect_of(posted(service, path))
    assert effect is not None
    assert not effect.reaches


@pytest.mark.parametrize(("service", "path"), NEITHER)
def test_other_changes_have_no_effect_outside_twilio(service, path):
    assert effect_of(posted(service, path)) is None


@pytest.mark.parametrize(("service", "path"), [*REACHING, *BILLED])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "DELETE"])
def test_reading_and_deleting_have_no_effect(service, path, method):
    assert effect_of(Request(method=method, path=path, service=service)) is None


@pytest.mark.parametrize(
    ("query", "is_billed"),
    [
        ((), False),
        ((("CountryCode", "US"),), False),
        ((("Fields", ""),), False),
        ((("Fields", "line_type_intelligence"),), True),
        ((("fields", "caller_name"),), True),
        ((("Type", "carrier"),), True),
        ((("AddOns", "x"),), True),
    ],
)
def test_a_lookup_is_billed_for_what_it_asks_for(query, is_billed):
    lookup = Request(method="GET", path=f"/v2/PhoneNumbers/{TO}", service="lookups", query=query)
    assert (effect_of(lookup) is not None) is is_billed


@pytest.mark.parametrize(("service", "path"), [*REACHING, *BILLED])
def test_a_dry_run_refuses_it_and_names_the_effect(connection, service, path):
    error = refusal(tw.Policy(dry_run=True), connection, posted(service, path, To=TO))
    assert error.rule == "dry_run"
    assert "which can" in str(error)


def test_a_dry_run_refuses_a_lookup_that_is_billed(connection):
    path = f"/v2/PhoneNumbers/{TO}"
    free = Request(method="GET", path=path, service="lookups")
    paid = Request(method="GET", path=path, service="lookups", query=(("Fields", "x"),))
    assert tw.Policy(dry_run=True).on(connection).check(free) is None
    assert "which is billed" in str(refusal(tw.Policy(dry_run=True), connection, paid))


@pytest.mark.parametrize(("service", "path"), REACHING)
def test_the_allow_list_holds_for_every_recipient(connection, service, path):
    policy = tw.Policy(allow=["+1500*"])
    assert refusal(policy, connection, posted(service, path, To=TO)).rule == "allow"
    assert "without naming the recipient" in str(refusal(policy, connection, posted(service, path)))
    assert refusal(policy, connection, posted(service, path, JSON)).rule == "readable"
    assert policy.on(connection).check(posted(service, path, To="+15005550006")) is not None


def test_quiet_hours_hold_for_calls_too(connection):
    policy = tw.Policy(quiet_hours=("11:00", "13:00"))  # it is noon in New York
    call = posted("api", f"{ROOT}/Calls.json", To=TO)
    assert refusal(policy, connection, call).rule == "quiet_hours"


def test_a_limit_of_the_cost_refuses_an_unknown_cost(connection):
    code = posted("verify", "/v2/Services/VA1/Verifications", To=TO)
    for policy in (tw.Policy(max_cost="5"), tw.Policy(max_cost_per_day="5")):
        assert refusal(policy, connection, code).rule == "max_cost"


def test_it_counts_as_one_message_of_the_day(connection):
    guard = tw.Policy(max_recipients_per_day=2).on(connection)
    code = posted("verify", "/v2/Services/VA1/Verifications", To=TO)
    first = guard.check(code)
    guard.check(code)
    with pytest.raises(PolicyRefused, match="per day"):
        guard.check(code)
    assert first is not None
    first.give_back()
    assert guard.check(code) is not None
    guard.close()


@pytest.mark.parametrize("policy", [tw.Policy(), tw.Policy(max_segments=1)])
def test_without_a_rule_about_recipients_json_passes(connection, policy):
    message = posted("assistants", "/v1/Assistants/aia1/Messages", JSON)
    assert policy.on(connection).check(message) is not None


@pytest.mark.parametrize(("service", "path"), BILLED)
def test_rules_about_recipients_do_not_apply_to_requests_that_reach_no_person(
    connection, service, path
):
    policy = tw.Policy(allow=["+1500*"], quiet_hours=("00:00", "23:59"), max_recipients_per_day=0)
    assert policy.on(connection).check(posted(service, path)) is not None


@pytest.mark.parametrize(("service", "path"), BILLED)
@pytest.mark.parametrize("limit", ["max_cost", "max_cost_per_day"])
def test_a_limit_of_the_cost_refuses_a_bill_of_unknown_amount(connection, service, path, limit):
    policy = tw.Policy(**{limit: "1"})
    assert refusal(policy, connection, posted(service, path)).rule == "max_cost"


def test_a_known_cost_counts_for_the_day(connection):
    policy = tw.Policy(max_cost_per_day="0.02")
    enforcer = policy.on(connection)
    lookup = Request(
        method="GET", path=f"/v2/PhoneNumbers/{TO}", service="lookups",
        query=(("Fields", "line_type_intelligence"),), cost=Decimal("0.015"),
    )  # fmt: skip
    permission = enforcer.check(lookup)
    assert str(refusal(policy, connection, lookup)).startswith(
        "This request would bring today's total (UTC) to about $0.0300"
    )
    permission.give_back()
    assert enforcer.today() == Amount()
    enforcer.close()

"""Answers nobody should give: whatever comes, it is a value or an error of our tree."""

from __future__ import annotations

import itertools
import json
import string
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twilio_widgets import ApiKeyConnection, AuthTokenConnection, Message
from twilio_widgets.core.flows import account, media, messages
from twilio_widgets.core.flows.answers import error_of, json_of, retry_after_of
from twilio_widgets.core.flows.flow import RetryPolicy
from twilio_widgets.core.flows.outbox import Outbox
from twilio_widgets.core.message.message import date_of_api
from twilio_widgets.core.request import Pause, Reply
from twilio_widgets.errors import (
    ApiError,
    BadResponse,
    OutcomeUnknown,
    RejectedMessage,
    TwilioWidgetsError,
)

CONNECTION = AuthTokenConnection("AC" + "1" * 32, "token")
OTHER = "AC" + "2" * 32
SID = "SM" + "0" * 32
TO, FROM = "+14155550123", "+15005550006"


def once() -> RetryPolicy:
    return RetryPolicy(attempts=1)


CALLS: dict[str, Callable[[], Any]] = {
    "send": lambda: messages.send(
        CONNECTION, once(), {"to": TO, "from_": FROM, "body": "Hi"}, Outbox()
    ),
    "get": lambda: messages.get(CONNECTION, once(), SID),
    "cancel": lambda: messages.cancel(CONNECTION, once(), SID),
    "redact": lambda: messages.redact(CONNECTION, once(), SID),
    "delete": lambda: messages.delete(CONNECTION, once(), SID),
    "media": lambda: media.media(CONNECTION, once, SID),
    "feedback": lambda: media.feedback(CONNECTION, once(), SID, outcome="confirmed"),
    "numbers": lambda: account.numbers(CONNECTION, once),
    "services": lambda: account.services(CONNECTION, once()),
    "check": lambda: account.check(CONNECTION, once()),
}
CHANGES = ("send", "cancel", "redact", "feedback")


def answered(call: str, reply: Reply) -> object:
    """Play a call whose every request gets this reply."""
    flow = CALLS[call]()
    step = next(flow)
    try:
        for _ in range(20):
            step = flow.send(None if isinstance(step, Pause) else reply)
    except StopIteration as end:
        return end.value
    raise AssertionError("it never ends")


def reply(status: int, document: object, **headers: str) -> Reply:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Reply(status=status, headers=headers, content=content)


WORDS = """
    sid status direction account_sid messaging_service_sid to from body num_segments num_media price
    error_code error_message date_created date_updated date_sent uri messages media_list
    incoming_phone_numbers services next_page_uri capabilities content_type code message more_info
    title
"""
NAMES = st.sampled_from(WORDS.split())
TEXTS = st.sampled_from(
    [
        SID,
        "queued",
        "Thu, 15 Jan 2026 12:00:00 +0000",
        "Fri, 31 Dec 9999 23:59:59 -1200",
        "Thu, 15 Jan 2026 12:00:00 +99999999",
        "1e999999999",
        "-0.00750",
        "NaN",
        "9" * 5000,
        "½",
        "\ud83d",
        "\x1b[31m\r\n",
    ]
) | st.text(max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**40), 10**40) | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=8),
    max_leaves=20,
)
BODIES = (
    st.dictionaries(NAMES, VALUES, max_size=12).map(lambda found: json.dumps(found).encode())
    | VALUES.map(lambda value: json.dumps(value).encode())
    | st.binary(max_size=40)
    | st.sampled_from([5000, 4000, 40]).map(lambda n: b'{"code": %s, "sid": 1}' % (b"9" * n))
    | st.sampled_from([100_000, 400]).map(lambda n: b"[" * n)
)


@pytest.mark.parametrize("call", CALLS)
@settings(max_examples=150, deadline=None)
@given(st.sampled_from([200, 201, 204, 302, 400, 404, 429, 500]), BODIES)
def test_no_answer_raises_anything_outside_the_tree(call, status, content):
    try:
        answered(call, reply(status, content))
    except TwilioWidgetsError as error:
        told = str(error)
    else:
        told = ""
    assert told.isprintable()
    assert len(told) < 1000


GOOD = {
    "sid": SID,
    "status": "queued",
    "direction": "outbound-api",
    "account_sid": CONNECTION.account_sid,
    "num_segments": "1",
    "price": "-0.00750",
    "error_code": None,
    "date_created": "Thu, 15 Jan 2026 12:00:00 +0000",
}


def test_a_message_is_read_into_types():
    message = answered("get", reply(200, GOOD))
    assert message == Message(
        sid=SID,
        status="queued",
        direction="outbound-api",
        account_sid=CONNECTION.account_sid,
        num_segments=1,
        price=Decimal("-0.00750"),
        date_created=datetime(2026, 1, 15, 12, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    "change",
    [
        {"num_segments": "1" * 19},
        {"num_segments": True},
        {"error_code": 1.5},
        {"error_code": 10**18},
        {"price": "1e41"},
        {"price": "1e999999999"},
        {"price": "0." + "1" * 60},
        {"price": "NaN"},
        {"date_sent": "Fri, 31 Dec 9999 23:59:59 -1200"},
        {"date_sent": "yesterday"},
        {"date_sent": ["x"]},
        {"sid": "MG" + "0" * 32},
        {"status": None},
    ],
)
def test_a_field_that_cannot_be_right_is_never_cut_to_fit(change):
    with pytest.raises(BadResponse):
        Message.from_api(GOOD | change)


UNREADABLE = [b"", b"[]", b"<html>", b'{"sid": "SM', b"\xff"]
EMPTY_OBJECT = [(call, b"{}") for call in CHANGES if call != "feedback"]  # it may have no details


@pytest.mark.parametrize(
    ("call", "content"), [*itertools.product(CHANGES, UNREADABLE), *EMPTY_OBJECT]
)
def test_a_change_whose_answer_cannot_be_read_may_have_been_made(call, content):
    """2xx says that it was; only what it became is not known."""
    with pytest.raises(OutcomeUnknown, match=r"The response \(HTTP 200\) cannot be used"):
        answered(call, reply(200, content))


def test_a_response_about_another_account_is_not_accepted():
    with pytest.raises(OutcomeUnknown, match="another account"):
        answered("send", reply(201, GOOD | {"account_sid": OTHER}))


def test_the_parents_services_are_not_offered_for_a_subaccount():
    """messaging.twilio.com has no account in its paths: it answers for whoever asks."""
    parent = AuthTokenConnection(OTHER, "token", subaccount_sid=CONNECTION.account_sid)
    rows = [
        {"sid": "MG" + "0" * 32, "account_sid": OTHER, "friendly_name": "parent's"},
        {"sid": "MG" + "1" * 32, "account_sid": CONNECTION.account_sid, "friendly_name": "own"},
    ]
    flow = account.services(parent, once())
    next(flow)
    with pytest.raises(StopIteration) as end:
        flow.send(reply(200, {"services": rows}))
    assert [service.friendly_name for service in end.value.value] == ["own"]


class TestErrors:
    def test_a_refusal_is_one_line_whatever_twilio_writes(self):
        body = {"code": 99_999, "message": "Bad\r\n\x1b[31mthing\u2028 to +14155550123."}
        error = error_of(reply(400, body))
        assert str(error).isprintable()
        assert str(error) == "Bad [31mthing to +1 4••• ••• 123 (Twilio 99999)."

    @pytest.mark.parametrize("code", [0, -1, True, 1.5, "21211", 10**7, 10**4000, None])
    def test_an_invalid_error_code_is_ignored(self, code):
        error = error_of(reply(400, {"code": code, "message": "No"}))
        assert (error.code, str(error)) == (None, "No (HTTP 400).")

    def test_a_body_that_is_none_still_makes_an_error(self):
        error = error_of(reply(502, b"<html>Bad gateway</html>"))
        assert (type(error), str(error)) == (
            ApiError,
            f"The response is a web page, not Twilio's. {IN_BETWEEN} (HTTP 502).",
        )

    def test_a_refused_creation_is_a_rejected_message_whatever_its_status(self):
        error = error_of(reply(403, {"code": 21608, "message": "x"}), creates_message=True)
        assert isinstance(error, RejectedMessage)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("1.5", 1.5),
        (" 0 ", 0.0),
        ("Thu, 15 Jan 2026 12:00:30 GMT", 30.0),
        ("Thu, 15 Jan 2026 11:00:00 GMT", 0.0),
        ("Thursday, 15-Jan-26 12:00:30 GMT", 30.0),
        ("Thu Jan 15 12:00:30 2026", 30.0),
        ("-5", None),
        ("1e9", None),
        ("9" * 13, None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_rubbish_is_none(value, seconds):
    headers = {"retry-after": value, "date": "Thu, 15 Jan 2026 12:00:00 GMT"}
    assert retry_after_of(Reply(status=429, headers=headers, content=b"")) == seconds


@pytest.mark.parametrize(
    ("body", "ok"),
    [({"code": 20403}, True), ({"code": 20003}, False), ({"code": 20005}, False), ({}, False)],
)
def test_a_403_is_a_restriction_of_the_key_only_if_it_is_about_the_endpoint(body, ok):
    by_key = ApiKeyConnection(CONNECTION.account_sid, "SK" + "1" * 32, "secret")
    flow = account.check(by_key, once())
    next(flow)
    if ok:
        flow.send(reply(403, body))
    with pytest.raises(StopIteration) as end:
        flow.send(reply(403, body))
    assert end.value.value.ok == ok


def test_a_retry_after_date_counts_from_now_if_the_reply_has_no_date():
    in_an_hour = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    answer = Reply(status=429, headers={"retry-after": in_an_hour}, content=b"")
    assert retry_after_of(answer) == pytest.approx(3600, abs=60)


@pytest.mark.parametrize("depth", [99, 100, 101, 498, 984, 50_000])
def test_json_is_read_up_to_a_depth_that_code_can_walk(depth):
    content = b'{"a":' * depth + b"1" + b"}" * depth
    if depth <= 100:
        assert json_of(content)
    else:
        with pytest.raises(BadResponse, match="not valid JSON"):
            json_of(content)


PAGES = {
    "HTML5": b"<!DOCTYPE html><html><body>Log in</body></html>",
    "old": b'\n <HTML LANG="en"><head>',
    "XHTML": b'\xef\xbb\xbf<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN">',
    "comment": b"<!-- portal -->\n<html>",
}
IN_BETWEEN = "Is a proxy, or a network that asks for a login, between you and Twilio?"


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
@pytest.mark.parametrize("call", CALLS)
def test_a_web_page_is_not_mistaken_for_twilios_response(call, page):
    if call in {"delete", "check"}:  # a DELETE needs no body; `check` returns its errors
        return
    with pytest.raises((BadResponse, OutcomeUnknown)) as caught:
        answered(call, reply(200, page))
    assert f"The response is a web page instead of Twilio's JSON. {IN_BETWEEN}" in str(caught.value)
    assert "accepted" not in str(caught.value)
    assert getattr(caught.value, "intercepted", True)


@pytest.mark.parametrize(
    ("status", "content", "text"),
    [
        (
            403,
            PAGES["HTML5"],
            f"The response is a web page, not Twilio's. {IN_BETWEEN} (HTTP 403).",
        ),
        (403, b"", "Twilio refused the request (HTTP 403)."),
        (404, b"Not here", "Twilio refused the request (HTTP 404)."),
        (
            404,
            b"<?xml version='1.0'?><TwilioResponse><RestException><Code>20404</Code><Message>No "
            b"A &amp; B</Message><Status>404</Status></RestException></TwilioResponse>",
            "No resource exists at this path (Twilio 20404).",
        ),
    ],
)
def test_an_error_without_json_says_what_came(status, content, text):
    assert str(error_of(reply(status, content))).startswith(text)


@given(st.text(alphabet=string.printable, max_size=40) | st.none() | st.integers() | st.floats())
def test_a_date_is_a_date_none_or_a_value_error(value):
    try:
        found = date_of_api(value)
    except ValueError:
        return
    assert found is None or found.utcoffset() is not None


def test_nesting_deeper_than_python_can_follow_is_a_bad_response():
    def nested(depth: int) -> bytes:
        return b"[" * depth + b'"\\ud83d"' + b"]" * depth

    assert json.dumps(json_of(nested(100))).count("[") == 100
    with pytest.raises(BadResponse):
        json_of(nested(100_000))

"""The rules of a raw request, with no network and no clock: what is sent, and when again."""

from __future__ import annotations

import json
import pickle
import re
from asyncio import CancelledError
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from twilio_widgets import AuthTokenConnection, Sandbox, Twilio
from twilio_widgets.core.bodies import FilePart, MultipartBody
from twilio_widgets.core.http.hosts import VERSIONS
from twilio_widgets.core.raw import documented_paths as documented_module
from twilio_widgets.core.raw.body import body_of
from twilio_widgets.core.raw.decoding import text_of
from twilio_widgets.core.raw.documented_paths import (
    _SUMMARIES,
    DocumentedPath,
    documented_paths,
)
from twilio_widgets.core.raw.path import target_of
from twilio_widgets.core.raw.raw import raw
from twilio_widgets.core.raw.request import RawRequest
from twilio_widgets.core.raw.response import Attempt, RawResponse
from twilio_widgets.core.raw.retry import Hooks
from twilio_widgets.core.request import Pause, Reply, Request
from twilio_widgets.errors import (
    ApiError,
    BadResponse,
    InvalidRequest,
    NoReply,
    NotConnected,
    NotFound,
    OutcomeUnknown,
    PathRefused,
    PolicyRefused,
    RateLimited,
    TwilioWidgetsError,
)

ACCOUNT = "AC" + "0" * 31 + "1"
CONNECTION = AuthTokenConnection(ACCOUNT, "token")
A = "/Accounts/$TWILIO_ACCOUNT_SID"
BALANCE = f"{A}/Balance.json"
MESSAGES = f"{A}/Messages.json"

OK = Reply(status=200, headers={"content-type": "application/json"}, content=b'{"sid": "SM1"}')
LOST = NoReply("No whole answer came in time.")
UNREACHED = NotConnected("Twilio was not reached.")
DAMAGED = BadResponse("The response's compression is damaged.")


def answered(status: int, **headers: str) -> Reply:
    return replace(OK, status=status, headers={"content-type": "application/json"} | headers)


Met = Reply | BaseException


def play(answers: list[Met], *, hooks: Hooks | None = None, **inputs: Any) -> tuple[Any, list[Any]]:
    """Run the flow against answers; return its end, and the pauses and requests it asked for."""
    asked: list[Any] = []
    left = list(answers)
    flow = raw(CONNECTION, RawRequest(**({"path": BALANCE} | inputs)), hooks or Hooks())
    step = next(flow)
    try:
        while True:
            asked.append(step.seconds if isinstance(step, Pause) else step)
            if isinstance(step, Pause):
                step = flow.send(None)
                continue
            answer = left.pop(0)
            step = flow.throw(answer) if isinstance(answer, BaseException) else flow.send(answer)
    except StopIteration as end:
        return end.value, asked
    except BaseException as error:  # noqa: BLE001  # its end is what is looked at
        return error, asked


def sent(asked: list[Any]) -> int:
    return sum(isinstance(step, Request) for step in asked)


def outcome(end: Any) -> type:
    return type(end)


EVERYTHING = {"max_retries": 1, "retry_all_errors": True}
RISK = {"max_retries": 1, "repeat_unsafe": True}

REPEATS = [
    # method, first answer, inputs beside max_retries=1, whether it is asked again
    ("GET", answered(500), {}, True),
    ("GET", answered(503), {}, True),
    ("GET", answered(408), {}, True),
    ("GET", answered(429), {}, True),
    ("GET", LOST, {}, True),
    ("GET", UNREACHED, {}, True),
    ("GET", DAMAGED, {}, False),
    ("GET", DAMAGED, {"retry_all_errors": True}, True),
    ("GET", answered(404), {}, False),
    ("GET", answered(400), {"retry_all_errors": True}, True),
    ("GET", answered(301), {"retry_all_errors": True}, False),
    ("HEAD", answered(500), {}, True),
    ("OPTIONS", LOST, {}, True),
    ("PUT", answered(500), {}, True),
    ("DELETE", LOST, {}, True),
    *[
        (method, met, inputs, False)
        for method in ("POST", "PATCH", "LINK", "UNLINK", "PURGE")
        for met in (answered(500), answered(503), answered(408), LOST, DAMAGED)
        for inputs in ({}, {"retry_all_errors": True})
    ],
    ("POST", answered(429), {}, True),
    ("POST", UNREACHED, {}, True),
    ("POST", answered(404), {}, False),
    ("POST", answered(404), {"retry_all_errors": True}, True),
    ("POST", answered(500), {"repeat_unsafe": True}, True),
    ("POST", LOST, {"repeat_unsafe": True}, True),
    ("POST", answered(408), {"repeat_unsafe": True}, True),
    ("POST", answered(404), {"repeat_unsafe": True}, False),
    ("POST", answered(302), {"repeat_unsafe": True, "retry_all_errors": True}, False),
]


@pytest.mark.parametrize(("method", "met", "inputs", "again"), REPEATS)
def test_what_is_repeated(method, met, inputs, again):
    end, asked = play([met, OK], method=method, max_retries=1, **inputs)
    assert sent(asked) == (2 if again else 1)
    assert isinstance(end, RawResponse) is again
    assert sent(play([met, OK], method=method, max_retries=0, **inputs)[1]) == 1


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("met", [answered(500), answered(408), LOST, DAMAGED])
def test_a_change_without_a_usable_answer_is_an_unknown_outcome(method, met):
    end, _asked = play([met], method=method, form_data={"To": "+14155550123"})
    if method == "GET":
        assert not isinstance(end, OutcomeUnknown)
    else:
        assert isinstance(end, OutcomeUnknown)
        assert end.parameters == {"To": ("+14155550123",)}
        assert isinstance(end.__cause__, TwilioWidgetsError)


@pytest.mark.parametrize("met", [answered(302), answered(303), answered(403)])
def test_an_answer_that_is_not_from_twilio_leaves_a_message_unknown(met):
    """And it is not repeated, even if every error is to be."""
    inputs = {"path": MESSAGES, "method": "POST", "data": {"To": "x"}}
    end, asked = play([met, OK], **inputs, max_retries=1, retry_all_errors=True)
    assert (outcome(end), sent(asked)) == (OutcomeUnknown, 1)
    assert end.intercepted
    assert end.response.status == met.status


@pytest.mark.parametrize("last", [answered(404), answered(429), UNREACHED, LOST])
def test_a_change_that_may_have_happened_stays_unknown_whatever_a_repeat_met(last):
    """The second answer says nothing about the first request."""
    end, asked = play([LOST, last], path=MESSAGES, method="POST", data={"To": "x"}, **RISK)
    assert (outcome(end), sent(asked)) == (OutcomeUnknown, 2)
    assert "may have been sent" in str(end)
    assert (end.response is not None) == isinstance(last, Reply)


def test_a_delete_that_finds_nothing_after_a_lost_answer_is_done():
    end, _ = play([LOST, answered(404)], method="DELETE", max_retries=1)
    assert (end.status, end.attempts) == (404, 2)
    end, _ = play([answered(429), answered(404)], method="DELETE", max_retries=1)
    assert outcome(end) is NotFound


def test_no_pause_is_random_without_back_off_and_none_is_constant_with_it():
    failures = [answered(503)] * 9
    _, asked = play([*failures, OK], max_retries=9, retry_delay_ms=1500, timeout=1000)
    assert asked[1::2] == [1.5] * 9
    _, asked = play([*failures, OK], max_retries=9, use_exponential_backoff=True, timeout=1000)
    pauses = asked[1::2]
    assert len(set(pauses)) == 9
    assert all(0 <= pause <= min(20, 0.5 * 2**n) for n, pause in enumerate(pauses))


def test_a_retry_after_beyond_the_time_left_ends_it_at_once():
    end, asked = play([answered(429, **{"retry-after": "60"})], max_retries=5, timeout=30)
    assert (outcome(end), sent(asked)) == (RateLimited, 1)
    assert end.retry_after == 60


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt(), CancelledError()])
def test_a_send_that_is_interrupted_leaves_its_outcome_behind(interrupt):
    left: list[OutcomeUnknown] = []
    hooks = Hooks(left_open=left.append)
    end, _ = play([interrupt], hooks=hooks, path=MESSAGES, method="POST", data={"To": "x"})
    assert end is interrupt
    assert [one.parameters for one in left] == [{"To": ("x",)}]
    play([interrupt], hooks=hooks, path=BALANCE, method="POST")
    play([interrupt], hooks=hooks, path=MESSAGES)
    assert len(left) == 1


def test_a_send_that_is_interrupted_between_two_attempts_leaves_its_outcome_behind():
    left: list[OutcomeUnknown] = []
    for first, expected in ((LOST, 1), (answered(429), 0)):
        left.clear()
        ask = RawRequest(
            path=MESSAGES, method="POST", data={"To": "x"}, max_retries=1, repeat_unsafe=True
        )
        flow = raw(CONNECTION, ask, Hooks(left_open=left.append))
        next(flow)
        step = flow.throw(first) if isinstance(first, BaseException) else flow.send(first)
        assert isinstance(step, Pause)
        with pytest.raises(KeyboardInterrupt):
            flow.throw(KeyboardInterrupt())
        assert len(left) == expected


def test_interrupting_a_watched_send_keeps_its_outcome():
    left: list[OutcomeUnknown] = []

    def stop(_attempt: Attempt) -> None:
        raise RuntimeError("enough")

    hooks = Hooks(left_open=left.append, attempt_seen=stop)
    end, asked = play([LOST], hooks=hooks, path=MESSAGES, method="POST", data={"To": "x"}, **RISK)
    assert (str(end), sent(asked), len(left)) == ("enough", 1, 1)
    assert end.__cause__ is LOST


@pytest.mark.parametrize(("first", "kept"), [(LOST, 1), (answered(503), 1), (answered(429), 0)])
def test_a_refused_repeat_leaves_the_outcome_of_an_earlier_attempt_behind(first, kept):
    left: list[OutcomeUnknown] = []
    refusal = PolicyRefused("The limit of a day is reached.", rule="per_day")
    message = {"path": MESSAGES, "method": "POST", "data": {"To": "x"}}
    end, asked = play([first, refusal], hooks=Hooks(left_open=left.append), **message, **RISK)
    assert (end, sent(asked), len(left)) == (refusal, 2, kept)


def test_the_sid_of_a_created_message_is_reported_once():
    created: list[str] = []
    hooks = Hooks(created=created.append)
    for path, method, kind in (
        (MESSAGES, "POST", "json"),
        (MESSAGES, "POST", "binary"),
        (MESSAGES, "GET", "json"),
        (BALANCE, "POST", "json"),
    ):
        play([OK], hooks=hooks, path=path, method=method, response_type=kind)
    assert created == ["SM1", "SM1"]


@pytest.mark.parametrize(
    ("path", "method", "creates"),
    [
        (MESSAGES, "POST", True),
        (f"{A}/Messages", "POST", True),
        (f"{A}/Messages.xml", "POST", True),
        (f"{A}/messages.json", "POST", True),
        (f"{A}/SMS/Messages.json", "POST", True),
        (MESSAGES, "PUT", True),
        (MESSAGES, "PATCH", True),
        (MESSAGES, "GET", False),
        (MESSAGES, "DELETE", False),
        (f"{A}/Messages/SM{'0' * 32}.json", "POST", False),
        (f"{A}/Calls.json", "POST", False),
        ("/Accounts.json", "POST", False),
    ],
)
def test_a_request_that_creates_a_message_is_recognized_by_its_path(path, method, creates):
    assert target_of(path, ACCOUNT).creates_message(method) is creates
    assert RawRequest(path=path, method=method).request(ACCOUNT).creates_message is creates


def test_the_own_sid_is_the_one_acted_on():
    sub = "AC" + "9" * 32
    connection = AuthTokenConnection(ACCOUNT, "token", subaccount_sid=sub)
    first = next(raw(connection, RawRequest(path=BALANCE), Hooks()))
    assert isinstance(first, Request)
    assert first.path == f"/2010-04-01/Accounts/{sub}/Balance.json"


REASONS = [
    ("https://proxy.example/2010-04-01/Accounts.json", "sent nowhere else"),
    ("http://content.twilio.com/v1/Content", "begins with https://"),
    ("https://content.twilio.com:443/v1/Content", "no port"),
    ("curl https://api.twilio.com/x", "begins with https://"),
    ("api.twilio.com/2010-04-01/Accounts.json", "Begin a URL with https://"),
    ("https://content.twilio.com", "paths of content.twilio.com begin with /v1 or /v2"),
    ("https://content.twilio.com/v9/Content", "begin with /v1 or /v2"),
    ("https://api.twilio.com/Accounts.json", "begin with /2010-04-01"),
    ("https://content.twilio.com/v1/Content/", "without a slash at the end"),
    ("https://content.twilio.com/v1/Content/{Sid}", "placeholder"),
    ("/v1/Content", "give its whole URL"),
    ("alice@example.com/Accounts.json", "as after a user name"),
    ("GET /Accounts.json", 'method="GET"'),
    ("/Messages.json", r"did you mean /Accounts/\$TWILIO_ACCOUNT_SID/Messages.json\?"),
    ("/accounts.json", "write /Accounts"),
    ("/v1/Services", "/v1 belongs to another API"),
    ("messaging/v1/Services", "/messaging/v1 belongs to another API"),
    (f"{A}/Messages/{{Sid}}.json", r"\{Sid\} is a placeholder"),
    (f"{A}/Messages/$SID.json", r"\$SID is a placeholder"),
    (f"{MESSAGES}?To=+14155550123", r"\+ means a space"),
    (f"{A}/Messages/%2e%2e", "% escape"),
    (f"{A}/Messages/", "ends with a slash"),
    ("", "is empty"),
    (f"{A}\r\nX: y", "line break"),
]


@pytest.mark.parametrize(("path", "reason"), REASONS)
def test_a_plausible_mistake_gets_a_kind_answer(path, reason):
    with pytest.raises(PathRefused, match=reason):
        target_of(path, ACCOUNT)


INPUTS = [
    ({"method": "TRACE"}, "method"),
    ({"response_type": "document"}, "response_type"),
    ({"timeout": 0}, "timeout"),
    ({"timeout": True}, "timeout"),
    ({"retry_delay_ms": "100"}, "retry_delay_ms"),
    ({"max_retries": 2.5}, "max_retries"),
    ({"repeat_unsafe": "no"}, "repeat_unsafe"),
    ({"frame": True, "method": "POST"}, "frame"),
    ({"frame": True, "limit": 0}, "limit"),
    ({"headers": {"Authorization": "x"}}, "headers"),
    ({"data": "x"}, "data"),
    ({"data": {"a": 1}, "headers": {"Content-Type": "application/json"}}, "data"),
    ({"data": {"a": {}}}, "data"),
    ({"data": ["a"]}, "data"),
    (
        {"path": MESSAGES, "method": "POST", "data": "{}", "headers": {"Content-Type": "a/b"}},
        "data",
    ),
    ({"form_data": {"a": object()}}, "form_data"),
    ({"file_data": {"a": Path("/no/such/file")}}, "file_data"),
    ({"file_data": {"a": b""}, "file_data_file_names": {"b": "c"}}, "file_data_file_names"),
    ({"query_params": {"": "x"}}, "query_params"),
]


@pytest.mark.parametrize(("inputs", "field"), INPUTS)
def test_an_input_that_cannot_be_right_is_named(inputs, field):
    with pytest.raises(InvalidRequest) as caught:
        RawRequest(**({"path": BALANCE} | inputs)).request(ACCOUNT)
    assert caught.value.field == field


def test_the_page_size_of_a_frame_is_what_is_wanted_unless_it_is_given():
    def query(**inputs: Any) -> tuple[tuple[str, str], ...]:
        return RawRequest(**({"path": MESSAGES, "frame": True} | inputs)).request(ACCOUNT).query

    assert query() == (("PageSize", "1000"),)
    assert query(limit=7) == (("PageSize", "7"),)
    assert query(limit=None) == (("PageSize", "1000"),)
    assert query(path=f"{MESSAGES}?PageSize=20") == (("PageSize", "20"),)
    assert query(query_params={"PageSize": 30}) == (("PageSize", "30"),)
    assert RawRequest(path=MESSAGES).request(ACCOUNT).query == ()


class OneRow:
    """A table that takes any page as one row."""

    def __init__(self, onward: str) -> None:
        self.onward, self.pages = onward, 0
        self.full = False

    def add(self, _content: bytes) -> str | None:
        self.pages += 1
        return self.onward

    def __len__(self) -> int:
        return self.pages

    def frame(self, *, more: bool) -> Any:
        raise AssertionError("the list never ends")


@pytest.mark.parametrize(
    ("onward", "pages", "problem"),
    [
        (f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?PageSize=1000", 1, "Pagination loop"),
        (f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?Page=1", 2, "Pagination loop"),
        ("https://evil.example/2010-04-01/Accounts.json", 1, "leads to another list"),
        (f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json", 1, "leads to another list"),
    ],
)
def test_a_list_that_leads_astray_is_not_followed(onward, pages, problem):
    flow = raw(CONNECTION, RawRequest(path=MESSAGES, frame=True), Hooks(), OneRow(onward))
    next(flow)
    for _ in range(pages - 1):
        assert isinstance(flow.send(OK), Request)
    with pytest.raises(BadResponse, match=problem):
        flow.send(OK)


class NoRows(OneRow):
    """A table that finds every page empty, with a link to a new page."""

    def __init__(self) -> None:
        super().__init__("")

    def add(self, _content: bytes) -> str | None:
        self.pages += 1
        return f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?Page={self.pages}"

    def __len__(self) -> int:
        return 0


def test_a_list_of_empty_pages_ends():
    table = NoRows()
    flow = raw(CONNECTION, RawRequest(path=MESSAGES, frame=True), Hooks(), table)
    next(flow)
    for _ in range(19):
        flow.send(OK)
    with pytest.raises(BadResponse, match="20 empty pages in a row"):
        flow.send(OK)
    assert table.pages == 20


@pytest.mark.parametrize("name", ["attempt_seen", "before_attempt"])
@pytest.mark.parametrize("wrong", [False, 5, "print"])
def test_a_hook_that_cannot_be_called_is_refused_before_anything_is_sent(name, wrong):
    form = {"To": "+14155550123", "From": "+15005550006", "Body": "Hi"}
    with Sandbox() as sandbox:
        twilio = Twilio(sandbox.connection)
        with pytest.raises(InvalidRequest, match=name) as caught:
            twilio.raw(MESSAGES, "POST", data=form, **{name: wrong})
    assert (caught.value.field, sandbox.ledger) == (name, ())


def test_a_multipart_boundary_is_new_each_time():
    first, second = (body_of(None, {"a": "1"}, None, None, None) for _ in range(2))
    assert first.content_type != second.content_type
    assert first.pairs == (("a", "1"),)


def test_a_multipart_body_is_written_as_browsers_write_it():
    picture = FilePart("Media", 'a"b.png', "image/png", b"\x89\r\n")
    body = MultipartBody((("Body", "Grüße\r\n"),), (picture,), boundary="x")

    assert body.content_type == "multipart/form-data; boundary=x"
    assert body.encode() == (
        b'--x\r\nContent-Disposition: form-data; name="Body"\r\n\r\nGr\xc3\xbc\xc3\x9fe\r\n\r\n'
        b'--x\r\nContent-Disposition: form-data; name="Media"; filename="a%22b.png"\r\n'
        b"Content-Type: image/png\r\n\r\n\x89\r\n\r\n--x--\r\n"
    )


def test_a_file_short_enough_to_be_a_parameter_is_shown_to_policies_as_one():
    body = body_of(None, {"a": "1"}, [("To", b"+1415"), ("x", b"y" * 100_001)], None, None)
    assert body.pairs == (("a", "1"), ("To", "+1415"))


def test_the_display_of_a_response_has_no_content_and_is_reproducible():
    end, _ = play([replace(OK, content=b'{"to": "+14155550123"}')])
    assert repr(end) == "RawResponse(HTTP 200, JSON object of 1 field, 1 attempt)"
    assert pickle.loads(pickle.dumps(end)).data == end.data
    with pytest.raises(AttributeError):
        end.status = 201


@pytest.mark.parametrize("charset", ["utf-8", '"UTF-8"', "zlib_codec", "undefined", "\x00", ""])
def test_a_strange_character_set_never_takes_the_text_away(charset):
    reply = replace(OK, headers={"content-type": f"text/plain; charset={charset}"}, content=b"abc")
    assert text_of(reply) == "abc"


def test_an_error_without_a_response_says_so():
    assert ApiError("x", status=500).response is None
    with Sandbox() as sandbox, Twilio(sandbox.connection) as twilio:
        sandbox.fail(status=503, times=9)
        with pytest.raises(ApiError) as caught:
            twilio.raw(BALANCE)
    assert repr(caught.value.response).startswith("RawResponse(HTTP 503")


def test_the_documented_paths_include_those_of_twilios_document():
    """The table is committed, so that completion needs no document at run time."""
    file = Path(__file__).parents[3] / "contract" / "data" / "twilio_api_v2010.messages.json"
    document = json.loads(file.read_text("utf-8"))
    verbs = {"get", "post", "put", "patch", "delete"}
    described = {
        ("api", verb.upper(), path)
        for path, item in document["paths"].items()
        for verb in item
        if verb in verbs
    }
    found = {(one.product, one.method, one.path): one.summary for one in documented_paths()}
    assert described <= set(found)
    assert len(found) == len(documented_paths()) > 1_400
    assert all(found.values())
    assert {product for product, _method, _path in found} <= set(VERSIONS)


def test_a_summary_of_our_own_belongs_to_a_documented_path():
    text = Path(documented_module.__file__).with_suffix(".txt").read_text("utf-8")
    documented = {
        (method, path)
        for methods, _, path in (line.partition(" ") for line in text.splitlines())
        for method in methods.split(",")
    }
    assert [row[:2] for row in _SUMMARIES if row[:2] not in documented] == []


@pytest.mark.parametrize(
    ("product", "method", "path", "summary"),
    [
        ("messaging", "GET", "/v1/Services/{ServiceSid}/AlphaSenders", "Read alpha senders"),
        ("messaging", "DELETE", "/v1/Services/{Sid}", "Delete from services"),
        ("content", "POST", "/v1/Content", "Add to content"),
        ("verify", "POST", "/v2/Services/{ServiceSid}/Entities/{Identity}/Factors/{Sid}",
         "Change in factors"),
    ],
)  # fmt: skip
def test_other_paths_are_described_by_their_last_name(product, method, path, summary):
    assert DocumentedPath(product, method, path, summary) in documented_paths()


def test_every_documented_path_can_be_requested_once_its_placeholders_are_filled():
    sid = "SM" + "0" * 32
    for one in documented_paths():
        path = re.sub(r"(?<!/Accounts/)\{(?!AccountSid)\w+\}", sid, one.path)
        text = path if one.product == "api" else f"https://{one.product}.twilio.com{path}"
        request = RawRequest(path=text, method=one.method).request(ACCOUNT)
        filled = path.replace("{AccountSid}", ACCOUNT).replace(
            "/Accounts/{Sid}", f"/Accounts/{ACCOUNT}"
        )
        assert (request.service, request.path) == (one.product, filled), one

"""Whatever could make a message counts as one, and is read from the bytes that travel."""

from __future__ import annotations

import gzip
import json
from contextlib import suppress
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twilio_widgets.core.bodies import FormBody, MultipartBody, RawBody
from twilio_widgets.core.guardrails.classify import changes, makes_message
from twilio_widgets.core.guardrails.message_request import MessageRequest, parse_message_request
from twilio_widgets.core.http.guard import guard
from twilio_widgets.core.raw.body import body_of
from twilio_widgets.core.request import Request
from twilio_widgets.errors import InvalidRequest, PolicyRefused

AC, SM = "AC" + "0" * 32, "SM" + "1" * 32
MESSAGES = f"/2010-04-01/Accounts/{AC}/Messages"
TO = "+15005550006"
FORM = "application/x-www-form-urlencoded"


def posted(path: str = MESSAGES, method: str = "POST", **more) -> Request:
    return Request(method=method, path=path, **more)


@pytest.mark.parametrize(
    "path",
    [
        MESSAGES,
        MESSAGES + ".json",
        MESSAGES + ".xml",
        MESSAGES + ".JSON",
        MESSAGES + "/",
        MESSAGES + ".json/",
        MESSAGES.replace("Messages", "messages"),
        MESSAGES.replace("Accounts", "ACCOUNTS").replace("Messages", "MESSAGES"),
        MESSAGES.replace("Messages", "%4Dessages"),
        MESSAGES.replace("Messages", "%254Dessages.json"),
        MESSAGES.replace("/Messages", "%2FMessages"),
        MESSAGES.replace("/Messages", "//Messages"),
        MESSAGES.replace("/Messages", "/./Messages"),
        MESSAGES.replace("/Messages", "/Calls/../Messages"),
        MESSAGES.replace("/Messages", "\\Messages"),
        MESSAGES.replace("/Messages", "/SMS/Messages.json"),
        MESSAGES.replace("2010-04-01", "2010-04-01/2010-04-01"),
        MESSAGES.replace("/2010-04-01", "/2008-08-01"),
        MESSAGES.replace(AC, "AC" + "9" * 32),
        MESSAGES + "?x=1",
        MESSAGES + ";v=2",
        MESSAGES + " ",
        MESSAGES + f"/{SM}/../",
        MESSAGES + "/New",
        MESSAGES.replace("M", "%" + "25" * 9 + "4D"),
    ],
)
def test_a_path_that_might_lead_to_the_message_list_creates_a_message(path):
    assert makes_message(posted(path))
    for method in ("PUT", "PATCH", "LINK", "PURGE", "post"):
        assert makes_message(posted(path, method))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", MESSAGES + ".json"),
        ("HEAD", MESSAGES),
        ("OPTIONS", MESSAGES),
        ("DELETE", f"{MESSAGES}/{SM}.json"),
        ("POST", f"{MESSAGES}/{SM}.json"),
        ("POST", f"{MESSAGES}/{SM}/Feedback.json"),
        ("POST", f"/2010-04-01/Accounts/{AC}/IncomingPhoneNumbers.json"),
        ("POST", "/v1/Services"),
    ],
)
def test_other_requests_do_not_create_a_message(method, path):
    assert not makes_message(posted(path, method))
    assert changes(posted(path, method)) is (method in {"POST", "DELETE"})


def test_a_method_override_counts_as_the_method_it_names():
    assert makes_message(posted(method="GET", query=(("_method", "post"),)))
    assert makes_message(posted(method="DELETE", body=FormBody((("_Method", "POST"),))))
    assert makes_message(posted(method="GET", query=((" _METHOD ", " post "),)))
    assert makes_message(replace(with_type(FORM, b"a=b&_method=post"), method="GET"))
    assert makes_message(posted(method="GET", body=MultipartBody((("_method", "POST"),))))
    assert changes(posted(MESSAGES, "GET", query=(("_method", "DELETE"),)))


def test_a_request_marked_as_creating_a_message_counts_on_any_path():
    assert makes_message(posted("/2010-04-01/Elsewhere", creates_message=True))


FIELDS = [("To", TO), ("From", "+15005550001"), ("Body", "Grüße & ❤")]
READ = MessageRequest(to=TO, body="Grüße & ❤")


def with_type(kind: str, body: bytes) -> Request:
    return posted(body=RawBody(body, kind))


def test_every_kind_of_body_is_parsed_to_the_same_message():
    assert parse_message_request(posted(body=FormBody(tuple(FIELDS)))) == READ
    assert parse_message_request(posted(query=tuple(FIELDS))) == READ
    assert parse_message_request(with_type(FORM, urlencode(FIELDS).encode())) == READ
    raw = "To=%2B15005550006&Body=Grüße %26 ❤".encode()
    assert parse_message_request(with_type(FORM + "; charset=UTF-8", raw)) == READ
    assert parse_message_request(posted(body=MultipartBody(tuple(FIELDS)))) == READ
    assert parse_message_request(posted(body=body_of(None, None, FIELDS, None, None))) == READ


@pytest.mark.parametrize("body", [FormBody((("To", TO),)), MultipartBody((("To", TO),))])
def test_a_header_cannot_change_the_content_type_of_a_body(body):
    with pytest.raises(InvalidRequest, match="Content-Type is given twice"):
        guard(posted(path=MESSAGES, body=body, headers=(("content-type", "application/json"),)))


@pytest.mark.parametrize("kind", ["text/plain\r\nX-Two: 1", "text/plain ", "té/xt"])
def test_the_type_of_a_raw_body_is_checked_like_a_header(kind):
    with pytest.raises(InvalidRequest, match="header Content-Type contains"):
        guard(with_type(kind, b"x"))


@pytest.mark.parametrize("name", ["to", "TO", " To ", "To[]", "To[0]"])
def test_parameter_names_are_matched_leniently(name):
    assert parse_message_request(posted(body=FormBody(((name, TO),)))).to == TO


@pytest.mark.parametrize(
    "request_",
    [
        with_type("text/plain", b"To=%2B15005550006"),
        with_type("application/octet-stream", b"\x00"),
        with_type("", b"To=%2B15005550006"),
        with_type("application/json; charset=utf-8", json.dumps(dict(FIELDS)).encode()),
        with_type("multipart/form-data; boundary=x",
                  MultipartBody(tuple(FIELDS), boundary="x").encode()),
        posted(body=FormBody(tuple(FIELDS)), headers=(("Content-Encoding", "gzip"),)),
        replace(with_type(FORM, gzip.compress(b"To=1")), headers=(
            ("Content-Encoding", "gzip"),)),
        posted(body=FormBody(tuple(FIELDS)), headers=(
            ("Content-Encoding", "br"), ("Content-Encoding", "identity"))),
        with_type(FORM, b"To=\xff\xfe"),
        with_type(FORM, b"To=%FF%FE"),
        with_type(FORM + "; charset=utf-16", "To=1".encode("utf-16")),
        with_type(FORM + "; charset=utf-7", b"To=1"),
        with_type("multipart/form-data; boundary=x",
                  b'--x\r\nContent-Disposition: form-data; name="To"\r\n'
                  b"Content-Type: text/plain; charset=utf-7\r\n\r\n+1\r\n--x--\r\n"),
        with_type("multipart/form-data", b"--x\r\n"),
        with_type("multipart/form-data; boundary=x", b"--x\r\nContent-Disp"),
        with_type("multipart/form-data; boundary=x", b"nothing of the kind"),
        with_type("multipart/form-data; boundary=x",
                  b'--x\r\nContent-Disposition: form-data; name="To"\r\n'
                  b"Content-Transfer-Encoding: base64\r\n\r\nKzE1MDA=\r\n--x--\r\n"),
        with_type("multipart/form-data; boundary=x",
                  b'--x\r\nContent-Disposition: form-data; name="To"\r\n\r\n\xff\r\n--x--\r\n'),
        with_type("multipart/mixed; boundary=x", b"--x--\r\n"),
        with_type("application/json", b"[1, 2]"),
        with_type("application/json", b'{"To": '),
        with_type("application/json", "{}".encode("utf-16")),
        with_type("application/json", b"[" * 100_000),
        with_type("application/xml", b"<To/>"),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_parsed_is_refused(request_):
    with pytest.raises(
        PolicyRefused, match=r"can send something, but .* Nothing was sent\."
    ) as caught:
        parse_message_request(request_)
    assert caught.value.rule == "readable"
    assert "5005550006" not in str(caught.value)


@given(body=st.binary(max_size=300), kind=st.sampled_from([
    FORM, "application/json", "multipart/form-data; boundary=x", "text/plain", "", ";;=", "x" * 90,
]))  # fmt: skip
def test_any_bytes_are_parsed_or_refused(body, kind):
    with suppress(PolicyRefused):
        assert isinstance(parse_message_request(with_type(kind, body)), MessageRequest)


def test_the_properties_of_a_message():
    def read(**fields: str) -> MessageRequest:
        return parse_message_request(posted(body=FormBody(tuple(fields.items()))))

    assert read(MediaUrl="https://a.example/b.png").media
    assert read(SendAsMms="True").media
    assert read(ContentSid="HX" + "0" * 32).template
    later = {"SendAt": "2026-01-15T12:00:00Z", "ScheduleType": "fixed"}
    assert read(**later, MessagingServiceSid="MG" + "0" * 32).scheduled
    assert read(**later, From="MG" + "0" * 32).scheduled
    assert not read(**later, From="+15005550001").scheduled
    assert not read(SendAt=later["SendAt"], MessagingServiceSid="MG" + "0" * 32).scheduled
    assert (
        parse_message_request(posted(body=FormBody((("To", TO), ("to", "+1"))))).ambiguous == "to"
    )
    assert (
        parse_message_request(posted(body=FormBody((("To", TO),)), query=(("To", TO),))).ambiguous
        == ""
    )

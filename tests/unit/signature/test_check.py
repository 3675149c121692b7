"""`check_signature` accepts requests in the types of any framework, and never raises."""

from __future__ import annotations

import base64
import doctest
import email.message
import random
from urllib.parse import parse_qs, urlencode

import httpx
import numpy as np
import pytest
from multidict import CIMultiDict, MultiDict
from werkzeug.datastructures import Headers as FlaskHeaders
from werkzeug.datastructures import ImmutableMultiDict

from twilio_widgets import check_signature
from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.core.signature import body_sha256, sign
from twilio_widgets.signature import check

TOKEN, URL = "12345", "https://example.com/sms"
PAIRS = [
    ("Body", "Héllo 👍 & more"),
    ("From", "+15005550006"),
    ("Tag", "b"),
    ("Tag", "a"),
    ("Empty", ""),
]
SIGNATURE = sign(URL, {**dict(PAIRS), "Tag": ["a", "b"]}, TOKEN)
JSON = b'{"a": "\xc3\xa9"}'


@pytest.mark.parametrize(
    "params",
    [
        PAIRS,
        tuple(PAIRS),
        iter(PAIRS),
        {**dict(PAIRS), "Tag": ["b", "a"]},
        {**dict(PAIRS), "Tag": ("a", "b", "a")},
        parse_qs(urlencode(PAIRS), keep_blank_values=True),
        urlencode(PAIRS),
        urlencode(PAIRS).encode(),
        ImmutableMultiDict(PAIRS),
        MultiDict(PAIRS),
    ],
)
def test_parameters_are_accepted_in_the_types_of_every_framework(params: object):
    verdict = check_signature(url=URL, params=params, signature=SIGNATURE, auth_token=TOKEN)
    assert (verdict.valid, verdict.scheme) == (True, "auth token")


@pytest.mark.parametrize(
    "raw", [urlencode(PAIRS), urlencode(PAIRS).encode(), bytearray(urlencode(PAIRS).encode())]
)
def test_a_raw_body_is_a_form_unless_its_content_type_differs(raw: object):
    given = {"url": URL, "body": raw, "signature": SIGNATURE, "auth_token": Secret(TOKEN)}
    assert check_signature(**given)
    assert check_signature(**given, params={}, method="POST")
    typed = {"Content-Type": "application/json"}
    assert check_signature(**given, headers=typed).cause == "content type"


def test_a_json_body_is_checked_by_its_hash():
    url = f"{URL}?bodySHA256={body_sha256(JSON)}"
    given = {"url": url, "signature": sign(url, {}, TOKEN), "auth_token": TOKEN}
    assert check_signature(**given, body=JSON)
    assert check_signature(**given, body=JSON.decode())
    assert check_signature(**given, body=b'{"a":"\xc3\xa9"}').cause == "body"
    assert check_signature(**given).cause == "body"
    bare = {"url": URL, "signature": sign(URL, {}, TOKEN), "auth_token": TOKEN}
    assert check_signature(**bare, body=JSON).cause == "body"
    assert check_signature(**bare)


HEADERS = [
    ("Content-Type", "application/x-www-form-urlencoded"),
    ("x-twilio-signature", SIGNATURE),
    ("Host", "inner"),
]


@pytest.mark.parametrize(
    "headers",
    [
        HEADERS,
        dict(HEADERS),
        [(name.encode(), value.encode()) for name, value in HEADERS],
        FlaskHeaders(HEADERS),
        CIMultiDict(HEADERS),
        httpx.Headers(HEADERS),
    ],
)
def test_headers_are_accepted_in_the_types_of_every_framework(headers: object):
    given = {"url": URL, "params": PAIRS, "headers": headers, "auth_token": TOKEN}
    assert check_signature(**given)
    assert check_signature(**given | {"url": "https://other/sms"}).cause is None
    assert not check_signature(**given, signature="other")
    wrong = [*HEADERS[::2], ("X-Twilio-Signature", "other")]
    assert check_signature(**given | {"headers": wrong}, signature=SIGNATURE)


def test_the_headers_of_the_standard_library_are_accepted():
    message = email.message.Message()
    for name, value in HEADERS:
        message[name] = value
    assert check_signature(url=URL, params=PAIRS, headers=message, auth_token=TOKEN)


def test_headers_of_proxies_help_to_find_the_cause():
    inner = {
        "url": "http://127.0.0.1:5000/sms",
        "params": PAIRS,
        "signature": SIGNATURE,
        "auth_token": TOKEN,
    }
    assert check_signature(**inner).cause is None
    named = check_signature(**inner, headers={"X-Forwarded-Host": "example.com"})
    assert named.cause == "scheme and host"


def test_a_get_has_its_parameters_in_the_url():
    url = f"{URL}?{urlencode(PAIRS)}"
    given = {"url": url, "signature": sign(url, {}, TOKEN), "auth_token": TOKEN}
    assert check_signature(**given)
    assert check_signature(**given, method="GET", params={}, body=b"")
    assert check_signature(**given, method="GET", params=PAIRS).cause == "method"
    assert check_signature(**given, params=PAIRS).cause == "body"


def test_other_credentials_explain_and_never_verify():
    given = {"url": URL, "params": PAIRS, "signature": SIGNATURE}
    assert check_signature(**given).cause == "no auth token"
    assert check_signature(**given, auth_token="").cause == "no auth token"
    for name, cause in (
        ("secondary_tokens", "secondary token"),
        ("other_tokens", "another token"),
        ("api_secrets", "API secret"),
    ):
        for tokens in ([TOKEN], (Secret(TOKEN),), TOKEN, Secret(TOKEN)):
            verdict = check_signature(**given, auth_token="another", **{name: tokens})
            assert (verdict.valid, verdict.cause) == (False, cause)
            assert TOKEN not in repr(verdict)
    headers = {"X-Twilio-Webhooks-Signature-Settings": "key=k,algorithm=HMAC_SHA1"}
    verdict = check_signature(**given, shared_keys={"k": TOKEN}, headers=headers)
    assert (verdict.valid, verdict.scheme) == (True, "shared key")


def test_parameters_and_a_body_together_are_not_valid():
    verdict = check_signature(
        url=URL, params=PAIRS, body=b"x=1", signature=SIGNATURE, auth_token=TOKEN
    )
    assert (verdict.valid, verdict.cause) == (False, "arguments")


def test_numbers_are_read_as_text():
    signature = sign(URL, {"NumMedia": "0"}, TOKEN)
    assert check_signature(url=URL, params={"NumMedia": 0}, signature=signature, auth_token=TOKEN)


class Hostile:
    """A mapping that raises whatever is asked of it."""

    def __getattr__(self, name: str) -> object:
        raise RuntimeError(name)

    def __iter__(self) -> object:
        raise RuntimeError("iter")


HOSTILE = [
    None,
    0,
    -1,
    1.5,
    True,
    b"",
    b"\xff",
    "",
    "\ud800",
    "\0",
    [],
    {},
    (),
    object(),
    [None],
    [("a",)],
    [("a", None)],
    {"a": None},
    {None: "a"},
    {"a": object()},
    {"k": 5},
    Secret(5),
    Hostile(),
    iter([1]),
    "é" * 9,
]
ARGUMENTS = [
    "url",
    "params",
    "body",
    "signature",
    "auth_token",
    "headers",
    "method",
    "shared_keys",
    "secondary_tokens",
    "other_tokens",
    "api_secrets",
]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"params": {"Body": None}}, "params= contains NoneType, the value of Body, which is not"),
        ({"params": {"NumMedia": True}}, "params= contains bool, the value of NumMedia, which"),
        ({"params": {"Price": float("nan")}}, "params= contains float, the value of Price, which"),
        ({"params": [("Body", ["a", {}])]}, "params= contains dict, the value of Body, which is"),
        ({"params": [(5.5j, "a")]}, "params= contains complex, which is not text."),
        ({"body": 5}, "body= is int, not bytes or text."),
        ({"signature": 5.5j}, "signature= contains complex, which is not text."),
        ({"headers": {"X-Twilio-Signature": None}}, "headers= contains NoneType, the value of X-"),
        ({"auth_token": 5}, "One of the tokens is not text"),
        ({"shared_keys": ["k"]}, "One of the tokens is not text"),
    ],
)
def test_the_wrong_argument_is_named(given: dict[str, object], reason: str):
    verdict = check_signature(**({"url": URL, "signature": SIGNATURE, "auth_token": TOKEN} | given))
    assert verdict.cause == "arguments"
    assert verdict.reason.startswith(reason)


def test_whole_numbers_of_numpy_are_read_as_text():
    signature = sign(URL, {"NumMedia": "0"}, TOKEN)
    given = {"url": URL, "params": {"NumMedia": np.int64(0)}, "signature": signature}
    assert check_signature(**given, auth_token=TOKEN)


def test_the_headers_of_wsgi_and_django_are_read():
    meta = {
        "HTTP_X_TWILIO_SIGNATURE": SIGNATURE,
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "HTTP_HOST": "example.com",
        "wsgi.input": object(),
        "SERVER_PORT": 443,
    }
    given = {"url": URL, "headers": meta, "auth_token": TOKEN}
    assert check_signature(**given, params=PAIRS)
    assert check_signature(**given, body=urlencode(PAIRS))


@pytest.mark.parametrize("content_type", ["", "application/x-www-form-urlencoded"])
def test_a_form_in_base64_is_named(content_type: str):
    body = base64.b64encode(urlencode(PAIRS).encode())
    headers = {"X-Twilio-Signature": SIGNATURE, "Content-Type": content_type}
    verdict = check_signature(url=URL, body=body, headers=headers, auth_token=TOKEN)
    assert verdict.cause == "base64"
    assert "isBase64Encoded" in str(verdict)


def test_a_json_body_in_base64_is_named():
    raw = b'{"a": 1}'
    url = f"{URL}?bodySHA256={body_sha256(raw)}"
    headers = {"X-Twilio-Signature": sign(url, {}, TOKEN), "Content-Type": "application/json"}
    verdict = check_signature(
        url=url, body=base64.b64encode(raw), headers=headers, auth_token=TOKEN, method="POST"
    )
    assert verdict.cause == "base64"


@pytest.mark.parametrize("argument", ARGUMENTS)
def test_no_argument_makes_it_raise(argument: str):
    right = {"url": URL, "params": PAIRS, "signature": SIGNATURE, "auth_token": TOKEN}
    for value in HOSTILE:
        check_signature(**right | {argument: value})
        assert not check_signature(**right | {"signature": "wrong"} | {argument: value})


def test_no_two_invalid_arguments_make_it_raise():
    rng = random.Random(23)
    right = {"url": URL, "params": PAIRS, "signature": "wrong", "auth_token": TOKEN}
    for _ in range(300):
        odd = {rng.choice(ARGUMENTS): rng.choice(HOSTILE) for _ in range(3)}
        assert not check_signature(**right | odd)


def test_the_docstring_example_is_correct():
    assert doctest.testmod(check).failed == 0

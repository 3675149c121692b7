"""The doctor names the one difference that makes a signature match, and nothing unproved."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
from dataclasses import replace
from urllib.parse import quote, quote_plus, urlencode

import pytest

from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.core.signature import body_sha256, sign
from twilio_widgets.signature.causes.key import signers
from twilio_widgets.signature.doctor import MOST_TRIES, WorkBudget, diagnose
from twilio_widgets.signature.findings import TOO_LARGE
from twilio_widgets.signature.keys import Keys
from twilio_widgets.signature.presented import FORM, SignedRequest
from twilio_widgets.signature.verdict import Verdict
from twilio_widgets.signature.verify import joined

PRIMARY, SECONDARY, OTHER, API = "0" * 31 + "1", "0" * 31 + "2", "0" * 31 + "3", "api key secret"
SHARED, SHARED_TOO = "shared secret", "shared secret too"
KEYS = Keys(
    auth_tokens=(Secret(PRIMARY),),
    secondary_tokens=(Secret(SECONDARY),),
    other_tokens=(Secret(OTHER),),
    api_secrets=(Secret(API),),
    shared_keys={"key1": Secret(SHARED), "key2": Secret(SHARED_TOO)},
)
URL = "https://hook.example/twilio/sms?tenant=blue&x=a%20b"
SMS = {
    "AccountSid": "AC" + "0" * 32,
    "ApiVersion": "2010-04-01",
    "Body": "It's 5 o'clock",
    "From": "+15005550006",
    "FromCity": "PARIS",
    "MessageSid": "SM" + "1" * 32,
    "NumMedia": "0",
    "NumSegments": "1",
    "SmsMessageSid": "SM" + "1" * 32,
    "SmsSid": "SM" + "1" * 32,
    "SmsStatus": "received",
    "To": "+15005550009",
}
SETTINGS = "X-Twilio-Webhooks-Signature-Settings"


def made(url=URL, params=SMS, *, token=PRIMARY, algorithm="sha1", charset="utf-8") -> str:
    """Return a signature, correct or with one mistake."""
    tail = params if isinstance(params, str) else joined(dict(params).items())
    digest = hmac.digest(token.encode(), (url + tail).encode(charset), algorithm)
    return base64.b64encode(digest).decode()


def seen(signature: str, url=URL, params=SMS, *, headers=(), **more) -> SignedRequest:
    """Return a request as received."""
    body = urlencode(params).encode()
    fields = {"method": "POST", "body": body, "content_type": FORM} | more
    return SignedRequest(url=url, headers=(("X-Twilio-Signature", signature), *headers), **fields)


def changed(**values: str) -> dict[str, str]:
    return SMS | values


def without(*names: str) -> dict[str, str]:
    return {name: value for name, value in SMS.items() if name not in names}


def causes(request: SignedRequest, keys: Keys = KEYS) -> str | None:
    verdict = diagnose(request, keys)
    assert not verdict.valid
    assert all(secret not in repr(verdict) for secret in (PRIMARY, SECONDARY, OTHER, API, SHARED))
    return verdict.cause


def at(url: str, *headers: tuple[str, str], signed_for: str = URL) -> SignedRequest:
    return seen(made(signed_for), url, headers=headers)


HTTP = URL.replace("https", "http")
INSIDE = URL.replace("https://hook.example", "http://127.0.0.1:5000")
LONG = URL.replace("/twilio", "/user/xyz/proxy/8080/twilio")

WRONG_URLS = {
    "scheme": [
        at("http://h.example:80/", signed_for="https://h.example:443/"),
        at("https://h.example/", signed_for="http://h.example:80/"),
        at(HTTP),
        at(URL, signed_for=HTTP),
        at(HTTP.replace("example/", "example:80/")),
    ],
    "host": [
        at(URL.replace("hook.example", "inner"), ("Host", "hook.example")),
        at(URL.replace("hook.example", "inner"), ("X-Forwarded-Host", "hook.example, proxy")),
        at(URL.replace("hook.example", "inner"), ("X-Original-Host", "hook.example")),
        at(URL.replace("hook.example", "inner"), ("Forwarded", 'for=1.2.3.4;host="hook.example"')),
        at(URL.replace("hook.example", "Hook.Example")),
        at(URL.replace("hook.example", "www.hook.example")),
        at(URL, signed_for=URL.replace("hook.example", "www.hook.example")),
        at(URL, signed_for=URL.replace("hook.example", "hook.example.")),
        at("http://127.0.0.1:5000/sms", signed_for="http://localhost:5000/sms"),
        at("https://xn--bcher-kva.example/sms", signed_for="https://bücher.example/sms"),
        at("https://bücher.example/sms", signed_for="https://xn--bcher-kva.example/sms"),
    ],
    "port": [
        at(URL, signed_for=URL.replace("example/", "example:8443/")),
        at(URL, ("X-Forwarded-Port", "7777"), signed_for=URL.replace("example/", "example:7777/")),
        at(URL, ("Host", "hook.example:7777"), signed_for=URL.replace("ample/", "ample:7777/")),
        at(
            URL.replace("example/", "example:5000/"), signed_for=URL.replace("ample/", "ample:443/")
        ),
    ],
    "scheme and host": [
        at(INSIDE.replace(":5000", ""), ("Host", "hook.example")),
        at(INSIDE, ("Host", "127.0.0.1:5000"), ("X-Forwarded-Host", "hook.example")),
    ],
    "scheme and port": [at(HTTP, signed_for=URL.replace("example/", "example:8443/"))],
    "query encoding and query order": [
        at("https://hook.example/a?a=1&b=2&c=[", signed_for="https://hook.example/a?c=%5B&b=2&a=1"),
        at("https://hook.example/a?a=x y&b=2", signed_for="https://hook.example/a?b=2&a=x+y"),
        at("https://hook.example/a?b=2&a=x%20y", signed_for="https://hook.example/a?a=x+y&b=2"),
    ],
    "query and query order": [
        at("https://hook.example/a?a=1&b=2&z=9", signed_for="https://hook.example/a?b=2&a=1"),
    ],
    "query encoding and query": [
        at("https://hook.example/a?a=1+2&z=9", signed_for="https://hook.example/a?a=1%202"),
    ],
    "trailing slash and path": [
        at("https://hook.example/proxy/sms", signed_for="https://hook.example/sms/"),
        at("https://hook.example/SMS", signed_for="https://hook.example/sms/"),
    ],
    "trailing slash": [
        at("https://hook.example/sms/", signed_for="https://hook.example/sms"),
        at("https://hook.example/sms", signed_for="https://hook.example/sms/"),
        at("https://hook.example/", signed_for="https://hook.example"),
        at("https://hook.example?x=1", signed_for="https://hook.example/?x=1"),
    ],
    "path": [
        at(LONG),
        at(
            "https://hook.example/sms",
            ("X-Forwarded-Prefix", "/hooks/"),
            signed_for="https://hook.example/hooks/sms",
        ),
        at(
            "https://hook.example/in",
            ("X-Original-URI", "/a/b"),
            signed_for="https://hook.example/a/b",
        ),
        at(
            "https://hook.example/in",
            ("X-Original-URL", "http://x/a/b"),
            signed_for="https://hook.example/a/b",
        ),
        at("https://hook.example/a/b", signed_for="https://hook.example/a//b"),
        at("https://hook.example/a//b", signed_for="https://hook.example/a/b"),
        at("https://hook.example/SMS", signed_for="https://hook.example/sms"),
    ],
    "path encoding": [
        at("https://hook.example/a b/é", signed_for="https://hook.example/a%20b/%C3%A9"),
        at("https://hook.example/a%20b", signed_for="https://hook.example/a b"),
        at("https://hook.example/%c3%a9", signed_for="https://hook.example/%C3%A9"),
    ],
    "query": [
        at(URL + "&token=hidden"),
        at(URL, signed_for="https://hook.example/twilio/sms"),
        at(
            "https://hook.example/sms",
            ("X-Original-URI", "/sms?a=1"),
            signed_for="https://hook.example/sms?a=1",
        ),
        at(URL.rstrip("&"), signed_for=URL + "&"),
        at("https://hook.example/sms", signed_for="https://hook.example/sms?"),
    ],
    "query order": [
        at("https://h.example/?a=1&b=2&c=3", signed_for="https://h.example/?b=2&c=3&a=1"),
        at("https://h.example/?a=1&b=2", signed_for="https://h.example/?b=2&a=1"),
        at(
            "https://h.example/?e=5&d=4&c=3&b=2&a=1",
            signed_for="https://h.example/?a=1&b=2&c=3&d=4&e=5",
        ),
    ],
    "query encoding": [
        at(URL.replace("%20", "+")),
        at(URL, signed_for=URL.replace("%20", "+")),
        at(URL.replace("%20", " ")),
        at("https://h.example/?a=it%27s%2C", signed_for="https://h.example/?a=it's,"),
        at("https://h.example/?a=it's", signed_for="https://h.example/?a=it%27s"),
        at("https://h.example/?a=x@y:z", signed_for="https://h.example/?a=x%40y%3Az"),
        at("https://h.example/?a=%C3%A9", signed_for="https://h.example/?a=%c3%a9"),
        at("https://h.example/?a=&b=1", signed_for="https://h.example/?a&b=1"),
        at("https://h.example/?a&b=1", signed_for="https://h.example/?a=&b=1"),
        at("https://h.example/?a=1&b=1", signed_for="https://h.example/?a=1&amp;b=1"),
    ],
    "fragment": [
        at(URL, signed_for=URL + "#rc=3&rp=all"),
        at(URL + "#rc=2", signed_for=URL + "#rc=2"),
    ],
    "url": [at(f" {URL}\n"), at("hook.example/sms", signed_for="https://hook.example/sms")],
    "url and scheme": [at("hook.example/sms", signed_for="http://hook.example/sms")],
    "scheme and path": [at(LONG.replace("https", "http"))],
    "scheme and query": [at(HTTP + "&token=hidden")],
    "scheme and host and path": [
        at(LONG.replace("https://hook.example", "http://127.0.0.1:8080"), ("Host", "hook.example"))
    ],
    "scheme and trailing slash and query": [
        at("http://h.example/sms/?a=1", signed_for="https://h.example/sms")
    ],
    "path and query": [
        at(
            "https://h.example/in",
            ("X-Original-URI", "/a?b=1"),
            signed_for="https://h.example/a?b=1",
        )
    ],
}


@pytest.mark.parametrize(
    ("request_", "cause"),
    [(request, cause) for cause, requests in WRONG_URLS.items() for request in requests],
)
def test_a_changed_url_is_named_as_the_cause(request_: SignedRequest, cause: str):
    assert causes(request_) == cause


def form(signed_as: dict | str | list, seen_as: dict | list, **more) -> SignedRequest:
    return seen(made(params=signed_as), params=seen_as, **more)


def body(raw: bytes, signed_as: dict | str = SMS) -> SignedRequest:
    return seen(made(params=signed_as), body=raw)


TEXT = "Grüße — 5 €\nbis morgen "
GEO = dict.fromkeys(
    ("FromState", "FromZip", "FromCountry", "ToCity", "ToState", "ToZip", "ToCountry"), ""
)
STATUS = {"MessageSid": "SM1", "MessageStatus": "sent", "SmsSid": "SM1", "SmsStatus": "sent"}

WRONG_FORMS = {
    "extra parameter": [
        form(SMS, changed(csrf="x")),
        form(SMS, changed(tenant="blue", x="a b")),  # request.values of Flask: the query too
        form(SMS, [("a", ""), *SMS.items()]),
    ],
    "missing parameter": [
        form(SMS | GEO, SMS),
        form(changed(Body=""), without("Body")),
        form(changed(Body="") | GEO, without("Body")),
        form(changed(ToCity="", ToZip=""), SMS),
        form(SMS, without("SmsMessageSid")),
        form(SMS, without("ApiVersion")),
        form(SMS, without("NumMedia", "NumSegments", "SmsStatus")),
        form(STATUS, {"MessageSid": "SM1", "MessageStatus": "sent"}),
    ],
    "parameter encoding": [
        form(SMS, changed(From=" 15005550006", To=" 15005550009")),
        form(changed(Body="1+1=2"), changed(Body="1 1=2", From=" 15005550006", To=" 15005550009")),
        form(
            changed(Body="a b"),
            {name: quote_plus(value) for name, value in (SMS | {"Body": "a b"}).items()},
        ),
        form(SMS, {name: quote(value) for name, value in SMS.items()}),
        form(changed(Body="a < b & c"), changed(Body="a &lt; b &amp; c")),
    ],
    "whitespace": [
        form(changed(Body="Yes "), changed(Body="Yes")),
        form(changed(Body="Yes\n"), changed(Body="Yes")),
        form(changed(Body="\r\nYes"), changed(Body="Yes")),
        form(changed(FromCity=" PARIS"), SMS),
        form(SMS, changed(Body=SMS["Body"] + " ")),
    ],
    "line endings": [
        form(changed(Body="a\nb"), changed(Body="a\r\nb")),
        form(changed(Body="a\r\nb"), changed(Body="a\nb")),
    ],
    "charset": [
        form(changed(Body=TEXT), changed(Body=TEXT.encode().decode("cp1252"))),
        form(changed(Body="Grüße"), changed(Body="Grüße".encode().decode("latin-1"))),
        body(urlencode(changed(Body=TEXT), encoding="cp1252").encode(), changed(Body=TEXT)),
        body("Body=Grüße".encode("latin-1"), {"Body": "Grüße"}),
        seen(made(params=changed(Body="Grüße"), charset="latin-1"), params=changed(Body="Grüße")),
        form(changed(Body="e\u0301"), changed(Body="é")),
        form(changed(Body="é"), changed(Body="e\u0301")),
    ],
    "repeated parameter": [
        form([("a", "1"), ("b", "2")], [("a", "1"), ("a", "3"), ("b", "2")]),
        form([("a", "3"), ("b", "2")], [("a", "1"), ("a", "3"), ("b", "2")]),
    ],
    "parameter order": [
        form("b2a1", [("b", "2"), ("a", "1")]),
        form("a1B2", [("B", "2"), ("a", "1")]),
        form("a1a1", [("a", "1"), ("a", "1")]),
    ],
    "content type": [
        seen(made(), content_type=kind) for kind in ("application/json", "", "text/plain")
    ],
    "body": [
        form("", SMS),
        seen(made(params=""), body=b'{"a": 1}', content_type="application/json"),
        seen(made(params=""), body=b"\xff", content_type=FORM),
    ],
    "method": [
        seen(made(params=""), method="GET"),
        seen(made(f"{URL}&{urlencode(SMS)}", "")),
        seen(made(f"{URL}&{urlencode(SMS, quote_via=quote)}", "")),
        seen(made("https://h.example/?" + urlencode(SMS), ""), "https://h.example/"),
        seen(
            made("https://h.example/"),
            "https://h.example/?" + urlencode(SMS),
            method="GET",
            body=b"",
        ),
        seen(made(), method="GET"),
        seen(made(params={"a": "1"}), params={"a": "1"}, method="get"),
    ],
    "method and content type": [seen(made(), method="GET", content_type="text/plain")],
    "method and parameter encoding": [
        seen(made(params=changed(Body="1+1")), params=changed(Body="1 1"), method="GET")
    ],
    "scheme and method": [seen(made(), HTTP, method="GET")],
    "content type and extra parameter": [
        seen(made(), params=changed(csrf="x"), content_type="text/plain")
    ],
    "scheme and extra parameter": [seen(made(), HTTP, changed(tenant="blue", x="a b"))],
    "scheme and missing parameter": [seen(made(params=SMS | GEO), HTTP)],
    "trailing slash and parameter encoding": [
        seen(
            made("https://h.example/sms/"),
            "https://h.example/sms",
            changed(From=" 15005550006", To=" 15005550009"),
        )
    ],
}


@pytest.mark.parametrize(
    ("request_", "cause"),
    [(request, cause) for cause, requests in WRONG_FORMS.items() for request in requests],
)
def test_changed_parameters_are_named_as_the_cause(request_: SignedRequest, cause: str):
    assert causes(request_) == cause


JSON = b'{\n  "b": "Gr\xc3\xbc\xc3\x9fe",\n  "a": "x/y"\n}'


def covered(
    raw: bytes, *, signed_as: bytes = JSON, url: str = URL, at: str = URL, token=PRIMARY
) -> SignedRequest:
    query = f"&bodySHA256={body_sha256(signed_as)}"
    return seen(
        made(url + query, "", token=token), at + query, body=raw, content_type="application/json"
    )


DOCUMENT = json.loads(JSON)
HASHED = f"{URL}&bodySHA256={body_sha256(urlencode(SMS).encode())}"
WRONG_BODIES = {
    "body": [
        covered(json.dumps(DOCUMENT).encode()),
        seen(made(HASHED), HASHED),
        covered(json.dumps(DOCUMENT, separators=(",", ":")).encode()),
        *(
            covered(json.dumps(DOCUMENT).encode(), signed_as=layout)
            for layout in (
                json.dumps(DOCUMENT, separators=(",", ":")).encode(),
                json.dumps(DOCUMENT, ensure_ascii=False).encode(),
                json.dumps(DOCUMENT, indent=4, sort_keys=True).encode(),
                b"",
            )
        ),
        covered(b'{"a": "changed"}'),
        covered(b"[" * 5000),
    ],
    "method and body": [
        seen(made(HASHED), HASHED, method="GET"),
    ],
    "whitespace": [
        covered(JSON + b"\n"),
        covered(JSON, signed_as=JSON + b"\n"),
        covered(b"\xef\xbb\xbf" + JSON),
    ],
    "line endings": [covered(JSON.replace(b"\n", b"\r\n"))],
    "charset": [covered(JSON.decode().encode("latin-1"))],
    "scheme": [covered(JSON, at=HTTP)],
    "secondary token": [covered(JSON, token=SECONDARY)],
    "scheme and body": [
        covered(json.dumps(DOCUMENT).encode(), at=HTTP),
        covered(b'{"a": "changed"}', at=HTTP),
    ],
    "query": [
        replace(covered(JSON), url=URL),
        seen(
            made(f"https://h.example/?bodySHA256={body_sha256(JSON)}", ""),
            "https://h.example/",
            body=JSON,
            content_type="application/json",
        ),
        seen(made(HASHED, "")),
    ],
}


@pytest.mark.parametrize(
    ("request_", "cause"),
    [(request, cause) for cause, requests in WRONG_BODIES.items() for request in requests],
)
def test_a_changed_hashed_body_is_named_as_the_cause(request_: SignedRequest, cause: str):
    assert causes(request_) == cause


def by(key: str, settings: str = "", algorithm: str = "sha1") -> SignedRequest:
    headers = ((SETTINGS, settings),) if settings else ()
    return seen(made(token=key, algorithm=algorithm), headers=headers)


NAMED = "key=key1,algorithm=HMAC_SHA256"
WRONG_KEYS = {
    "secondary token": [by(SECONDARY)],
    "another token": [by(OTHER)],
    "API secret": [by(API)],
    "empty token": [by("")],
    "token whitespace": [by(PRIMARY + "\n"), by(PRIMARY + " "), by(PRIMARY + "\r\n")],
    "algorithm": [by(PRIMARY, algorithm="sha256"), by(SHARED, NAMED, "sha1")],
    "shared key": [by(SHARED, "", "sha256"), by(SHARED_TOO, NAMED, "sha256"), by(SHARED)],
    "auth token": [by(PRIMARY, NAMED, "sha256")],
    "auth token and algorithm": [by(PRIMARY, NAMED)],
    "secondary token and algorithm": [by(SECONDARY, "", "sha256")],
    "scheme and secondary token": [seen(made(token=SECONDARY), HTTP)],
    "extra parameter and API secret": [
        seen(made(token=API), params=changed(tenant="blue", x="a b"))
    ],
}


@pytest.mark.parametrize(
    ("request_", "cause"),
    [(request, cause) for cause, requests in WRONG_KEYS.items() for request in requests],
)
def test_a_wrong_key_is_named_as_the_cause(request_: SignedRequest, cause: str):
    assert causes(request_) == cause


@pytest.mark.parametrize(
    ("token", "cause"),
    [
        (f" {PRIMARY}", "token whitespace"),
        (f"{PRIMARY}\n", "token whitespace"),
        (f'"{PRIMARY}"', "token whitespace"),
        ("ABC", "token case"),
    ],
)
def test_a_badly_copied_token_is_recognised(token: str, cause: str):
    right = token.strip(' "\n').lower()
    assert causes(seen(made(token=right)), Keys(auth_tokens=(Secret(token),))) == cause


def test_without_an_auth_token_the_other_keys_explain_a_mismatch():
    only_key = Keys(api_secrets=(Secret(API),))
    assert causes(seen(made()), only_key) == "no auth token"
    assert causes(seen(made(token=API)), only_key) == "API secret"
    assert causes(seen(made(token=API), HTTP), only_key) == "scheme and API secret"
    assert causes(by(SHARED, "key=key9,algorithm=HMAC_SHA256", "sha256")) == "shared key"
    assert causes(by("unknown", "key=key9,algorithm=HMAC_SHA256", "sha256")) == "unknown key"
    assert causes(by("unknown", "key=key1,algorithm=MD5")) == "unknown algorithm"


DIGEST = base64.b64decode(made())


@pytest.mark.parametrize(
    "signature",
    [
        DIGEST.hex(),
        DIGEST.hex().upper(),
        base64.b64encode(DIGEST.hex().encode()).decode(),
        made().rstrip("="),
        f" {made()}\r\n",
        f'"{made()}"',
        f"sha1={made()}",
        quote(made(), safe=""),
        made().replace("+", " "),
        base64.urlsafe_b64encode(DIGEST).decode(),
    ],
)
def test_a_re_encoded_signature_is_recognised(signature: str):
    assert causes(seen(signature)) == "signature encoding"


def test_a_missing_repeated_or_malformed_signature_is_named():
    assert causes(replace(seen(""), headers=())) == "no signature"
    assert causes(seen(made(), headers=(("x-twilio-signature", made()),))) == "several signatures"
    for malformed in ("", "x", "=" * 28, made()[:-3], made() * 2, "A" * 10_000):
        assert causes(seen(malformed)) == "malformed signature"


def test_a_found_cause_is_explained_in_sentences():
    verdict = diagnose(at(HTTP + "&token=hidden"), KEYS)
    assert verdict == Verdict(
        valid=False,
        cause="scheme and query",
        reason="The signature matches with https instead of http, "
        "and with the query string without token.",
        mend="Use https:// in the public URL, as configured in Twilio. "
        "A proxy or middleware adds token to the query string: verify the URL without it.",
    )
    assert diagnose(form(SMS | GEO, SMS), KEYS).reason == (
        "The signature matches with the empty parameters FromState, FromZip, FromCountry, ToCity, "
        "ToState, ToZip, ToCountry added."
    )


def test_a_valid_request_is_not_diagnosed():
    verdict = diagnose(seen(made()), KEYS)
    assert (verdict.valid, verdict.scheme, verdict.cause) == (True, "auth token", None)


REQUESTS = [
    request
    for table in (WRONG_URLS, WRONG_FORMS, WRONG_BODIES, WRONG_KEYS)
    for requests in table.values()
    for request in requests
]


def test_no_cause_is_named_without_a_matching_signature():
    """Forged signatures on all requests above: only causes that need no search may be named."""
    plain = {None, "unsigned body", "charset", "url", "malformed signature"}
    rng = random.Random(13)
    for request in REQUESTS:
        forged = base64.b64encode(rng.randbytes(20)).decode()
        headers = (("X-Twilio-Signature", forged), *request.headers[1:])
        verdict = diagnose(replace(request, headers=headers), KEYS)
        assert not verdict
        assert verdict.cause in plain
    verdict = diagnose(seen(made(token="nobody's")), KEYS)
    assert (verdict.cause, verdict.mend) == (None, None)
    assert verdict.reason == (
        "The signature does not match this URL, these parameters and this key. "
        "No cause was found: none of the usual changes makes it match."
    )


def test_a_form_signed_besides_its_hash_or_query_is_a_cause_of_its_own():
    """A sender that signs both the form and its hash, or its parameters, matches neither alone."""
    for url in (HASHED, f"{URL}&{urlencode(SMS)}", f"{HASHED}&{urlencode(SMS)}"):
        assert causes(seen(made(url))) is None
    assert causes(seen(made(f"{HASHED}&{urlencode(SMS)}", ""), HASHED)) is None


MANY = [(f"Parameter{number}", "x" * 20) for number in range(150)]
LARGE = SignedRequest(
    method="POST",
    url="http://h.example/a/b/c/d/e?" + "&".join(f"a{n}=%27%40" for n in range(60)),
    body=urlencode([*MANY, *SMS.items()]).encode(),
    content_type=FORM,
    headers=(
        ("X-Twilio-Signature", made()),
        *(("X-Forwarded-Host", f"h{n}.example:{n}") for n in range(90)),
        *(("X-Original-URI", f"/{n}?{n}") for n in range(90)),
        *(("X-Forwarded-Port", f"{n}") for n in range(90)),
        *(("X-Forwarded-Prefix", f"{n}") for n in range(90)),
    ),
)


EXTRA = {"csrf": "1"}


@pytest.mark.parametrize(
    ("signed_as", "seen_as", "cause"),
    [
        (SMS, EXTRA | SMS | {"trace": "2"}, "extra parameter"),
        (changed(Body="a"), EXTRA | changed(Body=" a "), "whitespace and extra parameter"),
        (
            changed(Body="a & b"),
            EXTRA | changed(Body="a &amp; b"),
            "parameter encoding and extra parameter",
        ),
        (
            changed(Body="a b"),
            without("SmsSid") | {"Body": "a%20b"},
            "parameter encoding and missing parameter",
        ),
        (
            changed(Body="a & b") | GEO,
            changed(Body="a &amp; b"),
            "parameter encoding and missing parameter",
        ),
        (SMS, EXTRA | without("SmsSid"), "extra parameter and missing parameter"),
        (changed(Body="a\nb"), changed(Body=" a\r\nb "), "whitespace and line endings"),
        (changed(Body="a & b"), changed(Body="a%20%26amp;%20b"), "parameter encoding"),
        (changed(Body="é"), EXTRA | changed(Body="Ã©"), "extra parameter and charset"),
    ],
)
def test_two_changes_within_the_form_are_both_named(signed_as, seen_as, cause):
    request = form(signed_as, seen_as)

    assert causes(request) == cause
    assert ", and with " in diagnose(request, KEYS).reason


def test_the_work_is_bounded():
    for request in (*REQUESTS[::10], LARGE):
        headers = (("X-Twilio-Signature", made(token="nobody's")), *request.headers[1:])
        work = WorkBudget()
        assert not diagnose(replace(request, headers=headers), KEYS, work=work)
        assert -1 <= work.tries <= MOST_TRIES
        assert work.size > -200_000
    work = WorkBudget(tries=0)
    assert diagnose(at(HTTP), KEYS, work=work).cause is None
    assert work.tries == -1


def test_only_the_first_hundred_parameters_are_left_out_in_turn():
    pairs = sorted([*MANY, *SMS.items()])
    for index, cause in ((0, "extra parameter"), (99, "extra parameter"), (100, None), (161, None)):
        rest = pairs[:index] + pairs[index + 1 :]
        assert causes(form(rest, pairs)) == cause


def test_a_request_too_large_to_diagnose_is_still_not_valid():
    huge = seen(made(), HTTP, body=b"Body=" + b"x" * 1_000_000)
    work = WorkBudget()
    assert diagnose(huge, KEYS, work=work) == TOO_LARGE
    assert work == WorkBudget()


def test_untrusted_names_are_masked_and_shortened():
    name = "<script>\x1b[31m\u202e+15005550006" + "x" * 500
    verdict = diagnose(form(SMS, [(name, "1"), *SMS.items()]), KEYS)
    assert verdict.cause == "extra parameter"
    assert verdict.reason.isprintable()
    assert "5550006" not in repr(verdict)
    assert len(verdict.reason) < 200


def test_no_verdict_contains_the_key_of_the_jupyter_extension():
    key = "k" * 32
    verdict = diagnose(at(URL.replace("/twilio/", f"/twilio-widgets/{key}/twilio/")), KEYS)
    assert verdict.cause == "path"
    assert "the path without /twilio-widgets/•••• at its start" in verdict.reason
    assert key not in repr(verdict)


HOSTILE = [
    None,
    0,
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
    ((None,),),
    (("a", None),),
]


@pytest.mark.parametrize("field", ["method", "url", "body", "content_type", "headers"])
@pytest.mark.parametrize("value", HOSTILE)
def test_no_argument_makes_it_raise(field: str, value: object):
    request = seen(made(), HTTP)
    object.__setattr__(request, field, value)
    assert not diagnose(request, KEYS)
    assert not diagnose(value, KEYS)
    assert not diagnose(request, value)


@pytest.mark.parametrize("host", ["é..x", "xn--\u00df", "xn--0", ".", "-", "é" * 300, "é" * 90_000])
def test_an_invalid_host_name_does_not_raise(host: str):
    assert causes(at(f"https://{host}/")) is None


def test_random_requests_never_raise():
    rng = random.Random(15)
    alphabet = "aé😀\ud800\0%%%&&==[]@:/?# +\r\nxn--."
    text = lambda most: "".join(rng.choices(alphabet, k=rng.randint(0, most)))  # noqa: E731
    names = [
        "Host",
        "X-Forwarded-Host",
        "Forwarded",
        "X-Original-URI",
        "X-Forwarded-Port",
        "X-Forwarded-Prefix",
        SETTINGS,
    ]
    for _ in range(300):
        request = SignedRequest(
            method=rng.choice(["GET", "POST"]),
            url=rng.choice(["https://h", "http://", "", "https://[", "https://é"]) + text(20),
            body=text(30).encode("utf-8", "surrogatepass") + rng.randbytes(rng.randint(0, 2)),
            content_type=rng.choice([FORM, "application/json"]),
            headers=(
                ("X-Twilio-Signature", rng.choice([made(), text(30), "a" * 40])),
                *((rng.choice(names), text(20)) for _ in range(rng.randint(0, 5))),
            ),
        )
        assert not diagnose(request, KEYS, work=WorkBudget(tries=300))


def test_the_repr_of_a_guess_contains_no_key():
    """A traceback may print every variable, and some of these hold the keys."""
    tried = signers(by(PRIMARY), KEYS, "sha1")
    assert len(tried.guesses) > 8
    for secret in (PRIMARY, SECONDARY, OTHER, API, SHARED):
        assert secret not in f"{tried!r} {tried.same[0]} {tried.guesses[0].text!s}"


def test_the_search_signs_as_twilio_documents():
    """The tables above sign by hand; the library's own signer agrees."""
    assert made() == sign(URL, SMS, PRIMARY)
    assert (
        base64.b64decode(made(algorithm="sha256"))
        == hmac.new(PRIMARY.encode(), (URL + joined(SMS.items())).encode(), hashlib.sha256).digest()
    )


def forged(rng: random.Random) -> SignedRequest:
    """Return a request with a random signature, a query string and a path that invite guesses."""
    signature = base64.b64encode(rng.randbytes(20)).decode()
    query = "&".join(f"{rng.choice('abc')}={rng.choice(['1', 'x+y', '%5B'])}" for _ in range(4))
    return SignedRequest(
        method="POST",
        url=f"https://hook.example/proxy/sms?{query}",
        body=b"Body=Hi+there&From=%2B15005550006",
        content_type=FORM,
        headers=(("X-Twilio-Signature", signature),),
    )


def computed_without_a_cause(tries: int, seed: int) -> int:
    """Diagnose forgeries until `tries` signatures were computed; return how many were."""
    rng, computed = random.Random(seed), 0
    while computed < tries:
        work = WorkBudget()
        verdict = diagnose(forged(rng), KEYS, work=work)
        assert (verdict.valid, verdict.cause) == (False, None)
        computed += MOST_TRIES - work.tries
    return computed


def test_no_cause_is_named_without_a_match():
    assert computed_without_a_cause(20_000, seed=1) >= 20_000


@pytest.mark.long
@pytest.mark.timeout(900)
def test_no_cause_is_named_in_a_million_tries_without_a_match():
    assert computed_without_a_cause(1_000_000, seed=2) >= 1_000_000

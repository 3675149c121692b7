"""A request is Twilio's by its documented rules, or it is refused; no input gets further."""

from __future__ import annotations

import base64
import hashlib
import hmac
import pickle
import random
import string
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

import pytest

from twilio_widgets import ApiKeyConnection, AuthTokenConnection
from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.core.signature import body_sha256, sign
from twilio_widgets.signature.keys import Keys
from twilio_widgets.signature.presented import FORM, SignedRequest, pairs_of
from twilio_widgets.signature.verdict import Verdict
from twilio_widgets.signature.verify import verify

TOKEN = "12345"
KEYS = Keys(auth_tokens=(Secret(TOKEN),))
CALL = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}
OTHER_CALL = CALL | {"Caller": "+14158675310", "From": "+14158675310"}
SMS = {"Body": "Héllo 👍 & more", "From": "+15005550006"}
DIGITS = [("Sid", "CA123"), ("SidAccount", "AC123")] + [
    ("Digits", d) for d in ["5678", "1234", "1234"]
]
PATH = "/myapp.php?foo=1&bar=2"
JSON = b'{"property": "value", "boolean": true}'
JSON_HASH = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
URL = f"https://mycompany.com{PATH}"
SIGNED = "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def presented(url=URL, params=CALL, signature: object = SIGNED, **more) -> SignedRequest:
    headers = (("X-Twilio-Signature", signature),) if signature is not None else ()
    fields = {
        "method": "POST",
        "body": urlencode(params).encode(),
        "content_type": FORM,
        "headers": headers,
    }
    return SignedRequest(url=url, **(fields | more))


def signed(
    url: str, params=(), *, as_url: str | None = None, token: str = TOKEN, **more
) -> SignedRequest:
    """A request whose signature was made for `url`, and which is presented as `as_url`."""
    pairs = list(params.items()) if isinstance(params, dict) else list(params)
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return presented(as_url or url, pairs, sign(url, grouped, token), **more)


def outcome(verdict: Verdict) -> tuple[bool, str | None]:
    return verdict.valid, verdict.cause


VECTORS = [
    (f"https://example.com{PATH}", OTHER_CALL, "L/OH5YylLD5NRKLltdqwSvS0BnU="),
    (URL, CALL, SIGNED),
    (f"https://mycompany.com:443{PATH}", CALL, "kvajT1Ptam85bY51eRf/AJRuM3w="),
    (f"http://mycompany.com:80{PATH}", CALL, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
    (f"http://mycompany.com:1234{PATH}", CALL, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
    (URL, DIGITS, "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
    ("https://example.com/sms", SMS, "CR8eXEG8BBpN6XLO1lPiX8PhoqM="),
    # Signed with the standard port and seen without, and the other way round.
    (URL, CALL, "kvajT1Ptam85bY51eRf/AJRuM3w="),
    (f"http://mycompany.com{PATH}", CALL, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
    (f"https://mycompany.com:8443{PATH}", CALL, SIGNED),
]


@pytest.mark.parametrize(("url", "params", "signature"), VECTORS)
def test_the_published_vectors_are_valid(url: str, params: object, signature: str):
    verdict = verify(presented(url, params, signature), KEYS)
    assert verdict == Verdict(
        valid=True,
        reason="The signature is Twilio's, made with the auth token.",
        scheme="auth token",
    )
    assert verdict


def test_the_published_json_request_is_valid():
    json = presented(
        f"{URL}&bodySHA256={JSON_HASH}",
        signature="a9nBmqA0ju/hNViExpshrM61xv4=",
        body=JSON,
        content_type="application/json",
    )
    assert verify(json, KEYS).valid
    # The raw body counts, whatever it is said to be.
    assert verify(replace(json, content_type=FORM), KEYS).valid
    assert verify(replace(json, content_type=""), KEYS).valid
    assert outcome(verify(replace(json, body=JSON + b" "), KEYS)) == (False, "body")
    assert outcome(verify(replace(json, body=b""), KEYS)) == (False, "body")


JSON_URL = "https://a.example/x?"


@pytest.mark.parametrize(
    ("url", "valid"),
    [
        (f"{JSON_URL}bodySHA256={body_sha256(JSON)}", True),
        (f"{JSON_URL}%62odySHA256={body_sha256(JSON)}", True),
        (f"{JSON_URL}bodySHA256={body_sha256(JSON)}&bodySHA256={body_sha256(JSON)}", True),
        (f"{JSON_URL}bodySHA256={body_sha256(JSON)}&bodySHA256={body_sha256(b'')}", False),
        (f"{JSON_URL}bodySHA256={body_sha256(b'')}&bodySHA256={body_sha256(JSON)}", False),
        (f"{JSON_URL}bodySHA256={body_sha256(JSON).upper()}", False),
        (f"{JSON_URL}bodySHA256={body_sha256(JSON)[:-1]}", False),
        (f"{JSON_URL}bodySHA256=", False),
        (f"{JSON_URL}bodySHA256", False),
        (f"{JSON_URL}bodysha256={body_sha256(JSON)}", False),
        (f"{JSON_URL}x=bodySHA256={body_sha256(JSON)}", False),
        (JSON_URL, False),
    ],
)
def test_a_json_body_is_covered_by_its_own_hash_only(url: str, valid: bool):
    request = signed(url, body=JSON, content_type="application/json")
    assert verify(request, KEYS).valid is valid


@pytest.mark.parametrize(
    "content_type", ["application/json", "", "text/plain", "multipart/form-data; boundary=x"]
)
def test_an_unsigned_body_is_rejected(content_type: str):
    """Otherwise a signed URL could be sent again with any body at all."""
    request = signed(
        "https://a.example/x", body=b'{"MessageSid": "SM1"}', content_type=content_type
    )
    assert outcome(verify(request, KEYS)) == (False, "unsigned body")
    assert verify(replace(request, body=b""), KEYS).valid


def test_json_declared_a_form_and_a_form_declared_json_are_rejected():
    form = signed("https://a.example/x", SMS)
    assert verify(form, KEYS).valid
    assert outcome(verify(replace(form, content_type="application/json"), KEYS)) == (
        False,
        "unsigned body",
    )
    assert not verify(replace(form, body=JSON), KEYS).valid


def test_a_get_is_signed_in_its_url_and_carries_no_body():
    url = "https://a.example/sms?From=%2B15005550006&Body=Hi+there&Body=%F0%9F%91%8D"
    request = signed(url, method="GET", body=b"", content_type="")
    assert verify(request, KEYS).valid
    assert request.parameters == (("From", "+15005550006"), ("Body", "Hi there"), ("Body", "👍"))
    assert outcome(verify(replace(request, body=b"Body=Other", content_type=FORM), KEYS)) == (
        False,
        "unsigned body",
    )


@pytest.mark.parametrize(
    ("as_signed", "as_seen"),
    [
        ("https://h.example:8443/p", "https://h.example:8443/p"),
        ("https://h.example/p", "https://h.example:8443/p"),
        ("https://h.example:443/p", "https://h.example/p"),
        ("http://h.example:80/p", "http://h.example/p"),
        ("https://h.example/p", "https://user:pass@h.example/p"),
        ("https://h.example:8443/p", "https://user:pass@h.example:8443/p"),
        ("https://h.example/p", "https://user:pass@h.example:8443/p"),
        ("https://h.example:443/p", "https://user:p@ss@h.example/p"),
        ("https://[2001:db8::1]:8443/p", "https://[2001:db8::1]:8443/p"),
        ("https://[2001:db8::1]/p", "https://[2001:db8::1]:8443/p"),
        ("https://[2001:db8::1]:443/p", "https://[2001:db8::1]/p"),
        ("https://h.example/p", "https://h.example/p#rc=3&rp=all"),
        ("https://h.example/p?x=1", "https://h.example/p?x=1#?"),
        ("https://h.example/p?", "https://h.example/p?"),
        ("https://h.example/p", "https://h.example/p?"),
        ("https://h.example", "https://h.example"),
        ("https://h.example?x=1", "https://h.example?x=1"),
        ("https://h.example/p;", "https://h.example/p;"),
        ("https://h.example//p/../q/%2F%2f", "https://h.example//p/../q/%2F%2f"),
        ("https://h.example/p", "HTTPS://h.example/p"),
        # Twilio requests some characters escaped that it has signed in plain.
        ("https://h.example/p?Body=you're", "https://h.example/p?Body=you%27re"),
        (
            "https://h.example/p?Caller=sip:1@2.3.4.5&x=%2B",
            "https://h.example/p?Caller=sip%3A1%402.3.4.5&x=%2B",
        ),
        ("https://h.example:443/p?a=:", "https://h.example/p?a=%3a"),
    ],
)
def test_a_url_verifies_in_every_form_that_twilio_signs(as_signed: str, as_seen: str):
    assert verify(signed(as_signed, SMS, as_url=as_seen), KEYS).valid
    assert verify(signed(as_signed, SMS, as_url=as_seen, token="other"), KEYS).valid is False


@pytest.mark.parametrize(
    ("as_signed", "as_seen"),
    [
        ("https://h.example:8443/p", "https://h.example/p"),
        ("https://h.example:8443/p", "https://h.example:9443/p"),
        ("https://h.example:80/p", "https://h.example/p"),
        ("http://h.example/p", "https://h.example/p"),
        ("https://H.example/p", "https://h.example/p"),
        ("https://h.example/P", "https://h.example/p"),
        ("https://h.example/p/", "https://h.example/p"),
        ("https://h.example/", "https://h.example"),
        ("https://h.example/%2f", "https://h.example/%2F"),
        ("https://h.example/p?b=2&a=1", "https://h.example/p?a=1&b=2"),
        ("https://h.example/p?a=1+2", "https://h.example/p?a=1%202"),
        ("https://h.example/p@", "https://h.example/p%40"),
        ("https://h.example/p?a=@", "https://h.example/p?a=%2540"),
        ("https://h.example/p#rc=3", "https://h.example/p#rc=3"),
        ("https://h.example/p ", "https://h.example/p"),
    ],
)
def test_any_other_url_is_rejected(as_signed: str, as_seen: str):
    assert outcome(verify(signed(as_signed, SMS, as_url=as_seen), KEYS)) == (False, None)


@pytest.mark.parametrize(
    ("as_signed", "as_seen"),
    [
        ("https://user:pass@h.example/p", "https://user:pass@h.example/p"),
        ("https://user:pass@h.example:8443/p", "https://user:pass@h.example:8443/p"),
        ("https://user:pass@h.example/p", "https://user:pass@h.example:8443/p"),
        ("https://user:pass@h.example:443/p", "https://user:pass@h.example/p"),
    ],
)
def test_a_signature_over_the_user_info_is_accepted_and_named(as_signed: str, as_seen: str):
    """Twilio's libraries differ in it, and either form needs the token."""
    verdict = verify(signed(as_signed, SMS, as_url=as_seen), KEYS)
    assert outcome(verdict) == (True, None)
    assert verdict.reason.endswith("It covers the user name and password of the URL.")


@pytest.mark.parametrize("url", ["wss://h.example/media", "WS://h.example/media"])
def test_a_web_socket_is_not_a_webhook(url: str):
    verdict = verify(signed(url, {}, as_url=url), KEYS)
    assert verdict.cause == "url"
    assert "Twilio calls one for Media Streams" in verdict.reason


def test_two_different_body_hashes_are_named_as_such():
    body = b"{}"
    url = f"https://h.example/p?bodySHA256={body_sha256(body)}&bodySHA256={'0' * 64}"
    request = replace(signed(url, {}), body=body, content_type="application/json", method="POST")
    verdict = verify(request, KEYS)
    assert (verdict.valid, verdict.cause) == (False, "body")
    assert "bodySHA256 more than once" in verdict.reason


@pytest.mark.parametrize(
    "url",
    ["", "h.example/p", "//h.example/p", "ftp://h.example/", "https://", "https:///p", "https://:443/",
     "https://h:99999/", "https://h:x/", "https://h:１/", "https://h:-1/", "https://h:80:80/",
     "https://[::1/", "https://::1]/", "https://[]/", "https://u@/", "https://h/\n",
     "https://h/\0", "https://h/\ud800", "\x00https://h/",
     "https://h:" + "9" * 5000 + "/"],
)  # fmt: skip
def test_a_url_that_twilio_cannot_call_is_rejected(url: str):
    assert outcome(verify(presented(url, signature=sign(url, CALL, TOKEN)), KEYS)) == (False, "url")


def test_every_parameter_is_signed_unchanged():
    pairs = [
        ("b", "2"),
        ("a", ""),
        ("a", " x\r\n"),
        ("", "no name"),
        ("B", "1"),
        ("a", ""),
        ("ä", "😀"),
        ("\uffee", ""),
    ]
    request = signed(URL, pairs)
    assert request.parameters == tuple(pairs)
    assert verify(request, KEYS).valid
    for index in range(len(pairs)):
        rest = pairs[:index] + pairs[index + 1 :]
        # A repeated pair is signed once.
        twice = pairs[index] == ("a", "")
        assert verify(replace(request, body=urlencode(rest).encode()), KEYS).valid is twice


def test_a_form_is_parsed_as_the_standard_library_parses_it():
    rng = random.Random(4)
    pieces = [
        "a",
        "B",
        "=",
        "&",
        "+",
        "%2B",
        "%26",
        "%3D",
        "%",
        "%4",
        "%zz",
        ";",
        "é",
        "%C3%A9",
        "",
        "%00",
        "==",
        "&&",
    ]
    for _ in range(2000):
        form = "".join(rng.choices(pieces, k=rng.randint(0, 9)))
        expected = tuple(parse_qsl(form, keep_blank_values=True))
        assert pairs_of(form.encode(), errors="replace") == expected


@pytest.mark.parametrize(
    "body",
    [b"Body=\xff", b"Body=%FF", b"\xc3=1", b"Body=%C3", b"Body=Gr\xfc\xdfe", b"Body=%ED%A0%80"],
)
def test_a_form_that_is_not_utf_8_is_refused(body: bytes):
    assert outcome(verify(presented(body=body), KEYS)) == (False, "charset")


@pytest.mark.parametrize(
    "content_type", [f"{FORM}; charset=utf-8", f" {FORM.upper()} ;x", f"{FORM};"]
)
def test_a_form_is_recognised_by_its_media_type(content_type: str):
    assert verify(presented(content_type=content_type), KEYS).valid


@pytest.mark.parametrize(
    "signature",
    ["", " ", "=", "A" * 27 + "=", "é" * 28, "\ud800", "\0" * 28, "x" * 100_000,
     SIGNED + " ", " " + SIGNED, SIGNED[:-1], SIGNED.lower(), SIGNED[:-2] + "9=", SIGNED + SIGNED,
     f"{SIGNED},{SIGNED}", f"sha1={SIGNED}",
     SIGNED.replace("/", "_"), base64.b64decode(SIGNED).hex()],
)  # fmt: skip
def test_no_other_signature_is_accepted(signature: str):
    verdict = verify(presented(signature=signature), KEYS)
    assert not verdict
    assert verdict.cause in {None, "malformed signature"}


def test_there_is_exactly_one_signature():
    assert outcome(verify(presented(signature=None), KEYS)) == (False, "no signature")
    for second in (SIGNED, "wrong", ""):
        for name in ("X-Twilio-Signature", "x-twilio-signature"):
            pair = (("X-TWILIO-SIGNATURE", SIGNED), (name, second))
            for headers in (pair, pair[::-1]):
                assert outcome(verify(presented(headers=headers), KEYS)) == (
                    False,
                    "several signatures",
                )
                assert presented(headers=headers).signature is None
    assert presented(headers=(("x-TWILIO-signature", SIGNED),)).signature == SIGNED


def test_only_the_primary_auth_token_verifies():
    secret = (Secret(TOKEN),)
    for field in ("secondary_tokens", "other_tokens", "api_secrets"):
        assert outcome(verify(presented(), Keys(**{field: secret}))) == (False, "no auth token")
        keys = Keys(auth_tokens=(Secret("another"),), **{field: secret})
        assert outcome(verify(presented(), keys)) == (False, None)
    keys = Keys(auth_tokens=(Secret("another"), Secret(TOKEN)))
    assert verify(presented(), keys).valid  # while the token is being changed, both are primary


def test_an_empty_token_counts_as_no_token():
    """Anyone can sign with nothing."""
    request = signed(URL, CALL, token="")
    keys = Keys(auth_tokens=(Secret(""), ""), shared_keys={"k": Secret("")})
    assert outcome(verify(request, keys)) == (False, "no auth token")
    headers = (
        *request.headers,
        ("X-Twilio-Webhooks-Signature-Settings", "key=k,algorithm=HMAC_SHA1"),
    )
    assert outcome(verify(replace(request, headers=headers), keys)) == (False, "unknown key")


def test_the_keys_of_a_connection():
    account, key = "AC" + "0" * 32, "SK" + "0" * 32
    by_token = AuthTokenConnection(account, TOKEN)
    by_key = ApiKeyConnection(account, key, "secret")
    by_both = ApiKeyConnection(account, key, "secret", TOKEN)
    assert Keys.of(by_token) == KEYS
    assert Keys.of(by_key) == Keys(api_secrets=(Secret("secret"),))
    assert Keys.of(by_both) == replace(KEYS, api_secrets=(Secret("secret"),))
    assert Keys.of(by_token, {"k": Secret("s")}) == replace(KEYS, shared_keys={"k": Secret("s")})


SHARED = Keys(
    auth_tokens=(Secret(TOKEN),), shared_keys={"key1": Secret("shared"), "key2": Secret("other")}
)
SETTINGS = "X-Twilio-Webhooks-Signature-Settings"


def shared(
    settings: str | tuple[str, ...], secret: str = "shared", algorithm: str = "sha256"
) -> SignedRequest:
    message = URL + "".join(name + CALL[name] for name in sorted(CALL))
    made = base64.b64encode(hmac.digest(secret.encode(), message.encode(), algorithm)).decode()
    values = (settings,) if isinstance(settings, str) else settings
    return presented(
        headers=(("X-Twilio-Signature", made), *((SETTINGS, value) for value in values))
    )


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (shared("key=key1,algorithm=HMAC_SHA256"), (True, None)),
        (shared(" algorithm = hmac_sha256 , key = key1 , v=2"), (True, None)),
        (shared("key=key2,algorithm=HMAC_SHA256", "other"), (True, None)),
        (shared("key=key1,algorithm=HMAC_SHA1", algorithm="sha1"), (True, None)),
        (shared("key=key1", algorithm="sha1"), (True, None)),
        (shared("key=key1"), (False, "malformed signature")),
        (shared("key=key1,algorithm=HMAC_SHA1"), (False, "malformed signature")),
        (shared("key=key1,algorithm=HMAC_SHA256", "other"), (False, None)),
        (shared("key=key1,algorithm=HMAC_SHA256", TOKEN), (False, None)),
        (shared("key=key1,algorithm=HMAC_SHA1", TOKEN, "sha1"), (False, None)),
        (shared("key=key3,algorithm=HMAC_SHA256"), (False, "unknown key")),
        (shared("key=KEY1,algorithm=HMAC_SHA256"), (False, "unknown key")),
        (shared("key=key1,algorithm=HMAC_MD5", algorithm="md5"), (False, "unknown algorithm")),
        (shared("key=key1,algorithm=sha256"), (False, "unknown algorithm")),
        (shared("key=key1,algorithm=none"), (False, "unknown algorithm")),
        (shared("algorithm=HMAC_SHA256"), (False, "signature settings")),
        (shared("key=,algorithm=HMAC_SHA256"), (False, "signature settings")),
        (shared("key1"), (False, "signature settings")),
        (shared("key=key1,key=key2,algorithm=HMAC_SHA256"), (False, "signature settings")),
        (shared("key=key1,algorithm=HMAC_SHA256,algorithm="), (False, "signature settings")),
        (shared(("key=key1,algorithm=HMAC_SHA256",) * 2), (False, "signature settings")),
        (shared(("", "key=key1,algorithm=HMAC_SHA256")), (False, "signature settings")),
        # No settings: the auth token, and never a shared key.
        (shared(""), (False, "malformed signature")),
        (shared("", algorithm="sha1"), (False, None)),
        (shared("", TOKEN, "sha1"), (True, None)),
        (shared((), TOKEN, "sha1"), (True, None)),
    ],
)  # fmt: skip
def test_a_shared_key_verifies_requests_that_name_it(request_: SignedRequest, expected: tuple):
    verdict = verify(request_, SHARED)
    assert outcome(verdict) == expected
    settings = "".join(request_.values_of(SETTINGS.lower()))
    scheme = "shared key" if settings else "auth token"
    assert verdict.scheme == (scheme if verdict else None)


@pytest.mark.parametrize(
    "method", ["PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "", "POST ", "GET\0"]
)
def test_twilio_uses_post_and_get_only(method: str):
    assert outcome(verify(presented(method=method), KEYS)) == (False, "method")


def flips(text: bytes):
    for index in range(len(text)):
        for bit in range(8):
            yield text[:index] + bytes([text[index] ^ (1 << bit)]) + text[index + 1 :]


def test_one_changed_bit_anywhere_is_rejected():
    url = "https://host.example:8443/sms/in?q=a%2Bb&x=1"
    request = signed(url, SMS | {"MessageSid": "SM" + "0f" * 16, "Empty": ""})
    assert verify(request, KEYS).valid
    tried = 0
    for changed in flips(url.encode()):
        again = replace(request, url=changed.decode("latin-1"))
        same = again.url[:5].lower() + again.url[5:] == url  # the scheme's case means nothing
        assert verify(again, KEYS).valid is same, changed
        tried += 1
    for changed in flips(request.body):
        again = replace(request, body=changed)
        try:
            same = again.parameters == request.parameters  # %c3 is %C3
        except UnicodeDecodeError:
            same = False
        assert verify(again, KEYS).valid is same, changed
        tried += 1
    for changed in flips(request.signature.encode()):
        again = replace(request, headers=(("X-Twilio-Signature", changed.decode("latin-1")),))
        assert not verify(again, KEYS).valid, changed
        tried += 1
    for changed in flips(TOKEN.encode()):
        assert not verify(request, Keys(auth_tokens=(Secret(changed.decode("latin-1")),))).valid
        tried += 1
    assert tried > 1400


def forgeries(count: int, seed: int) -> int:
    rng = random.Random(seed)
    request, accepted = presented(), 0
    for _ in range(count):
        made = base64.b64encode(rng.randbytes(20)).decode()
        accepted += verify(replace(request, headers=(("X-Twilio-Signature", made),)), KEYS).valid
    return accepted


def test_no_forgery_is_accepted():
    assert forgeries(5_000, seed=1) == 0


@pytest.mark.long
@pytest.mark.timeout(900)
def test_none_of_a_million_forgeries_is_accepted():
    assert forgeries(1_000_000, seed=2) == 0


HOSTILE = [
    None, 0, -1, 1.5, True, b"", b"\xff", "", "\ud800", "\0", [], {}, (), object(), "é" * 1000,
    [None], ((None,),), (("a",),), (("a", None),), (("a", "b", "c"),), ("ab",),
]  # fmt: skip


@pytest.mark.parametrize("field", ["method", "url", "body", "content_type", "headers"])
@pytest.mark.parametrize("value", HOSTILE)
def test_no_argument_makes_it_raise(field: str, value: object):
    verdict = verify(presented(**{field: value}), KEYS)
    assert type(verdict) is Verdict
    # Without parameters the signature cannot be right, and a form is what was signed.
    assert not verdict


@pytest.mark.parametrize("value", HOSTILE)
def test_a_missing_request_or_keys_do_not_raise(value: object):
    assert outcome(verify(value, KEYS)) == (False, "request")
    assert outcome(verify(presented(), value)) == (False, "request")


def test_random_requests_never_raise_and_are_never_accepted():
    rng = random.Random(24)
    alphabet = string.printable + "é😀\ud800\0%%%&&==[]@:/?#"
    text = lambda most: "".join(rng.choices(alphabet, k=rng.randint(0, most)))  # noqa: E731
    for _ in range(3000):
        request = SignedRequest(
            method=rng.choice(["GET", "POST", text(4)]),
            url=rng.choice(["https://h", "http://", ""]) + text(20),
            body=rng.randbytes(rng.randint(0, 30)),
            content_type=rng.choice([FORM, "application/json", text(9)]),
            headers=tuple(
                (
                    rng.choice(["X-Twilio-Signature", SETTINGS, text(5)]),
                    rng.choice([text(28), "key=key1,algorithm=HMAC_SHA256"]),
                )
                for _ in range(rng.randint(0, 4))
            ),
        )
        assert not verify(request, SHARED)


def test_the_repr_of_a_verdict_explains_it_and_contains_no_secret():
    shown = repr(verify(presented(signature=None), KEYS))
    assert shown == (
        "Not valid: The request has no X-Twilio-Signature header, "
        "so nothing proves that Twilio sent it.\n"
        "  Cause:       no signature\n"
        "  What to do:  If Twilio did send it, check that no proxy removes the header."
    )
    assert (
        repr(verify(presented(), KEYS))
        == "Valid: The signature is Twilio's, made with the auth token."
    )
    assert str(verify(presented(url=""), KEYS)).endswith("as configured in Twilio.")
    assert TOKEN not in repr(KEYS)
    verdict = verify(presented(), KEYS)
    assert pickle.loads(pickle.dumps(verdict)) == verdict  # it crosses to another process


def test_the_repr_of_a_request_contains_no_personal_data():
    shown = repr(presented(url="https://h.example/secret-path?From=%2B15005550006"))
    assert shown == f"SignedRequest(method='POST', content_type='{FORM}')"


def test_the_hash_is_of_the_body_alone():
    assert body_sha256(JSON) == hashlib.sha256(JSON).hexdigest() == JSON_HASH

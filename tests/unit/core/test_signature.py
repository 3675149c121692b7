"""The signature is Twilio's: its published vectors, and its own Python client as the judge."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.core.signature import body_sha256, sign

TOKEN = "12345"
CALL = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}
PATH = "/myapp.php?foo=1&bar=2"
BODY = b'{"property": "value", "boolean": true}'
BODY_HASH = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"

VECTORS = [
    (
        f"https://example.com{PATH}",
        CALL | {"Caller": "+14158675310", "From": "+14158675310"},
        "L/OH5YylLD5NRKLltdqwSvS0BnU=",
    ),
    (f"https://mycompany.com{PATH}", CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    (f"https://mycompany.com:443{PATH}", CALL, "kvajT1Ptam85bY51eRf/AJRuM3w="),
    (f"http://mycompany.com:80{PATH}", CALL, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
    (f"http://mycompany.com:1234{PATH}", CALL, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
    (
        f"https://mycompany.com{PATH}",
        {"Sid": "CA123", "SidAccount": "AC123", "Digits": ["5678", "1234", "1234"]},
        "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
    ),
    (f"https://mycompany.com{PATH}&bodySHA256={BODY_HASH}", {}, "a9nBmqA0ju/hNViExpshrM61xv4="),
    (
        "https://example.com/sms",
        {"Body": "Héllo 👍 & more", "From": "+15005550006"},
        "CR8eXEG8BBpN6XLO1lPiX8PhoqM=",
    ),
]


@pytest.mark.parametrize(("url", "params", "signature"), VECTORS)
def test_it_reproduces_twilios_published_vectors(url: str, params: dict, signature: str):
    assert sign(url, params, TOKEN) == signature


def test_body_hashes_match_known_values():
    assert body_sha256(BODY) == BODY_HASH
    assert (
        body_sha256(b'{"CallSid":"CA1234567890ABCDE","Caller":"+12349013030"}')
        == "5ccde7145dfb8f56479710896586cb9d5911809d83afbe34627818790db0aec9"
    )


def test_a_secret_signs_like_its_text():
    url, params, signature = VECTORS[1]
    assert sign(url, params, Secret(TOKEN)) == signature


def test_names_are_sorted_by_code_point():
    upper_before_lower = {"Zebra": "1", "apple": "2", "Äpfel": "3", "😀": "4", "\uffee": "5"}
    shuffled = dict(reversed(upper_before_lower.items()))
    assert sign("https://example.com/", upper_before_lower, TOKEN) == sign(
        "https://example.com/", shuffled, TOKEN
    )
    assert sign("https://example.com/Zebra1apple2Äpfel3\uffee5😀4", {}, TOKEN) == sign(
        "https://example.com/", upper_before_lower, TOKEN
    )


@pytest.mark.parametrize(
    ("url", "params", "token"),
    [
        (f"https://mycompany.com{PATH}", CALL, "12346"),
        (f"https://mycompany.com{PATH}", CALL | {"Digits": "1235"}, TOKEN),
        (f"https://mycompany.com{PATH}", CALL | {"Digits": "1234 "}, TOKEN),
        (f"https://mycompany.com{PATH}", CALL | {"Empty": ""}, TOKEN),
        (f"https://mycompany.com{PATH}/", CALL, TOKEN),
        (f"https://user@mycompany.com{PATH}", CALL, TOKEN),
        (f"https://MYcompany.com{PATH}", CALL, TOKEN),
        (f"http://mycompany.com{PATH}", CALL, TOKEN),
    ],
)
def test_changing_any_signed_value_changes_the_signature(url: str, params: dict, token: str):
    assert sign(url, params, token) != "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_a_repeated_value_counts_once_in_any_order():
    url = "https://example.com/"
    assert sign(url, {"A": ["b", "a", "b"]}, TOKEN) == sign(url, {"A": ("a", "b")}, TOKEN)
    assert sign(url, {"A": ["b"]}, TOKEN) == sign(url, {"A": "b"}, TOKEN)


def test_an_unpaired_surrogate_does_not_raise():
    assert len(sign("https://example.com/", {"Body": "\ud83d"}, TOKEN)) == 28


class MultiDict(dict):
    """What Flask hands to the official validator: several values under one name."""

    def getall(self, name: str) -> list[str]:
        return self[name]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
PARAMS = st.dictionaries(TEXT, st.lists(TEXT, min_size=1, max_size=3), max_size=6)


@settings(max_examples=2000, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=40), PARAMS, TEXT.filter(bool))
def test_every_signature_matches_the_official_client(path: str, params: dict, token: str):
    url = f"https://example.com/{path}"
    official = RequestValidator(token).compute_signature(url, MultiDict(params))
    assert sign(url, params, token) == official


def test_signatures_of_typical_webhooks_match_the_official_client():
    """Realistic names, kept apart from the wild ones above, so both kinds are surely met."""
    rng = random.Random(67)
    names = ["Body", "From", "To", "MessageSid", "NumMedia", "MediaUrl0", "FromCity", "SmsStatus"]
    texts = ["", "Hello", " padded ", "Grüße 👍", "+15005550006", "a=b&c=d", "100%", "\r\n"]
    for _ in range(500):
        params = {
            name: [rng.choice(texts) for _ in range(rng.randint(1, 2))]
            for name in rng.sample(names, rng.randint(0, len(names)))
        }
        url = rng.choice(["https://a.example/sms", "http://b.example:8080/x?y=%2B1", "https://c/"])
        token = f"{rng.getrandbits(128):032x}"
        official = RequestValidator(token).compute_signature(url, MultiDict(params))
        assert sign(url, params, token) == official

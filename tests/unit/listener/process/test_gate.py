"""The listener's gate accepts only signed requests about its own account."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.core.signature import body_sha256, sign
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.listener.control.address import Address, check_public_url
from twilio_widgets.listener.events.event import Arrival
from twilio_widgets.listener.process.gate import Gate
from twilio_widgets.listener.process.refusal import RejectionCause
from twilio_widgets.listener.process.request import RequestHead, WebhookRequest
from twilio_widgets.signature.keys import Keys

TOKEN = "2" * 32
OURS = "AC" + "1" * 32
PORT = 4321
LOCAL = f"127.0.0.1:{PORT}"
PUBLIC = "https://hooks.example.org"
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
FORM = "application/x-www-form-urlencoded"
STATUS = {
    "AccountSid": OURS,
    "From": "+15005550006",
    "MessageSid": "SM" + "3" * 32,
    "MessageStatus": "sent",
}
INBOUND = {
    "AccountSid": OURS,
    "Body": "Hi",
    "From": "+15005550001",
    "MessageSid": "SM" + "4" * 32,
    "NumMedia": "0",
    "SmsStatus": "received",
    "To": "+15005550006",
}


def gate(public_url: str | None = None, *, forward: str | None = None) -> Gate:
    address = Address(PORT, public_url)
    if forward:
        address.forward("k" * 32, Secret(forward))
    return Gate(address, Keys(auth_tokens=(Secret(TOKEN),)), {OURS})


def signed(
    parameters: dict[str, Any] = STATUS,
    *,
    path: str = "/status",
    url: str | None = None,
    method: str = "POST",
    host: str = LOCAL,
    **headers: str,
) -> WebhookRequest:
    """A request with the signature Twilio would give it for `url`."""
    body = urlencode(parameters, doseq=True) if method == "POST" else ""
    target = path if method == "POST" else f"{path}?{urlencode(parameters)}"
    signature = sign(url or f"http://{host}{target}", parameters if body else {}, TOKEN)
    given = {"Host": host, "Content-Type": FORM, "X-Twilio-Signature": signature}
    given["Content-Length"] = str(len(body))
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    return WebhookRequest(
        head=RequestHead(method=method, target=target, headers=tuple(given.items())),
        body=body.encode(),
    )


def judged(at: Gate, request: WebhookRequest) -> Arrival | RejectionCause:
    return at.check_head(request.head) or at.check(request, NOW)


def outcome(at: Gate, request: WebhookRequest) -> tuple[int, str]:
    found = judged(at, request)
    return (found.status, found.cause) if isinstance(found, RejectionCause) else (200, found.kind)


def test_a_signed_status_callback_gets_in_whole() -> None:
    request = signed(path="/status?tw=row-7", I_Twilio_Idempotency_Token="again")
    assert judged(gate(), request) == Arrival(
        kind="status",
        received_at=NOW,
        parameters=tuple(STATUS.items()),
        method="POST",
        url=f"http://{LOCAL}/status?tw=row-7",
        headers=request.head.headers,
        scheme="auth token",
        row_token="row-7",
    )


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize(("kind", "parameters"), [("inbound", INBOUND), ("status", STATUS)])
def test_signed_requests_are_accepted_with_either_method(
    method: str, kind: str, parameters: dict[str, str]
) -> None:
    """TwiML's ``<Message action=… method="GET">`` has its status reported by GET."""
    found = judged(gate(), signed(parameters, path=f"/{kind}", method=method))
    assert isinstance(found, Arrival)
    assert (found.kind, found.parameters) == (kind, tuple(parameters.items()))


def jsons(document: object, *, path: str = "/status", **headers: str) -> WebhookRequest:
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    target = f"{path}?bodySHA256={body_sha256(raw)}"
    given = {
        "Host": LOCAL,
        "Content-Type": "application/json",
        "Content-Length": str(len(raw)),
        "X-Twilio-Signature": sign(f"http://{LOCAL}{target}", {}, TOKEN),
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    return WebhookRequest(
        head=RequestHead(method="POST", target=target, headers=tuple(given.items())), body=raw
    )


def test_a_json_body_is_taken_by_its_hash() -> None:
    document = {**STATUS, "ErrorCode": 30003, "Forwarded": True, "List": [1, "é", {"a": None}]}
    found = judged(gate(), jsons(document))
    assert isinstance(found, Arrival)
    assert dict(found.parameters) == {
        **STATUS,
        "ErrorCode": "30003",
        "Forwarded": "true",
        "List": '[1, "\\u00e9", {"a": null}]',
    }


@pytest.mark.parametrize("name", [*STATUS, "SmsStatus"])
def test_json_nulls_are_left_out(name: str) -> None:
    """It is no text of four letters: not a status, a sender or a SID that is called null."""
    parameters = {key: value for key, value in STATUS.items() if key != name}
    found, expected = (
        judged(gate(), jsons(each)) for each in ({**parameters, name: None}, parameters)
    )
    assert type(found) is type(expected)
    if isinstance(found, Arrival) and isinstance(expected, Arrival):
        assert found.parameters == expected.parameters
    elif isinstance(found, RejectionCause) and isinstance(expected, RejectionCause):
        assert (found.cause, found.reason) == (expected.cause, expected.reason)


UNREADABLE_JSON = {
    "an array": b"[1]",
    "half": b'{"a": ',
    "not UTF-8": b'{"MessageSid": "\xff"}',
    "NaN": b'{"MessageSid": NaN}',
    "a name twice": b'{"MessageSid": "SM1", "MessageSid": "SM2"}',
    "a lone surrogate": b'{"MessageSid": "\\ud800"}',
    "a surrogate for a name": b'{"\\ud800": "x"}',
    "very deep": b"[" * 100_000,
    "nothing but space": b"   ",
}


@pytest.mark.parametrize("name", UNREADABLE_JSON)
def test_signed_json_that_cannot_be_read_is_refused(name: str) -> None:
    assert outcome(gate(), jsons(UNREADABLE_JSON[name])) == (400, "body")


CONFUSED = {
    "JSON sent as a form": (jsons(STATUS, Content_Type=FORM), (400, "kind")),
    "a form sent as JSON": (signed(Content_Type="application/json"), (403, "signature")),
    "no content type": (signed(Content_Type=""), (415, "type")),
    "plain text": (signed(Content_Type="text/plain"), (415, "type")),
    "multipart": (signed(Content_Type="multipart/form-data; boundary=x"), (415, "type")),
    "a form with a charset": (signed(Content_Type=FORM + "; charset=UTF-8"), (200, "status")),
    "the type in capitals": (signed(Content_Type=FORM.upper()), (200, "status")),
    "another body under the hash": (
        WebhookRequest(head=jsons(STATUS).head, body=json.dumps({**STATUS, "To": "+1"}).encode()),
        (403, "signature"),
    ),
}


@pytest.mark.parametrize("name", CONFUSED)
def test_a_body_that_does_not_match_its_content_type_is_rejected(name: str) -> None:
    request, expected = CONFUSED[name]
    assert outcome(gate(), request) == expected


FORGED = {
    "unsigned": signed(X_Twilio_Signature=""),
    "another signature": signed(X_Twilio_Signature="L/OH5YylLD5NRKLltdqwSvS0BnU="),
    "signed for another path": signed(url=f"http://{LOCAL}/inbound"),
    "signed for https": signed(url=f"https://{LOCAL}/status"),
    "signed for another host": signed(url="http://hooks.example.org/status"),
    "signed with a query that is gone": signed(url=f"http://{LOCAL}/status?a=1"),
    "a parameter more": WebhookRequest(
        head=signed().head, body=urlencode({**STATUS, "To": "+15005550009"}).encode()
    ),
    "a parameter less": WebhookRequest(head=signed().head, body=b"MessageStatus=sent"),
    "not UTF-8": WebhookRequest(head=signed().head, body=b"MessageStatus=\xff"),
    "a body under a GET": WebhookRequest(
        head=signed(INBOUND, path="/inbound", method="GET").head, body=b"To=%2B15005550009"
    ),
    "an unknown shared key": signed(
        X_Twilio_Webhooks_Signature_Settings="key=none,algorithm=HMAC_SHA256"
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_requests_without_a_valid_signature_are_rejected(name: str) -> None:
    found = judged(gate(PUBLIC), FORGED[name])
    assert isinstance(found, RejectionCause)
    assert (found.status, found.cause, found.presented is not None) == (403, "signature", True)


HOSTS = [
    "evil.test", "evil.test:4321", "127.0.0.1.evil.test", "127.0.0.1.evil.test:4321",
    "localhost.evil.test:4321", "evil.test/127.0.0.1:4321", "evil@127.0.0.1:4321",
    "127.0.0.1", "localhost", "127.0.0.1:80", "127.0.0.1:4322", "127.0.0.1:04321",
    "127.0.0.1:+4321", "127.0.0.1:4321 ", "127.0.0.1:4321,evil.test", "[::1]:4321", "[::1]",
    "[::ffff:127.0.0.1]:4321", "::1", "0.0.0.0:4321", "0:4321", "127.1:4321", "127.0.1:4321",
    "127.0.0.2:4321", "2130706433:4321", "0x7f000001:4321", "0177.0.0.1:4321", "017700000001",
    "localhost.:4321", "127.0.0.1.:4321", "LOCALHOST.localdomain:4321", "ip6-localhost:4321",
    "http://127.0.0.1:4321", "", " ", ":4321", "%31%32%37.0.0.1:4321", "127。0。0。1:4321",
    "hooks.example.org:8443", "hooks.example.org.", "hooks.example.org.evil.test",
    "xhooks.example.org", "hooks.example.org:80",
]  # fmt: skip


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_that_is_not_ours_is_refused_on_every_path(host: str) -> None:
    """A page that rebinds its name to 127.0.0.1 still sends its own name."""
    at = gate(PUBLIC)
    for path in ("/status", "/inbound", "/", "/nowhere"):
        assert outcome(at, signed(path=path, host=host)) == (403, "host")


def test_no_host_at_all_is_refused_and_two_are() -> None:
    at, request = gate(), signed()
    without = tuple(pair for pair in request.head.headers if pair[0] != "Host")
    twice = (*request.head.headers, ("host", LOCAL))
    for headers, expected in ((without, (403, "host")), (twice, (400, "headers"))):
        changed = WebhookRequest(
            head=RequestHead(method="POST", target="/status", headers=headers), body=request.body
        )
        assert outcome(at, changed) == expected


OUR_HOSTS = [LOCAL, f"localhost:{PORT}", f"LOCALHOST:{PORT}", "hooks.example.org"]
OUR_HOSTS += ["HOOKS.example.org", "hooks.example.org:443"]


@pytest.mark.parametrize("host", OUR_HOSTS)
def test_own_hosts_are_accepted_and_the_public_url_is_the_signed_one(host: str) -> None:
    """A proxy may pass on the public host or name us by ours: Twilio signed the public URL."""
    assert outcome(gate(PUBLIC), signed(url=f"{PUBLIC}/status", host=host)) == (200, "status")


def test_the_sandbox_signs_the_loopback_url_beside_a_public_one() -> None:
    assert outcome(gate(PUBLIC), signed()) == (200, "status")
    assert outcome(gate(PUBLIC), signed(host=f"localhost:{PORT}")) == (200, "status")
    foreign = signed(url="http://hooks.example.org/status", host="hooks.example.org")
    assert outcome(gate(PUBLIC), foreign) == (403, "signature")


PREFIXED = f"{PUBLIC}/user/ada/hooks"


@pytest.mark.parametrize("path", ["/status", "/user/ada/hooks/status", "/status?x=%2F1"])
def test_a_public_url_may_have_a_path_that_a_proxy_takes_off_or_leaves_on(path: str) -> None:
    at = gate(PREFIXED)
    assert outcome(at, signed(path=path, url=f"{PREFIXED}{path[path.index('/status') :]}")) == (
        200,
        "status",
    )
    assert outcome(at, signed(path=path, url=f"{PUBLIC}/status")) == (403, "signature")


ORIGINS = {
    "https://evil.test": 403,
    "null": 403,
    "": 403,
    "http://evil.test:4321": 403,
    f"https://{LOCAL}": 403,
    "http://localhost": 403,
    f"http://{LOCAL}": 200,
    f"http://localhost:{PORT}": 200,
    PUBLIC: 200,
    PUBLIC + ".evil.test": 403,
}


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_request_from_a_foreign_web_page_is_rejected_even_if_signed(origin: str) -> None:
    status, _ = outcome(gate(PUBLIC), signed(Origin=origin))
    assert status == ORIGINS[origin]


PATHS = [
    "/", "/nowhere", "/status/", "//status", "/./status", "/inbound/../status", "/%73tatus",
    "/status;a", "/STATUS", "/status%00", "/status%2e", "/statusx", "/etc/passwd", "/\\status",
    "/status/../../etc/passwd",
]  # fmt: skip
NO_PATHS = ["status", "http://127.0.0.1:4321/status", "*", "/status#f", "", "?x=1"]


@pytest.mark.parametrize("path", PATHS + NO_PATHS)
def test_only_the_two_paths_exist_letter_by_letter(path: str) -> None:
    expected = (404, "path") if path in PATHS else (400, "path")
    assert outcome(gate(), signed(path=path)) == expected


def test_a_path_that_is_refused_is_named_without_the_key_in_it() -> None:
    key = "k" * 32
    found = judged(gate(), signed(path=f"/twilio-widgets/{key}/status"))
    assert isinstance(found, RejectionCause)
    assert found.reason == "There is nothing at that path."


@pytest.mark.parametrize(
    ("configured", "seen"),
    [
        ("/status?tw=row-7&a=1", "/status?a=1&tw=row-7"),
        ("/status?d=1&c=2&b=3&a=4", "/status?a=4&b=3&c=2&d=1"),
    ],
)
def test_a_query_that_was_sorted_on_the_way_is_accepted(configured: str, seen: str) -> None:
    found = judged(gate(), signed(path=seen, url=f"http://{LOCAL}{configured}"))
    assert isinstance(found, Arrival)
    assert found.url == f"http://{LOCAL}{configured}"


def test_a_query_that_was_sorted_on_the_way_is_noticed_once() -> None:
    asked = gate()
    judged(asked, signed(path="/status?a=1&b=2"))
    assert asked.notices == ()
    for _ in range(2):
        judged(asked, signed(path="/status?a=1&b=2", url=f"http://{LOCAL}/status?b=2&a=1"))
    (notice,) = asked.notices
    assert notice.startswith("The query of a webhook arrived sorted. It was accepted")


@pytest.mark.parametrize(
    ("configured", "seen"),
    [
        ("/status?a=1&tw=row-7", "/status?tw=row-7&a=1"),
        ("/status?tw=row-7&a=1", "/status?a=2&tw=row-7"),
        ("/status?e=0&d=1&c=2&b=3&a=4", "/status?a=4&b=3&c=2&d=1&e=0"),
    ],
)
def test_a_query_that_differs_in_more_than_being_sorted_is_refused(
    configured: str, seen: str
) -> None:
    request = signed(path=seen, url=f"http://{LOCAL}{configured}")
    assert outcome(gate(), request) == (403, "signature")


METHODS = ["HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", ["/inbound", "/status"])
def test_other_methods_get_an_allow_header(method: str, path: str) -> None:
    found = judged(gate(), signed(path=path, method=method))
    assert isinstance(found, RejectionCause)
    assert (found.status, found.allow) == (405, "GET, POST")


SPOOFS = {
    "X-Forwarded-Proto": "https", "X-Forwarded-Host": "hooks.example.org",
    "X-Forwarded-For": "1.2.3.4", "X-Forwarded-Port": "443", "X-Forwarded-Server": "a",
    "X-Forwarded-Prefix": "/a", "X-Forwarded-Path": "/status", "X-Forwarded-Scheme": "https",
    "X-Forwarded-Ssl": "on", "X-Forwarded-Uri": "/status",
    "Forwarded": "for=1.2.3.4;host=hooks.example.org;proto=https",
    "X-Original-URL": "/status", "X-Original-Host": "hooks.example.org",
    "X-Original-Proto": "https", "X-Original-Uri": "/status", "X-Rewrite-URL": "/status",
    "X-Host": "hooks.example.org", "X-HTTP-Host-Override": "hooks.example.org",
    "X-Real-IP": "1.2.3.4", "Front-End-Https": "on", "X-Url-Scheme": "https", "X-Scheme": "https",
    "X-Script-Name": "/a", "X-Proxied-Host": "hooks.example.org", "Via": "1.1 hooks.example.org",
    "X-Twilio-Widgets-Forward": "", "X-HTTP-Method-Override": "GET",
    "X-Envoy-Original-Path": "/status", "CF-Visitor": '{"scheme":"https"}',
    "X-Amz-Cf-Id": "x", "True-Client-IP": "1.2.3.4",
}  # fmt: skip


@pytest.mark.parametrize("name", [*SPOOFS, "all of them"])
def test_forwarding_headers_of_a_request_are_not_trusted(name: str) -> None:
    """Every tunnel reaches us from 127.0.0.1: nothing in a request but the signature proves."""
    spoof = SPOOFS if name == "all of them" else {name: SPOOFS[name]}
    for at in (gate(), gate(forward="f" * 40)):
        assert outcome(at, signed(url=f"{PUBLIC}/status", **spoof)) == (403, "signature")
        assert outcome(at, signed(**spoof)) == (200, "status")


FORWARDED = {
    "X-Original-Proto": "https",
    "X-Original-Host": "hub.example.org",
    "X-Original-Uri": "/user/ada/twilio-widgets/" + "k" * 32 + "/status",
}
FORWARDED_URL = "https://hub.example.org" + FORWARDED["X-Original-Uri"]


def test_the_server_extension_is_trusted_by_its_token_alone() -> None:
    token = "f" * 40
    at = gate(forward=token)

    def forwarded(given: str) -> WebhookRequest:
        return signed(url=FORWARDED_URL, **FORWARDED, X_Twilio_Widgets_Forward=given)

    found = judged(at, forwarded(token))
    assert isinstance(found, Arrival)
    assert found.url == FORWARDED_URL.replace("k" * 32, "••••")
    assert dict(found.headers)["X-Original-Uri"] == "••••"
    assert token not in repr(found.headers)
    for wrong in ("", "f" * 39, "f" * 41, "F" * 40, "é" * 40):
        assert outcome(at, forwarded(wrong)) == (403, "signature")
    at.address.forward(None, None)
    assert outcome(at, forwarded(token)) == (403, "signature")


def test_a_login_in_the_url_is_verified_with_and_not_kept() -> None:
    """Who may read an event may not thereby run code on the Jupyter server before it."""
    path = "/inbound?token=SERVERLOGIN&tw=row-7"
    url = f"{PUBLIC}{path}"
    posted = judged(gate(PUBLIC), signed(INBOUND, path=path, url=url, Referer=url))
    assert isinstance(posted, Arrival)
    assert (posted.url, posted.row_token) == (url.replace("SERVERLOGIN", "••••"), "row-7")
    assert posted.parameters == tuple(INBOUND.items())
    parameters = {"token": "SERVERLOGIN", **INBOUND}
    got = judged(gate(), signed(parameters, path="/inbound", method="GET"))
    assert isinstance(got, Arrival)
    assert got.parameters == (("token", "••••"), *INBOUND.items())
    for found in (posted, got):
        assert all("SERVERLOGIN" not in repr(part) for part in (found.url, found.headers))


def test_a_forwarded_request_must_still_be_signed() -> None:
    at = gate(forward="f" * 40)
    unsigned = signed(X_Twilio_Signature="", **FORWARDED, X_Twilio_Widgets_Forward="f" * 40)
    assert outcome(at, unsigned) == (403, "signature")


def without(name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in parameters.items() if key != name}


OTHER = "AC" + "9" * 32
SAYING = {
    "no SID": (without("MessageSid", STATUS), (400, "fields")),
    "an empty SID": ({**STATUS, "MessageSid": ""}, (400, "fields")),
    "a SID of something else": ({**STATUS, "MessageSid": "CA" + "3" * 32}, (400, "fields")),
    "a SID and more": ({**STATUS, "MessageSid": "SM" + "3" * 32 + "\n"}, (400, "fields")),
    "two SIDs": ({**STATUS, "MessageSid": ["SM" + "3" * 32, "SM" + "5" * 32]}, (400, "fields")),
    "no account": (without("AccountSid", STATUS), (400, "fields")),
    "a misshapen account": ({**STATUS, "AccountSid": OURS + "x"}, (400, "fields")),
    "another account": ({**STATUS, "AccountSid": OTHER}, (403, "account")),
    "two accounts": ({**STATUS, "AccountSid": [OURS, OTHER]}, (400, "fields")),
    "an empty status": ({**STATUS, "MessageStatus": ""}, (400, "fields")),
    "no sender of an inbound message": (without("From", INBOUND), (400, "fields")),
    "no recipient of an inbound message": (without("To", INBOUND), (400, "fields")),
    "no body: it may be a place or a picture": (without("Body", INBOUND), (200, "inbound")),
    "no status at all": (without("SmsStatus", INBOUND), (200, "inbound")),
    "an MMS": ({**INBOUND, "MessageSid": "MM" + "4" * 32}, (200, "inbound")),
    "a status of tomorrow": ({**STATUS, "MessageStatus": "teleported"}, (200, "status")),
    "a call": ({"CallSid": "CA" + "3" * 32, "AccountSid": OURS, "From": "+1"}, (400, "kind")),
    "nothing": ({}, (400, "kind")),
    "From cut into Body": (
        {**without("From", INBOUND), "Body": "HiFrom+15005550001"},
        (400, "fields"),
    ),
}


@pytest.mark.parametrize("name", SAYING)
def test_a_signed_request_must_have_every_mandatory_parameter_once(name: str) -> None:
    parameters, expected = SAYING[name]
    assert outcome(gate(), signed(parameters, path="/inbound")) == expected


def test_repartitioning_a_signed_request_keeps_its_signature_but_makes_no_event() -> None:
    """The reason for the fields: the two are signed alike."""
    whole, cut = INBOUND, {**without("From", INBOUND), "Body": "HiFrom+15005550001"}
    url = f"http://{LOCAL}/inbound"
    assert sign(url, whole, TOKEN) == sign(url, cut, TOKEN)


def test_thousands_of_parameters_are_not_even_parsed() -> None:
    many = {f"P{n}": "x" for n in range(5_000)} | INBOUND
    assert outcome(gate(), signed(many, path="/inbound")) == (413, "size")
    assert outcome(gate(), signed(many, path="/inbound", method="GET")) == (413, "size")
    enough = {f"P{n}": "x" for n in range(990)} | INBOUND
    assert outcome(gate(), signed(enough, path="/inbound")) == (200, "inbound")


def test_top_level_json_members_are_counted_but_not_nested_ones() -> None:
    """An ampersand parts the parameters of a form, and nothing in JSON."""
    assert outcome(gate(), jsons({**INBOUND, "Body": "&" * 1_600})) == (200, "inbound")
    many = {f"P{n}": "x" for n in range(5_000)} | INBOUND
    assert outcome(gate(), jsons(many)) == (413, "size")


def test_a_body_too_large_is_refused_before_it_is_read() -> None:
    announced = signed(Content_Length="1000001").head
    refusal = gate().check_head(announced)
    assert refusal is not None
    assert refusal.status == 413


DECIDING = ["Content-Type", "Origin", "X-Twilio-Signature", "X-Original-Uri", "Expect"]


@pytest.mark.parametrize("name", DECIDING)
def test_a_header_that_we_act_on_must_not_be_repeated(name: str) -> None:
    request = signed()
    headers = (*request.head.headers, (name, "a"), (name.lower(), "b"))
    head = RequestHead(method="POST", target="/status", headers=headers)
    assert outcome(gate(), WebhookRequest(head=head, body=request.body)) == (400, "headers")


def test_other_headers_may_be_repeated() -> None:
    request = signed()
    headers = (*request.head.headers, ("Via", "a"), ("Via", "b"))
    head = RequestHead(method="POST", target="/status", headers=headers)
    assert outcome(gate(), WebhookRequest(head=head, body=request.body)) == (200, "status")


def test_a_rejection_tells_the_owner_how_to_fix_it() -> None:
    foreign = gate().check_head(signed(host="hooks.example.org").head)
    assert foreign is not None
    assert (foreign.reason, foreign.mend) == (
        "The request was for the host hooks.example.org, which is not this listener.",
        'If Twilio should call that host, pass public_url="https://hooks.example.org".',
    )
    odd = gate().check_head(signed(host='"><script>').head)
    assert odd is not None
    assert odd.reason == "The Host header does not name this listener."


WRONG_URLS = [
    "hooks.example.org", "ftp://hooks.example.org", "https://", "https://user:pw@hooks.example.org",
    "https://hooks.example.org?x=1", "https://hooks.example.org/#rc=3", "https://a b", "",
    "https://hooks.example.org:99999", "https://hooks.example.org/\n/a", None, 7,
    "https://exämple.org", "https://<host>.org", "https://hooks..example.org",
    "https://hooks.example.org/café", "https://hooks.example.org/a b", "https://a.org/50%",
    "https://a.org/<b>", "https://a.org/a\\b",
]  # fmt: skip


@pytest.mark.parametrize("url", WRONG_URLS)
def test_a_public_url_that_cannot_be_one_is_refused_by_name(url: Any) -> None:
    with pytest.raises(ConfigurationError) as refused:
        check_public_url(url)
    assert refused.value.field == "public_url"


def test_a_path_is_taken_as_it_is_sent() -> None:
    """What is escaped stays so: the path of a request is compared letter by letter."""
    url = "https://hub.example.org/user/a%40b.org/caf%C3%A9/~x"
    assert check_public_url(url) == url
    request = signed(
        path="/user/a%40b.org/caf%C3%A9/~x/status",
        url=f"{url}/status",
        host="hub.example.org",
    )
    assert outcome(gate(url), request) == (200, "status")


def test_a_public_url_loses_its_last_slash() -> None:
    assert check_public_url(" https://Hooks.example.org:8443/a/ ") == (
        "https://Hooks.example.org:8443/a"
    )

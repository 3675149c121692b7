"""Ways out of Twilio's API, each refused with a reason before anything is asked of the network."""

from __future__ import annotations

import asyncio
import json
import random
import socket
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from twilio_widgets import AsyncTwilio, AuthTokenConnection, Sandbox, Twilio
from twilio_widgets.core.http.guard import media_redirect
from twilio_widgets.core.http.hosts import VERSIONS, product_of
from twilio_widgets.core.http.transport import BlockingTransport
from twilio_widgets.core.raw.request import RawRequest
from twilio_widgets.core.request import Request
from twilio_widgets.errors import (
    ApiError,
    BadResponse,
    InvalidRequest,
    NotConnected,
    PathRefused,
    Refused,
)

ACCOUNT = "AC" + "0" * 31 + "1"
TOKEN = "a-token-that-stays-here"
CONNECTION = AuthTokenConnection(ACCOUNT, TOKEN)
GOOD = "/Accounts/$TWILIO_ACCOUNT_SID/Messages.json"
A = f"/2010-04-01/Accounts/{ACCOUNT}"

PATHS = [
    # another host, by scheme
    "https://evil.example/2010-04-01/Accounts.json",
    "http://evil.example/Accounts.json",
    "HTTPS://EVIL.EXAMPLE/Accounts.json",
    "http://api.twilio.com/2010-04-01/Accounts.json",
    "https://api.twilio.com.evil.example/Accounts.json",
    "https:/evil.example/Accounts.json",
    "https:evil.example/Accounts.json",
    "https:///evil.example/Accounts.json",
    "https://evil.example\\@api.twilio.com/Accounts.json",
    "file:///etc/passwd",
    "ftp://evil.example/Accounts.json",
    "gopher://evil.example/Accounts.json",
    "javascript:alert(1)",
    "data:text/html,x",
    "unix:/var/run/docker.sock",
    "ws://evil.example/Accounts.json",
    "view-source:https://evil.example",
    # another host, without a scheme
    "//evil.example/Accounts.json",
    "///evil.example/Accounts.json",
    "////evil.example",
    "//evil.example:443/Accounts.json",
    "//127.0.0.1/Accounts.json",
    "//[::1]/Accounts.json",
    "//169.254.169.254/latest/meta-data",
    "//2130706433/Accounts.json",
    "api.twilio.com/2010-04-01/Accounts.json",
    "/api.twilio.com/2010-04-01/Accounts.json",
    "evil.example/Accounts.json",
    ".evil.example/Accounts.json",
    "/.evil.example/Accounts.json",
    # credentials, another port
    "@evil.example/Accounts.json",
    "/@evil.example/Accounts.json",
    "user@evil.example/Accounts.json",
    "user:password@evil.example/Accounts.json",
    "https://user:password@api.twilio.com/2010-04-01/Accounts.json",
    ":443/Accounts.json",
    ":8080@evil.example/Accounts.json",
    "/2010-04-01:8443/Accounts.json",
    "https://api.twilio.com:8443/2010-04-01/Accounts.json",
    # a host of Twilio's API, or nearly
    "http://content.twilio.com/v1/Content",
    "https:content.twilio.com/v1/Content",
    "https:/content.twilio.com/v1/Content",
    "https:///content.twilio.com/v1/Content",
    "https:////content.twilio.com/v1/Content",
    "//content.twilio.com/v1/Content",
    "content.twilio.com/v1/Content",
    "https://content.twilio.com.evil.example/v1/Content",
    "https://content.twilio.com@evil.example/v1/Content",
    "https://content.twilio.com:x@evil.example/v1/Content",
    "https://user@content.twilio.com/v1/Content",
    "https://user:password@content.twilio.com/v1/Content",
    "https://@content.twilio.com/v1/Content",
    "https://:@content.twilio.com/v1/Content",
    "https://evil.example#@content.twilio.com/v1/Content",
    "https://evil.example?@content.twilio.com/v1/Content",
    "https://evil.example/@content.twilio.com/v1/Content",
    "https://evil.example;@content.twilio.com/v1/Content",
    "https://evil.example\\.content.twilio.com/v1/Content",
    "https://content.twilio.com\\@evil.example/v1/Content",
    "https:\\\\content.twilio.com/v1/Content",
    "https://content.twilio.com./v1/Content",
    "https://.content.twilio.com/v1/Content",
    "https://content..twilio.com/v1/Content",
    "https://content.twilio.com:443/v1/Content",
    "https://content.twilio.com:8443/v1/Content",
    "https://content.twilio.com:/v1/Content",
    "https://content.twilio.com%2eevil.example/v1/Content",
    "https://content%2etwilio.com/v1/Content",
    "https://evil.example%2f.content.twilio.com/v1/Content",
    "https://content.twilio.com%00.evil.example/v1/Content",
    "https://content.twilio\u3002com/v1/Content",
    "https://content.twilio\uff0ecom/v1/Content",
    "https://content\u2024twilio.com/v1/Content",
    "https://content.twil\u0456o.com/v1/Content",
    "https://content.twilio.com\u200b/v1/Content",
    "https://content.twi\u00adlio.com/v1/Content",
    "https://loo\u212aups.twilio.com/v1/PhoneNumbers/1",
    "https://mes\u017faging.twilio.com/v1/Services",
    "https://xn--content-9za.twilio.com/v1/Content",
    "https://content.xn--twilo-q4a.com/v1/Content",
    "https://content.twilio.com /v1/Content",
    "https:// content.twilio.com/v1/Content",
    "https://content.twilio.com\t/v1/Content",
    "https://content.twilio.com\n.evil.example/v1/Content",
    "https://evil.twilio.com/v1/Content",
    "https://www.twilio.com/v1/Content",
    "https://console.twilio.com/v1/Content",
    "https://twilio.com/v1/Content",
    "https://content.evil.com/v1/Content",
    "https://contenttwilio.com/v1/Content",
    "https://content-twilio.com/v1/Content",
    "https://evil-content.twilio.com/v1/Content",
    "https://evil.content.twilio.com/v1/Content",
    "https://content.ie1.twilio.com/v1/Content",
    "https://content.evil.ie1.twilio.com/v1/Content",
    "https://content.dublin.evil.twilio.com/v1/Content",
    "https://content.dublin.ie1.evil.twilio.com/v1/Content",
    "https://content.ie1.dublin.twilio.com/v1/Content",
    "https://[content.twilio.com]/v1/Content",
    "https://2130706433/v1/Content",
    "https://127.0.0.1/v1/Content",
    "https://$TWILIO_ACCOUNT_SID.twilio.com/v1/Content",
    "https://{AccountSid}.evil.example/v1/Content",
    "https+http://content.twilio.com/v1/Content",
    "wss://content.twilio.com/v1/Content",
    # a host of Twilio's API, and a path that is not one of its own
    "https://content.twilio.com",
    "https://content.twilio.com/",
    "https://content.twilio.com/v1",
    "https://content.twilio.com/v1/",
    "https://content.twilio.com/v1/Content/",
    "https://content.twilio.com/v3/Content",
    "https://content.twilio.com/V1/Content",
    "https://content.twilio.com/2010-04-01/Accounts.json",
    "https://api.twilio.com/v1/Content",
    "https://api.twilio.com/Accounts.json",
    "https://content.twilio.com//v1/Content",
    "https://content.twilio.com/v1//Content",
    "https://content.twilio.com/v1/../../x",
    "https://content.twilio.com/v1/..",
    "https://content.twilio.com/v1/%2e%2e/x",
    "https://content.twilio.com/v1/Content/..;/x",
    "https://content.twilio.com/v1/Content/a;b",
    "https://content.twilio.com/v1/Content/a b",
    "https://content.twilio.com/v1/Content#x",
    "https://content.twilio.com/v1/Content?a=b#x",
    "https://content.twilio.com/v1/Content?a=%0d%0aX:%20y",
    "https://content.twilio.com/v1/Content/{Sid}",
    "https://chat.twilio.com/v2/Services/IS1/Users/\uff20evil.example",
    # backslashes
    "\\\\evil.example\\Accounts.json",
    "/\\evil.example/Accounts.json",
    "\\/evil.example/Accounts.json",
    "/Accounts\\..\\..\\evil",
    "https:\\\\evil.example",
    # climbing, plain and hidden
    "/../Accounts.json",
    "/Accounts/..",
    "/Accounts/../../evil",
    "/Accounts/./Messages.json",
    "/Accounts/.../Messages.json",
    "/Accounts/..;/Messages.json",
    "/2010-04-01/../Accounts.json",
    "/%2e%2e/Accounts.json",
    "/Accounts/%2e%2e/%2e%2e/evil",
    "/Accounts/.%2e/evil",
    "/Accounts/%2E%2E%2Fevil",
    "/Accounts%2fevil",
    "/Accounts%2Fevil.json",
    "/Accounts/a%5cb",
    "/%2f%2fevil.example/Accounts.json",
    "/%252e%252e/Accounts.json",
    "/Accounts/%c0%ae%c0%ae/evil",
    "/Accounts/%00",
    "/Accounts/%0d%0aX:y",
    "/%40evil.example",
    "/Accounts//Messages.json",
    "/Accounts/Messages.json/",
    # control characters, and characters that turn into others
    "/Accounts/a\r\nHost: evil.example",
    "/Accounts/a\rb",
    "/Accounts/a\nb",
    "/Accounts.json\n",
    "\n/Accounts.json",
    "\thttps://evil.example",
    "/Accounts/a\tb",
    "/Accounts/a\x00",
    "/Accounts/a\x0bb",
    "/Accounts/a\x7fb",
    "/Accounts/a\x85b",
    "/Accounts/a\u2028b",
    "/Accounts/a b HTTP/1.1",
    "GET /Accounts.json",
    "POST https://evil.example/Accounts.json",
    "curl https://evil.example",
    "\u2044\u2044evil.example/Accounts.json",
    "\uff0f\uff0fevil.example/Accounts.json",
    "/Accounts/\uff0e\uff0e/evil",
    "/Accounts/\u3002\u3002/evil",
    "/Accounts/\u2100",
    "/Accounts/\udc2f",
    "/Accounts/é",
    "\ufeffhttps://evil.example",
    "\u200b//evil.example",
    # what stays in the host but is not this API, or is left unfilled
    "",
    "   ",
    "/",
    "/2010-04-01",
    "/2010-04-01/",
    "/v1/Services",
    "/2008-08-01/Accounts.json",
    "/Messages.json",
    "/accounts.json",
    "/Accounts/{Sid}/Messages/{MessageSid}.json",
    "/Accounts/$TWILIO_AUTH_TOKEN/Messages.json",
    "/Accounts/a;b/Messages.json",
    "/Accounts/a,b/Messages.json",
    "/Accounts#https://evil.example",
    "/Accounts.json?a=b#fragment",
    "/Accounts/[::1]/Messages.json",
    "/Accounts/*",
    # queries
    f"{GOOD}?a=b\r\nX: y",
    f"{GOOD}?a=b%0d%0aX:%20y",
    f"{GOOD}?a%0a=b",
    f"{GOOD}?a=%00",
    f"{GOOD}?a=%ff",
    f"{GOOD}?To=+14155550123",
    None,
    7,
    b"/Accounts.json",
]

HEADERS = [
    ("Authorization", "Basic eDp5"),
    ("authorization", "Bearer x"),
    ("AUTHORIZATION", ""),
    ("Authorization ", "x"),
    (" Authorization", "x"),
    ("Authorization:", "x"),
    ("Authorization\t", "x"),
    ("Authorization\r\nX", "y"),
    ("Authoriz\u0430tion", "x"),  # a Cyrillic letter
    ("Proxy-Authorization", "Basic eDp5"),
    ("Cookie", "session=1"),
    ("Host", "evil.example"),
    ("host", "evil.example"),
    ("Connection", "keep-alive, Authorization"),
    ("Keep-Alive", "timeout=5"),
    ("Proxy-Connection", "keep-alive"),
    ("TE", "trailers"),
    ("Trailer", "Authorization"),
    ("Transfer-Encoding", "chunked"),
    ("Upgrade", "h2c"),
    ("Content-Length", "0"),
    ("Expect", "100-continue"),
    ("Accept-Encoding", "br"),
    ("X-HTTP-Method-Override", "DELETE"),
    ("X-Original-URL", "/admin"),
    ("X-Forwarded-Host", "evil.example"),
    ("Forwarded", "host=evil.example"),
    ("X-A", "b\r\nAuthorization: Basic eDp5"),
    ("X-A", "b\nc"),
    ("X-A", "b\rc"),
    ("X-A", "b\x00c"),
    ("X-A", "b\tc"),
    ("X-A", "é"),
    ("X-A", "\udc0a"),
    ("X A", "b"),
    ("X:A", "b"),
    ("X-A\n", "b"),
    ("X-Ä", "b"),
    (":authority", "evil.example"),
    ("(X)", "b"),
]

QUERIES = [
    ("a", "b\r\nX: y"),
    ("a\r\nX", "y"),
    ("a", "\x00"),
    ("a", "\x1b[2J"),
    ("a", "\udc00"),
    ("", "b"),
]

METHODS = ["CONNECT", "TRACE", "GET\r\nX: y", "GET /x", "DEBUG", "G\x00T", None, 1, "ＧＥＴ"]

OTHERS: list[dict[str, Any]] = [
    {"data": {"a": "b"}, "form_data": {"c": "d"}},
    {"data": {"a": "b"}, "file_data": {"c": b"d"}},
    {"data": "a=b"},
    {"data": "a", "headers": {"Content-Type": "text/plain\r\nAuthorization: x"}},
    {"data": "a", "headers": [("Content-Type", "a/b"), ("content-type", "c/d")]},
    {"form_data": {"a": "b"}, "headers": {"Content-Type": "application/json"}},
    {"file_data": {"a": b"b"}, "file_data_file_names": {"z": "x.txt"}},
    {"file_data": {"a": 7}},
    {"form_data": {"a": "\udc00"}},
    {"data": {"a": {"b": "c"}}},
    {"query_params": "a=b"},
    {"headers": ["X-A: b"]},
    {"response_type": "document"},
    {"timeout": 0},
    {"timeout": float("inf")},
    {"timeout": float("nan")},
    {"timeout": "30"},
    {"max_retries": 2.5},
    {"max_retries": -1},
    {"max_retries": True},
    {"retry_delay_ms": -1},
    {"repeat_unsafe": "false"},
    {"retry_all_errors": "no"},
    {"use_exponential_backoff": 1},
    {"limit": 0, "frame": True},
    {"frame": True, "response_type": "text"},
]

ESCAPES: list[tuple[object, dict[str, Any]]] = [
    *((path, {}) for path in PATHS),
    *((GOOD, {"headers": [pair]}) for pair in HEADERS),
    *((GOOD, {"query_params": [pair]}) for pair in QUERIES),
    *((GOOD, {"method": method}) for method in METHODS),
    *((GOOD, {"method": "POST"} | other) for other in OTHERS),
]


@pytest.fixture(autouse=True)
def asked(monkeypatch) -> list[Any]:
    """Every look-up and every connection is noted, and refused."""
    noted: list[Any] = []

    def note(*args: Any, **_kwargs: Any) -> Any:
        noted.append(args)
        raise OSError("no network here")

    monkeypatch.setattr(socket, "getaddrinfo", note)
    monkeypatch.setattr(socket, "create_connection", note)
    monkeypatch.setattr(socket.socket, "connect", note)
    monkeypatch.setattr(socket.socket, "connect_ex", note)
    return noted


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def arrived(sandbox, monkeypatch) -> list[Any]:
    """Every request that reaches the sandbox."""
    seen: list[Any] = []
    answer = sandbox.wire._answer
    monkeypatch.setattr(
        sandbox.wire, "_answer", lambda request: seen.append(request) or answer(request)
    )
    return seen


def test_the_corpus_is_large_enough_and_repeats_nothing():
    assert len({repr(escape) for escape in ESCAPES}) == len(ESCAPES) >= 200


@pytest.mark.parametrize(("path", "inputs"), ESCAPES)
def test_an_escape_is_refused_with_a_reason_and_nothing_is_sent(
    asked, arrived, sandbox, path, inputs
):
    with pytest.raises(Refused) as caught:
        Twilio(CONNECTION).raw(path, **inputs)
    assert asked == []
    with pytest.raises(Refused):
        Twilio(sandbox.connection).raw(path, **inputs)
    assert arrived == []

    assert len(str(caught.value)) > 15
    assert str(caught.value).endswith((".", "?"))
    for secret in (TOKEN, "eDp5", "password"):
        assert secret not in str(caught.value)


@pytest.mark.parametrize(("path", "inputs"), ESCAPES[::5])
def test_the_awaiting_client_refuses_the_same(asked, path, inputs):
    with pytest.raises(Refused):
        asyncio.run(AsyncTwilio(CONNECTION).raw(path, **inputs))  # type: ignore[arg-type]
    assert asked == []


def test_a_good_request_does_reach_the_network_and_the_sandbox(asked, arrived, sandbox):
    """The other tests prove something only because these two lists can fill."""
    assert Twilio(sandbox.connection).raw(GOOD).status == 200
    assert len(arrived) == 1
    with pytest.raises(Exception, match="Could not reach"):
        Twilio(CONNECTION).raw(GOOD)
    assert asked[0][:2] == ("api.twilio.com", 443)


DOOR = [
    *({"path": path} for path in PATHS if isinstance(path, str)),
    *({"path": f"{A}/Messages.json", "headers": (pair,)} for pair in HEADERS),
    *({"path": f"{A}/Messages.json", "query": (pair,)} for pair in QUERIES if pair[0]),
    *({"path": f"{A}/Messages.json", "method": method} for method in METHODS),
    {"path": "/v1/Services"},
    {"path": f"{A}/Messages.json", "service": "messaging"},
    {"path": f"{A}/Messages.json", "service": "evil.example/"},
    {"path": f"{A}/Messages.json", "service": ""},
    {"path": "/v3/Services", "service": "sync"},
    *(
        {"path": "/v1/Services", "service": "messaging", "host": host}
        for host in (
            "",
            "evil.example",
            "messaging.twilio.com.evil.example",
            "evil.example/messaging.twilio.com",
            "user@messaging.twilio.com",
            "messaging.twilio.com:443",
            "messaging.twilio.com.",
            "MESSAGING.twilio.com",
            "messaging.twilio.com\r\nHost: evil.example",
            "mes\u017faging.twilio.com",
            "messaging.twili\u043e.com",
            "messaging.evil.twilio.com",
            "messaging.evil.ie1.twilio.com",
            "messaging.dublin.evil.twilio.com",
            "messaging..twilio.com",
            "twilio.com",
            "sync.twilio.com",
            "api.twilio.com",
        )
    ),
]


@pytest.mark.parametrize("fields", DOOR)
def test_the_transport_refuses_escapes_from_every_entry_point(asked, fields):
    """No entry point can pass by the guard, because it stands in the transport."""
    door = BlockingTransport(CONNECTION, timeout=1, base_url=None, policy=None)
    with pytest.raises((PathRefused, InvalidRequest)):
        door.send(Request(**({"method": "GET"} | fields)))
    assert asked == []


ACCEPTED = [
    ("/Accounts.json", "api.twilio.com", "/2010-04-01/Accounts.json"),
    (
        "https://api.twilio.com/2010-04-01/Accounts.json",
        "api.twilio.com",
        "/2010-04-01/Accounts.json",
    ),
    (
        "HTTPS://API.Twilio.COM/2010-04-01/Accounts/$TWILIO_ACCOUNT_SID/Balance.json",
        "api.twilio.com",
        f"{A}/Balance.json",
    ),
    (
        " https://api.dublin.ie1.twilio.com/2010-04-01/Accounts.json?PageSize=5 ",
        "api.dublin.ie1.twilio.com",
        "/2010-04-01/Accounts.json?PageSize=5",
    ),
    ("https://content.twilio.com/v1/Content", "content.twilio.com", "/v1/Content"),
    (
        "https://preview.twilio.com/wireless/Sims",
        "preview.twilio.com",
        "/wireless/Sims",
    ),
    (
        "https://monitor.sydney.au1.twilio.com/v1/Alerts?LogLevel=error",
        "monitor.sydney.au1.twilio.com",
        "/v1/Alerts?LogLevel=error",
    ),
    (
        "https://preview-iam.twilio.com/Organizations/OR1/Accounts/{AccountSid}",
        "preview-iam.twilio.com",
        f"/Organizations/OR1/Accounts/{ACCOUNT}",
    ),
    (
        "/Accounts/x@evil.example/Messages.json",
        "api.twilio.com",
        "/2010-04-01/Accounts/x@evil.example/Messages.json",
    ),
    (
        "https://chat.twilio.com/v2/Services/IS1/Users/@evil.example",
        "chat.twilio.com",
        "/v2/Services/IS1/Users/@evil.example",
    ),
    (
        "https://chat.twilio.com/v2/Services/IS1/Users/user:password@evil.example:443",
        "chat.twilio.com",
        "/v2/Services/IS1/Users/user:password@evil.example:443",
    ),
    (
        "https://conversations.twilio.com/v1/ParticipantConversations?Address=whatsapp:%2B14155550123",
        "conversations.twilio.com",
        "/v1/ParticipantConversations?Address=whatsapp%3A%2B14155550123",
    ),
    (
        "https://messaging.twilio.com/v2/Channels/Senders/whatsapp:+14155550123",
        "messaging.twilio.com",
        "/v2/Channels/Senders/whatsapp:+14155550123",
    ),
    (
        "https://lookups.twilio.com/v2/PhoneNumbers/+14155550123",
        "lookups.twilio.com",
        "/v2/PhoneNumbers/+14155550123",
    ),
]
"""The inputs that are legal, each with the host and the target that leave."""


@pytest.mark.parametrize(("text", "host", "target"), ACCEPTED)
def test_a_legal_input_reaches_its_host_with_its_target(asked, text, host, target):
    door = BlockingTransport(CONNECTION, timeout=1, base_url=None, policy=None)
    request = RawRequest(path=text).request(ACCOUNT)
    outgoing = door._built(door._checked(request)[0], request)

    head = outgoing.text().decode().splitlines()[:2]
    assert head == [f"GET {target} HTTP/1.1", f"Host: {host}"]
    assert outgoing.origin == ("https", host, 443)
    pooled = httpx.Request("GET", outgoing.url).url
    assert (pooled.host, pooled.port, pooled.userinfo) == (host, None, b"")
    assert pooled.raw_path.decode() == target
    with pytest.raises(NotConnected):
        Twilio(CONNECTION).raw(text)
    assert [one[:2] for one in asked] == [(host, 443)]


@pytest.mark.parametrize(("text", "host", "target"), ACCEPTED)
def test_with_a_sandbox_a_legal_input_is_answered_in_process(arrived, sandbox, text, host, target):
    with suppress(ApiError):
        Twilio(sandbox.connection).raw(text)
    (request,) = arrived
    own = target.replace(ACCOUNT, sandbox.connection.account_sid)
    assert (request.url.host, request.url.raw_path.decode()) == (host, own)


@pytest.mark.parametrize("text", [one for one, _host, _target in ACCEPTED if "://" in one])
@pytest.mark.parametrize("base_url", ["https://proxy.example", "http://127.0.0.1:8000"])
def test_under_a_base_url_a_url_is_refused_before_anything_is_sent(asked, text, base_url):
    with pytest.raises(PathRefused, match="base_url"):
        Twilio(CONNECTION, base_url=base_url).raw(text)
    assert asked == []


class Answered(AuthTokenConnection):
    """A connection whose every request gets the same answer."""

    answer: Any = None

    @property
    def wire(self) -> object:
        return type(self).answer


HOSTILE_LINKS = [
    "https://evil.example/v1/Services?Page=1",
    "https://messaging.twilio.com@evil.example/v1/Services?Page=1",
    "https://messaging.twilio.com.evil.example/v1/Services?Page=1",
    "//evil.example/v1/Services?Page=1",
    "http://169.254.169.254/v1/Services?Page=1",
    "https://sync.twilio.com/v1/Services?Page=1",
    "https://messaging.twilio.com/v1/Services/../Keys?Page=1",
    "https://messaging.twilio.com/v1/Services%2f..%2fKeys?Page=1",
]


@pytest.mark.parametrize("link", HOSTILE_LINKS)
@pytest.mark.parametrize(
    "read",
    [
        lambda twilio: twilio.raw("https://messaging.twilio.com/v1/Services", frame=True),
        lambda twilio: twilio.services.list(),
    ],
    ids=["raw", "services.list"],
)
def test_a_link_of_a_hostile_answer_gets_no_request(monkeypatch, link, read):
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        meta = {"key": "services", "next_page_url": link}
        body = json.dumps({"services": [], "meta": meta}).encode()
        return httpx.Response(200, stream=httpx.ByteStream(body))

    monkeypatch.setattr(Answered, "answer", httpx.MockTransport(answer))
    with Twilio(Answered(ACCOUNT, TOKEN)) as twilio, pytest.raises(BadResponse, match="followed"):
        read(twilio)
    assert [url.host for url in asked] == ["messaging.twilio.com"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_of_another_product_is_not_followed(asked, arrived, sandbox, status):
    sandbox.fail(status=status, path="/v1/Alerts")
    with pytest.raises(BadResponse, match="never followed"):
        Twilio(sandbox.connection).raw("https://monitor.twilio.com/v1/Alerts")
    assert (len(arrived), asked) == (1, [])


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/Accounts/$TWILIO_ACCOUNT_SID/Messages.json", f"{A}/Messages.json"),
        ("Accounts/$TWILIO_ACCOUNT_SID/Messages.json", f"{A}/Messages.json"),
        ("/2010-04-01/Accounts/$TWILIO_ACCOUNT_SID/Messages.json", f"{A}/Messages.json"),
        ("2010-04-01/Accounts/{AccountSid}/Messages.json", f"{A}/Messages.json"),
        ("/Accounts/${TWILIO_ACCOUNT_SID}/Messages.json", f"{A}/Messages.json"),
        (f" /Accounts/{ACCOUNT}/Messages.json ", f"{A}/Messages.json"),
        ("/Accounts/{Sid}.json", f"{A}.json"),
        ("/Accounts.json", "/2010-04-01/Accounts.json"),
    ],
)
def test_the_own_sid_is_filled_in_and_the_version_is_optional(path, expected):
    assert RawRequest(path=path).request(ACCOUNT).path == expected


def test_twenty_thousand_mutations_of_a_path_never_change_the_host():
    """Whatever passes is asked of a host in the list, below a version, without a user name."""
    chance = random.Random(20_261)
    pieces = [
        *("/", "//", "\\", "@", ":", "..", ".", "%2e", "%2f", "?", "#", "\r\n", "\x00", " ", "&"),
        *("x", "evil.example", "https:", "//evil.example", "＠", "é", ";", "[", "]", "=", "+"),
        *("$TWILIO_ACCOUNT_SID", "{Sid}", "Accounts", "2010-04-01", ".json", "|", "~", "-", "_"),
        *("https://", "content.twilio.com", ".dublin.ie1", ".twilio.com", "/v1/", ":443", "\u212a"),
    ]
    seeds = [
        *(GOOD, f"{A}/Messages.json?PageSize=5", "/Accounts.json"),
        *("https://content.twilio.com/v1/Content", "https://lookups.twilio.com/v2/PhoneNumbers/1"),
    ]
    hosts: set[str] = set()
    passed = 0
    for _ in range(20_000):
        path = chance.choice(seeds)
        for _ in range(chance.randint(1, 3)):
            place = chance.randint(0, len(path))
            path = path[:place] + chance.choice(pieces) + path[place + chance.randint(0, 2) :]
        try:
            request = RawRequest(path=path).request(ACCOUNT)
        except (PathRefused, InvalidRequest):
            continue
        passed += 1
        host = request.host or "api.twilio.com"
        hosts.add(host)
        url = httpx.URL(f"https://{host}{request.path}", params=list(request.query))
        assert (url.scheme, url.host, url.port, url.userinfo) == ("https", host, None, b"")
        assert product_of(host) == request.service
        assert url.path == request.path
        assert request.path.split("/")[1] in VERSIONS[request.service]
        assert urlsplit(str(url)).hostname == host
    assert hosts >= {"api.twilio.com", "content.twilio.com", "lookups.twilio.com"}
    assert passed > 500


MEDIA = f"{A}/Messages/MM{'0' * 32}/Media/ME{'0' * 32}"
TWILIO = "https://api.twilio.com"

ASTRAY = [
    "http://mms.twiliocdn.com/x",
    "http://127.0.0.1/x",
    "https://127.0.0.1/x",
    "https://[::1]/x",
    "https://169.254.169.254/latest",
    "https://2130706433/x",
    "https://0x7f000001/x",
    "https://localhost/x",
    "https://metadata.google.internal/x",
    "https://printer.local/x",
    "https://mms.twiliocdn.com:8443/x",
    "https://user@mms.twiliocdn.com/x",
    "https://user:password@mms.twiliocdn.com/x",
    "https://mms.twiliocdn.com:x/x",
    "https://[mms.twiliocdn.com/x",
    "https:\\\\evil.example",
    "https://evil.example\\@mms.twiliocdn.com/x",
    "https://evil .example/x",
    "https://exämple.com/x",
    "ftp://mms.twiliocdn.com/x",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "/x\r\nHost: evil.example",
]


@pytest.mark.parametrize("location", ASTRAY)
def test_a_media_file_is_not_fetched_from_where_it_cannot_be(location):
    request = Request(method="GET", path=MEDIA)
    with pytest.raises(BadResponse, match="not followed"):
        media_redirect(request, TWILIO + MEDIA, 307, location)


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("https://mms.twiliocdn.com/x?sig=1#y", "https://mms.twiliocdn.com/x?sig=1"),
        ("https://mms.twiliocdn.com:443/x", "https://mms.twiliocdn.com:443/x"),
        ("/elsewhere/x", "https://api.twilio.com/elsewhere/x"),
        ("//s3-external-1.amazonaws.com/x", "https://s3-external-1.amazonaws.com/x"),
    ],
)
def test_a_media_file_is_fetched_over_https_from_a_named_host(location, target):
    request = Request(method="GET", path=MEDIA)
    assert media_redirect(request, TWILIO + MEDIA, 302, location) == target


def test_on_this_machine_a_media_file_is_fetched_from_the_same_place_only():
    request = Request(method="GET", path=MEDIA)
    here = "http://127.0.0.1:8000"
    assert media_redirect(request, here + MEDIA, 307, "/m.png") == f"{here}/m.png"
    for location in ("http://127.0.0.1:8001/m.png", "http://localhost:8000/m.png"):
        with pytest.raises(BadResponse):
            media_redirect(request, here + MEDIA, 307, location)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", MEDIA, 307),
        ("DELETE", MEDIA, 307),
        ("GET", f"{MEDIA}.json", 307),
        ("GET", f"{A}/Messages.json", 302),
        ("GET", MEDIA, 200),
        ("GET", MEDIA, 304),
        ("GET", MEDIA, 300),
    ],
)
def test_no_other_redirect_is_followed(method, path, status):
    request = Request(method=method, path=path)
    assert media_redirect(request, TWILIO + path, status, "https://mms.twiliocdn.com/x") is None

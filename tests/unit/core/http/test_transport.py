"""The one door: what may leave through it, where to, and what is never written down."""

from __future__ import annotations

import logging
import socket
from dataclasses import replace

import pytest

from twilio_widgets import AuthTokenConnection, Sandbox, Twilio
from twilio_widgets.core.http.proxy import Proxies
from twilio_widgets.core.http.transport import BlockingTransport
from twilio_widgets.core.request import Request
from twilio_widgets.errors import (
    BadResponse,
    ConfigurationError,
    NotConnected,
    PathRefused,
)

ACCOUNT = "AC" + "0" * 31 + "1"
CONNECTION = AuthTokenConnection(ACCOUNT, "token")
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"


@pytest.fixture
def no_network(monkeypatch):
    """Every look-up and connection fails the test."""

    def never(*args, **kwargs):
        raise AssertionError(f"the network was asked for {args}")

    monkeypatch.setattr(socket, "getaddrinfo", never)
    monkeypatch.setattr(socket.socket, "connect", never)


ESCAPES = [
    "https://evil.example/2010-04-01/Accounts",
    "//evil.example/2010-04-01/Accounts",
    "/\\evil.example/2010-04-01",
    "@evil.example/2010-04-01",
    "/2010-04-01/../Accounts",
    "/2010-04-01/Accounts/..",
    "/2010-04-01/Accounts/%2e%2e/x",
    "/2010-04-01/Accounts/a%2fb",
    "/2010-04-01/Accounts/a b",
    "/2010-04-01/Accounts/a\r\nX: y",
    "/2010-04-01/Accounts/a\x00",
    "/2010-04-01/Accounts/a?b=c",
    "/2010-04-01/Accounts/a#b",
    "/2010-04-01/Accounts/é",
    "/2010-04-01//Accounts",
    "/2010-04-01/",
    "/2010-04-01",
    "/2010-04-01/Accounts/a;b",
    "/2010-04-01:443/Accounts",
    "/2008-08-01/Accounts/a",
    "",
    "/",
]


@pytest.mark.parametrize("path", ESCAPES)
def test_a_path_that_leaves_the_api_is_refused_and_nothing_is_asked_of_the_network(
    no_network, path
):
    door = BlockingTransport(CONNECTION, timeout=1, base_url=None, policy=None)
    with pytest.raises(PathRefused):
        door.send(Request(method="GET", path=path))


BASES = [
    "http://api.twilio.com",
    "http://127.0.0.1.evil.example",
    "http://localhost.evil.example",
    "https://user:password@api.twilio.com",
    "https://api.twilio.com/2010-04-01",
    "https://api.twilio.com?x=1",
    "https://api.twilio.com#x",
    "ftp://127.0.0.1",
    "api.twilio.com",
    "https://",
    "",
    "https://:password@api.twilio.com",
    "https://@api.twilio.com",
    "https://[::1",
    "https://api.twilio.com:99999",
    "https://api.twilio.com:x",
    8000,
    b"https://api.twilio.com",
]


NAMED = Request(method="GET", path=MESSAGES, host="api.twilio.com")


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:8000", "https://proxy.example"])
def test_a_host_that_the_user_named_is_refused_under_a_base_url(no_network, base_url):
    door = BlockingTransport(CONNECTION, timeout=1, base_url=base_url, policy=None)
    with pytest.raises(PathRefused, match="base_url"):
        door.send(NAMED)


def test_a_host_that_the_user_named_takes_the_place_of_the_connections_region():
    connection = AuthTokenConnection(ACCOUNT, "token", region="au1")
    door = BlockingTransport(connection, timeout=1, base_url=None, policy=None)
    url, _permission = door._checked(replace(NAMED, host="api.dublin.ie1.twilio.com"))
    assert url == f"https://api.dublin.ie1.twilio.com{MESSAGES}"


@pytest.mark.parametrize("base_url", BASES)
def test_a_base_url_to_which_credentials_may_not_travel_is_refused(base_url):
    with pytest.raises(ConfigurationError) as caught:
        Twilio(CONNECTION, base_url=base_url)
    assert caught.value.field == "base_url"


def test_a_base_url_is_what_stands_in_it_and_no_more():
    door = BlockingTransport(CONNECTION, timeout=1, base_url="HTTPS://a.example:8443/", policy=None)
    assert door.base_url == "https://a.example:8443"


@pytest.mark.parametrize(
    "base_url",
    ["http://127.0.0.1:8000", "http://[::1]:8000/", "http://localhost", "https://a.example"],
)
def test_a_base_url_on_this_machine_or_over_tls_is_taken(base_url):
    Twilio(CONNECTION, base_url=base_url).close()


def test_a_sandbox_connection_never_leaves_this_machine(no_network):
    with Sandbox() as sandbox:
        with pytest.raises(ConfigurationError, match="sends requests to this machine only"):
            Twilio(sandbox.connection, base_url="https://api.twilio.com")
        assert Twilio(sandbox.connection).check().ok


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"])
def test_a_proxy_of_the_environment_never_sees_what_stays_on_this_machine(monkeypatch, name):
    monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there
    with Sandbox() as sandbox, Twilio(sandbox.connection, base_url=sandbox.url) as twilio:
        assert twilio.check().ok


def test_a_proxy_of_the_environment_is_used_for_twilio(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.getsockname()[1]}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        proxy.settimeout(5)
        door = BlockingTransport(CONNECTION, timeout=0.5, base_url=None, policy=None)
        with pytest.raises(NotConnected):  # the proxy does not answer CONNECT
            door.send(Request(method="GET", path=MESSAGES))
        visitor, _ = proxy.accept()
        with visitor:
            assert visitor.recv(1000).startswith(b"CONNECT api.twilio.com:443 ")
        door.close()


HOSTS = ("api.twilio.com", "content.twilio.com", "api.dublin.ie1.twilio.com", "mms.twiliocdn.com")


@pytest.mark.parametrize(
    ("no_proxy", "direct"),
    [
        ("", []),
        ("api.twilio.com", ["api.twilio.com"]),
        ("content.twilio.com:443, mms.twiliocdn.com", ["content.twilio.com", "mms.twiliocdn.com"]),
        ("content.twilio.com:8443", []),
        (".twilio.com", ["api.twilio.com", "content.twilio.com", "api.dublin.ie1.twilio.com"]),
        ("twilio.com", ["api.twilio.com", "content.twilio.com", "api.dublin.ie1.twilio.com"]),
        ("ie1.twilio.com", ["api.dublin.ie1.twilio.com"]),
        ("io.com", []),
        ("*", list(HOSTS)),
    ],
)
def test_no_proxy_is_applied_to_each_host(monkeypatch, no_proxy, direct):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, no_proxy)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    proxies = Proxies()

    assert [host for host in HOSTS if proxies.of(f"https://{host}/v1?a=/") is None] == direct


def test_a_host_that_needs_no_proxy_does_not_take_the_others_past_it(monkeypatch):
    def resolved(host, *args, **options):
        if str(host).endswith("twilio.com"):
            raise socket.gaierror(f"{host} was looked up")
        return real(host, *args, **options)

    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.getsockname()[1]}")
        monkeypatch.setenv("NO_PROXY", "api.twilio.com")
        monkeypatch.setenv("no_proxy", "api.twilio.com")
        proxy.settimeout(5)
        door = BlockingTransport(CONNECTION, timeout=0.5, base_url=None, policy=None)
        with pytest.raises(NotConnected, match=r"api\.twilio\.com was looked up"):
            door.send(Request(method="GET", path=MESSAGES))
        with pytest.raises(NotConnected):  # the proxy does not answer CONNECT
            door.send(Request(method="GET", path="/v1/Content", service="content"))
        visitor, _ = proxy.accept()
        with visitor:
            assert visitor.recv(1000).startswith(b"CONNECT content.twilio.com:443 ")
        door.close()


def test_the_http_librarys_log_holds_no_number(caplog):
    with Sandbox() as sandbox, caplog.at_level(logging.DEBUG):
        twilio = Twilio(sandbox.connection)
        twilio.messages.send("+14155550123", from_=sandbox.numbers[0], body="Hi")
        list(twilio.messages.iterate(to="+14155550123", limit=1))
    assert "HTTP Request" in caplog.text
    assert "4155550123" not in caplog.text


def test_the_log_of_other_programs_is_left_alone(caplog):
    import httpx

    with caplog.at_level(logging.INFO):
        logging.getLogger("httpx").info("%s", httpx.URL("https://a.example/?n=+14155550123"))
    assert "4155550123" in caplog.text


def test_the_signed_address_of_a_media_file_is_not_written_down(caplog):
    """Who has it can fetch the file, with no credentials."""
    import httpx

    url = httpx.URL("https://mms.twiliocdn.com/AC1/file?Expires=1&Signature=canary")
    with caplog.at_level(logging.INFO):
        logging.getLogger("httpx").info("HTTP Request: %s %s", "GET", url)
    assert "canary" not in caplog.text
    assert "https://mms.twiliocdn.com/AC1/file?…" in caplog.text


def test_an_answer_larger_than_the_cap_is_not_read():
    with Sandbox(messages=50) as sandbox, Twilio(sandbox.connection, largest_body=10_000) as twilio:
        assert len(list(twilio.messages.iterate(limit=1))) == 1
        with pytest.raises(BadResponse, match="so it was not read"):
            twilio.messages.list(limit=50)


def test_a_wrong_connection_is_refused_with_advice():
    with pytest.raises(ConfigurationError, match=r"needs a connection, not str.*connect\(\)"):
        Twilio("AC123")


def test_a_name_that_cannot_be_resolved_means_nothing_was_sent(monkeypatch):
    def unknown(*_args, **_kwargs):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    twilio = Twilio(CONNECTION, timeout=0.5)
    with pytest.raises(NotConnected, match="Nothing was sent"):
        twilio.messages.send("+14155550123", from_="+15005550006", body="Hi")
    assert "Could not reach Twilio" in twilio.check().text

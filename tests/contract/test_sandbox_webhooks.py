"""The sandbox's webhooks: signed, in order, with retries and fallback, to loopback only."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest
from twilio.request_validator import RequestValidator

from twilio_widgets.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = "2026-03-04T12:00:00Z"
THEM = "+14155550105"


class Called(NamedTuple):
    """One request a receiver got."""

    method: str
    path: str
    headers: dict[str, str]
    form: dict[str, str]


class Receiver:
    """A web server on loopback that records requests and responds as configured."""

    def __init__(self) -> None:
        self.calls: list[Called] = []
        self.answers: list[tuple[int, str, str]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                form = dict(parse_qsl(self.rfile.read(length).decode(), keep_blank_values=True))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.calls.append(Called(self.command, self.path, headers, form))
                status, kind, text = receiver.answers.pop(0) if receiver.answers else (200, "", "")
                self.send_response(status)
                if kind:
                    self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def do_GET(self) -> None:
                self.do_POST()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    opened = Receiver()
    yield opened
    opened.close()


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(seed=9, now=NOW) as sandbox:
        yield sandbox


def ask(box: Sandbox, method: str, path: str, **data: Any) -> dict[str, Any]:
    name, secret = box.connection.credentials
    host = "https://messaging.twilio.com" if path.startswith("/v1") else "https://api.twilio.com"
    url = host + path.replace("{AC}", f"/2010-04-01/Accounts/{name}")
    with httpx.Client(transport=box.wire, auth=(name, secret.reveal())) as http:
        payload: dict[str, Any] = http.request(method, url, data=data or None).json()
        return payload


def send(box: Sandbox, **changes: Any) -> str:
    asked = {"To": THEM, "From": box.numbers[0], "Body": "Hello"} | changes
    return str(ask(box, "POST", "{AC}/Messages.json", **asked)["sid"])


def set_webhook(box: Sandbox, **settings: str) -> None:
    numbers = ask(box, "GET", "{AC}/IncomingPhoneNumbers.json")["incoming_phone_numbers"]
    ask(box, "POST", f"{{AC}}/IncomingPhoneNumbers/{numbers[0]['sid']}.json", **settings)


def test_every_status_but_the_first_is_posted_in_order(box: Sandbox, receiver: Receiver) -> None:
    """Signed with the account's token, as the official validator finds."""
    url = f"{receiver.url}/status?x=1#rc=2"
    sid = send(box, StatusCallback=url)
    box.clock.advance("1 min")

    assert box.settle()
    assert [(call.method, call.form["MessageStatus"]) for call in receiver.calls] == [
        ("POST", "sent"),
        ("POST", "delivered"),
    ]
    validator = RequestValidator(box.connection.auth_token.reveal())
    for call in receiver.calls:
        signature = call.headers["x-twilio-signature"]
        assert validator.validate(receiver.url + call.path, call.form, signature)
        assert not validator.validate(receiver.url + call.path + "2", call.form, signature)
    assert receiver.calls[-1].form == {
        "AccountSid": box.connection.account_sid,
        "ApiVersion": "2010-04-01",
        "From": box.numbers[0],
        "MessageSid": sid,
        "MessageStatus": "delivered",
        "RawDlrDoneDate": "2603041200",
        "SmsSid": sid,
        "SmsStatus": "delivered",
        "To": THEM,
    }
    assert [one.status for one in box.webhooks] == [200, 200]


def test_the_callback_of_a_failure_contains_its_error_code(
    box: Sandbox, receiver: Receiver
) -> None:
    send(box, To="+14155550191", StatusCallback=receiver.url)
    box.clock.advance("1 min")

    assert box.settle()
    last = receiver.calls[-1].form
    assert (last["MessageStatus"], last["ErrorCode"]) == ("undelivered", "30003")


def test_no_callback_is_posted_before_it_is_due(box: Sandbox, receiver: Receiver) -> None:
    send(box, StatusCallback=receiver.url)
    box.clock.advance(0.9)
    box.settle()
    early = [call.form["MessageStatus"] for call in receiver.calls]
    box.clock.advance(10)
    box.settle()

    assert early == ["sent"]
    assert [call.form["MessageStatus"] for call in receiver.calls] == ["sent", "delivered"]


def test_a_cancelled_message_reports_that_and_no_more(box: Sandbox, receiver: Receiver) -> None:
    sid = send(
        box,
        From="",
        MessagingServiceSid=box.services[0],
        ScheduleType="fixed",
        SendAt="2026-03-04T13:00:00Z",
        StatusCallback=receiver.url,
    )
    ask(box, "POST", f"{{AC}}/Messages/{sid}.json", Status="canceled")
    box.clock.advance("1 day")

    assert box.settle()
    assert [call.form["MessageStatus"] for call in receiver.calls] == ["canceled"]


def test_callbacks_are_posted_on_a_real_clock(receiver: Receiver) -> None:
    """Without `advance`, a callback is posted when it is due."""
    with Sandbox(seed=9) as box:
        send(box, StatusCallback=receiver.url)
        end = threading.Event()
        for _ in range(500):
            if len(receiver.calls) == 2:
                break
            end.wait(0.02)

    assert [call.form["MessageStatus"] for call in receiver.calls] == ["sent", "delivered"]


def test_an_inbound_message_is_posted_and_its_twiml_sent(box: Sandbox, receiver: Receiver) -> None:
    """TwiML in the response becomes outbound replies."""
    set_webhook(box, SmsUrl=f"{receiver.url}/in")
    receiver.answers.append(
        (
            200,
            "text/xml",
            "<Response><Message>One</Message><Message><Body>Two</Body></Message></Response>",
        )
    )
    given = box.receive(from_=THEM, body="Hi &+é", media_urls=["a"])

    assert box.settle()
    (call,) = receiver.calls
    media = call.form.pop("MediaUrl0")
    assert call.form == {
        "AccountSid": box.connection.account_sid,
        "ApiVersion": "2010-04-01",
        "Body": "Hi &+é",
        "From": THEM,
        "MediaContentType0": "image/png",
        "MessageSid": given["sid"],
        "MessagingServiceSid": box.services[0],
        "NumMedia": "1",
        "NumSegments": "1",
        "SmsMessageSid": given["sid"],
        "SmsSid": given["sid"],
        "SmsStatus": "received",
        "To": box.numbers[0],
    }
    assert media.startswith(
        f"https://api.twilio.com{str(given['uri']).removesuffix('.json')}/Media/ME"
    )
    rows = ask(box, "GET", "{AC}/Messages.json")["messages"]
    assert [(row["direction"], row["to"], row["body"]) for row in rows] == [
        ("outbound-reply", THEM, "Two"),
        ("outbound-reply", THEM, "One"),
        ("inbound", box.numbers[0], "Hi &+é"),
    ]


REPLIES = [
    ("text/plain", "Thanks!", ["Thanks!"]),
    ("application/xml; charset=utf-8", "<Response></Response>", []),
    ("application/json", '{"a": 1}', []),
    ("text/xml", "<Response><Message>", []),
    ("text/xml", '<!DOCTYPE a [<!ENTITY b "c">]><Response><Message>&b;</Message></Response>', []),
    ("text/xml", "<Response>" + "<Message>x</Message>" * 12 + "</Response>", ["x"] * 10),
    ("", "", []),
]


@pytest.mark.parametrize(("kind", "text", "bodies"), REPLIES)
def test_a_webhook_response_is_read_by_its_content_type(
    kind: str, text: str, bodies: list[str], box: Sandbox, receiver: Receiver
) -> None:
    set_webhook(box, SmsUrl=receiver.url)
    receiver.answers.append((200, kind, text))
    box.receive(from_=THEM, body="Hi")

    assert box.settle()
    rows = ask(box, "GET", "{AC}/Messages.json")["messages"]
    assert [row["body"] for row in rows if row["direction"] == "outbound-reply"] == bodies


def test_a_get_webhook_carries_its_parameters_in_the_query(
    box: Sandbox, receiver: Receiver
) -> None:
    set_webhook(box, SmsUrl=f"{receiver.url}/in?a=1", SmsMethod="GET")
    box.receive(from_=THEM, body="Hi")

    assert box.settle()
    (call,) = receiver.calls
    assert (call.method, parse_qs(urlsplit(call.path).query)["Body"]) == ("GET", ["Hi"])
    validator = RequestValidator(box.connection.auth_token.reveal())
    assert validator.validate(receiver.url + call.path, {}, call.headers["x-twilio-signature"])


def test_the_webhook_of_a_service_wins_unless_it_defers(box: Sandbox, receiver: Receiver) -> None:
    set_webhook(box, SmsUrl=f"{receiver.url}/number")
    service = f"/v1/Services/{box.services[0]}"
    own = f"{receiver.url}/service"
    ask(box, "POST", service, InboundRequestUrl=own, UseInboundWebhookOnNumber="false")
    box.receive(from_=THEM, body="1")
    box.settle()
    ask(box, "POST", service, UseInboundWebhookOnNumber="true")
    box.receive(from_=THEM, body="2")
    box.settle()

    assert [call.path for call in receiver.calls] == ["/service", "/number"]


def test_a_service_without_a_url_that_does_not_defer_gets_no_webhook(
    box: Sandbox, receiver: Receiver
) -> None:
    set_webhook(box, SmsUrl=f"{receiver.url}/number")
    ask(box, "POST", f"/v1/Services/{box.services[0]}", UseInboundWebhookOnNumber="false")
    box.receive(from_=THEM, body="1")
    box.settle()

    assert receiver.calls == []


def test_a_failing_url_falls_back(box: Sandbox, receiver: Receiver) -> None:
    set_webhook(box, SmsUrl=f"{receiver.url}/first", SmsFallbackUrl=f"{receiver.url}/second")
    receiver.answers += [(500, "", ""), (200, "text/plain", "Later")]
    box.receive(from_=THEM, body="Hi")

    assert box.settle()
    assert [call.path for call in receiver.calls] == ["/first", "/second"]


def test_retries_are_configured_in_the_fragment(box: Sandbox, receiver: Receiver) -> None:
    """By default a 500 is not repeated; all attempts carry one idempotency token."""
    receiver.answers += [(500, "", "")] * 3
    send(box, StatusCallback=f"{receiver.url}/a#rc=2&rp=all")
    box.clock.advance(0.9)
    box.settle()
    repeated = list(receiver.calls)
    receiver.answers += [(500, "", "")]
    send(box, StatusCallback=f"{receiver.url}/b")
    box.clock.advance(0.9)
    box.settle()

    assert [call.path for call in repeated] == ["/a"] * 3
    assert len({call.headers["i-twilio-idempotency-token"] for call in repeated}) == 1
    assert [call.path for call in receiver.calls].count("/b") == 1


ELSEWHERE = [
    "https://example.com/in",
    "http://example.com/in",
    "http://127.0.0.1.example.com/in",
    "http://10.0.0.1/in",
    "http://0.0.0.0:80/in",
    "http://2130706433/in",
    "http://localhost.example/in",
    "http://user:pass@example.com/in",
    "https://127.0.0.1/in",
    "http://[::ffff:10.0.0.1]/in",
]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_only_loopback_is_ever_called(
    url: str, box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even a name is looked up."""

    def forbidden(*_: Any, **__: Any) -> None:
        raise AssertionError("a name was looked up or an address called")

    monkeypatch.setattr(socket, "getaddrinfo", forbidden)
    monkeypatch.setattr(socket, "create_connection", forbidden)
    send(box, StatusCallback=url)
    box.clock.advance("1 min")

    assert box.settle()
    assert [(one.status, one.problem) for one in box.webhooks] == [
        (None, "The sandbox posts webhooks to http:// URLs on loopback only.")
    ] * 2


def test_a_refused_connection_is_recorded(box: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    send(box, StatusCallback=f"http://localhost:{port}/")
    box.clock.advance("1 min")

    assert box.settle()
    assert {one.problem for one in box.webhooks} == {
        "ConnectionRefusedError: [Errno 111] Connection refused"
    }
    assert {one.code for one in box.alerts} == {11205}


REPLY = "<Response><Message>{}</Message></Response>"
LOGGED: list[tuple[tuple[int, str, str], list[int]]] = [
    ((200, "text/xml", "<Response/>"), []),
    ((200, "text/xml; charset=utf-8", REPLY.format("Hi")), []),
    ((200, "text/xml", REPLY.format("<Media>https://a.example/a.png</Media>")), []),
    ((200, "text/plain", "Hi"), []),
    ((204, "", ""), []),
    ((200, "", ""), [12300]),
    ((200, "application/json", "{}"), [12300]),
    ((200, "text/xml", ""), [12100]),
    ((200, "text/xml", "<Response>"), [12100]),
    ((200, "text/xml", "<!DOCTYPE x><Response/>"), [12100]),
    ((200, "text/html", "<html/>"), [12200]),
    ((200, "text/xml", REPLY.format(" ")), [14103]),
    ((200, "text/xml", REPLY.format("<Body> </Body>")), [14103]),
    ((200, "text/xml", f"<Response>{'<Message>a</Message>' * 11}</Response>"), [14109]),
    ((200, "text/xml", f"<Response>{' ' * 64_000}</Response>"), [11750]),
    ((403, "", ""), [11200]),
    ((307, "", ""), [11200]),
]


@pytest.mark.parametrize(("answer", "codes"), LOGGED)
def test_an_invalid_reply_is_an_alert(
    box: Sandbox, receiver: Receiver, answer: tuple[int, str, str], codes: list[int]
) -> None:
    set_webhook(box, SmsUrl=f"{receiver.url}/in")
    receiver.answers.append(answer)
    arrived = box.receive(from_=THEM, body="Hi")

    assert box.settle()
    assert [(one.code, one.url, one.message_sid) for one in box.alerts] == [
        (code, f"{receiver.url}/in", arrived["sid"]) for code in codes
    ]


@pytest.mark.parametrize(
    ("answer", "codes"),
    [((204, "", ""), []), ((200, "text/xml", ""), []), ((200, "", ""), [12300])],
)
def test_a_status_callback_needs_a_content_type_and_no_twiml(
    box: Sandbox, receiver: Receiver, answer: tuple[int, str, str], codes: list[int]
) -> None:
    receiver.answers += [answer] * 2
    send(box, StatusCallback=f"{receiver.url}/status")
    box.clock.advance("1 min")

    assert box.settle()
    assert [one.code for one in box.alerts] == codes * 2

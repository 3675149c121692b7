"""Raw requests: what each input puts on the wire, and what the sandbox makes of it."""

from __future__ import annotations

import asyncio
import base64
import gzip
import inspect
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

import multipart
import pytest

from twilio_widgets import AsyncTwilio, AuthTokenConnection, Message, RawResponse, Sandbox, Twilio
from twilio_widgets.core.raw.response import Attempt
from twilio_widgets.errors import (
    ApiError,
    BadResponse,
    InvalidRequest,
    NoReply,
    NotFound,
    OutcomeUnknown,
    PolicyRefused,
    RateLimited,
    RejectedMessage,
    Unauthorized,
)

ACCOUNT = "AC" + "0" * 31 + "1"
A = "/Accounts/$TWILIO_ACCOUNT_SID"
BALANCE = f"{A}/Balance.json"
MESSAGES = f"{A}/Messages.json"
MEDIA = f"{A}/Messages/MM{'1' * 32}/Media/ME{'2' * 32}"
TO = "+14155550123"
JSON = [("Content-Type", "application/json")]


@dataclass(frozen=True)
class Arrived:
    """One request as received."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name]

    def parts(self) -> list[tuple[str, str | None, str, bytes]]:
        """Name, file name, type and content of each part of a multipart body."""
        kind, options = multipart.parse_options_header(self.all("content-type")[0])
        assert kind == "multipart/form-data"
        found = multipart.MultipartParser(BytesIO(self.body), options["boundary"]).parts()
        return [(part.name, part.filename, part.content_type, part.raw) for part in found]


@dataclass
class Wire:
    """A server on loopback that notes each request and answers from a list, then with ``{}``."""

    answers: list[tuple[int, list[tuple[str, str]], bytes]] = field(default_factory=list)
    arrived: list[Arrived] = field(default_factory=list)
    url: str = ""
    silence: threading.Event = field(default_factory=threading.Event)

    def answer(self, status: int, body: bytes = b"{}", *headers: tuple[str, str]) -> None:
        self.answers.append((status, [*(headers or JSON)], body))


@pytest.fixture
def wire() -> Iterator[Wire]:
    wire = Wire()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            wire.arrived.append(Arrived(self.command, self.path, self.headers.items(), body))
            status, headers, content = wire.answers.pop(0) if wire.answers else (200, JSON, b"{}")
            if status == 0:  # no answer at all
                wire.silence.wait(10)
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def __getattr__(self, name: str) -> Any:
            if name.startswith("do_"):
                return self.handle_any
            raise AttributeError(name)

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    wire.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield wire
    wire.silence.set()
    server.shutdown()
    thread.join()
    server.server_close()


PAUSES: list[float] = []


class Patient(AuthTokenConnection):
    """A connection that records each pause instead of waiting."""

    def sleep(self, seconds: float) -> None:
        PAUSES.append(seconds)

    async def sleep_async(self, seconds: float) -> None:
        PAUSES.append(seconds)


Raw = Callable[..., RawResponse]


@pytest.fixture(params=["blocking", "awaiting"])
def raw(request: pytest.FixtureRequest, wire: Wire) -> Iterator[Raw]:
    """`raw` of a client that talks to the wire, waiting or awaiting."""
    PAUSES.clear()
    connection = Patient(ACCOUNT, "token")
    if request.param == "blocking":
        with Twilio(connection, base_url=wire.url, largest_body=100_000) as twilio:
            yield twilio.raw
        return
    with asyncio.Runner() as runner:
        client = AsyncTwilio(connection, base_url=wire.url, largest_body=100_000)

        async def ask(*args: Any, **inputs: Any) -> RawResponse:
            return await client.raw(*args, **inputs)  # type: ignore[misc]  # one type for both clients

        yield lambda *args, **inputs: runner.run(ask(*args, **inputs))
        runner.run(client.aclose())


class TestWhatIsSent:
    def test_the_path_is_completed_and_the_credentials_are_the_connections(self, raw, wire):
        raw(BALANCE)
        (arrived,) = wire.arrived
        assert (arrived.method, arrived.target, arrived.body) == (
            "GET",
            f"/2010-04-01/Accounts/{ACCOUNT}/Balance.json",
            b"",
        )
        pair = base64.b64encode(f"{ACCOUNT}:token".encode()).decode()
        assert arrived.all("authorization") == [f"Basic {pair}"]
        assert arrived.all("content-type") == []

    def test_the_query_of_the_path_is_kept_and_parameters_are_added(self, raw, wire):
        raw(
            f"{MESSAGES}?PageSize=5&DateSent>=2026-01-01&Flag",
            query_params=[("To", TO), ("a", 1), ("a", "ä b"), ("b", [2, 3]), ("none", None)],
        )
        path, _, query = wire.arrived[0].target.partition("?")
        assert path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        assert parse_qsl(query, keep_blank_values=True) == [
            ("PageSize", "5"),
            ("DateSent>", "2026-01-01"),
            ("Flag", ""),
            ("To", TO),
            ("a", "1"),
            ("a", "ä b"),
            ("b", "2"),
            ("b", "3"),
        ]

    @pytest.mark.parametrize("method", ["get", "POST", "Put", "PATCH", "DELETE", "HEAD", "OPTIONS",
                                        "LINK", "UNLINK", "PURGE", ""])  # fmt: skip
    def test_every_method_is_sent_as_it_is(self, raw, wire, method):
        assert raw(BALANCE, method).status == 200
        assert [one.method for one in wire.arrived] == [method.upper() or "GET"]

    def test_a_mapping_is_sent_url_encoded_and_a_list_repeats_its_key(self, raw, wire):
        raw(
            MESSAGES,
            "POST",
            data={
                "Body": "a&b ❤\r\nc",
                "MediaUrl": ["https://a.example/1", "https://a.example/2"],
                "SmartEncoded": True,
                "ValidityPeriod": 60,
                "MaxPrice": Decimal("0.10"),
                "SendAt": datetime(2026, 1, 15, 12, tzinfo=UTC),
                "Left": None,
            },
        )
        (arrived,) = wire.arrived
        assert arrived.all("content-type") == ["application/x-www-form-urlencoded"]
        assert arrived.body == (
            b"Body=a%26b+%E2%9D%A4%0D%0Ac&MediaUrl=https%3A%2F%2Fa.example%2F1"
            b"&MediaUrl=https%3A%2F%2Fa.example%2F2&SmartEncoded=true&ValidityPeriod=60"
            b"&MaxPrice=0.10&SendAt=2026-01-15T12%3A00%3A00Z"
        )

    def test_pairs_are_sent_in_their_order(self, raw, wire):
        raw(MESSAGES, "POST", data=[("b", "1"), ("a", "2"), ("b", "3")])
        assert wire.arrived[0].body == b"b=1&a=2&b=3"

    @pytest.mark.parametrize("data", ['{"ä": 1}', '{"ä": 1}'.encode()])
    def test_text_and_bytes_are_sent_as_they_are_with_their_type(self, raw, wire, data):
        raw(BALANCE, "POST", data=data, headers={"content-type": "application/json; x=y"})
        (arrived,) = wire.arrived
        assert arrived.body == '{"ä": 1}'.encode()
        assert arrived.all("content-type") == ["application/json; x=y"]

    def test_form_fields_are_sent_as_multipart_in_order_with_repeats(self, raw, wire):
        raw(MESSAGES, "POST", form_data=[("To", TO), ("Body", "❤\r\n--x"), ("To", True)])
        assert wire.arrived[0].parts() == [
            ("To", None, "text/plain", TO.encode()),
            ("Body", None, "text/plain", "❤\r\n--x".encode()),
            ("To", None, "text/plain", b"true"),
        ]

    def test_files_follow_the_fields_and_have_names_and_types(self, raw, wire, tmp_path):
        (tmp_path / "note.txt").write_bytes(b"from a file")
        raw(
            MESSAGES,
            "POST",
            form_data={"a": "1"},
            file_data=[
                ("pic", b"\x89PNG\r\n\x1a\n\x00"),
                ("pic", b"two"),
                ("words", "ä"),
                ("note", tmp_path / "note.txt"),
            ],
            file_data_file_names=[("pic", 'a "b".png'), ("pic", "c.jpg")],
            headers={"Content-Type": "multipart/form-data"},
        )
        (arrived,) = wire.arrived
        assert arrived.parts() == [
            ("a", None, "text/plain", b"1"),
            ("pic", 'a "b".png', "image/png", b"\x89PNG\r\n\x1a\n\x00"),
            ("pic", "c.jpg", "image/jpeg", b"two"),
            ("words", "words", "application/octet-stream", "ä".encode()),
            ("note", "note.txt", "text/plain", b"from a file"),
        ]
        assert len(arrived.all("content-type")) == 1

    def test_repeated_headers_are_all_sent_and_replace_the_defaults(self, raw, wire):
        raw(
            BALANCE, headers=[("X-A", "1"), ("x-a", "2"), ("User-Agent", "mine"), ("Accept", "x/y")]
        )
        (arrived,) = wire.arrived
        assert (arrived.all("x-a"), arrived.all("user-agent"), arrived.all("accept")) == (
            ["1", "2"],
            ["mine"],
            ["x/y"],
        )

    def test_data_and_form_data_together_are_refused(self, raw, wire):
        for other in ({"form_data": {"a": 1}}, {"file_data": {"a": b"1"}}):
            with pytest.raises(InvalidRequest) as caught:
                raw(MESSAGES, "POST", data={"a": 1}, **other)
            assert str(caught.value) == "Cannot specify both Data and File/Form Data."
            assert caught.value.field == "data"
        assert wire.arrived == []
        raw(MESSAGES, "POST", data="", form_data={"a": 1})  # no data is no conflict
        assert len(wire.arrived) == 1

    def test_a_body_over_the_limit_is_not_sent(self, raw, wire):
        with pytest.raises(
            InvalidRequest, match=r"100,001 bytes; the limit is 100,000.*largest_body"
        ):
            raw(BALANCE, "POST", data=b"x" * 100_001, headers={"Content-Type": "a/b"})
        assert wire.arrived == []


class TestWhatComesBack:
    def test_a_response_has_status_headers_body_and_attempts(self, raw, wire):
        wire.answer(
            200, b'{"a": [1, "\xc3\xa4"]}', *JSON, ("Twilio-Request-Id", "RQ1"), ("X-Own", "y")
        )
        response = raw(BALANCE)
        assert (response.status, response.data, response.attempts) == (200, {"a": [1, "ä"]}, 1)
        assert (response.request_id, response.content_type) == ("RQ1", "application/json")
        assert response.headers["x-own"] == "y"
        assert 0 < response.elapsed < 5
        assert repr(response) == "RawResponse(HTTP 200, JSON object of 1 field, 1 attempt)"

    @pytest.mark.parametrize(
        ("response_type", "found", "told"),
        [
            ("json", ["ä"], ("application/json", "JSON")),
            ("text", '["ä"]', ("*/*", "text of 5 characters")),
            ("binary", '["ä"]'.encode(), ("*/*", "6 bytes of application/json")),
        ],
    )
    def test_a_body_is_json_text_or_bytes(self, raw, wire, response_type, found, told):
        wire.answer(200, '["ä"]'.encode())
        response = raw(BALANCE, response_type=response_type)
        assert response.data == found
        assert wire.arrived[0].all("accept") == [told[0]]
        assert repr(response) == f"RawResponse(HTTP 200, {told[1]}, 1 attempt)"

    def test_text_is_decoded_with_the_charset_it_names(self, raw, wire):
        wire.answer(200, b"\xe4\xff", ("Content-Type", "text/plain; charset=latin-1"))
        wire.answer(200, b"\xe4", ("Content-Type", "text/plain; charset=no-such"))
        assert raw(BALANCE, response_type="text").data == "äÿ"
        assert raw(BALANCE, response_type="text").data == "\ufffd"

    @pytest.mark.parametrize(
        ("response_type", "found"), [("json", None), ("text", ""), ("binary", b"")]
    )
    def test_an_empty_body_is_none_or_empty(self, raw, wire, response_type, found):
        wire.answer(204, b"")
        assert raw(BALANCE, "DELETE", response_type=response_type).data == found
        wire.answer(200, gzip.compress(b"{}"), *JSON, ("Content-Encoding", "gzip"))
        assert raw(BALANCE, "HEAD", response_type=response_type).data == found

    def test_a_body_that_is_not_json_is_reported_and_kept(self, raw, wire):
        wire.answer(200, b"<h1>Sorry</h1>", ("Content-Type", "text/html; charset=utf-8"))
        with pytest.raises(BadResponse, match="not valid JSON") as caught:
            raw(BALANCE)
        assert caught.value.text == "<h1>Sorry</h1>"
        assert caught.value.response.content_type == "text/html"
        assert caught.value.response.status == 200

    def test_a_change_is_not_repeated_because_its_response_is_not_json(self, raw, wire):
        wire.answer(201, b"<Message/>", ("Content-Type", "application/xml"))
        with pytest.raises(BadResponse, match=r"\.json.*change itself was made \(HTTP 201\)"):
            raw(MESSAGES.removesuffix(".json"), "POST", data={"To": TO})

    @pytest.mark.parametrize(
        ("status", "kind"),
        [(400, ApiError), (401, Unauthorized), (404, NotFound), (429, RateLimited)],
    )
    def test_an_error_uses_the_same_classes_and_contains_the_response(
        self, raw, wire, status, kind
    ):
        body = b'{"code": 20001, "message": "No", "status": %d}' % status
        wire.answer(status, body, *JSON, ("Twilio-Request-Id", "RQ9"))
        with pytest.raises(ApiError) as caught:
            raw(BALANCE)
        assert type(caught.value) is kind
        assert (caught.value.code, caught.value.request_id) == (20001, "RQ9")
        assert caught.value.response.data == {"code": 20001, "message": "No", "status": status}
        assert caught.value.response.attempts == 1

    def test_an_error_that_is_not_json_keeps_its_text(self, raw, wire):
        wire.answer(502, b"<h1>Bad gateway</h1>", ("Content-Type", "text/html"))
        with pytest.raises(ApiError) as caught:
            raw(BALANCE)
        assert caught.value.response.data == "<h1>Bad gateway</h1>"

    def test_a_refused_message_names_the_input(self, raw, wire):
        wire.answer(400, b'{"code": 21211, "message": "Invalid To"}')
        with pytest.raises(RejectedMessage) as caught:
            raw(MESSAGES, "POST", form_data={"To": TO, "Body": "x"})
        assert (caught.value.field, caught.value.about) == ("to", "+1 4••• ••• 123")

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_a_body_over_the_limit_is_not_read_plain_or_decompressed(self, raw, wire, method):
        expected = BadResponse if method == "GET" else OutcomeUnknown
        bomb = gzip.compress(b"0" * 10_000_000)
        for body, headers in (
            (b"0" * 100_001, JSON),
            (bomb, [*JSON, ("Content-Encoding", "gzip")]),
            (gzip.compress(b"{}") + b"\0" * 100_001, [*JSON, ("Content-Encoding", "gzip")]),
        ):
            wire.answer(200, body, *headers)
            with pytest.raises(expected, match="more than 100,000 bytes"):
                raw(BALANCE, method)
        assert len(wire.arrived) == 3

    def test_damaged_compression_is_reported(self, raw, wire):
        for body, word in ((b"no gzip", "damaged"), (gzip.compress(b"{}" * 99)[:-9], "cut off")):
            wire.answer(200, body, *JSON, ("Content-Encoding", "gzip"))
            with pytest.raises(BadResponse, match=word):
                raw(BALANCE)

    def test_not_modified_is_a_response(self, raw, wire):
        wire.answer(304, b"")
        assert raw(BALANCE, headers={"If-None-Match": '"x"'}).status == 304


class TestRedirects:
    def test_a_media_file_is_fetched_without_credentials_and_without_our_headers(self, raw, wire):
        wire.answer(307, b"", ("Location", "/file?sig=1"))
        wire.answer(200, b"\x89PNG", ("Content-Type", "image/png"))
        response = raw(MEDIA, response_type="binary", headers={"X-Own": "1"})
        assert (response.data, response.content_type) == (b"\x89PNG", "image/png")
        first, second = wire.arrived
        assert first.all("authorization") != []
        assert second.target == "/file?sig=1"
        assert second.all("authorization") == second.all("x-own") == second.all("cookie") == []

    def test_a_second_redirect_is_not_followed(self, raw, wire):
        for _ in range(2):
            wire.answer(302, b"", ("Location", "/file"))
        with pytest.raises(BadResponse, match="redirect"):
            raw(MEDIA, response_type="binary")
        assert len(wire.arrived) == 2

    @pytest.mark.parametrize(
        "location", ["http://127.0.0.1:9/x", "http://evil.example/x", "https://127.0.0.1/x"]
    )
    def test_a_media_file_elsewhere_is_not_fetched(self, raw, wire, location):
        wire.answer(307, b"", ("Location", location))
        with pytest.raises(BadResponse, match="not followed"):
            raw(MEDIA, response_type="binary")
        assert len(wire.arrived) == 1

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    @pytest.mark.parametrize(
        ("method", "meaning"), [("GET", BadResponse), ("POST", OutcomeUnknown)]
    )
    def test_no_other_redirect_is_followed(self, raw, wire, status, method, meaning):
        wire.answer(status, b"", ("Location", "/2010-04-01/Accounts.json"))
        with pytest.raises(meaning, match="redirect") as caught:
            raw(BALANCE, method, max_retries=3, retry_all_errors=True, repeat_unsafe=True)
        assert caught.value.response.status == status
        assert len(wire.arrived) == 1


class TestRetries:
    def test_without_retries_nothing_is_repeated(self, raw, wire):
        wire.answer(503)
        with pytest.raises(ApiError):
            raw(BALANCE)
        assert (len(wire.arrived), PAUSES) == (1, [])

    def test_each_attempt_is_reported_and_the_last_one_counts(self, raw, wire):
        for status in (500, 503):
            wire.answer(status, b'{"message": "Down"}')
        seen: list[Attempt] = []
        response = raw(BALANCE, max_retries=3, retry_delay_ms=250, attempt_seen=seen.append)
        assert (response.status, response.attempts, PAUSES) == (200, 3, [0.25, 0.25])
        assert seen == [
            Attempt(1, 500, "Down (HTTP 500).", 0.25),
            Attempt(2, 503, "Down (HTTP 503).", 0.25),
            Attempt(3, 200, None, None),
        ]

    def test_the_last_failure_is_raised_when_the_retries_are_used_up(self, raw, wire):
        for _ in range(9):
            wire.answer(503)
        with pytest.raises(ApiError) as caught:
            raw(BALANCE, max_retries=2)
        assert (len(wire.arrived), caught.value.response.attempts) == (3, 3)

    def test_back_off_grows_with_jitter_to_a_cap_whatever_the_delay(self, raw, wire):
        for _ in range(10):
            wire.answer(503)
        random.seed(7)
        response = raw(
            BALANCE, max_retries=10, use_exponential_backoff=True, retry_delay_ms=0, timeout=1000
        )
        assert response.attempts == 11
        bounds = [min(20.0, 0.5 * 2**n) for n in range(10)]
        assert all(0 < pause <= bound for pause, bound in zip(PAUSES, bounds, strict=True))
        assert max(PAUSES) > 5
        assert len(set(PAUSES)) == 10

    @pytest.mark.parametrize("status", [429, 503])
    @pytest.mark.parametrize("exponential", [False, True])
    def test_retry_after_overrides_the_delay(self, raw, wire, status, exponential):
        wire.answer(status, b"{}", *JSON, ("Retry-After", "7"))
        raw(BALANCE, max_retries=1, retry_delay_ms=100, use_exponential_backoff=exponential)
        assert PAUSES == [7.0]

    def test_other_refusals_are_repeated_only_when_asked(self, raw, wire):
        wire.answer(404)
        with pytest.raises(NotFound):
            raw(BALANCE, max_retries=3)
        assert len(wire.arrived) == 1
        wire.answer(404)
        assert raw(BALANCE, max_retries=3, retry_all_errors=True).attempts == 2

    @pytest.mark.parametrize("status", [408, 500, 503, 0])
    def test_a_post_is_not_repeated_after_an_ambiguous_failure(self, raw, wire, status):
        wire.answer(status)
        with pytest.raises(OutcomeUnknown) as caught:
            raw(
                f"{MESSAGES}?To=%2B14155550123",
                "POST",
                form_data={"Body": "Hi"},
                max_retries=3,
                retry_all_errors=True,
                timeout=0.5,
            )
        assert len(wire.arrived) == 1
        assert caught.value.parameters == {"To": (TO,), "Body": ("Hi",)}
        assert caught.value.started_at <= caught.value.latest_arrival
        found = caught.value.response
        assert (found.status if found else 0) == status

    def test_a_post_is_repeated_when_the_caller_accepts_the_risk(self, raw, wire):
        wire.answer(503)
        wire.answer(201, b'{"sid": "SM1"}')
        response = raw(MESSAGES, "POST", data={"To": TO}, max_retries=1, repeat_unsafe=True)
        assert (response.status, response.attempts) == (201, 2)

    def test_a_post_that_was_never_processed_is_repeated(self, raw, wire):
        wire.answer(429)
        assert raw(MESSAGES, "POST", data={"To": TO}, max_retries=1).attempts == 2

    def test_a_daily_limit_is_not_retried(self, raw, wire):
        wire.answer(429, b'{"code": 63038}', *JSON)
        with pytest.raises(RateLimited):
            raw(MESSAGES, "POST", data={"To": TO}, max_retries=3)
        assert len(wire.arrived) == 1

    def test_a_multipart_body_is_the_same_in_every_attempt(self, raw, wire):
        wire.answer(429)
        wire.answer(429)
        raw(MESSAGES, "POST", file_data={"a": b"x" * 9_000}, max_retries=2)
        first, second, third = wire.arrived
        assert first.body == second.body == third.body
        assert first.parts() == [("a", "a", "application/octet-stream", b"x" * 9_000)]

    def test_the_timeout_covers_all_attempts(self, raw, wire):
        for _ in range(5):
            wire.answer(0)
        began = time.monotonic()
        with pytest.raises(NoReply):
            raw(BALANCE, timeout=0.4, max_retries=5)
        assert time.monotonic() - began < 2
        assert len(wire.arrived) <= 2

    def test_no_pause_exceeds_the_timeout(self, raw, wire):
        wire.answer(503)
        with pytest.raises(ApiError):
            raw(BALANCE, max_retries=5, retry_delay_ms=3_000, timeout=2)
        assert (len(wire.arrived), PAUSES) == (1, [])

    def test_the_timeout_may_be_longer_than_the_clients(self, wire):
        with Twilio(Patient(ACCOUNT, "token"), base_url=wire.url, timeout=0.2) as twilio:
            wire.answer(0)
            threading.Timer(0.6, wire.silence.set).start()
            began = time.monotonic()
            with pytest.raises(NoReply):  # the server hangs up, after the client's usual time
                twilio.raw(BALANCE, timeout=20)
            assert 0.5 < time.monotonic() - began < 5

    def test_an_exception_in_attempt_seen_ends_the_request(self, raw, wire):
        class Enough(Exception):
            pass

        def stop(_attempt: Attempt) -> None:
            raise Enough

        wire.answer(503)
        with pytest.raises(Enough) as caught:
            raw(BALANCE, max_retries=9, attempt_seen=stop)
        assert len(wire.arrived) == 1
        assert isinstance(caught.value.__cause__, ApiError)

    def test_an_exception_before_an_attempt_ends_the_request(self, raw, wire):
        class Enough(Exception):
            pass

        begun: list[int] = []

        def stop(number: int) -> None:
            begun.append(number)
            if number == 2:
                raise Enough

        wire.answer(503)
        with pytest.raises(Enough):
            raw(BALANCE, max_retries=9, before_attempt=stop)
        assert (begun, len(wire.arrived)) == ([1, 2], 1)


class TestOnTheSandbox:
    """With each transport, blocking and async."""

    def test_every_kind_of_body_sends_one_message(self, twilio, sandbox):
        fields = {"To": TO, "From": sandbox.numbers[0], "Body": "Grüße ❤"}
        url = "To=%2B14155550123&Body=Gr%C3%BC%C3%9Fe+%E2%9D%A4&From=%2B" + sandbox.numbers[0][1:]
        kinds: list[dict[str, Any]] = [
            {"data": fields},
            {"data": url, "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
            {"form_data": fields},
            {"form_data": fields, "file_data": {"extra": b"x"}},
        ]
        sids = [twilio.raw(MESSAGES, "POST", **kind).data["sid"] for kind in kinds]
        assert [(one.sid, one.body) for one in sandbox.ledger] == [(sid, "Grüße ❤") for sid in sids]

    def test_a_response_can_be_read_as_a_message(self, twilio, sandbox):
        fields = {"To": TO, "From": sandbox.numbers[0], "Body": "Hi"}
        response = twilio.raw(MESSAGES, "POST", data=fields)
        assert (response.status, response.content_type) == (201, "application/json")
        assert response.request_id.startswith("RQ")
        message = Message.from_api(response.data)
        assert twilio.messages.get(message.sid).body == "Hi"

    def test_a_message_whose_response_was_lost_is_sent_once_and_found(self, twilio, sandbox):
        sandbox.fail(fault="reset_after_accept")
        fields = {"To": TO, "From": sandbox.numbers[0], "Body": "Once"}
        with pytest.raises(OutcomeUnknown) as caught:
            twilio.raw(MESSAGES, "POST", form_data=fields, max_retries=5, retry_all_errors=True)
        assert len(sandbox.ledger) == 1
        assert twilio.messages.find(caught.value).sid == sandbox.ledger[0].sid

    def test_a_raw_message_is_not_mistaken_for_another(self, connect, sandbox):
        twilio = connect(sandbox)
        fields = {"To": TO, "From": sandbox.numbers[0], "Body": "Twice"}
        sandbox.fail(fault="reset_before_read", method="POST")
        with pytest.raises(OutcomeUnknown) as caught:
            twilio.messages.send(TO, from_=sandbox.numbers[0], body="Twice")
        twilio.raw(MESSAGES, "POST", data=fields)
        sandbox.clock.advance("10 min")
        assert twilio.messages.find(caught.value) is None

    def test_a_multipart_body_survives_a_retry_against_a_503(self, twilio, sandbox):
        sandbox.fail(status=503, method="POST", retry_after=3)
        number = twilio.raw(f"{A}/IncomingPhoneNumbers.json").data["incoming_phone_numbers"][0]
        before = sandbox.clock.now()
        response = twilio.raw(
            f"{A}/IncomingPhoneNumbers/{number['sid']}.json",
            "POST",
            form_data={"FriendlyName": "New"},
            max_retries=1,
            repeat_unsafe=True,
        )
        assert (response.data["friendly_name"], response.attempts) == ("New", 2)
        assert (sandbox.clock.now() - before).total_seconds() == 3
        assert response.elapsed >= 3

    def test_pauses_count_towards_the_timeout_on_a_frozen_clock(self, twilio, sandbox):
        sandbox.fail(status=503, method="GET", times=9)
        with pytest.raises(ApiError) as caught:
            twilio.raw(BALANCE, timeout=25, retry_delay_ms=10_000, max_retries=9)
        assert caught.value.response.attempts == 3
        assert caught.value.response.elapsed >= 20

    def test_a_delete_whose_response_was_lost_is_repeated_and_done(self, twilio, sandbox):
        message = twilio.messages.send(TO, from_=sandbox.numbers[0], body="x")
        sandbox.clock.advance("10 min")
        sandbox.fail(fault="reset_after_accept", method="DELETE")
        response = twilio.raw(f"{A}/Messages/{message.sid}.json", "DELETE", max_retries=1)
        assert (response.status, response.attempts) == (404, 2)
        with pytest.raises(NotFound):
            twilio.raw(f"{A}/Messages/{message.sid}.json", "DELETE", max_retries=1)

    def test_a_delete_whose_only_response_was_lost_is_unknown(self, twilio, sandbox):
        sandbox.fail(fault="hang", method="DELETE")
        with pytest.raises(OutcomeUnknown, match="Read the resource again to check"):
            twilio.raw(f"{A}/Messages/SM{'0' * 32}.json", "DELETE", timeout=0.3)

    def test_a_media_file_is_returned_as_bytes(self, twilio, sandbox):
        url = "https://example.com/a.png"
        message = twilio.messages.send(TO, from_=sandbox.numbers[0], media_url=url)
        (media,) = twilio.messages.media(message.sid)
        response = twilio.raw(media.uri.removesuffix(".json"), response_type="binary")
        assert response.data.startswith(b"\x89PNG\r\n\x1a\n")
        assert response.content_type == "image/png"

    def test_a_list_is_read_page_by_page_into_a_frame(self, connect):
        with Sandbox(seed=7, messages=130, now="2026-01-15T12:00:00Z") as sandbox:
            twilio = connect(sandbox)
            seen: list[tuple[int, int]] = []
            response = twilio.raw(
                f"{MESSAGES}?PageSize=50",
                frame=True,
                progress=lambda reading: seen.append((reading.rows, reading.pages)),
            )
            assert type(response.data).__name__ == "MessageFrame"
            assert response.data["sid"].tolist() == twilio.messages.list()["sid"].tolist()
            assert seen == [(50, 1), (100, 2), (130, 3)]
            assert (response.attempts, response.data.attrs["complete"]) == (3, True)
            assert repr(response) == "RawResponse(HTTP 200, DataFrame of 130 rows, 3 attempts)"

            cut = twilio.raw(f"{MESSAGES}?PageSize=50", frame=True, limit=60).data
            assert (len(cut), cut.attrs["complete"]) == (60, False)
            assert twilio.raw(MESSAGES, frame=True, limit=None).attempts == 1

    def test_a_page_of_a_frame_is_repeated_like_any_request(self, connect):
        with Sandbox(seed=7, messages=9, now="2026-01-15T12:00:00Z") as sandbox:
            sandbox.fail(status=503, times=2)
            response = connect(sandbox).raw(MESSAGES, frame=True, max_retries=2)
            assert (len(response.data), response.attempts) == (9, 3)

    def test_a_response_that_is_not_a_list_is_reported_and_kept(self, twilio):
        with pytest.raises(BadResponse, match="not a list") as caught:
            twilio.raw(BALANCE, frame=True)
        assert caught.value.response.data["currency"] == "USD"
        with pytest.raises(BadResponse, match=r"end the path with \.json"):
            twilio.raw(MESSAGES.removesuffix(".json"), frame=True)

    def test_a_policy_checks_raw_requests_with_all_their_parameters(self, connect, sandbox):
        seen: list[tuple[bool, dict[str, tuple[str, ...]]]] = []

        class Never:
            def check(self, request: Any) -> None:
                seen.append((request.creates_message, request.parameters))
                raise PolicyRefused("Not today.")

        twilio = connect(sandbox, policy=Never())
        text = {"Content-Type": "application/x-www-form-urlencoded"}
        for inputs in (
            {"data": {"To": TO}},
            {"form_data": {"To": TO}},
            {"query_params": {"To": TO}},
            {"file_data": {"To": TO}},
            {"data": "To=%2B14155550123", "headers": text},
        ):
            with pytest.raises(PolicyRefused):
                twilio.raw(MESSAGES, "POST", **inputs)
        assert seen == [(True, {"To": (TO,)})] * 5
        with pytest.raises(PolicyRefused):
            twilio.raw(MESSAGES)
        assert seen[5] == (False, {})
        assert sandbox.ledger == ()


def test_every_input_of_raw_is_on_both_clients():
    assert inspect.signature(Twilio.raw) == inspect.signature(AsyncTwilio.raw)
    assert list(inspect.signature(Twilio.raw).parameters)[1:] == [
        "path", "method", "data", "form_data", "file_data", "file_data_file_names", "query_params",
        "headers", "response_type", "timeout", "retry_delay_ms", "retry_all_errors", "max_retries",
        "use_exponential_backoff", "repeat_unsafe", "frame", "limit", "progress", "attempt_seen",
        "before_attempt",
    ]  # fmt: skip


def test_a_credential_in_a_response_is_hidden_by_default(connect, sandbox):
    """The cell that shows an answer is saved with it."""
    twilio, token = connect(sandbox), sandbox.connection.auth_token
    account = twilio.raw("/Accounts/$TWILIO_ACCOUNT_SID.json").data
    assert account["auth_token"] == token
    accounts = twilio.raw("/Accounts.json").data
    table = twilio.raw("/Accounts.json", frame=True).data
    assert token.reveal() not in f"{account} {accounts} {table.to_string()} {table.to_csv()}"

"""When something is tried again, and when never: the flows, with no HTTP, no clock and no sleep."""

from __future__ import annotations

import itertools
from asyncio import CancelledError
from dataclasses import replace

import pytest

from twilio_widgets.core.bodies import FormBody
from twilio_widgets.core.flows.flow import LONGEST_RETRY_AFTER, RetryPolicy, change, read
from twilio_widgets.core.flows.paging import JsonPage, Paginator, follow_link, next_link
from twilio_widgets.core.request import Pause, Reply, Request
from twilio_widgets.errors import (
    ApiError,
    BadResponse,
    NoReply,
    NotConnected,
    OutcomeUnknown,
    RateLimited,
    RejectedMessage,
)

GET = Request(method="GET", path="/2010-04-01/Accounts/AC1/Messages.json")
SERVICES = Request(method="GET", path="/v1/Services", service="messaging")
DELETE = Request(method="DELETE", path="/2010-04-01/Accounts/AC1/Messages/SM1.json")
POST = Request(
    method="POST",
    path="/2010-04-01/Accounts/AC1/Messages.json",
    body=FormBody((("To", "+14155550123"), ("Body", "Hi"), ("MediaUrl", "a"), ("MediaUrl", "b"))),
    creates_message=True,
)
CREATED = Reply(status=201, headers={}, content=b"{}")


def reply(status: int, content: bytes = b"", **headers: str) -> Reply:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers=names, content=content)


def retry_policy(**changes: object) -> RetryPolicy:
    """A retry policy whose clock stands still, with jitter at its upper end."""
    return RetryPolicy(**{"monotonic": lambda: 0.0, "uniform": lambda _low, high: high} | changes)


def play(flow, answers):
    """Answer a flow's requests in order; return its result, requests sent and pauses made."""
    requests, pauses, waiting = [], [], list(answers)
    step = next(flow)
    try:
        while True:
            if isinstance(step, Pause):
                pauses.append(step.seconds)
                step = flow.send(None)
                continue
            requests.append(step)
            answer = waiting.pop(0)
            step = flow.throw(answer) if isinstance(answer, Exception) else flow.send(answer)
    except StopIteration as end:
        return end.value, requests, pauses


class TestChange:
    @pytest.mark.parametrize("fault", [NoReply("lost"), BadResponse("damaged")])
    def test_a_lost_reply_is_never_sent_again(self, fault):
        flow = change(POST, retry_policy())
        next(flow)
        with pytest.raises(OutcomeUnknown, match="may have been sent"):
            flow.throw(fault)

    @pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 599])
    def test_a_server_fault_is_never_sent_again(self, status):
        flow = change(POST, retry_policy())
        next(flow)
        with pytest.raises(OutcomeUnknown) as caught:
            flow.send(reply(status))
        assert caught.value.parameters == {
            "To": ("+14155550123",),
            "Body": ("Hi",),
            "MediaUrl": ("a", "b"),
        }

    def test_a_connection_never_established_is_tried_again(self):
        result, requests, pauses = play(
            change(POST, retry_policy()),
            [NotConnected("refused"), NotConnected("refused"), CREATED],
        )
        assert result is CREATED
        assert len(requests) == 3
        assert pauses == [0.5, 1.0]

    def test_a_process_stopped_beyond_its_deadline_sends_nothing(self):
        now = iter([0.0, 31.0, 31.0])  # at the claim, at the send, at the question of a retry
        late = retry_policy(seconds=30, monotonic=lambda: next(now))
        late.remaining()  # as a row is claimed
        with pytest.raises(NotConnected, match="Nothing was sent"):
            play(change(POST, late), [CREATED])

    def test_a_pause_beyond_the_deadline_leaves_the_reason_of_the_attempt_before(self):
        moments = iter([0.0, 0.0, 0.0])  # the first attempt and its pause
        late = retry_policy(seconds=30, monotonic=lambda: next(moments, 31.0))
        with pytest.raises(NotConnected, match="refused"):
            play(change(POST, late), [NotConnected("refused"), CREATED])

    def test_a_429_is_tried_again_after_what_twilio_says(self):
        result, _, pauses = play(
            change(POST, retry_policy()), [reply(429, retry_after="7"), reply(429), CREATED]
        )
        assert result is CREATED
        assert pauses == [7.0, 1.0]

    def test_a_daily_limit_is_not_waited_for(self):
        with pytest.raises(RateLimited):
            play(change(POST, retry_policy()), [reply(429, b'{"code": 63038}')])

    def test_a_429_storm_ends_with_how_long_to_wait(self):
        flow = change(POST, retry_policy())
        with pytest.raises(RateLimited) as caught:
            play(flow, [reply(429, retry_after="3")] * 4)
        assert caught.value.retry_after == 3.0

    def test_a_pause_beyond_the_deadline_is_not_started(self):
        flow = change(POST, retry_policy(seconds=30))
        with pytest.raises(RateLimited) as caught:
            play(flow, [reply(429, retry_after="60")])
        assert caught.value.retry_after == 60.0

    def test_a_refusal_names_the_parameter_and_is_not_tried_again(self):
        refusal = b'{"code": 21211, "message": "Invalid", "status": 400}'
        flow = change(POST, retry_policy(), about="+14155550123")
        with pytest.raises(RejectedMessage) as caught:
            play(flow, [reply(400, refusal)])
        assert (caught.value.code, caught.value.field) == (21211, "to")
        assert "4155550123" not in str(caught.value)

    @pytest.mark.parametrize("interruption", [KeyboardInterrupt, CancelledError])
    def test_an_interrupted_send_leaves_its_outcome_behind(self, interruption):
        left = []
        flow = change(POST, retry_policy(), left_open=left.append)
        next(flow)
        with pytest.raises(interruption):
            flow.throw(interruption())
        assert [outcome.parameters["To"] for outcome in left] == [("+14155550123",)]

    def test_a_closed_flow_leaves_the_outcome_of_a_send_behind(self):
        left = []
        flow = change(POST, retry_policy(), left_open=left.append)
        next(flow)
        flow.close()
        assert [outcome.parameters["To"] for outcome in left] == [("+14155550123",)]

    def test_an_interrupted_pause_leaves_nothing_behind(self):
        left = []
        flow = change(POST, retry_policy(), left_open=left.append)
        next(flow)
        assert isinstance(flow.send(reply(429)), Pause)
        with pytest.raises(KeyboardInterrupt):
            flow.throw(KeyboardInterrupt())
        assert left == []

    @pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
    @pytest.mark.parametrize("request_", [POST, replace(POST, creates_message=False)])
    def test_a_redirect_is_an_unknown_outcome_and_is_not_followed(self, status, request_):
        """A server may carry a request out and answer 303."""
        flow = change(request_, retry_policy())
        next(flow)
        with pytest.raises(OutcomeUnknown, match="redirect") as caught:
            flow.send(reply(status, location="https://elsewhere.example/"))
        assert caught.value.intercepted

    @pytest.mark.parametrize(
        ("status", "page"),
        [
            (400, b"<html>Log in to the hotel's network</html>"),
            (403, b""),
            (404, b'{"message": "Forbidden"}'),
            (403, b'{"status": 403, "error": "Forbidden"}'),
            (403, b'{"code": 403, "message": "Forbidden"}'),
            (451, b'["blocked"]'),
        ],
    )
    def test_a_refusal_that_is_not_from_twilio_leaves_a_message_unknown(self, status, page):
        flow = change(POST, retry_policy())
        next(flow)
        with pytest.raises(OutcomeUnknown, match="not Twilio's") as caught:
            flow.send(reply(status, page))
        assert caught.value.intercepted

    @pytest.mark.parametrize(
        "body",
        [
            b'{"code": 21211, "message": "Invalid", "status": 400}',
            b'{"message": "Invalid", "status": 400}',
            b'{"type": "about:blank", "title": "Invalid", "status": 400, "code": 21211}',
            b"<TwilioResponse><RestException><Code>21211</Code></RestException></TwilioResponse>",
        ],
    )
    def test_a_refusal_in_a_form_of_twilios_is_a_refusal(self, body):
        with pytest.raises(RejectedMessage):
            play(change(POST, retry_policy()), [reply(400, body)])


class TestRead:
    @pytest.mark.parametrize(
        "fault", [NoReply("lost"), NotConnected("refused"), reply(500), reply(429), reply(408)]
    )
    def test_a_read_is_tried_again_after(self, fault):
        fine = reply(200)
        result, requests, _ = play(read(GET, retry_policy()), [fault, fault, fine])
        assert result is fine
        assert len(requests) == 3

    def test_a_read_gives_up_after_four_attempts(self):
        with pytest.raises(ApiError) as caught:
            play(read(GET, retry_policy()), [reply(503)] * 4)
        assert caught.value.status == 503

    def test_waits_grow_and_are_capped(self):
        some = retry_policy(seconds=1e9, attempts=10)
        assert [some.wait(n) for n in range(1, 10)] == [0.5, 1, 2, 4, 8, 16, 20, 20, 20]
        assert some.wait(10) is None
        assert some.wait(1, 1e9) == LONGEST_RETRY_AFTER

    def test_each_attempt_may_take_what_is_left(self):
        now = iter([0.0, 1.0, 9.0])
        flow = read(GET, retry_policy(seconds=10, monotonic=lambda: next(now)))
        assert next(flow).timeout == 10.0
        flow.throw(NoReply("lost"))
        assert flow.send(None).timeout == 1.0

    def test_a_delete_whose_answer_was_lost_may_find_nothing_left(self):
        result, requests, _ = play(read(DELETE, retry_policy()), [NoReply("lost"), reply(404)])
        assert (result.status, len(requests)) == (404, 2)

    @pytest.mark.parametrize("earlier", [[], [reply(429)], [NotConnected("refused")]])
    def test_a_delete_of_nothing_is_an_error(self, earlier):
        with pytest.raises(ApiError):
            play(read(DELETE, retry_policy()), [*earlier, reply(404)])


class TestWalk:
    def walk(self, *uris: str | None):
        pages = iter([JsonPage(rows=[{"n": n}], next_page_uri=uri) for n, uri in enumerate(uris)])
        return Paginator(GET, lambda _content: next(pages))

    def test_pages_are_read_to_the_end(self):
        walk = self.walk(GET.path + "?Page=1&PageToken=PA1", None)
        first, _, _ = play(walk.next_page(retry_policy()), [reply(200)])
        second, requests, _ = play(walk.next_page(retry_policy()), [reply(200)])
        assert [*first, *second] == [{"n": 0}, {"n": 1}]
        assert requests[0].query == (("Page", "1"), ("PageToken", "PA1"))
        assert walk.next_request is None

    @pytest.mark.parametrize(
        "uri",
        [
            "https://evil.example/2010-04-01/Accounts/AC1/Messages.json?Page=1",
            "//evil.example/2010-04-01/Accounts/AC1/Messages.json",
            "/2010-04-01/Accounts/AC2/Messages.json?Page=1",
            "@evil.example/x",
            "/2010-04-01/Accounts/AC1/../../Keys.json",
        ],
    )
    def test_a_next_page_elsewhere_is_not_read(self, uri):
        with pytest.raises(BadResponse, match="leads to another list"):
            play(self.walk(uri).next_page(retry_policy()), [reply(200)])

    def test_empty_pages_end(self):
        """Each links to a page that was not read before, so no link repeats."""
        pages = (JsonPage(rows=[], next_page_uri=f"{GET.path}?Page={n}") for n in itertools.count())
        walk = Paginator(GET, lambda _content: next(pages))
        for _ in range(19):
            play(walk.next_page(retry_policy()), [reply(200)])
        with pytest.raises(BadResponse, match="20 empty pages in a row"):
            play(walk.next_page(retry_policy()), [reply(200)])
        assert walk.pages == 20

    @pytest.mark.parametrize(
        "link",
        [
            "https://chat.twilio.com/v1/Services?Page=1",
            "https://evil.example/v1/Services?Page=1",
            "https://messaging.twilio.com.evil.example/v1/Services?Page=1",
            "https://user@evil.example/v1/Services?Page=1",
            "https://[evil/v1/Services?Page=1",
            "https://messaging.twilio.com/v1/Services/MG1?Page=1",
        ],
    )
    def test_a_next_page_url_elsewhere_is_not_read(self, link):
        with pytest.raises(BadResponse, match="leads to another list"):
            follow_link(SERVICES, link)

    @pytest.mark.parametrize(
        "link",
        [
            "https://messaging.twilio.com/v1/Services?PageSize=2&Page=1",
            "https://messaging.dublin.ie1.twilio.com/v1/Services?PageSize=2&Page=1",
            "http://127.0.0.1:8000/v1/Services?PageSize=2&Page=1",
            "/v1/Services?PageSize=2&Page=1",
        ],
    )
    def test_a_next_page_url_gives_the_next_request_its_query_and_nothing_else(self, link):
        query = (("PageSize", "2"), ("Page", "1"))
        assert follow_link(SERVICES, link) == replace(SERVICES, query=query)

    @pytest.mark.parametrize(
        ("envelope", "link"),
        [
            ({"next_page_uri": "/a"}, "/a"),
            ({"meta": {"key": "services", "next_page_url": "https://b"}}, "https://b"),
            ({"meta": {"key": "services", "next_page_url": None}}, None),
            ({"meta": [], "next_page_uri": 7}, None),
            ({}, None),
        ],
    )
    def test_both_envelopes_have_a_link_to_the_next_page(self, envelope, link):
        assert next_link(envelope) == link

    def test_a_pagination_loop_ends_with_an_error(self):
        walk = self.walk(GET.path + "?Page=1", GET.path + "?Page=1")
        play(walk.next_page(retry_policy()), [reply(200)])
        with pytest.raises(BadResponse, match="Pagination loop"):
            play(walk.next_page(retry_policy()), [reply(200)])

"""The behaviour of the client against the sandbox, with every transport."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from twilio_widgets import Message, NotSureYet, Sandbox, Twilio
from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.core.http.transport import BlockingTransport
from twilio_widgets.errors import (
    ApiError,
    Forbidden,
    InvalidMessage,
    NotFound,
    OutcomeUnknown,
    PolicyRefused,
    RateLimited,
    RejectedMessage,
    Unauthorized,
)

TO = "+14155550123"


@pytest.fixture
def sender(sandbox: Sandbox) -> str:
    return sandbox.numbers[0]


class TestSending:
    def test_a_message_is_sent_and_becomes_delivered(self, twilio, sandbox, sender):
        message = twilio.messages.send(TO, from_=sender, body="Hello ❤")
        assert (message.status, message.to, message.from_) == ("queued", TO, sender)
        assert message.date_sent is None

        seen: list[str] = []
        final = twilio.messages.wait(message.sid, seen=lambda m: seen.append(m.status))
        assert (final.status, final.is_final, final.sid) == ("delivered", True, message.sid)
        assert seen[-1] == "delivered"
        assert final.price is None or isinstance(final.price, Decimal)
        assert [one.sid for one in sandbox.ledger] == [message.sid]

    def test_waiting_returns_the_last_state_after_the_timeout(self, twilio, sender):
        message = twilio.messages.send(TO, from_=sender, body="Hi")
        assert twilio.messages.wait(message.sid, timeout=0).status in {"queued", "sending"}

    def test_every_parameter_arrives_under_twilios_name(self, twilio, sandbox, sender):
        service = sandbox.services[0]
        later = datetime(2026, 1, 15, 18, 30, tzinfo=UTC).astimezone()
        message = twilio.messages.send(
            TO,
            messaging_service_sid=service,
            body="Later",
            media_url=["https://example.com/a.png", "https://example.com/b.png"],
            send_at=later,
            validity_period=600,
            smart_encoded=True,
            status_callback="https://example.com/status",
        )
        assert (message.status, message.num_media, message.messaging_service_sid) == (
            "scheduled",
            2,
            service,
        )
        assert [item.parent_sid for item in twilio.messages.media(message.sid)] == [message.sid] * 2

    def test_a_scheduled_message_is_cancelled_once(self, twilio, sandbox):
        later = sandbox.clock.now() + timedelta(hours=1)
        service = sandbox.services[0]
        message = twilio.messages.send(TO, messaging_service_sid=service, body="x", send_at=later)
        assert twilio.messages.cancel(message.sid).status == "canceled"
        with pytest.raises(ApiError) as caught:
            twilio.messages.cancel(message.sid)
        assert caught.value.code == 30409

    def test_a_refusal_names_the_field_and_what_to_do(self, twilio, sandbox, sender):
        with pytest.raises(RejectedMessage) as caught:
            twilio.messages.send("+15005550009", from_=sender, body="Hi")
        assert (caught.value.code, caught.value.field) == (21614, "to")
        assert "Twilio 21614" in str(caught.value)
        assert "5005550009" not in str(caught.value)
        assert sandbox.ledger == ()

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            (dict(body="Hi"), "from_"),
            (dict(from_="+15005550006"), "body"),
            (dict(from_="+15005550006", body="x" * 1601), "body"),
            (dict(from_="+15005550006", body="a \ud83d b"), "body"),
            (dict(from_="+15005550006", media_url="ftp://x/y.png"), "media_url"),
            (dict(from_="+15005550006", media_url=["https://e.com/a.png"] * 11), "media_url"),
            (dict(from_="+15005550006", body="x", send_at=datetime(2026, 1, 16)), "send_at"),  # noqa: DTZ001  refused
            (
                dict(from_="+15005550006", body="x", send_at=datetime(2026, 1, 15, 13, tzinfo=UTC)),
                "messaging_service_sid",
            ),
            (dict(from_="+15005550006", body="x", validity_period=0), "validity_period"),
            (
                dict(from_="+15005550006", body="x", status_callback="https://my_host.com/"),
                "status_callback",
            ),
            (
                dict(from_="+15005550006", content_variables={"1": "x"}, body="b"),
                "content_variables",
            ),
        ],
    )
    def test_invalid_arguments_are_refused_before_any_request(self, twilio, sandbox, given, field):
        with pytest.raises(InvalidMessage) as caught:
            twilio.messages.send(TO, **given)
        assert caught.value.field == field
        assert sandbox.ledger == ()


class TestOutcomes:
    @pytest.mark.parametrize("fault", ["reset_after_accept", "truncated", "not_json"])
    def test_an_accepted_message_whose_answer_was_lost_is_found(
        self, twilio, sandbox, sender, fault
    ):
        sandbox.fail(fault=fault)
        with pytest.raises(OutcomeUnknown) as caught:
            twilio.messages.send(TO, from_=sender, body="Only once")
        found = twilio.messages.find(caught.value)
        assert isinstance(found, Message)
        assert [one.sid for one in sandbox.ledger] == [found.sid]

    def test_finding_a_message_twice_gives_the_same_result(self, twilio, sandbox, sender):
        sandbox.fail(fault="reset_after_accept")
        with pytest.raises(OutcomeUnknown) as caught:
            twilio.messages.send(TO, from_=sender, body="Only once")
        first = twilio.messages.find(caught.value)
        sandbox.clock.advance("5 min")
        assert twilio.messages.find(caught.value).sid == first.sid == caught.value.sid

    def test_a_message_that_never_arrived_is_unknown_at_first_and_then_absent(
        self, twilio, sandbox, sender
    ):
        sandbox.fail(fault="reset_before_read")
        with pytest.raises(OutcomeUnknown) as caught:
            twilio.messages.send(TO, from_=sender, body="Lost")
        first = twilio.messages.find(caught.value)
        assert isinstance(first, NotSureYet)
        assert first.again_after is not None
        with pytest.raises(TypeError, match="has no truth value"):
            bool(first)
        sandbox.clock.advance("2 min")
        assert twilio.messages.find(caught.value) is None
        assert sandbox.ledger == ()

    def test_a_late_log_entry_is_not_mistaken_for_absence(self, connect, sender):
        with Sandbox(now="2026-01-15T12:00:00Z", list_lag=20) as sandbox:
            twilio = connect(sandbox)
            sandbox.fail(fault="reset_after_accept")
            with pytest.raises(OutcomeUnknown) as caught:
                twilio.messages.send(TO, from_=sandbox.numbers[0], body="Late")
            assert isinstance(twilio.messages.find(caught.value), NotSureYet)
            sandbox.clock.advance(21)
            assert isinstance(twilio.messages.find(caught.value), Message)

    @pytest.mark.parametrize("record_refused", [True, False])
    def test_a_refused_creation_in_the_log_never_matches(self, connect, record_refused):
        with Sandbox(now="2026-01-15T12:00:00Z", record_refused=record_refused) as sandbox:
            twilio = connect(sandbox)
            sandbox.fail(code=21610)
            with pytest.raises(RejectedMessage):
                twilio.messages.send(TO, from_=sandbox.numbers[0], body="Same")
            sandbox.fail(fault="reset_before_read")
            with pytest.raises(OutcomeUnknown) as caught:
                twilio.messages.send(TO, from_=sandbox.numbers[0], body="Same")
            sandbox.clock.advance("5 min")
            assert twilio.messages.find(caught.value) is None

    def test_an_earlier_message_with_the_same_text_does_not_match(self, twilio, sandbox, sender):
        first = twilio.messages.send(TO, from_=sender, body="Twin")
        sandbox.fail(fault="reset_after_accept")
        with pytest.raises(OutcomeUnknown) as caught:
            twilio.messages.send(TO, from_=sender, body="Twin")
        found = twilio.messages.find(caught.value)
        assert isinstance(found, Message)
        assert found.sid != first.sid

    def test_two_possible_matches_are_left_to_the_user(self, connect, twilio, sandbox, sender):
        stranger = connect(sandbox)
        stranger.messages.send(TO, from_=sender, body="Twin")
        sandbox.fail(fault="reset_after_accept")
        with pytest.raises(OutcomeUnknown) as caught:
            twilio.messages.send(TO, from_=sender, body="Twin")
        found = twilio.messages.find(caught.value)
        assert isinstance(found, NotSureYet)
        assert "please check them yourself" in found.reason

    @pytest.mark.parametrize("status", [500, 503])
    def test_a_server_fault_is_not_sent_again(self, twilio, sandbox, sender, status):
        sandbox.fail(status=status, times=1)
        with pytest.raises(OutcomeUnknown, match=str(status)):
            twilio.messages.send(TO, from_=sender, body="Hi")
        assert len(sandbox.ledger) <= 1

    def test_a_429_is_sent_again_and_once_only(self, twilio, sandbox, sender):
        sandbox.fail(status=429, retry_after=1, times=2)
        message = twilio.messages.send(TO, from_=sender, body="Hi")
        assert [one.sid for one in sandbox.ledger] == [message.sid]

    def test_a_storm_of_429_ends_with_an_error_and_no_message(self, twilio, sandbox, sender):
        sandbox.fail(status=429, times=50)
        with pytest.raises(RateLimited):
            twilio.messages.send(TO, from_=sender, body="Hi")
        assert sandbox.ledger == ()

    def test_reads_survive_faults(self, twilio, sandbox, sender):
        sid = twilio.messages.send(TO, from_=sender, body="Hi").sid
        for fault in ({"status": 503}, {"fault": "reset_before_read"}, {"status": 429}):
            sandbox.fail(**fault)
            assert twilio.messages.get(sid).sid == sid

    def test_a_policy_checks_every_request_before_it_is_sent(self, connect, sandbox, sender):
        class Never:
            def check(self, request):
                if request.creates_message:
                    raise PolicyRefused("Not today.")

        twilio = connect(sandbox, policy=Never())
        assert twilio.check().ok
        with pytest.raises(PolicyRefused):
            twilio.messages.send(TO, from_=sender, body="Hi")
        assert sandbox.ledger == ()

    def test_an_interrupted_send_can_be_found(self, sandbox, sender, monkeypatch):
        """The user interrupts just after Twilio has accepted the message."""
        twilio = Twilio(sandbox.connection)
        exchange = BlockingTransport.send

        def interrupted(self, request):
            reply = exchange(self, request)
            if request.creates_message:
                raise KeyboardInterrupt
            return reply

        monkeypatch.setattr(BlockingTransport, "send", interrupted)
        with pytest.raises(KeyboardInterrupt):
            twilio.messages.send(TO, from_=sender, body="Stop!")
        (outcome,) = twilio.messages.unanswered
        found = twilio.messages.find(outcome)
        assert [one.sid for one in sandbox.ledger] == [found.sid]


class TestOneMessage:
    def test_it_is_read_redacted_and_deleted(self, twilio, sandbox, sender):
        sid = twilio.messages.send(TO, from_=sender, body="Secret plans").sid
        twilio.messages.wait(sid)
        assert twilio.messages.redact(sid).body == ""
        sandbox.clock.advance("2 hours")
        assert twilio.messages.delete(sid) is None
        with pytest.raises(NotFound):
            twilio.messages.get(sid)

    def test_deleting_too_early_is_explained(self, twilio, sender):
        sid = twilio.messages.send(TO, from_=sender, body="Hi").sid
        with pytest.raises(ApiError) as caught:
            twilio.messages.delete(sid)
        assert caught.value.code == 20009

    def test_feedback_is_given(self, twilio, sender):
        sid = twilio.messages.send(TO, from_=sender, body="Hi", provide_feedback=True).sid
        assert twilio.messages.feedback(sid, outcome="confirmed").outcome == "confirmed"

    @pytest.mark.parametrize(
        "sid", ["", "SM1", "../Keys", "SM" + "0" * 32 + "/../..", "MG" + "0" * 32]
    )
    def test_an_invalid_message_sid_is_never_put_in_a_path(self, twilio, sid):
        for method in (twilio.messages.get, twilio.messages.delete, twilio.messages.cancel):
            with pytest.raises(InvalidMessage):
                method(sid)


class TestTheLog:
    @pytest.fixture(params=["first", "last", "hidden_when_filtered"])
    def unsent(self, request):
        return request.param

    @pytest.fixture(params=["inclusive", "before_exclusive"])
    def history(self, request, connect, unsent):
        """A client of a sandbox with 300 messages and one that is not sent yet."""
        with Sandbox(
            seed=3,
            messages=300,
            now="2026-01-15T12:00:00Z",
            date_filters=request.param,
            unsent=unsent,
        ) as sandbox:
            twilio = connect(sandbox)
            twilio.messages.send(TO, from_=sandbox.numbers[0], body="not sent yet")
            yield twilio

    def test_a_frame_and_the_messages_have_the_same_values(self, twilio, sandbox, sender):
        for n in range(3):
            twilio.messages.wait(twilio.messages.send(TO, from_=sender, body=f"n {n}").sid)
        frame, values = twilio.messages.list(), list(twilio.messages.iterate())
        assert list(frame["sid"]) == [message.sid for message in values]
        assert list(frame["body"]) == [message.body for message in values]
        assert list(frame["date_sent"]) == [message.date_sent for message in values]
        assert frame.attrs["complete"] is True

    def test_an_empty_log_has_the_same_columns(self, twilio, connect):
        with Sandbox(messages=5) as other:
            assert list(twilio.messages.list().dtypes) == list(
                connect(other).messages.list().dtypes
            )

    def test_days_select_the_same_messages_with_either_reading_of_the_filters(self, history):
        everything = [m for m in history.messages.iterate() if m.date_sent is not None]
        day = everything[len(everything) // 2].date_sent.date()
        after = [m.sid for m in everything if m.date_sent.date() >= day]
        before = [m.sid for m in everything if m.date_sent.date() <= day]
        on = [m.sid for m in everything if m.date_sent.date() == day]
        listed = history.messages.list
        assert list(listed(sent_after=day)["sid"]) == after
        assert list(listed(sent_before=day.isoformat())["sid"]) == before
        assert list(listed(sent_on=day)["sid"]) == on
        assert list(listed(sent_after=day, sent_before=day)["sid"]) == on

    def test_moments_are_cut_to_the_second(self, history):
        everything = [m for m in history.messages.iterate() if m.date_sent is not None]
        moment = everything[100].date_sent
        newer = list(history.messages.list(sent_after=moment)["sid"])
        assert newer == [m.sid for m in everything if m.date_sent >= moment]

    def test_since_a_message_reads_only_what_is_newer(self, history):
        everything = [m.sid for m in history.messages.iterate()]
        frame = history.messages.list(since=everything[40])
        assert list(frame["sid"]) == everything[:40]
        assert frame.attrs["complete"] is True

    def test_since_a_moment_reads_only_what_is_newer(self, history):
        everything = [m for m in history.messages.iterate() if m.date_sent is not None]
        moment = everything[40].date_sent
        found = history.messages.list(since=moment)
        sent = found[found["date_sent"].notna()]
        assert list(sent["sid"]) == [m.sid for m in everything if m.date_sent >= moment]

    def test_a_limit_is_reported_and_an_exact_fit_is_complete(self, connect):
        with Sandbox(messages=30) as sandbox:
            twilio = connect(sandbox)
            cut, whole = twilio.messages.list(limit=10), twilio.messages.list(limit=30)
        assert (len(cut), cut.attrs["complete"]) == (10, False)
        assert "limit=None reads all" in cut._repr_html_()
        assert (len(whole), whole.attrs["complete"]) == (30, True)

    def test_client_side_filters_apply_to_the_rows_read_and_report_it(self, connect):
        with Sandbox(messages=500, seed=5) as sandbox:
            twilio = connect(sandbox)
            failed = twilio.messages.list(status=["failed", "undelivered"], limit=200)
            everything = twilio.messages.list(limit=200)
        expected = everything[everything["status"].isin(["failed", "undelivered"])]
        assert list(failed["sid"]) == list(expected["sid"])
        assert failed.attrs["filtered_here"] == {"status": ["failed", "undelivered"]}
        assert (failed.attrs["rows_read"], failed.attrs["complete"]) == (200, False)

    def test_pages_stay_correct_while_messages_arrive(self, connect):
        with Sandbox(messages=2500, now="2026-01-15T12:00:00Z") as sandbox:
            twilio = connect(sandbox)
            before = set(twilio.messages.list(limit=None, progress=False)["sid"])

            def arrive(_reading):
                sandbox.receive(from_=TO, body="in between")

            found = list(twilio.messages.list(limit=None, progress=arrive)["sid"])
        assert before <= set(found)
        assert len(found) == len(set(found))

    def test_an_interrupted_read_keeps_and_reports_the_rows_read(self, way):
        def interrupt(reading):
            if reading.pages == 2:
                raise KeyboardInterrupt

        with Sandbox(messages=2500) as sandbox:
            base_url = sandbox.url if way == "socket" else None
            with Twilio(sandbox.connection, base_url=base_url) as twilio:
                with pytest.raises(KeyboardInterrupt, match="2,000 messages on 2 pages"):
                    twilio.messages.list(limit=None, progress=interrupt)
                kept = twilio.messages.interrupted
        assert (len(kept), kept.attrs["complete"]) == (2000, False)


class TestWhoWeAre:
    def test_a_check_names_the_account_and_the_missing_permissions(self, connect, sandbox):
        token, key = connect(sandbox).check(), connect(sandbox, sandbox.api_key_connection).check()
        assert (token.ok, token.can_validate_webhooks) == (True, True)
        assert (key.ok, key.can_validate_webhooks) == (True, False)
        assert "cannot validate webhooks" in key.text
        assert sandbox.connection.account_sid not in token.text

    def test_a_restricted_key_connects_and_sends(self, connect, sandbox):
        twilio = connect(sandbox, sandbox.restricted_key_connection)
        verdict = twilio.check()
        assert (verdict.ok, verdict.error) == (True, None)
        assert verdict.may_not == ("list phone numbers", "read the message log")
        assert "may not list phone numbers or read the message log" in verdict.text
        assert twilio.messages.send("+14155550123", body="Hi", from_=sandbox.numbers[0]).sid
        with pytest.raises(Forbidden):
            twilio.messages.list()

    @pytest.mark.parametrize(
        ("who", "failure"),
        [
            ("connection", {"code": 20403}),  # an auth token has no restrictions
            ("api_key_connection", {"status": 403, "fault": "html"}),
        ],
    )
    def test_a_403_for_another_reason_is_not_a_restricted_key(self, connect, sandbox, who, failure):
        sandbox.fail(**failure, path="IncomingPhoneNumbers")
        verdict = connect(sandbox, getattr(sandbox, who)).check()
        assert (verdict.ok, verdict.may_not) == (False, ())

    def test_wrong_credentials_are_a_verdict_not_an_exception(self, connect, sandbox):
        wrong = sandbox.api_key_connection
        object.__setattr__(wrong, "api_key_secret", Secret("wrong"))
        verdict = connect(sandbox, wrong).check()
        assert not verdict
        assert isinstance(verdict.error, Unauthorized)
        assert "Twilio 20003" in verdict.text

    def test_numbers_and_services_can_be_suggested(self, twilio, sandbox):
        able = [number.phone_number for number in twilio.numbers() if number.sms]
        assert able == list(sandbox.numbers)
        assert {service.sid for service in twilio.services()} >= set(sandbox.services)

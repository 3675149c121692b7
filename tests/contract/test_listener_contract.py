"""The listener from a kernel's side, against a sandbox: over real sockets, in a real process."""

from __future__ import annotations

import contextlib
import gc
import os
import queue
import signal
import socket
import threading
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from twilio_widgets import Sandbox, Twilio
from twilio_widgets.core.credentials.connection import KEY_CANNOT_VALIDATE, AuthTokenConnection
from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.errors import ConfigurationError, ListenerError
from twilio_widgets.listener.control.runtime_file import is_over, runtime_file
from twilio_widgets.listener.control.spec import Spec
from twilio_widgets.listener.events.event import Event
from twilio_widgets.listener.kernel.client import ListenerClient
from twilio_widgets.listener.kernel.supervisor import ENDED, KEEPS_CRASHING, TAKEN_OVER
from twilio_widgets.listener.listener import Listener
from twilio_widgets.listener.poller import Poller
from twilio_widgets.listener.webhooks.api import WebhookApi

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

THEM = "+14155550123"
ENDS = ("01", "02", "91", "94", "95", "96", "98")
WITHIN = 20.0


@pytest.fixture
def twilio(sandbox: Sandbox) -> Iterator[Twilio]:
    with Twilio(sandbox.connection) as twilio:
        yield twilio


@pytest.fixture(autouse=True)
def no_alerts(sandbox: Sandbox) -> Iterator[None]:
    """Check that Twilio's debugger would log nothing about what a listener answers.

    A listener that was stopped or killed cannot answer: no connection is made (11205).
    """
    yield
    assert [alert for alert in sandbox.alerts if alert.code != 11205] == []


@pytest.fixture
def listener(sandbox: Sandbox) -> Iterator[Listener]:
    with Listener(sandbox.connection) as listener:
        yield listener


def send(twilio: Twilio, end: str = "01", callback: str | None = None) -> str:
    sender = twilio.connection.sandbox.numbers[0]
    message = twilio.messages.send(
        to=f"+141555501{end}", from_=sender, body="Hello", status_callback=callback
    )
    return message.sid


def known(source: Listener | Poller) -> dict[str, tuple[str | None, int | None]]:
    return {one.sid: (one.status, one.error_code) for one in source.reader.messages()}


def truth(twilio: Twilio) -> dict[str, tuple[str | None, int | None]]:
    return {
        message.sid: (message.status, message.error_code) for message in twilio.messages.iterate()
    }


def eventually(holds: Callable[[], object]) -> None:
    """Wait until a condition is true that another process or thread brings about."""
    until = time.monotonic() + WITHIN
    while not holds():
        assert time.monotonic() < until, "it never held"
        time.sleep(0.01)


def leads_to(twilio: Twilio, sid: str) -> str:
    """Return the inbound webhook URL of a number, as Twilio has it."""
    path = f"/2010-04-01/Accounts/{twilio.connection.acting_sid}/IncomingPhoneNumbers/{sid}.json"
    return str(twilio.raw(path).data["sms_url"])


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


# What comes in


def test_an_inbound_message_becomes_an_event_and_gets_the_reply(sandbox, listener):
    """One inbound message, one send with its two callbacks: every column that tells of them."""
    ours = sandbox.numbers[0]
    listener.reply = "Thank you"
    listener.point(ours)
    arrived = sandbox.receive(from_=THEM, body="Hello <b>you</b>")
    assert sandbox.settle()
    with Twilio(sandbox.connection) as twilio:
        sid = send(twilio, "94", listener.status_url)
        sandbox.clock.advance("1 min")
        assert sandbox.settle()
        reply = next(
            message
            for message in twilio.messages.iterate()
            if message.direction == "outbound-reply"
        )

    told = ["kind", "status", "from", "to", "body", "error_code", "message_sid", "num_media",
            "source", "scheme", "method", "duplicates"]  # fmt: skip
    events = listener.events[told]
    assert events.astype(object).where(events.notna(), None).to_numpy().tolist() == [
        ["inbound", "received", THEM, ours, "Hello <b>you</b>", None, arrived["sid"], 0,
         "webhook", "auth token", "POST", 0],
        ["status", "sent", ours, "+14155550194", None, None, sid, None,
         "webhook", "auth token", "POST", 0],
        ["status", "undelivered", ours, "+14155550194", None, 30007, sid, None,
         "webhook", "auth token", "POST", 0],
    ]  # fmt: skip
    assert listener.messages[["message_sid", "status"]].to_numpy().tolist() == [
        [arrived["sid"], "received"],
        [sid, "undelivered"],
    ]
    assert (reply.body, reply.to) == ("Thank you", THEM)
    assert listener.counts.events == {"inbound": 1, "status": 2}
    assert [delivery.status for delivery in sandbox.webhooks] == [200, 200, 200]


def test_a_function_in_the_kernel_can_reply(sandbox, twilio):
    def answer(event: Event) -> str | None:
        return f"{event.body}? You are {event.from_}."

    with Listener(sandbox.connection, reply=answer) as listener:
        listener.point(sandbox.numbers[0])
        sandbox.receive(from_=THEM, body="Hello")
        assert sandbox.settle()

        replies = [m.body for m in twilio.messages.iterate() if m.direction == "outbound-reply"]
        assert replies == [f"Hello? You are {THEM}."]
        assert listener.reply is answer


def test_the_last_reply_applies_to_every_kernel(sandbox, twilio):
    def answer(_event: Event) -> str:
        return "From a function"

    def replied() -> str:
        sandbox.receive(from_=THEM, body="Hello")
        assert sandbox.settle()
        replies = [m.body for m in twilio.messages.iterate() if m.direction == "outbound-reply"]
        return str(replies[0])

    def told() -> list[tuple[object, str | None]]:
        return [(each.reply, each.heartbeat.answered_by) for each in (first, second)]

    first = Listener(sandbox.connection, reply=answer)
    first.point(sandbox.numbers[0])
    assert (first.reply, first.heartbeat.answered_by) == (answer, "here")
    second = Listener(sandbox.connection, reply="From a text")
    eventually(lambda: told() == [("From a text", "text")] * 2)
    assert replied() == "From a text"
    sandbox.clock.advance("1 s")
    first.reply = answer
    eventually(lambda: told() == [(answer, "here"), (None, "elsewhere")])
    assert replied() == "From a function"
    second.reply = "Another text"
    pid = first.heartbeat.pid
    os.kill(pid, signal.SIGKILL)  # and whoever starts it again has heard what is answered
    eventually(lambda: first.heartbeat.pid not in {None, pid} and second.heartbeat.pid != pid)
    eventually(lambda: told() == [("Another text", "text")] * 2)
    second.detach()
    first.close()


def test_a_reply_function_that_raises_sends_nothing_and_is_reported(sandbox, twilio):
    with Listener(sandbox.connection, reply=lambda event: 1 / 0) as listener:
        listener.point(sandbox.numbers[0])
        sandbox.receive(from_=THEM, body="Hello")
        assert sandbox.settle()

        assert [m.direction for m in twilio.messages.iterate()] == ["inbound"]
        assert listener.heartbeat.problem == (
            "The reply function raised ZeroDivisionError: division by zero"
        )
        assert len(listener.events) == 1


async def _awaits(_event: Event) -> None: ...


@pytest.mark.parametrize("reply", [5, b"Thank you", "x" * 1601, _awaits])
def test_an_invalid_reply_is_refused_before_anything_starts(sandbox, reply):
    with pytest.raises(ConfigurationError) as refused:
        Listener(sandbox.connection, reply=reply)

    assert refused.value.field == "reply"
    assert not (sandbox.data_folder / "events").exists()


@pytest.mark.parametrize("call", [None, "print", _awaits])
def test_a_coroutine_function_is_refused_as_callback(twilio, call):
    with Poller(twilio, watch=False) as poller:
        for field, hand_over in (("call", poller.on_event), ("changed", poller.on_change)):
            with pytest.raises(ConfigurationError, match="it cannot be async") as refused:
                hand_over(call)
            assert refused.value.field == field


def test_events_are_passed_to_a_function_in_order_of_arrival(sandbox, twilio, listener):
    heard: queue.SimpleQueue[Event] = queue.SimpleQueue()
    unsubscribe = listener.on_event(heard.put)
    sid = send(twilio, "01", listener.status_url)
    sandbox.clock.advance("1 min")

    told = [heard.get(timeout=WITHIN) for _ in range(2)]
    assert [(event.message_sid, event.status) for event in told] == [
        (sid, "sent"),
        (sid, "delivered"),
    ]
    unsubscribe()


def test_an_alert_of_twilio_is_linked_to_the_rejected_request(tmp_path):
    """The listener knows another auth token than the one that signs."""
    with Sandbox() as sandbox, Twilio(sandbox.connection) as twilio:
        mistaken = AuthTokenConnection(sandbox.connection.account_sid, "0" * 32)
        with Listener(mistaken, store=tmp_path / "events.sqlite") as listener:
            url = f"http://127.0.0.1:{listener.port}/inbound"
            number = twilio.numbers()[0]
            path = f"/Accounts/$TWILIO_ACCOUNT_SID/IncomingPhoneNumbers/{number.sid}.json"
            twilio.raw(path, "POST", data={"SmsUrl": url})
            sandbox.receive(from_=THEM, to=number.phone_number, body="Hi")
            assert sandbox.settle()
            eventually(lambda: len(listener.rejected) == 1)

            (rejected,) = listener.rejected.to_dict("records")
            (alert,) = twilio.alerts.list(listener=listener).to_dict("records")

    assert (alert["error_code"], alert["request_url"]) == (11200, url)
    assert (alert["rejection_id"], alert["rejection_reason"], alert["rejection_mend"]) == (
        rejected["id"],
        rejected["reason"],
        rejected["mend"],
    )


def test_an_unsigned_request_is_rejected_with_the_reason(listener):
    import http.client

    caller = http.client.HTTPConnection("127.0.0.1", listener.port, timeout=WITHIN)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    caller.request("POST", "/inbound", "Body=Hi", form)
    answered = caller.getresponse().status
    caller.close()

    eventually(lambda: len(listener.rejected) == 1)
    (rejected,) = listener.rejected.to_dict("records")
    assert (answered, rejected["http_status"], rejected["path"]) == (403, 403, "/inbound")
    assert "X-Twilio-Signature" in rejected["reason"]
    assert len(listener.events) == 0


# Where it is


def test_its_urls_contain_retry_overrides(listener):
    assert listener.url == f"http://127.0.0.1:{listener.port}"
    assert listener.inbound_url == f"{listener.url}/inbound#rc=3&rp=all"
    assert listener.status_url == f"{listener.url}/status#rc=3&rp=all"
    assert listener.way.kind == "sandbox"


def test_its_urls_begin_with_the_configured_public_url(sandbox):
    with Listener(sandbox.connection, "https://example.ngrok.app/hooks/") as listener:
        assert listener.inbound_url == "https://example.ngrok.app/hooks/inbound#rc=3&rp=all"
        assert listener.open_way("https://other.example").kind == "public"
        assert listener.status_url == "https://other.example/status#rc=3&rp=all"


def test_a_public_url_set_by_one_kernel_is_shown_by_all(sandbox):
    """The previous URL no longer receives anything."""
    first = Listener(sandbox.connection, "https://a.example.com/hooks")
    with Listener(sandbox.connection, "https://b.example.com") as second:
        eventually(lambda: first.inbound_url == second.inbound_url)
        assert first.way.why == "Another kernel gave the address https://b.example.com."
        first.open_way()
        eventually(lambda: second.way.kind == "sandbox")
        assert second.url == first.url == f"http://127.0.0.1:{first.port}"
    first.detach()


def test_webhooks_that_still_point_at_an_earlier_url_are_reported(sandbox, twilio):
    """A tunnel that was opened again has another address, and the process went on."""
    number = twilio.numbers()[0]
    with Listener(sandbox.connection, "https://a.example.com") as listener:
        listener.point(number.phone_number)
        before = listener.heartbeat.notices
        listener.open_way("https://b.example.com")
        (*_, replies) = listener.heartbeat.notices
        assert replies == (
            "+1 4••• ••• 142 still sends its messages to an earlier address of this listener, "
            f'which no longer works: listener.point("{number.sid}") updates it.'
        )
        listener.point(number.sid)
        assert listener.heartbeat.notices == before
        assert leads_to(twilio, number.sid) == listener.inbound_url


def test_an_earlier_public_url_is_forgotten_with_the_sandbox_route(sandbox):
    """Otherwise the next kernel would use it, and webhooks that point there would be lost."""
    listener = Listener(sandbox.connection)
    listener.open_way("https://x.example")
    assert listener.open_way().kind == "sandbox"
    listener.detach()
    with Listener(sandbox.connection) as again:
        assert (again.way.kind, again.url) == ("sandbox", f"http://127.0.0.1:{again.port}")
        again.point(sandbox.numbers[0])
        sandbox.receive(from_=THEM, body="Hello")
        assert sandbox.settle()
        assert len(again.events) == 1


def test_no_webhook_is_configured_for_an_unreachable_listener(tmp_path, monkeypatch):
    """Said before Twilio is asked for anything."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "none"))
    connection = AuthTokenConnection("AC" + "0f" * 16, "1" * 32)
    with Listener(connection, store=tmp_path / "events") as listener:
        assert listener.way.kind == "none"
        with pytest.raises(ConfigurationError, match="Twilio cannot reach this listener"):
            listener.point("+15005550006")
        assert listener.store == tmp_path / "events" / "events.sqlite"


def test_a_listener_that_twilio_cannot_reach_says_so(tmp_path, monkeypatch):
    """Otherwise an empty table is all that one sees; an address that is named ends it."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "none"))
    connection = AuthTokenConnection("AC" + "0f" * 16, "1" * 32)
    name = f"<Listener of {connection.masked_account}"
    with Listener(connection, store=tmp_path / "events") as listener:
        (notice,) = listener.heartbeat.notices
        assert notice.startswith("No webhooks will arrive until Twilio can reach this listener")
        assert repr(listener) == f"{name}, no public URL>"

        listener.open_way("https://example.ngrok.app")
        assert (repr(listener), listener.heartbeat.notices) == (f"{name}>", ())
    assert repr(listener) == f"{name}, closed>"


def test_an_api_key_alone_cannot_listen(sandbox):
    with pytest.raises(ConfigurationError) as refused:
        Listener(sandbox.api_key_connection)

    assert str(refused.value) == KEY_CANNOT_VALIDATE


def test_webhooks_are_restored_on_close(sandbox, twilio):
    number = twilio.numbers()[0]
    before = leads_to(twilio, number.sid)
    with Listener(sandbox.connection) as listener:
        listener.point(number.phone_number)
        assert leads_to(twilio, number.sid) == listener.inbound_url
        assert [pointed.sid for pointed in listener.pointed] == [number.sid]

    assert leads_to(twilio, number.sid) == before
    assert [(one.sid, one.state) for one in listener.restored] == [(number.sid, "restored")]


# Kernels come and go


def test_a_listener_survives_a_kernel_restart(sandbox, twilio):
    """The process goes on: the same port, the same events, and those that arrived meanwhile."""
    first = Listener(sandbox.connection, reply="Thank you")
    pid, url = first.heartbeat.pid, first.url
    sid = send(twilio, "01", first.status_url)
    sandbox.clock.advance("1 s")
    assert sandbox.settle()
    before = first.events
    first.detach()
    sandbox.clock.advance("1 min")
    assert sandbox.settle()

    with Listener(sandbox.connection) as second:
        assert (second.heartbeat.pid, second.url, second.reply) == (pid, url, "Thank you")
        assert second.events.head(1).equals(before)
        assert second.events["status"].tolist() == ["sent", "delivered"]
        assert known(second) == {sid: ("delivered", None)}


def test_a_named_consumer_misses_no_event_across_a_kernel_restart(sandbox, twilio):
    heard: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    first = Listener(sandbox.connection)
    first.on_event(lambda event: heard.put(event.status), name="watch")
    send(twilio, "01", first.status_url)
    sandbox.clock.advance("1 s")
    assert heard.get(timeout=WITHIN) == "sent"
    first.detach()
    sandbox.clock.advance("1 min")
    assert sandbox.settle()

    with Listener(sandbox.connection) as second:
        second.on_event(lambda event: heard.put(event.status), name="watch")

        assert heard.get(timeout=WITHIN) == "delivered"


def test_a_collected_listener_leaves_its_process_but_no_thread(sandbox):
    """A kernel may forget it without closing it; the idle time ends the process."""
    listener = Listener(sandbox.connection)
    pid = listener.heartbeat.pid
    listener.on_event(lambda event: None)
    del listener
    gc.collect()

    assert not [name for name in threads() if name.startswith("twilio_widgets-listener")]
    with Listener(sandbox.connection) as again:
        assert again.heartbeat.pid == pid


def test_a_killed_process_is_restarted_on_its_port(sandbox, twilio, listener):
    heard: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    listener.reply = lambda event: "From the kernel"
    listener.point(sandbox.numbers[0])
    listener.on_event(lambda event: heard.put(event.body))
    before = listener.heartbeat
    os.kill(before.pid, signal.SIGKILL)
    eventually(lambda: listener.heartbeat.pid not in {None, before.pid})

    after = listener.heartbeat
    listener.point(sandbox.numbers[0])  # who starts next puts back what a crash left behind
    sandbox.receive(from_=THEM, body="Hello")
    assert sandbox.settle()
    assert heard.get(timeout=WITHIN) == "Hello"
    assert (after.port, bool(after)) == (before.port, True)
    assert "From the kernel" in [message.body for message in twilio.messages.iterate()]


def test_a_process_that_keeps_crashing_is_not_restarted(listener):
    """A machine without memory is not helped by one more process."""
    listener._supervisor._crashes.extend([time.monotonic()] * 5)
    os.kill(listener.heartbeat.pid, signal.SIGKILL)

    eventually(lambda: listener.heartbeat.problem == KEEPS_CRASHING)


def test_closing_a_listener_whose_process_ended_leaves_nothing_behind(sandbox):
    listener = Listener(sandbox.connection)
    os.kill(listener.heartbeat.pid, signal.SIGTERM)
    eventually(lambda: not listener.heartbeat.alive)
    listener.close()

    assert not [name for name in threads() if name.startswith("twilio_widgets-listener")]


def test_closing_right_after_a_crash_restores_the_webhooks(sandbox, twilio):
    """The process can no longer do it, and the next one may never start."""
    number = twilio.numbers()[0]
    listener = Listener(sandbox.connection)
    listener.point(number.phone_number)
    os.kill(listener.heartbeat.pid, signal.SIGKILL)
    eventually(lambda: not listener._supervisor.client.alive)
    listener.close()

    assert [(one.sid, one.state) for one in listener.restored] == [(number.sid, "restored")]
    assert (leads_to(twilio, number.sid), listener.pointed) == ("", ())
    assert not runtime_file(listener.store).exists()


def test_a_crashed_listener_leaves_its_webhooks_to_the_new_process(sandbox, twilio):
    """What is pointed at a port that answers is its own to put back."""
    sid = twilio.numbers()[0].sid
    first, second = Listener(sandbox.connection), Listener(sandbox.connection)
    before = second.heartbeat.pid
    first._supervisor.client.on_gone = None  # it does not look for the next one in time
    os.kill(before, signal.SIGKILL)
    eventually(lambda: second.heartbeat.pid not in {None, before})
    second.point(sid)
    first.close()

    assert (first.restored, leads_to(twilio, sid)) == ((), second.inbound_url)
    second.close()
    assert leads_to(twilio, sid) == ""


def test_a_webhook_that_cannot_be_restored_gives_a_warning(sandbox, twilio):
    """The number leads nowhere, and a `with` block would end without a word."""
    sid = twilio.numbers()[0].sid
    listener = Listener(sandbox.connection)
    listener.point(sid)
    sandbox.fail(status=503, times=20)
    with pytest.warns(RuntimeWarning, match="may still be pointed here.*tried again"):
        listener.close()

    assert [one.state for one in listener.restored] == ["failed"]


def test_a_process_that_was_stopped_is_not_restarted(sandbox, listener):
    os.kill(listener.heartbeat.pid, signal.SIGTERM)
    eventually(lambda: listener.heartbeat.problem == ENDED)

    with pytest.raises(ListenerError):
        listener.forget()
    assert len(listener.events) == 0  # the store can still be read


def test_a_closed_listener_says_that_it_is_closed(sandbox):
    listener = Listener(sandbox.connection)
    listener.close()
    listener.close()

    assert repr(listener) == f"<Listener of {sandbox.connection.masked_account}, closed>"
    assert listener.heartbeat.problem == "This listener was closed."
    with pytest.raises(ListenerError, match="is closed, so it reports no more events"):
        listener.on_event(print)


def test_no_webhook_is_configured_for_a_listener_that_has_ended(sandbox, twilio):
    """Without a process nothing would receive the webhooks or restore the settings."""
    listener = Listener(sandbox.connection)
    listener.close()
    with pytest.raises(ListenerError, match="has ended"):
        listener.point(sandbox.numbers[0])

    assert (listener.pointed, leads_to(twilio, twilio.numbers()[0].sid)) == ((), "")


def test_a_webhook_configured_while_another_kernel_closes_is_restored(sandbox, twilio, monkeypatch):
    sid = twilio.numbers()[0].sid
    listener, other = Listener(sandbox.connection), Listener(sandbox.connection)
    place = WebhookApi.find

    def closed_meanwhile(asking: WebhookApi, what: str) -> Any:
        other.close()
        eventually(lambda: is_over(listener.store))
        return place(asking, what)

    monkeypatch.setattr(WebhookApi, "find", closed_meanwhile)
    with pytest.raises(ListenerError, match="ended in the meantime"):
        listener.point(sid)

    assert (listener.pointed, leads_to(twilio, sid)) == ((), "")
    listener.detach()


def test_two_listeners_of_one_kernel_share_the_process(sandbox, twilio, listener):
    """A cell that was run twice: both see the event, and there is one process."""
    again = Listener(sandbox.connection)
    try:
        assert again.heartbeat.pid == listener.heartbeat.pid
        send(twilio, "01", listener.status_url)
        sandbox.clock.advance("1 min")
        assert sandbox.settle()

        assert again.events.equals(listener.events)
        assert len(again.events) == 2
    finally:
        again.detach()


def test_forgotten_events_are_gone(sandbox, twilio, listener):
    send(twilio, "01", listener.status_url)
    sandbox.clock.advance("1 min")
    assert sandbox.settle()

    assert listener.forget() == 2
    assert len(listener.events) == len(listener.messages) == 0
    with pytest.raises(ConfigurationError, match="time zone"):
        listener.forget(datetime(2026, 1, 1))  # noqa: DTZ001  a time without a zone is refused


def test_forgotten_events_are_not_fetched_again(sandbox, listener):
    listener.point(sandbox.numbers[0])
    sandbox.receive(from_=THEM, body="Hello")
    assert sandbox.settle()
    sandbox.clock.advance("1 min")
    listener.forget()

    assert listener.fill_gap().added == 0
    assert len(listener.events) == 0


def test_events_can_be_read_after_close(sandbox):
    with Listener(sandbox.connection) as listener:
        listener.point(sandbox.numbers[0])
        sandbox.receive(from_=THEM, body="Hello")
        assert sandbox.settle()

    assert listener.events["body"].tolist() == ["Hello"]


def test_a_found_listener_takes_the_given_options_and_keeps_the_others(sandbox, listener):
    """The cell run again with another retention, and then without: it is not silently ignored."""
    listener.point(sandbox.numbers[0])
    for body in ("Hello", "Goodbye"):
        sandbox.receive(from_=THEM, body=body)
    assert sandbox.settle()
    for given in ({"idle": 77, "retention_days": 365}, {}):
        again = Listener(sandbox.connection, **given)
        now = again._supervisor.ask("status")
        assert (now["idle_seconds"], now["retention_days"]) == (77.0, 365)
        again.detach()
    with pytest.raises(ConfigurationError, match="retention_days"):
        Listener(sandbox.connection, retention_days=0)
    Listener(sandbox.connection, retention_days=1e-9).detach()  # older than the newest goes at once
    assert listener.events["body"].tolist() == ["Goodbye"]
    Listener(sandbox.connection, retention_days=None).detach()
    assert listener._supervisor.ask("status")["retention_days"] is None


def test_a_listener_with_shared_keys_is_found_by_a_kernel_without_them(sandbox, twilio):
    """A panel or the next cell joins it; it keeps running, and so do its webhooks."""
    sid = twilio.numbers()[0].sid
    with Listener(sandbox.connection, shared_keys={"k1": "secret"}) as first:
        first.point(sid)
        second = Listener(sandbox.connection)
        assert second.heartbeat.pid == first.heartbeat.pid
        assert leads_to(twilio, sid) == second.inbound_url
        second.detach()


def test_a_kernel_with_other_credentials_takes_over_with_take_over(sandbox):
    """The first kernel is notified, so that the two do not replace each other's process forever."""
    listener = Listener(sandbox.connection, shared_keys={"k1": "another"})
    pid = listener.heartbeat.pid
    with pytest.raises(ListenerError, match=r"it was not changed.*take_over=True"):
        Listener(sandbox.connection, shared_keys={"k1": "secret"})
    assert listener.heartbeat.pid == pid
    with Listener(sandbox.connection, shared_keys={"k1": "secret"}, take_over=True) as other:
        assert other.heartbeat.pid != pid
        eventually(lambda: listener.heartbeat.problem == TAKEN_OVER)
        assert other.heartbeat.alive
    listener.detach()


def test_taking_over_waits_until_the_webhooks_are_restored(sandbox, twilio):
    """It is shutting down as requested, so it is not reported as unresponsive."""
    sid = twilio.numbers()[0].sid
    first = Listener(twilio)
    first.point(sid)
    sandbox.fail(fault="delay", delay=1.5, times=2, path="IncomingPhoneNumbers")
    spec = Spec(
        connection=sandbox.connection,
        store=first.store,
        root_url=sandbox.connection.root_url,
        shared_keys={"k1": Secret("secret")},
    )
    link = ListenerClient.find_or_start(spec, take_over=True, timeout=2.5)
    try:
        assert (link.started, link.port) == (True, first.port)
        assert leads_to(twilio, sid) == ""
    finally:
        link.stop()
        first.detach()


def test_a_crashed_listener_restarts_with_shared_keys_that_not_all_kernels_know(sandbox):
    """A kernel that knows fewer lets the other one start it."""
    with Listener(sandbox.connection, shared_keys={"k1": "secret"}) as first:
        second = Listener(sandbox.connection)
        before = first.heartbeat.pid
        os.kill(before, signal.SIGKILL)
        eventually(lambda: first.heartbeat.pid not in {None, before})
        eventually(lambda: second.heartbeat.pid == first.heartbeat.pid)
        assert first._supervisor.client.has_same_secrets
        assert not second._supervisor.client.has_same_secrets
        second.detach()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_a_kernel_that_wants_another_port_moves_the_process_and_the_first_follows(sandbox):
    """They do not take it back and forth."""
    ports = free_port(), free_port()
    with (
        Listener(sandbox.connection, port=ports[0]) as first,
        Listener(sandbox.connection, port=ports[1]) as second,
    ):
        pid = second.heartbeat.pid
        eventually(lambda: first.heartbeat.pid == pid)
        assert (first.port, first.url) == (ports[1], f"http://127.0.0.1:{ports[1]}")
        assert second.heartbeat.alive
        second.detach()


# The gap


@pytest.mark.parametrize("messages", [30, pytest.param(250, marks=pytest.mark.long)])
def test_events_missed_while_no_listener_ran_are_found(sandbox, twilio, messages):
    """Sent while it listened, closed, two changes each and as many arrivals, opened, filled."""
    with Listener(sandbox.connection) as listener:
        for number in range(messages):
            send(twilio, ENDS[number % len(ENDS)], listener.status_url)
        sandbox.clock.advance("0.9 s")
        assert sandbox.settle(timeout=WITHIN)
        heard = len(listener.events)
    for number in range(messages):
        sandbox.receive(from_=THEM, body=f"Hello {number}")
    sandbox.clock.advance("2 h")
    assert sandbox.settle(timeout=WITHIN)
    began = sandbox.clock.now()

    with Listener(sandbox.connection) as listener:
        assert len(listener.events) == heard
        filled = listener.fill_gap()

        assert known(listener) == truth(twilio)
        assert filled.added == len(listener.events) - heard
        # No faster than five requests a second of the world's time.
        assert sandbox.clock.now() - began >= timedelta(seconds=(filled.asked - 1) / 5)
        assert listener.fill_gap().added == 0


def test_one_message_can_be_fetched_by_its_sid(twilio, listener):
    sid = send(twilio)

    assert listener.fill_gap(sid).added == 1
    assert list(known(listener)) == [sid]


@pytest.mark.parametrize("sids", ["x", 5, None, b"SM", ["SM" + "0" * 31], [None], {"sid": "SM"}])
def test_an_invalid_message_sid_is_not_fetched(listener, sids):
    with pytest.raises(ConfigurationError) as refused:
        listener.fill_gap(sids)
    assert refused.value.field == "sids"


def test_a_poller_and_a_listener_store_the_same_states(sandbox, twilio, listener):
    listener.point(sandbox.numbers[0])
    with Poller(twilio, watch=False) as poller:
        for end in ENDS:
            send(twilio, end, listener.status_url)
        sandbox.receive(from_=THEM, body="Hello")
        for _ in range(10):
            sandbox.clock.advance("1 min")
            poller.look()
        assert sandbox.settle()

        assert known(poller) == known(listener) == truth(twilio)


def test_a_poller_is_refused_a_store_that_a_listener_uses(twilio, listener):
    with pytest.raises(
        ListenerError, match="A listener or poller already writes to the event store"
    ):
        Poller(twilio, store=listener.store)


def test_a_taken_port_does_not_end_a_running_listener(sandbox, tmp_path):
    """Asking for another port ends the process first: not for a port that cannot be had."""
    store = tmp_path / "events.sqlite"
    with (
        Listener(sandbox.connection, store=store) as running,
        socket.create_server(("127.0.0.1", 0)) as taken,
    ):
        port = taken.getsockname()[1]
        with pytest.raises(ListenerError, match=f"Port {port} on 127.0.0.1 cannot be used"):
            Listener(sandbox.connection, store=store, port=port)
        assert running.heartbeat.alive


NO_PLACES = [5, b"events", "~nobody-of-that-name/events", "a\0b.sqlite", "a" * 300 + ".sqlite"]


@pytest.mark.parametrize("store", NO_PLACES)
@pytest.mark.parametrize("open_source", [Listener, Poller])
def test_an_invalid_store_path_is_refused_by_name(sandbox, open_source, store):
    with pytest.raises(ConfigurationError, match="a file or a folder") as refused:
        open_source(sandbox.connection, store=store)
    assert refused.value.field == "store"


def test_a_store_has_one_listener_under_any_path(sandbox, tmp_path):
    """Two processes that write one file can damage it."""
    with Listener(sandbox.connection, store=tmp_path / "events.sqlite") as listener:
        (tmp_path / "link.sqlite").symlink_to("events.sqlite")
        (tmp_path / "folder").symlink_to(".")
        for name in ("link.sqlite", "folder/events.sqlite"):
            with contextlib.closing(Listener(sandbox.connection, store=tmp_path / name)) as again:
                assert (again.port, again.store) == (listener.port, listener.store)
                again.detach()


@pytest.mark.parametrize("folder", ["events", "events.new/"])
def test_a_store_path_that_ends_in_a_slash_is_a_folder(sandbox, tmp_path, folder):
    with Poller(sandbox.connection, store=f"{tmp_path}/{folder}", watch=False) as poller:
        assert poller.store == tmp_path / folder / "polled.sqlite"


def test_a_listener_starts_after_the_working_directory_was_deleted(sandbox, tmp_path, monkeypatch):
    """As when the notebook's folder is deleted or moved while its kernel runs."""
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    with Listener(sandbox.connection) as listener:
        assert listener.heartbeat.alive


def test_a_python_that_cannot_be_started_is_reported(sandbox, tmp_path, monkeypatch):
    """As when the environment of a running kernel was deleted."""
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(ListenerError) as refused:
        Listener(sandbox.connection)
    assert str(refused.value) == (
        "The listener's process cannot be started (No such file or directory). Check that "
        f"{tmp_path}/python exists and that memory is free, then restart the kernel and try again."
    )


def test_a_store_that_cannot_be_created_is_reported_with_its_path(sandbox, tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ListenerError, match=r"taken.*cannot be opened"):
        Listener(sandbox.connection, store=tmp_path / "taken" / "events.sqlite")

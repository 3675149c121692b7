"""What a failed exchange means, over every wire there is, with a server that misbehaves on it."""

from __future__ import annotations

import asyncio
import base64
import socket
import time
import traceback
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

from twilio_widgets import AuthTokenConnection, Twilio
from twilio_widgets.core.bodies import FormBody
from twilio_widgets.core.http import backends as wire
from twilio_widgets.core.http.transport import AsyncTransport, BlockingTransport
from twilio_widgets.core.request import Reply, Request
from twilio_widgets.errors import (
    BadResponse,
    NoReply,
    NotConnected,
    OutcomeUnknown,
    TwilioWidgetsError,
)

TOKEN = "c0ffee" * 5 + "42"
CONNECTION = AuthTokenConnection("AC" + "1" * 32, TOKEN)
REQUEST = Request(
    method="POST",
    path=f"/2010-04-01/Accounts/{CONNECTION.account_sid}/Messages.json",
    body=FormBody((("To", "+14155550123"), ("From", "+15005550006"), ("Body", "Hi"))),
    creates_message=True,
)
TIMEOUT = 1.8
"""Seconds. A third of it is for connecting, which takes its time on a busy machine too."""
LARGEST = 4 * 1024 * 1024
"""Bytes of a body: what a busy machine decompresses well within the time."""

Exchange = Callable[[str], Reply]


def door_to(url: str) -> dict[str, Any]:
    return {"timeout": TIMEOUT, "base_url": url, "policy": None, "largest_body": LARGEST}


def blocking(url: str) -> Reply:
    door = BlockingTransport(CONNECTION, **door_to(url))
    try:
        return door.send(REQUEST)
    finally:
        door.close()


def awaiting(url: str) -> Reply:
    async def exchange() -> Reply:
        door = AsyncTransport(CONNECTION, **door_to(url))
        try:
            return await door.send(REQUEST)
        finally:
            await door.aclose()

    return asyncio.run(exchange())


def over_httpx(exchange: Exchange) -> Exchange:
    """As through a proxy, and where there is no httptools."""

    def exchange_over_httpx(url: str) -> Reply:
        with mock.patch.object(wire, "_is_direct", return_value=False):
            return exchange(url)

    return exchange_over_httpx


every_wire = pytest.mark.parametrize(
    "exchange",
    [blocking, over_httpx(blocking), awaiting, over_httpx(awaiting)],
    ids=["blocking", "blocking, httpx", "awaiting", "awaiting, httpx"],
)


@every_wire
def test_an_exchange_means_what_the_server_saw(exchange, faulty):
    """And it ends in time, also when the server drips or says nothing."""
    server, meaning = faulty
    started = time.monotonic()
    try:
        reply = exchange(server.url)
    except TwilioWidgetsError as error:
        found = type(error).__name__
    else:
        found = type(reply).__name__
    took = time.monotonic() - started

    assert found == meaning
    assert len(server.received) <= 1
    assert took < TIMEOUT + 10  # a drip alone would go on for a minute


@every_wire
def test_no_fault_shows_a_credential_in_a_traceback_with_locals(exchange, broken):
    with pytest.raises((NoReply, BadResponse)) as caught:
        exchange(broken.url)

    shown = "".join(
        traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()
    )
    basic = base64.b64encode(f"{CONNECTION.account_sid}:{TOKEN}".encode()).decode()
    own_constants = shown.replace(f"TOKEN = {TOKEN!r}", "")
    assert TOKEN not in own_constants
    assert basic not in own_constants
    assert caught.value.__cause__ is None or not isinstance(caught.value, NoReply)


@every_wire
def test_no_frame_of_a_failure_still_has_the_request_with_its_authorization(exchange, serve):
    """A debugger shows the locals of each."""
    with pytest.raises(NoReply) as caught:
        exchange(serve("closed after reading").url)
    frames = [frame for frame, _line in traceback.walk_tb(caught.value.__traceback__)]
    assert [frame for frame in frames if frame.f_locals.get("outgoing") is not None] == []


def unlistened() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


@every_wire
def test_a_port_without_a_server_means_not_connected(exchange):
    with pytest.raises(NotConnected, match="Nothing was sent"):
        exchange(unlistened())


@every_wire
def test_a_failed_tls_handshake_means_not_connected(exchange, plain_server):
    with pytest.raises(NotConnected):
        exchange(plain_server.url.replace("http://", "https://"))
    assert plain_server.received == []


def test_a_send_that_may_have_arrived_is_never_sent_again(broken):
    """The heart of it: whatever the server did with a send, it was asked once."""
    with (
        Twilio(CONNECTION, timeout=TIMEOUT, base_url=broken.url) as twilio,
        pytest.raises(OutcomeUnknown, match="may have been sent"),
    ):
        twilio.messages.send("+14155550123", from_="+15005550006", body="Hi")
    assert len(broken.received) <= 1
    assert broken.connections == 1

"""Twilio's magic numbers, on the sandbox by both ways in, and on Twilio itself with credentials.

Set TWILIO_TEST_ACCOUNT_SID and TWILIO_TEST_AUTH_TOKEN to Twilio's *test* credentials to run the
same tests there: they send nothing and cost nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from twilio_widgets import AuthTokenConnection, Sandbox, Twilio
from twilio_widgets.errors import RejectedMessage

TEST_CREDENTIALS = ("TWILIO_TEST_ACCOUNT_SID", "TWILIO_TEST_AUTH_TOKEN")
WAYS = ["in process", "socket"]
if all(os.environ.get(name) for name in TEST_CREDENTIALS):
    WAYS.append("Twilio")

FROM = "+15005550006"
TO = "+14155552671"


@pytest.fixture(params=WAYS)
def magic(request: pytest.FixtureRequest) -> Iterator[Twilio]:
    if request.param == "Twilio":
        sid, token = (os.environ[name] for name in TEST_CREDENTIALS)
        with Twilio(AuthTokenConnection(sid, token)) as twilio:
            yield twilio
        return
    with Sandbox(now="2026-01-15T12:00:00Z") as sandbox:
        base_url = sandbox.url if request.param == "socket" else None
        with Twilio(sandbox.connection, base_url=base_url) as twilio:
            yield twilio


SENDERS = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
RECIPIENTS = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}


def test_the_magic_sender_succeeds(magic):
    message = magic.messages.send(TO, from_=FROM, body="Hi")
    assert (message.to, message.from_, message.status) == (TO, FROM, "queued")


@pytest.mark.parametrize(("sender", "code"), SENDERS.items())
def test_a_magic_sender_is_refused(magic, sender, code):
    with pytest.raises(RejectedMessage) as caught:
        magic.messages.send(TO, from_=sender, body="Hi")
    assert (caught.value.code, caught.value.field) == (code, "from_")


@pytest.mark.parametrize(("recipient", "code"), RECIPIENTS.items())
def test_a_magic_recipient_is_refused(magic, recipient, code):
    with pytest.raises(RejectedMessage) as caught:
        magic.messages.send(recipient, from_=FROM, body="Hi")
    assert (caught.value.code, caught.value.field) == (code, "to")

"""`twilio.templates` against the sandbox: listed, read, checked and sent, blocking and async."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import httpx
import pytest

from twilio_widgets import AsyncTwilio, Sandbox, Twilio
from twilio_widgets.errors import InvalidRequest, NotFound, RejectedMessage

THEM = "whatsapp:+14155550123"


@pytest.fixture
def twilio(sandbox: Sandbox) -> Twilio:
    return Twilio(sandbox.connection)


def test_the_list_is_a_frame_with_the_approval_of_each_template(
    sandbox: Sandbox, twilio: Twilio
) -> None:
    frame = twilio.templates.list()

    assert frame["sid"].tolist() == list(sandbox.templates)
    assert frame.loc[1, ["friendly_name", "language", "types", "variables"]].tolist() == [
        "appointment", "en", "twilio/quick-reply, twilio/text", "name, time",
    ]  # fmt: skip
    assert frame["approval_status"].tolist() == [
        "approved", "approved", "rejected", "unsubmitted", "approved", "paused",
    ]  # fmt: skip
    assert (frame.attrs["rows"], frame.attrs["complete"]) == (6, True)


def test_one_template_has_its_approval(sandbox: Sandbox, twilio: Twilio) -> None:
    template = twilio.templates.get(sandbox.templates[0])

    assert template.body == "Hi {{1}}, your order {{2}} arrives on {{3}}. Thank you!"
    assert (template.approval.status, template.approval.category) == ("approved", "UTILITY")
    assert template == twilio.templates.all()[0]


def test_the_async_client_has_the_same_methods(sandbox: Sandbox, twilio: Twilio) -> None:
    async def asked() -> tuple[object, ...]:
        async with AsyncTwilio(sandbox.connection) as client:
            sid = sandbox.templates[0]
            frame = await client.templates.list()
            one = await client.templates.get(sid)
            can = await client.templates.can_send(THEM, template=one)
            return frame.to_dict("records"), one, can

    one = twilio.templates.get(sandbox.templates[0])
    expected = (
        twilio.templates.list().to_dict("records"),
        one,
        twilio.templates.can_send(THEM, template=one),
    )
    assert str(asyncio.run(asked())) == str(expected)


def test_a_sid_of_another_kind_is_refused_before_any_request(twilio: Twilio) -> None:
    with pytest.raises(InvalidRequest, match="HX and 32 hex digits"):
        twilio.templates.get("MG" + "1" * 32)


def test_an_unknown_template_is_not_found_and_cannot_be_sent(
    sandbox: Sandbox, twilio: Twilio
) -> None:
    unknown = "HX" + "0" * 32
    with pytest.raises(NotFound):
        twilio.templates.get(unknown)
    with pytest.raises(RejectedMessage) as caught:
        twilio.messages.send(THEM, from_=sandbox.whatsapp_sender, content_sid=unknown)
    assert caught.value.code == 21655


def test_a_message_of_the_recipient_opens_the_window(sandbox: Sandbox, twilio: Twilio) -> None:
    """The check agrees with what then happens, before, within and after the window."""

    def checked_and_sent() -> tuple[bool, str, int | None]:
        can = twilio.templates.can_send(THEM, from_=sandbox.whatsapp_sender)
        sent = twilio.messages.send(THEM, from_=sandbox.whatsapp_sender, body="Hi")
        message = twilio.messages.wait(sent.sid)
        return can.ok, message.status, message.error_code

    before = checked_and_sent()
    sandbox.receive(from_=THEM, body="Hello")
    within = checked_and_sent()
    sandbox.clock.advance(timedelta(hours=24).total_seconds())
    after = checked_and_sent()

    assert before == after == (False, "undelivered", 63016)
    assert within == (True, "delivered", None)


def test_each_template_outside_the_window_ends_as_the_check_says(
    sandbox: Sandbox, twilio: Twilio
) -> None:
    ended = {}
    for template in twilio.templates.all():
        values = template.fill(dict.fromkeys(template.placeholders, "x"))
        can = twilio.templates.can_send(THEM, from_=sandbox.whatsapp_sender, template=template)
        sent = twilio.messages.send(
            THEM,
            from_=sandbox.whatsapp_sender,
            content_sid=template.sid,
            content_variables=values,
        )
        message = twilio.messages.wait(sent.sid)
        assert (message.error_code is None) == can.ok
        assert message.body == template.render(values)
        ended[template.friendly_name] = message.error_code
    assert ended == {
        "order_shipped": None,
        "appointment": None,
        "spring_sale": 63016,
        "welcome": 63016,
        "delivery_times": 63016,
        "old_offer": 63016,
    }


def test_an_sms_to_the_same_number_does_not_open_the_window(
    sandbox: Sandbox, twilio: Twilio
) -> None:
    sandbox.receive(from_=THEM.removeprefix("whatsapp:"), body="Hello")

    assert not twilio.templates.can_send(THEM, from_=sandbox.whatsapp_sender)


def test_a_template_is_created_and_approved_by_the_api(sandbox: Sandbox, twilio: Twilio) -> None:
    account = sandbox.accounts[0]
    door = httpx.Client(
        transport=sandbox.wire,
        auth=(account.sid, account.auth_token),
        base_url="https://content.twilio.com/v1",
    )
    bodies = {"good": "Hi {{1}}, welcome!", "edged": "Welcome {{1}}"}
    sids = {}
    for name, body in bodies.items():
        given = {"friendly_name": name, "language": "en", "types": {"twilio/text": {"body": body}}}
        made = door.post("/Content", json=given)
        sids[name] = made.json()["sid"]
        asked = door.post(
            f"/Content/{sids[name]}/ApprovalRequests/whatsapp",
            json={"name": name, "category": "UTILITY"},
        )
        assert (made.status_code, asked.status_code, asked.json()["status"]) == (
            201, 201, "received",
        )  # fmt: skip
    sandbox.clock.advance("2 min")

    states = {name: twilio.templates.get(sid).approval.status for name, sid in sids.items()}
    assert states == {"good": "approved", "edged": "rejected"}
    assert door.post("/Content", content=json.dumps([])).json()["code"] == 20001
    assert door.delete(f"/Content/{sids['good']}").status_code == 204

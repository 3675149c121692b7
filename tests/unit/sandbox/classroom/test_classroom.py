"""One sandbox for a class: who can join, who reaches whom, and what stays private."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from twilio_widgets.client import Twilio
from twilio_widgets.errors import (
    NotConnected,
    NotFound,
    RejectedMessage,
    SandboxError,
    Unauthorized,
)
from twilio_widgets.sandbox import Sandbox
from twilio_widgets.sandbox.__main__ import main
from twilio_widgets.sandbox.world import create

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twilio_widgets.sandbox.classroom.member import ClassMember, Classroom
    from twilio_widgets.sandbox.world.messages import StoredMessage


@pytest.fixture
def world() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def classroom(world: Sandbox) -> Iterator[Classroom]:
    with world.open_class(3) as classroom:
        yield classroom


@pytest.fixture
def ada(classroom: Classroom) -> Iterator[ClassMember]:
    with Sandbox.join(classroom.url, "Ada") as member:
        yield member


@pytest.fixture
def grace(classroom: Classroom) -> Iterator[ClassMember]:
    with Sandbox.join(classroom.url, "Grace") as member:
        yield member


def text(sender: ClassMember, to: str, body: str) -> None:
    with Twilio(sender.connection) as twilio:
        twilio.messages.send(to, from_=sender.number, body=body)


def log_of(member: ClassMember) -> list[tuple[str, str, str]]:
    with Twilio(member.connection) as twilio:
        return [(one.direction, one.status, one.body) for one in twilio.messages.iterate()]


def post(classroom: Classroom, path: str, payload: object, **headers: str) -> tuple[int, Any]:
    """Send a request to the class as any program could."""
    connection = http.client.HTTPConnection(urlsplit(classroom.url).netloc, timeout=10)
    try:
        connection.request("POST", path, json.dumps(payload), headers)
        response = connection.getresponse()
        content = response.read()
        return response.status, json.loads(content) if content.startswith(b"{") else content
    finally:
        connection.close()


def test_a_message_to_a_classmate_arrives_there_when_it_is_delivered(world, classroom, ada, grace):
    text(ada, grace.number, "C U at 8")
    assert log_of(grace) == []
    world.clock.advance("5 s")
    assert log_of(grace) == [("inbound", "received", "C U at 8")]
    assert log_of(ada) == [("outbound-api", "delivered", "C U at 8")]


def test_a_student_can_text_the_teacher_and_opt_out_of_an_answer(world, classroom, ada):
    text(ada, classroom.number, "STOP")
    world.clock.advance("5 s")
    with Twilio(classroom.connection) as twilio, pytest.raises(RejectedMessage) as refused:
        twilio.messages.send(ada.number, from_=classroom.number, body="Homework")
    assert refused.value.code == 21610


def test_members_are_listed_by_name(classroom, ada, grace):
    assert ada.classmates == {"Grace": grace.number}
    assert classroom.students == {"Ada": ada.number, "Grace": grace.number}


def test_joining_again_from_the_same_kernel_returns_the_same_place(classroom, ada):
    with Sandbox.join(classroom.url, " ada ") as again:
        assert (again.name, again.number) == (ada.name, ada.number)
        assert again.connection == ada.connection


def test_another_kernel_cannot_join_with_a_name_that_is_taken(classroom, ada):
    status, reply = post(classroom, "/class/join", {"name": "ADA", "kernel": "another"})
    assert status == 400
    assert "The name 'Ada' is taken." in reply["problem"]
    assert list(reply) == ["problem"]


def test_after_a_release_another_kernel_joins_and_the_old_credentials_fail(classroom, ada):
    classroom.release("Ada")
    status, seat = post(classroom, "/class/join", {"name": "Ada", "kernel": "another"})
    assert (status, seat["number"]) == (200, ada.number)
    with pytest.raises(Unauthorized), Twilio(ada.connection) as twilio:
        next(twilio.messages.iterate())


@pytest.mark.parametrize("name", ["", "   ", "teacher", "a\x07b", "x" * 41])
def test_a_name_is_short_printable_and_not_the_teachers(classroom, name):
    with pytest.raises(SandboxError, match="name"):
        Sandbox.join(classroom.url, name)


def test_a_full_class_accepts_no_further_student(classroom):
    members = [Sandbox.join(classroom.url, name) for name in ("Ada", "Grace", "Alan")]
    with pytest.raises(SandboxError, match="full: all 3 seats"):
        Sandbox.join(classroom.url, "Edsger")
    for member in members:
        member.close()


def test_a_student_cannot_send_from_the_number_of_another(classroom, ada, grace):
    with pytest.raises(RejectedMessage) as refused:
        _send_as(ada, grace.number)
    assert refused.value.code == 21660
    assert [(one.from_name, one.status) for one in classroom.messages()] == [("Ada", "failed")]


def _send_as(member: ClassMember, sender: str) -> None:
    with Twilio(member.connection) as twilio:
        twilio.messages.send("+14155550123", from_=sender, body="not mine")


@pytest.mark.parametrize("resource", ["/Messages.json", ".json", "/Keys.json"])
def test_a_student_cannot_read_anything_of_another(ada, grace, resource):
    with Twilio(ada.connection) as twilio, pytest.raises(NotFound):
        twilio.raw(f"/Accounts/{grace.connection.account_sid}{resource}")


def test_a_student_lists_no_account_but_their_own(ada, grace):
    with Twilio(ada.connection) as twilio:
        accounts = twilio.raw("/Accounts.json").data["accounts"]
    assert [account["sid"] for account in accounts] == [ada.connection.account_sid]


@pytest.mark.parametrize("path", ["log", "fail", "release"])
def test_only_the_teacher_sees_the_class_and_injects_faults(classroom, ada, path):
    method = ada._url.get if path == "log" else ada._url.post
    with pytest.raises(SandboxError, match="credentials"):
        method(path, {"name": "Ada"}, ada.connection.credentials)


def test_no_credential_of_a_class_follows_from_the_seed(world, classroom):
    with Sandbox() as twin:
        usual = {account.auth_token for account in twin.accounts} | {
            key.secret for account in twin.accounts for key in account.keys.values()
        }
    now = {account.auth_token for account in world.accounts} | {
        key.secret for account in world.accounts for key in account.keys.values()
    }
    assert usual & now == set()


def test_a_wrong_teacher_code_opens_nothing(classroom):
    with pytest.raises(SandboxError, match="not the teacher's code"):
        Sandbox.teach(classroom.url, "aaaaa-aaaaa")


def test_a_web_page_cannot_join(classroom):
    status, _ = post(
        classroom, "/class/join", {"name": "Eve", "kernel": "k"}, Origin="https://evil.test"
    )
    assert status == 403
    assert classroom.students == {}


@pytest.mark.parametrize("payload", [[], {}, {"name": "Eve"}, None])
def test_a_malformed_request_gets_an_answer(classroom, payload):
    assert post(classroom, "/class/join", payload)[0] == 400


def test_joining_needs_the_code_of_a_class_that_has_one(world):
    with world.open_class(2, code="swordfish") as classroom:
        for code in (None, ""):
            with pytest.raises(SandboxError, match="needs its code"):
                Sandbox.join(classroom.url, "Ada", code)
        with pytest.raises(SandboxError, match="not the code of this class"):
            Sandbox.join(classroom.url, "Ada", "swordfisk")
        with Sandbox.join(classroom.url, "Ada", "swordfish") as ada:
            assert classroom.students == {"Ada": ada.number}


def test_another_address_makes_a_code_and_posts_no_webhooks(world):
    """127.0.0.2 is loopback too, but stands for any other address here."""
    with world.open_class(2, host="127.0.0.2") as classroom:
        code, _ = world.class_codes
        assert code is not None
        with Sandbox.join(classroom.url, "Ada", code) as ada, Twilio(ada.connection) as twilio:
            twilio.messages.send(
                "+14155550123", from_=ada.number, body="x", status_callback="http://127.0.0.1:9/"
            )
            world.clock.advance("5 s")
            assert world.settle()
        assert world.webhooks == ()


def test_the_teacher_sees_each_message_once_with_names_and_status(world, classroom, ada, grace):
    text(ada, grace.number, "one")
    text(grace, "+14155550191", "two")
    world.clock.advance("5 s")
    assert [
        (one.from_name, one.to_name, one.body, one.status, one.error_code)
        for one in classroom.messages()
    ] == [("Ada", "Grace", "one", "delivered", None), ("Grace", "", "two", "undelivered", 30003)]


def test_changes_are_the_messages_that_are_new_or_have_another_status(world, classroom, ada):
    text(ada, classroom.number, "one")
    first, now = classroom.changes(0.0)
    assert [(one.body, one.status) for one in first] == [("one", "queued")]
    world.clock.advance("5 s")
    text(ada, classroom.number, "two")
    changed, now = classroom.changes(now)
    assert [(one.body, one.status) for one in changed] == [("one", "delivered"), ("two", "queued")]
    world.clock.advance("5 s")
    assert [one.body for one in classroom.changes(now)[0]] == ["two"]


def test_a_fault_for_one_student_leaves_the_others_alone(classroom, ada, grace):
    classroom.fail(21610, student="Ada")
    text(grace, ada.number, "works")
    with pytest.raises(RejectedMessage) as refused:
        text(ada, grace.number, "fails")
    assert refused.value.code == 21610


def test_a_fault_for_an_unknown_student_is_refused(classroom):
    with pytest.raises(SandboxError, match="No student in this class is called 'Ada'"):
        classroom.fail(21610, student="Ada")


def test_listeners_that_reply_to_each_other_end_after_ten_replies(world, ada, grace):
    def answer(message: StoredMessage) -> None:
        if message.direction == "inbound":
            create.reply(world._world, message, "Noted.")

    world._world.on_message.append(answer)
    text(ada, grace.number, "Hello")
    world.clock.advance("10 min")
    arrived = [one for one in log_of(ada) + log_of(grace) if one[0] == "inbound"]
    assert arrived.count(("inbound", "received", "Noted.")) == 10


def test_a_class_needs_the_real_time(sandbox):
    with pytest.raises(SandboxError, match="real time"):
        sandbox.open_class(3)


@pytest.mark.parametrize("seats", [0, 91])
def test_a_class_has_1_to_90_seats(world, seats):
    with pytest.raises(SandboxError, match="1 to 90 seats"):
        world.open_class(seats)


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:80", "https://127.0.0.1:80", "http://127.0.0.1", "http://a@b:80"]
)
def test_the_url_of_a_class_is_checked(url):
    with pytest.raises(SandboxError, match="http://host:port"):
        Sandbox.join(url, "Ada")


def test_a_class_that_has_ended_is_named(world):
    with world.open_class(1) as classroom:
        url = classroom.url
    world.close()
    with pytest.raises(SandboxError, match="There is no class at http"):
        Sandbox.join(url, "Ada")


def test_a_request_after_the_class_has_ended_names_it(world, ada):
    world.close()

    with Twilio(ada.connection) as twilio, pytest.raises(NotConnected) as caught:
        twilio.messages.list()
    assert f"no sandbox answers at {ada.url}; it may have ended" in str(caught.value)


def test_host_and_code_are_options_of_a_class(capsys):
    with pytest.raises(SystemExit):
        main(["--host", "127.0.0.2"])
    assert "add --class SEATS" in capsys.readouterr().err

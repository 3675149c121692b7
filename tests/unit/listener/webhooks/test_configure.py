"""Pointing webhooks here and back: what was there before always comes back, and nothing else."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from twilio_widgets import AuthTokenConnection, Sandbox, Twilio
from twilio_widgets.core.http.transport import BlockingTransport
from twilio_widgets.errors import (
    ConfigurationError,
    ListenerError,
    NotConnected,
    OutcomeUnknown,
)
from twilio_widgets.listener.files import durable
from twilio_widgets.listener.webhooks import configure as webhooks
from twilio_widgets.listener.webhooks import restore as restoring

URL = "https://hook.example.org/a/inbound#rc=3&rp=all"
NEWER = "https://hook.example.org/b/inbound#rc=3&rp=all"
STATUS = "https://hook.example.org/a/status#rc=3&rp=all"
THEIRS = "https://elsewhere.example.org/sms"
OLD = "https://shop.example.org/sms?shop=7"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(seed=4, now="2026-02-03T12:00:00Z") as sandbox:
        yield sandbox


@pytest.fixture
def twilio(box: Sandbox) -> Iterator[Twilio]:
    with Twilio(box.connection) as client:
        yield client


class Estate:
    """What the account's first number and first service look like, as Twilio tells it."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box
        self.number = box.numbers[0]
        self.service = box.services[0]
        found = self._ask("GET", f"{self._account}/IncomingPhoneNumbers.json")
        rows = found["incoming_phone_numbers"]
        self.sid = next(row["sid"] for row in rows if row["phone_number"] == self.number)

    @property
    def _account(self) -> str:
        return f"/2010-04-01/Accounts/{self._box.connection.account_sid}"

    def _path(self, of: str) -> str:
        if of == "service":
            return f"/v1/Services/{self.service}"
        return f"{self._account}/IncomingPhoneNumbers/{self.sid}.json"

    def _ask(self, method: str, path: str, **parameters: str) -> dict[str, Any]:
        import httpx

        host = "messaging" if path.startswith("/v1") else "api"
        with httpx.Client(transport=self._box.wire, auth=self._login) as client:
            answer = client.request(
                method, f"https://{host}.twilio.com{path}", data=parameters or None
            )
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    @property
    def _login(self) -> tuple[str, str]:
        name, secret = self._box.connection.credentials
        return name, secret.reveal()

    def set(self, of: str = "number", **parameters: str) -> None:
        self._ask("POST", self._path(of), **parameters)

    def now(self, of: str = "number") -> dict[str, Any]:
        """Everything but the time of the change."""
        row = self._ask("GET", self._path(of))
        return {name: value for name, value in row.items() if name != "date_updated"}


@pytest.fixture
def estate(box: Sandbox) -> Estate:
    return Estate(box)


def changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in after.items() if before[name] != value}


# Pointing


def test_configuring_a_number_changes_only_its_webhooks(twilio, estate, tmp_path):
    estate.set(
        SmsUrl=OLD, SmsMethod="GET", SmsFallbackUrl=THEIRS, SmsApplicationSid="AP" + "a" * 32
    )
    before = estate.now()

    entry = webhooks.configure_webhook(twilio, tmp_path, estate.number, URL)

    assert changed(before, estate.now()) == {
        "sms_url": URL,
        "sms_method": "POST",
        "sms_application_sid": "",
    }
    assert entry.previous == {
        "sms_url": OLD,
        "sms_method": "GET",
        "sms_application_sid": "AP" + "a" * 32,
    }
    assert (entry.kind, entry.sid, entry.name) == ("phone number", estate.sid, estate.number)
    assert entry.went_to == "the TwiML application AP" + "a" * 32
    assert webhooks.configured_webhooks(tmp_path) == (entry,)


def test_a_service_is_configured_even_if_its_numbers_had_the_webhooks(twilio, estate, tmp_path):
    estate.set("service", InboundRequestUrl=OLD, UseInboundWebhookOnNumber="true")
    before = estate.now("service")

    entry = webhooks.configure_webhook(twilio, tmp_path, estate.service, URL, status_url=STATUS)

    assert changed(before, estate.now("service")) == {
        "inbound_request_url": URL,
        "use_inbound_webhook_on_number": False,
        "status_callback": STATUS,
    }
    assert entry.notes == (
        "Every number in this service sends here, whatever its own settings are.",
    )
    assert [outcome.state for outcome in restoring.restore_all(tmp_path, twilio)] == ["restored"]
    assert estate.now("service") == before


def test_the_previous_settings_are_saved_before_anything_is_changed(twilio, estate, tmp_path):
    estate.set(SmsUrl=OLD)
    seen = []

    def check(request: Any) -> None:
        if request.method == "POST":
            (entry,) = webhooks.configured_webhooks(tmp_path)
            seen.append((request.pairs, entry.previous, estate.now()["sms_url"]))

    with Twilio(twilio.connection, policy=type("Watch", (), {"check": staticmethod(check)})()) as w:
        webhooks.configure_webhook(w, tmp_path, estate.number, URL)

    assert seen == [((("SmsUrl", URL),), {"sms_url": OLD}, OLD)]


def test_the_backup_file_is_readable_by_its_owner_only(twilio, estate, tmp_path):
    folder = tmp_path / "listener"
    webhooks.configure_webhook(twilio, folder, estate.number, URL)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}
    assert modes == {"listener": 0o700, "pointed.json": 0o600, "pointed.lock": 0o600}


def test_pointing_twice_keeps_the_first_previous_configuration(twilio, estate, tmp_path):
    estate.set(SmsUrl=OLD)
    before = estate.now()
    webhooks.configure_webhook(twilio, tmp_path, estate.number, URL)
    entry = webhooks.configure_webhook(twilio, tmp_path, estate.number, NEWER)

    assert entry.previous == {"sms_url": OLD}
    assert estate.now()["sms_url"] == NEWER
    restoring.restore_all(tmp_path, twilio)
    assert estate.now() == before


def test_pointing_again_saves_the_settings_someone_else_made_in_between(twilio, estate, tmp_path):
    """All of theirs: the application that was there before them does not come back either."""
    estate.set(SmsUrl=OLD, SmsMethod="GET", SmsApplicationSid="AP" + "a" * 32)
    webhooks.configure_webhook(twilio, tmp_path, estate.number, URL)
    estate.set(SmsUrl=THEIRS)
    theirs = estate.now()
    webhooks.configure_webhook(twilio, tmp_path, estate.number, URL)

    restoring.restore_all(tmp_path, twilio)
    assert estate.now() == theirs


def test_pointing_where_it_points_already_changes_nothing(twilio, estate, tmp_path):
    estate.set(SmsUrl=URL)
    before = estate.now()
    entry = webhooks.configure_webhook(twilio, tmp_path, estate.number, URL)

    assert (entry.previous, estate.now()) == ({}, before)
    assert [o.state for o in restoring.restore_all(tmp_path, twilio)] == ["already"]
    assert estate.now() == before


@pytest.mark.parametrize(
    "named", ["07700900123", "AC" + "0" * 32, "", "MG123", "+1555000\u0661", None, 5, b"x"]
)
def test_an_invalid_number_or_service_is_rejected(twilio, tmp_path, named):
    with pytest.raises(ConfigurationError, match=r"\(PN…\) or of a messaging service"):
        webhooks.configure_webhook(twilio, tmp_path, named, URL)
    assert list(tmp_path.iterdir()) == []


def test_a_number_of_another_account_is_rejected(twilio, tmp_path):
    with pytest.raises(ConfigurationError, match=r"^\+1 5••• ••• \d+ is not a phone number of AC"):
        webhooks.configure_webhook(twilio, tmp_path, "+15005550006", URL)


def test_the_number_of_a_subaccount_is_configured_with_the_parents_credentials(box, tmp_path):
    sandbox_login = box.connection
    connection = AuthTokenConnection(
        sandbox_login.account_sid, sandbox_login.auth_token, subaccount_sid=box.subaccount_sid
    )
    with Twilio(connection, base_url=box.url) as twilio:
        (number,) = twilio.numbers()
        entry = webhooks.configure_webhook(twilio, tmp_path, number.phone_number, URL)
        assert (entry.sid, entry.resource.account_sid) == (number.sid, box.subaccount_sid)
        assert [o.state for o in restoring.restore_all(tmp_path, twilio)] == ["restored"]


def test_the_service_of_a_parent_account_is_not_configured_for_a_subaccount(box, tmp_path):
    """The messaging host answers for the authenticated account, which would be the wrong one."""
    sandbox_login = box.connection
    connection = AuthTokenConnection(
        sandbox_login.account_sid, sandbox_login.auth_token, subaccount_sid=box.subaccount_sid
    )
    with (
        Twilio(connection, base_url=box.url) as twilio,
        pytest.raises(ConfigurationError, match="does not belong to AC"),
    ):
        webhooks.configure_webhook(twilio, tmp_path, box.services[0], URL)
    assert webhooks.configured_webhooks(tmp_path) == ()


def test_a_service_that_takes_precedence_over_a_number_is_noted(twilio, estate, tmp_path):
    assert webhooks.configure_webhook(twilio, tmp_path, estate.number, URL).notes == ()

    estate.set("service", UseInboundWebhookOnNumber="false")
    (silent,) = webhooks.configure_webhook(twilio, tmp_path, estate.number, URL).notes
    estate.set("service", InboundRequestUrl=THEIRS)
    (loud,) = webhooks.configure_webhook(twilio, tmp_path, estate.number, URL).notes

    assert "which has no inbound URL" in silent
    assert loud == (
        f'This number is in the messaging service "Notifications" ({estate.service}), whose own '
        "inbound URL wins. Point the service instead."
    )


def test_a_failed_check_of_services_is_noted_and_does_not_prevent_the_change(
    box, twilio, estate, tmp_path
):
    box.fail(status=403, path="/v1/Services", times=9)
    (note,) = webhooks.configure_webhook(twilio, tmp_path, estate.number, URL).notes

    assert note.startswith("Could not check whether this number is in a messaging service")
    assert estate.now()["sms_url"] == URL


# Going wrong


def test_a_refused_change_leaves_no_trace(box, twilio, estate, tmp_path):
    box.fail(21402, method="POST", path="IncomingPhoneNumbers")
    with pytest.raises(Exception, match="21402"):
        webhooks.configure_webhook(twilio, tmp_path, estate.number, URL)
    assert webhooks.configured_webhooks(tmp_path) == ()


def test_a_refused_second_pointing_keeps_the_first(box, twilio, estate, tmp_path):
    entry = webhooks.configure_webhook(twilio, tmp_path, estate.number, URL)
    box.fail(fault="refused", method="POST", path="IncomingPhoneNumbers", times=9)
    with pytest.raises(NotConnected):
        webhooks.configure_webhook(twilio, tmp_path, estate.number, NEWER, seconds=1)
    assert webhooks.configured_webhooks(tmp_path) == (entry,)


@pytest.mark.parametrize("fault", ["reset_after_accept", "not_json", "html", "error_after_accept"])
def test_a_lost_answer_is_made_good_by_looking(box, twilio, estate, tmp_path, fault):
    estate.set(SmsUrl=OLD)
    before = estate.now()
    box.fail(fault=fault, method="POST", path="IncomingPhoneNumbers")
    entry = webhooks.configure_webhook(twilio, tmp_path, estate.number, URL)
    assert (entry.previous, estate.now()["sms_url"]) == ({"sms_url": OLD}, URL)

    box.fail(fault=fault, method="POST", path="IncomingPhoneNumbers")
    assert [o.state for o in restoring.restore_all(tmp_path, twilio)] == ["restored"]
    assert estate.now() == before


def test_a_lost_change_is_reported_and_the_saved_settings_are_kept(box, twilio, estate, tmp_path):
    """It may still arrive later, so what was before is not thrown away."""
    estate.set(SmsUrl=OLD)
    before = estate.now()
    box.fail(status=503, method="POST", path="IncomingPhoneNumbers")
    with pytest.raises(ListenerError, match=r"still sends its messages to https://shop\.example"):
        webhooks.configure_webhook(twilio, tmp_path, estate.number, URL)
    assert [entry.previous for entry in webhooks.configured_webhooks(tmp_path)] == [
        {"sms_url": OLD}
    ]

    estate.set(SmsUrl=URL)  # here it comes
    restoring.restore_all(tmp_path, twilio)
    assert estate.now() == before


def test_if_reading_back_fails_too_the_outcome_is_unknown_and_the_settings_stay_saved(
    box, twilio, estate, tmp_path
):
    class Unplugged:
        gone = False

        def check(self, request: Any) -> None:
            if self.gone:
                box.fail(fault="refused", times=9)
            self.gone = request.method == "POST"

    box.fail(fault="reset_after_accept", method="POST", path="IncomingPhoneNumbers")
    with (
        Twilio(twilio.connection, policy=Unplugged()) as shaky,
        pytest.raises(OutcomeUnknown, match="Reading it back"),
    ):
        webhooks.configure_webhook(shaky, tmp_path, estate.number, URL, seconds=1)
    assert [entry.sid for entry in webhooks.configured_webhooks(tmp_path)] == [estate.sid]


def test_a_damaged_file_is_never_overwritten(twilio, estate, tmp_path):
    (tmp_path / "pointed.json").write_text('{"pointed, form 2": []}')
    for act in (
        lambda: webhooks.configured_webhooks(tmp_path),
        lambda: webhooks.configure_webhook(twilio, tmp_path, estate.number, URL),
        lambda: restoring.restore_all(tmp_path, twilio),
    ):
        with pytest.raises(ListenerError, match=r"pointed\.json cannot be read"):
            act()
    assert (tmp_path / "pointed.json").read_text() == '{"pointed, form 2": []}'
    assert estate.now()["sms_url"] == ""


# Going back


def test_a_number_is_restored_exactly(twilio, estate, tmp_path):
    estate.set(SmsUrl=OLD, SmsMethod="GET", SmsFallbackUrl=THEIRS)
    before = estate.now()
    webhooks.configure_webhook(twilio, tmp_path, estate.sid, URL)
    (outcome,) = restoring.restore_all(tmp_path, twilio)

    assert (bool(outcome), outcome.state, estate.now()) == (True, "restored", before)
    assert outcome.text.endswith("sends its messages to https://shop.example.org/sms?… again.")
    assert webhooks.configured_webhooks(tmp_path) == ()
    assert restoring.restore_all(tmp_path, twilio) == []
    assert restoring.restore(twilio, tmp_path, estate.sid).state == "already"


def test_settings_changed_by_someone_else_are_left_alone_without_overwrite(
    twilio, estate, tmp_path
):
    """With its method, and with no application put over it: a setting goes back whole or not."""
    estate.set(SmsUrl=OLD, SmsMethod="GET", SmsApplicationSid="AP" + "a" * 32)
    before = estate.now()
    webhooks.configure_webhook(twilio, tmp_path, estate.number, URL)
    estate.set(SmsUrl=THEIRS)
    theirs = estate.now()

    for _ in range(2):
        (outcome,) = restoring.restore_all(tmp_path, twilio)
        assert (bool(outcome), outcome.state, estate.now()) == (False, "changed", theirs)
    assert outcome.text == (
        f"{outcome.name} was changed by someone else to https://elsewhere.example.org/sms and was "
        f"left that way. Before, its messages went to the TwiML application AP{'a' * 32}; "
        "overwrite=True restores that."
    )
    assert restoring.restore(twilio, tmp_path, estate.sid, overwrite=True).state == "restored"
    assert estate.now() == before


def test_the_saved_settings_can_be_discarded(twilio, estate, tmp_path):
    webhooks.configure_webhook(twilio, tmp_path, estate.number, URL)
    estate.set(SmsUrl=THEIRS)
    webhooks.discard_backup(tmp_path, estate.sid)

    assert restoring.restore_all(tmp_path, twilio) == []
    assert estate.now()["sms_url"] == THEIRS


def test_only_unchanged_settings_of_a_service_are_restored(twilio, estate, tmp_path):
    estate.set("service", InboundRequestUrl=OLD, StatusCallback=OLD)
    webhooks.configure_webhook(twilio, tmp_path, estate.service, URL, status_url=STATUS)
    estate.set("service", StatusCallback=THEIRS)
    (outcome,) = restoring.restore_all(tmp_path, twilio)

    now = estate.now("service")
    assert outcome.state == "changed"
    assert (now["inbound_request_url"], now["status_callback"]) == (OLD, THEIRS)
    assert [entry.previous for entry in webhooks.configured_webhooks(tmp_path)] == [
        {"status_callback": OLD}
    ]


def test_a_restore_that_twilio_ignored_is_reported_and_the_settings_stay_saved(
    box, twilio, estate, tmp_path
):
    entry = webhooks.configure_webhook(twilio, tmp_path, estate.number, URL)
    box.fail(status=503, method="POST", path="IncomingPhoneNumbers")
    (outcome,) = restoring.restore_all(tmp_path, twilio)

    assert (bool(outcome), outcome.state) == (False, "failed")
    assert outcome.text.endswith("was not restored: Twilio did not make the change. Try again.")
    assert webhooks.configured_webhooks(tmp_path) == (entry,)


def test_a_number_that_is_gone_is_forgotten(box, twilio, estate, tmp_path):
    webhooks.configure_webhook(twilio, tmp_path, estate.number, URL)
    box.fail(20404, method="GET", path=estate.sid)
    assert [o.state for o in restoring.restore_all(tmp_path, twilio)] == ["gone"]
    assert webhooks.configured_webhooks(tmp_path) == ()


def test_another_accounts_credentials_change_nothing(box, twilio, estate, tmp_path):
    (entry,) = (webhooks.configure_webhook(twilio, tmp_path, estate.number, URL),)
    with Twilio(box.subaccount_connection) as other:
        assert [o.state for o in restoring.restore_all(tmp_path, other)] == ["failed"]
    assert webhooks.configured_webhooks(tmp_path) == (entry,)
    assert estate.now()["sms_url"] == URL


def test_one_failed_restore_does_not_prevent_the_others(box, twilio, estate, tmp_path):
    webhooks.configure_webhook(twilio, tmp_path, estate.number, URL)
    webhooks.configure_webhook(twilio, tmp_path, estate.service, URL)
    box.fail(status=403, method="GET", path=estate.sid)

    states = [outcome.state for outcome in restoring.restore_all(tmp_path, twilio)]
    assert states == ["failed", "restored"]
    assert [entry.sid for entry in webhooks.configured_webhooks(tmp_path)] == [estate.sid]
    assert [o.state for o in restoring.restore_all(tmp_path, twilio)] == ["restored"]


def test_no_text_shows_a_number_a_login_or_a_key(twilio, estate, tmp_path):
    secret = "https://user:hunter2@shop.example.org/" + "k" * 32 + "/in?token=hunter2"
    estate.set(SmsUrl=secret)
    entry = webhooks.configure_webhook(twilio, tmp_path, estate.number, URL)
    (outcome,) = restoring.restore_all(tmp_path, twilio)

    shown = f"{entry!r} {outcome!r} {entry.went_to}"
    assert not any(word in shown for word in ("hunter2", "kkkk", estate.number))
    assert estate.now()["sms_url"] == secret


# Crashes


class Crash(BaseException):
    """The process ends here; nothing after it runs that a dead process would not run."""


class Steps:
    """Counts every step that leaves a mark outside the process, and ends it at one of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count, self.end_at = 0, -1
        for owner, name in (
            (durable.os, "fsync"),
            (Path, "replace"),
            (Path, "unlink"),
            (BlockingTransport, "send"),
        ):
            self._watch(monkeypatch, owner, name)

    def _watch(self, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
        real = getattr(owner, name)

        def step(*args: Any, **kwargs: Any) -> Any:
            self._one()
            result = real(*args, **kwargs)
            self._one()
            return result

        monkeypatch.setattr(owner, name, step)

    def _one(self) -> None:
        if self.count == self.end_at:
            self.count += 1
            raise Crash
        self.count += 1

    def crash_at(self, number: int) -> None:
        self.count, self.end_at = 0, number


def test_the_old_settings_are_restored_after_a_crash_at_any_moment(
    twilio, estate, tmp_path, monkeypatch
):
    estate.set(SmsUrl=OLD, SmsMethod="GET", SmsApplicationSid="AP" + "a" * 32)
    before = estate.now()
    steps = Steps(monkeypatch)
    crashes = 0
    for at in range(200):
        folder = tmp_path / str(at)
        steps.crash_at(at)
        try:
            webhooks.configure_webhook(twilio, folder, estate.number, URL)
            webhooks.configure_webhook(twilio, folder, estate.number, NEWER)
            restoring.restore_all(folder, twilio)
        except Crash:
            crashes += 1
            steps.crash_at(-1)
            assert all(restoring.restore_all(folder, twilio))
            assert webhooks.configured_webhooks(folder) == ()
            assert estate.now() == before, f"after a crash at step {at}"
        else:
            break
    assert crashes > 40
    assert estate.now() == before


def test_the_backup_file_names_its_format(twilio, estate, tmp_path):
    webhooks.configure_webhook(twilio, tmp_path, estate.number, URL)
    document = json.loads((tmp_path / "pointed.json").read_text())
    assert document == {
        "pointed, form 1": [
            {
                "sid": estate.sid,
                "kind": "phone number",
                "account_sid": twilio.connection.account_sid,
                "name": estate.number,
                "since": "2026-02-03T12:00:00+00:00",
                "previous": {"sms_url": ""},
                "ours": {"sms_url": [URL]},
                "notes": [],
            }
        ]
    }

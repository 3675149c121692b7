"""A later sync notices what has changed, records it, and touches nothing else."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest

from tests.archives import archived_sids, sids_of, snapshot
from twilio_widgets import Archive

SINCE = "2026-01-12"


@pytest.fixture
def archive(sandbox, twilio, tmp_path):
    """An archive of the sandbox's last days."""
    archive = Archive(tmp_path / "messages")
    archive.sync(twilio, since=SINCE, progress=False)
    return archive


def changed(archive: Archive) -> list[tuple[str, str | None, str | None]]:
    """The column and both values of each change."""
    changes = archive.changes()[["column", "before", "after"]].astype(object)
    return list(changes.where(changes.notna(), None).itertuples(index=False, name=None))


def test_a_sync_that_finds_nothing_new_changes_no_file(archive, twilio):
    before = snapshot(archive.folder)
    report = archive.sync(twilio, progress=False)
    assert report.complete
    assert snapshot(archive.folder) == before


def test_a_sync_that_finds_nothing_new_on_the_next_day_adds_that_day_only(archive, twilio, sandbox):
    before = snapshot(archive.folder)
    sandbox.clock.advance("1 day")
    archive.sync(twilio, progress=False)
    after = snapshot(archive.folder)
    assert {name for name in before if after.get(name) != before[name]} <= {"manifest.json"}


def test_a_status_and_a_price_that_change_late_are_recorded(archive, twilio, sandbox):
    sandbox.clock.advance("1 h")
    number = next(one for one in sandbox.contacts if one.startswith("+1"))
    sent = twilio.messages.send(number[:-2] + "98", from_=sandbox.numbers[0], body="Slow")
    sandbox.clock.advance(2)
    archive.sync(twilio, progress=False)
    assert archive.to_dataframe(where=[("sid", "==", sent.sid)])["status"].tolist() == ["sent"]

    sandbox.clock.advance(120)
    report = archive.sync(twilio, progress=False)
    rows = archive.to_dataframe(where=[("sid", "==", sent.sid)])
    assert rows["status"].tolist() == ["delivered"]
    assert report.changed == 2
    assert [row[0] for row in changed(archive)] == ["date_updated", "status"]
    assert changed(archive)[1] == ("status", "sent", "delivered")
    assert archive.changes()["noticed_at"].tolist() == [sandbox.clock.now()] * 2


def test_a_redaction_reaches_the_archive_and_the_old_text_is_nowhere(
    archive, twilio, sandbox, tmp_path
):
    twilio.messages.send(sandbox.contacts[0], from_=sandbox.numbers[0], body="Very secret text")
    sandbox.clock.advance(60)
    archive.sync(twilio, progress=False)
    sid = archive.to_dataframe(where=[("body", "==", "Very secret text")])["sid"].item()
    twilio.messages.redact(sid)
    archive.sync(twilio, progress=False)
    assert archive.to_dataframe(where=[("sid", "==", sid)])["body"].tolist() == [""]
    assert ("body", None, None) in changed(archive)
    content = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"Very secret text" not in content


def test_a_deleted_message_is_marked_and_stays(archive, twilio, sandbox):
    sid = archive.to_dataframe()["sid"].iloc[3]
    twilio.messages.delete(sid)
    report = archive.sync(twilio, progress=False)
    assert report.complete
    assert report.deleted == 1
    rows = archive.to_dataframe(columns=["sid", "deleted_at"], where=[("deleted_at", "!=", None)])
    assert rows.to_numpy().tolist() == [[sid, sandbox.clock.now()]]
    assert changed(archive) == [("deleted_at", None, sandbox.clock.now().isoformat())]
    before = snapshot(archive.folder)
    assert archive.sync(twilio, progress=False).deleted == 0
    assert snapshot(archive.folder) == before


def test_a_message_that_the_list_leaves_out_is_not_marked_if_it_exists(archive, twilio, sandbox):
    """The list may lag or hide it: only a 404 for its own resource means that it is deleted."""
    sandbox._world.settings.list_lag = 1e9  # hides the messages of this sandbox from the list
    stored = sandbox.receive(from_=sandbox.contacts[0], body="hidden")
    sandbox._world.settings.list_lag = 0
    archive.sync(twilio, progress=False)
    assert stored["sid"] in archived_sids(archive)
    sandbox._world.settings.list_lag = 1e9
    report = archive.sync(twilio, progress=False)
    assert report.complete
    assert report.deleted == 0
    assert stored["sid"] in archived_sids(archive)


def test_a_scheduled_message_moves_to_its_day_when_it_is_sent(archive, twilio, sandbox):
    later = sandbox.clock.now() + timedelta(hours=36)
    twilio.messages.send(
        sandbox.contacts[0], messaging_service_sid=sandbox.services[0], body="Later", send_at=later
    )
    report = archive.sync(twilio, progress=False)
    assert report.unsent.found == 1
    assert archive.to_dataframe()["status"].iloc[0] == "scheduled"
    sandbox.clock.advance("2 days")
    report = archive.sync(twilio, progress=False)
    assert report.unsent.found == 0
    rows = archive.to_dataframe(where=[("body", "==", "Later")])
    assert rows["status"].tolist() == ["delivered"]
    assert rows["date_sent"].dt.date.tolist() == [later.date()]
    assert sorted(archived_sids(archive)) == sorted(sids_of(sandbox, SINCE))


def test_a_cancelled_message_keeps_its_last_status(archive, twilio, sandbox):
    later = sandbox.clock.now() + timedelta(hours=36)
    message = twilio.messages.send(
        sandbox.contacts[0], messaging_service_sid=sandbox.services[0], body="Later", send_at=later
    )
    archive.sync(twilio, progress=False)
    twilio.messages.cancel(message.sid)
    archive.sync(twilio, progress=False)
    rows = archive.to_dataframe(where=[("sid", "==", message.sid)])
    assert rows["status"].tolist() == ["canceled"]
    before = snapshot(archive.folder)
    archive.sync(twilio, progress=False)
    assert snapshot(archive.folder) == before


def test_changes_after_the_look_back_window_need_a_longer_one(archive, twilio, sandbox):
    sandbox.clock.advance("10 days")
    archive.sync(twilio, progress=False)
    sid = archive.to_dataframe(where=[("date_sent", "<", "2026-01-13")])["sid"].iloc[0]
    twilio.messages.redact(sid)
    archive.sync(twilio, progress=False)
    assert archive.to_dataframe(where=[("sid", "==", sid)])["body"].item() != ""
    archive.sync(twilio, look_back=30, progress=False)
    assert archive.to_dataframe(where=[("sid", "==", sid)])["body"].item() == ""


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_every_file_and_folder_is_private(archive):
    modes = {
        path.is_dir(): path.stat().st_mode & 0o777
        for path in [archive.folder, *archive.folder.rglob("*")]
    }
    assert modes == {True: 0o700, False: 0o600}

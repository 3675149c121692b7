"""A person can be removed from an archive, and stays out."""

from __future__ import annotations

import re

import pytest

from tests.archives import archived_sids
from twilio_widgets import Archive
from twilio_widgets.errors import ConfigurationError

SINCE = "2026-01-12"


@pytest.fixture
def person(sandbox, twilio):
    """A number with two sent messages, and one that is still waiting."""
    number = "+15005550177"
    sandbox.receive(from_=number, body="I am a person")
    twilio.messages.send(number, from_=sandbox.numbers[0], body="Hello person")
    sandbox.clock.advance(10)
    twilio.messages.send(number, from_=sandbox.numbers[0], body="Still queued")
    return number


@pytest.fixture
def archive(twilio, person, tmp_path):
    archive = Archive(tmp_path / "messages")
    archive.sync(twilio, since=SINCE, progress=False)
    return archive


def content_of(archive: Archive) -> bytes:
    """Everything in the folder, with the text of the Parquet files."""
    plain = b"".join(path.read_bytes() for path in archive.folder.rglob("*") if path.is_file())
    frame = archive.to_dataframe().to_csv()
    return plain + frame.encode() + archive.changes().to_csv().encode()


def test_a_number_is_gone_with_its_messages_and_stays_out(archive, twilio, person, sandbox):
    others = len(archived_sids(archive)) - 3
    assert person.encode() in content_of(archive)
    assert archive.forget(person) == 3
    assert len(archived_sids(archive)) == others
    assert person.encode() not in content_of(archive)

    sandbox.clock.advance(10)
    assert archive.sync(twilio, progress=False).complete
    assert len(archived_sids(archive)) == others
    assert person.encode() not in content_of(archive)


def test_the_changes_of_a_forgotten_number_are_removed(archive, twilio, person, sandbox):
    sandbox.clock.advance(60)
    archive.sync(twilio, progress=False)
    sid = archive.to_dataframe(where=[("body", "==", "Hello person")])["sid"].item()
    twilio.messages.redact(sid)
    archive.sync(twilio, progress=False)
    assert sid in archive.changes()["sid"].tolist()
    archive.forget(person)
    assert sid not in archive.changes()["sid"].tolist()


def test_a_number_is_forgotten_on_every_channel(archive, person, twilio, sandbox):
    assert archive.forget(f"whatsapp:{person}") == 3


def test_a_number_that_is_not_there_is_kept_out_too(archive, sandbox, twilio):
    assert archive.forget("+15005550188") == 0
    sandbox.receive(from_="+15005550188", body="New")
    before = archived_sids(archive)
    archive.sync(twilio, progress=False)
    assert archived_sids(archive) == before


@pytest.mark.parametrize("number", ["(415) 555-0123", "", 15005550177, "0", "+1500555 0177"])
def test_a_mistyped_number_removes_nothing(number, archive):
    before = archived_sids(archive)
    with pytest.raises(ConfigurationError, match=re.escape("Nothing was removed")):
        archive.forget(number)
    assert archived_sids(archive) == before


def test_everything_is_forgotten_but_what_is_not_ours(archive, twilio, person):
    note = archive.folder / "my notes.txt"
    note.write_text("mine")
    archive.forget(person)
    rows = len(archived_sids(archive))
    assert archive.forget() == rows
    assert sorted(path.name for path in archive.folder.rglob("*")) == [
        "archive.lock",
        "my notes.txt",
    ]
    assert archive.sync(twilio, since=SINCE, progress=False).complete
    assert len(archived_sids(archive)) == rows + 3


def test_everything_is_forgotten_also_if_the_manifest_is_damaged(archive):
    (archive.folder / "manifest.json").write_text("{")
    archive.forget()
    assert [path.name for path in archive.folder.rglob("*")] == ["archive.lock"]

"""Each trouble has an error that says what to do, and loses nothing."""

from __future__ import annotations

import os
import re

import pytest

from tests.archives import NOON, archived_sids, sids_of, snapshot
from twilio_widgets import Archive, Sandbox, Twilio
from twilio_widgets.errors import ArchiveError, ConfigurationError, NotConnected, Unauthorized

SINCE = "2026-01-12"


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path / "messages")


@pytest.fixture
def synced(archive, twilio):
    archive.sync(twilio, since=SINCE, progress=False)
    return archive


def test_a_folder_of_another_account_is_refused(synced, sandbox):
    before = snapshot(synced.folder)
    with pytest.raises(ArchiveError, match=r"belongs to account AC.*Use another folder") as caught:
        synced.sync(Twilio(sandbox.subaccount_connection), progress=False)
    assert caught.value.cause == "other account"
    assert snapshot(synced.folder) == before


def test_a_folder_of_another_sandbox_is_refused(synced):
    """The same seed has the same account, but other messages."""
    with (
        Sandbox(messages=200, now=NOON) as other,
        pytest.raises(ArchiveError, match="another sandbox"),
    ):
        synced.sync(Twilio(other.connection), progress=False)


def test_two_syncs_in_one_folder_exclude_each_other(synced, twilio, sandbox):
    again = Archive(synced.folder)
    errors = []

    def second(_progress: object) -> None:
        if not errors:
            with pytest.raises(ArchiveError, match="Another sync is writing") as caught:
                again.start_sync(twilio)
            errors.append(caught.value.cause)

    assert synced.start_sync(twilio, notify=second).wait().complete
    assert errors == ["in use"]
    assert again.sync(twilio, progress=False).complete


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-20]),
        lambda path: path.write_bytes(path.read_bytes().replace(b'"rows": ', b'"rows": 1')),
        lambda path: path.write_bytes(b'{"format": 1}'),
        lambda path: path.unlink(),
    ],
    ids=["empty", "cut", "changed", "incomplete", "missing"],
)
def test_a_damaged_manifest_is_noticed_and_repaired(damage, synced, twilio, sandbox):
    rows = archived_sids(synced)
    damage(synced.folder / "manifest.json")
    before = snapshot(synced.folder)
    for read in (synced.to_dataframe, lambda: synced.sync(twilio, progress=False)):
        with pytest.raises(ArchiveError, match=re.escape("repair()")) as caught:
            read()
        assert caught.value.cause == "damaged"
    assert snapshot(synced.folder) == before
    synced.repair()
    assert archived_sids(synced) == rows
    assert synced.sync(twilio, since=SINCE, progress=False).complete
    assert archived_sids(synced) == rows


def test_a_damaged_data_file_is_named_and_read_again_after_it_was_deleted(synced, twilio, sandbox):
    path = next(synced.folder.rglob("day=2026-01-13/*.parquet"))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ArchiveError, match=r"day=2026-01-13/.*Delete this file"):
        synced.to_dataframe()
    path.unlink()
    assert synced.sync(twilio, progress=False).complete
    assert sorted(archived_sids(synced)) == sorted(sids_of(sandbox, SINCE))


def test_repair_sets_unreadable_files_aside(synced, twilio, sandbox):
    path = next(synced.folder.rglob("day=2026-01-13/*.parquet"))
    path.write_bytes(b"PAR1 no longer")
    (synced.folder / "manifest.json").unlink()
    synced.repair()
    assert synced.sync(twilio, since=SINCE, progress=False).complete
    assert sorted(archived_sids(synced)) == sorted(sids_of(sandbox, SINCE))
    assert path.with_name(path.name + ".damaged").read_bytes() == b"PAR1 no longer"


def test_a_manifest_of_a_newer_version_is_not_called_damaged(synced):
    path = synced.folder / "manifest.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 99'))
    with pytest.raises(ArchiveError, match="newer version of twilio_widgets"):
        synced.to_dataframe()


@pytest.mark.skipif(os.name != "posix", reason="the limit on file sizes is POSIX")
@pytest.mark.parametrize("limit", [0, 100, 4_000, 7_000])
def test_a_full_disk_keeps_the_finished_days(limit, archive, twilio, sandbox):
    """A limit on the size of files is the full disk of this process."""
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limits[1]))
    try:
        with pytest.raises(ArchiveError, match=r"no room left.*free some space") as caught:
            archive.sync(twilio, since=SINCE, progress=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.cause == "full"
    leftover = [path for path in archive.folder.rglob("*") if path.name.endswith(".unfinished")]
    assert leftover == []
    assert archive.sync(twilio, since=SINCE, progress=False).complete
    assert sorted(archived_sids(archive)) == sorted(sids_of(sandbox, SINCE))


def test_without_twilio_the_error_is_raised_and_the_archive_can_be_synced_later(
    archive, twilio, sandbox
):
    sandbox.fail(fault="refused", times=20)
    with pytest.raises(NotConnected):
        archive.sync(twilio, since="2026-01-14", progress=False)
    sandbox._faults._waiting.clear()
    assert archive.sync(twilio, since="2026-01-14", progress=False).complete


def test_an_error_that_every_slice_would_get_is_raised_at_once(archive, twilio, sandbox):
    sandbox.fail(status=401)
    with pytest.raises(Unauthorized):
        archive.sync(twilio, since=SINCE, progress=False)


def test_an_empty_folder_says_what_to_do(archive):
    assert repr(archive) == "<Archive 'messages', empty>"
    with pytest.raises(ArchiveError, match=re.escape("call sync(twilio) first")):
        archive.to_dataframe()


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"concurrency": 0}, "concurrency"),
        ({"concurrency": 1.5}, "concurrency"),
        ({"look_back": -1}, "look_back"),
        ({"look_back": "7"}, "look_back"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-01-14", "until": "2026-01-13"}, "since"),
        ({"since": "2027-01-01"}, "since"),
    ],
)
def test_an_invalid_argument_is_named(arguments, field, archive, twilio):
    with pytest.raises(ConfigurationError) as caught:
        archive.sync(twilio, progress=False, **arguments)
    assert caught.value.field == field

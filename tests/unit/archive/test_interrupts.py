"""An interrupted sync keeps its finished days, and the next one continues there."""

from __future__ import annotations

import threading

import pytest

from tests.archives import archived_sids, sids_of
from tests.tools import stop_pressed
from twilio_widgets import Archive, Sandbox, Twilio
from twilio_widgets.archive.report import SyncProgress
from twilio_widgets.errors import Unauthorized

SINCE = "2025-12-25"


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path / "messages")


def test_a_cancelled_sync_continues_without_reading_finished_days_again(archive, twilio, sandbox):
    def cancel(now: SyncProgress) -> None:
        if now.days == 5:
            handle.cancel()

    started = threading.Event()
    handle = archive.start_sync(
        twilio, since=SINCE, concurrency=2, notify=lambda now: (started.wait(5), cancel(now))
    )
    started.set()
    report = handle.wait()
    assert report.cancelled
    assert not report.complete
    finished = [one.day for one in report.slices if one.state == "complete"]
    assert 5 <= len(finished) < 22

    report = archive.sync(twilio, look_back=0, progress=False)
    assert report.complete
    assert not report.cancelled
    assert {one.day for one in report.slices if one.state == "kept"} == set(finished)
    assert sorted(archived_sids(archive)) == sorted(sids_of(sandbox, SINCE))


def test_the_handle_shows_progress_and_result(archive, twilio):
    handle = archive.start_sync(twilio, since=SINCE)
    report = handle.wait()
    assert handle.done
    assert handle.report == report
    progress = handle.progress
    assert (progress.days, progress.of_days) == (22, 22)
    assert progress.rows >= report.rows
    assert archive.sync(twilio, progress=False).complete  # the lock is released


def test_the_report_of_a_failed_sync_is_none(archive, twilio, sandbox):
    sandbox.fail(status=401)
    handle = archive.start_sync(twilio, since=SINCE)
    with pytest.raises(Unauthorized):
        handle.wait()
    assert handle.report is None
    assert archive.sync(twilio, since=SINCE, progress=False).complete


def test_a_kernel_interrupt_ends_the_sync_and_keeps_what_is_finished(archive, tmp_path):
    with Sandbox(messages=200, latency=0.05) as sandbox:
        twilio = Twilio(sandbox.connection)
        seen: list[SyncProgress] = []
        with (
            stop_pressed(lambda: any(one.days >= 2 for one in seen)),
            pytest.raises(KeyboardInterrupt, match="call sync again to continue"),
        ):
            archive.sync(twilio, concurrency=1, progress=seen.append)
        kept = archive.days["day"].tolist()
        assert len(kept) >= 2
        first = kept[0].isoformat()
        report = archive.sync(twilio, since=first, until=kept[-1], look_back=0, progress=False)
        assert {one.day for one in report.slices if one.state == "kept"} == set(kept)


def test_an_error_of_the_progress_function_ends_the_sync(archive):
    def show(_now: SyncProgress) -> None:
        raise ValueError("my own")

    with Sandbox(messages=200, latency=0.05) as sandbox:
        twilio = Twilio(sandbox.connection)
        with pytest.raises(ValueError, match="my own"):
            archive.sync(twilio, since=SINCE, progress=show)
        today = sandbox.clock.now()
        assert archive.sync(twilio, since=today, progress=False).complete

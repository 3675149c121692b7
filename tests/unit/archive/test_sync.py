"""A sync copies the log: all of it, once, whatever the dates mean and whatever happens meanwhile."""

from __future__ import annotations

import pandas as pd
import pytest

from twilio_widgets import Archive, Sandbox, Twilio

NOON = "2026-01-15T12:00:00Z"
SINCE = "2026-01-08"


def listed(sandbox: Sandbox, *, since: str = SINCE) -> pd.DataFrame:
    """What the client lists from the sandbox, page by page, by SID."""
    frame = Twilio(sandbox.connection).messages.list(
        sent_after=since, limit=None, progress=False
    )
    return pd.DataFrame(frame).sort_values("sid", ignore_index=True)


def archived(archive: Archive) -> pd.DataFrame:
    return pd.DataFrame(archive.to_dataframe()).sort_values("sid", ignore_index=True)


@pytest.mark.parametrize("unsent", ["first", "last", "hidden_when_filtered"])
@pytest.mark.parametrize("date_filters", ["inclusive", "before_exclusive"])
def test_the_archive_equals_the_log_under_every_reading_of_the_dates(
    date_filters, unsent, tmp_path
):
    options = {"date_filters": date_filters, "unsent": unsent}
    with Sandbox(messages=1_500, now=NOON, **options) as sandbox:
        archive = Archive(tmp_path / "messages")
        report = archive.sync(Twilio(sandbox.connection), since=SINCE, progress=False)
        assert report.complete
        pd.testing.assert_frame_equal(archived(archive), listed(sandbox), check_like=True)

"""An archive is read as a message frame, with SQL and with Dask, and only that."""

from __future__ import annotations

import os
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from unittest.mock import patch

import pandas as pd
import pytest

from tests.archives import NOON
from twilio_widgets import Archive, MessageFrame, Sandbox, Twilio
from twilio_widgets.errors import ArchiveError, ConfigurationError
from twilio_widgets.frames.safe_frame import SafeFrame
from twilio_widgets.frames.schema import conform, empty


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """An archive of a sandbox that is closed: reading needs no Twilio."""
    archive = Archive(tmp_path_factory.mktemp("reading") / "messages")
    with Sandbox(messages=600, now=NOON) as sandbox:
        twilio = Twilio(sandbox.connection)
        twilio.messages.send(sandbox.contacts[0], from_=sandbox.numbers[0], body="Queued <b>")
        archive.sync(twilio, since="2026-01-05", progress=False)
    return archive


@pytest.fixture(scope="module")
def frame(archive):
    return archive.to_dataframe()


def test_it_has_the_schema_of_every_message_frame(frame):
    assert type(frame) is MessageFrame
    assert frame.dtypes.to_dict() == empty().dtypes.to_dict()
    pd.testing.assert_frame_equal(conform(frame), pd.DataFrame(frame))
    assert frame["price"].sum() == sum(frame["price"].dropna(), Decimal(0))


def test_an_empty_archive_has_it_too(tmp_path):
    archive = Archive(tmp_path)
    with Sandbox(now=NOON) as sandbox:
        archive.sync(Twilio(sandbox.connection), since="2026-01-15", progress=False)
    found = archive.to_dataframe()
    assert len(found) == 0
    assert found.dtypes.to_dict() == empty().dtypes.to_dict()
    assert archive.sql("SELECT count(*) AS n FROM messages")["n"].tolist() == [0]


def test_columns_are_returned_in_the_order_given(archive, frame):
    found = archive.to_dataframe(columns=["status", "sid"])
    pd.testing.assert_frame_equal(pd.DataFrame(found), pd.DataFrame(frame[["status", "sid"]]))


@pytest.mark.parametrize(
    ("where", "mask"),
    [
        ([("status", "==", "failed")], lambda f: f["status"] == "failed"),
        ([("status", "!=", "delivered")], lambda f: f["status"] != "delivered"),
        ([("status", "in", ["sent", "failed"])], lambda f: f["status"].isin(["sent", "failed"])),
        ([("direction", "not in", ["inbound"])], lambda f: f["direction"] != "inbound"),
        ([("error_code", "==", None)], lambda f: f["error_code"].isna()),
        ([("error_code", "!=", None)], lambda f: f["error_code"].notna()),
        ([("price", "<", -0.01)], lambda f: (f["price"] < Decimal("-0.01")).fillna(False)),
        (
            [("date_sent", ">=", "2026-01-10"), ("date_sent", "<", date(2026, 1, 12))],
            lambda f: f["date_sent"].between(
                datetime(2026, 1, 10, tzinfo=UTC), datetime(2026, 1, 12, tzinfo=UTC), "left"
            ),
        ),
        ([("num_segments", ">", 1)], lambda f: f["num_segments"] > 1),
    ],
    ids=lambda value: str(value[0]) if isinstance(value, list) else "",
)
def test_conditions_select_what_pandas_selects(where, mask, archive, frame):
    found = archive.to_dataframe(where=where)
    expected = frame[mask(frame).astype(bool)].reset_index(drop=True)
    pd.testing.assert_frame_equal(pd.DataFrame(found), pd.DataFrame(expected))
    assert 0 < len(found) < len(frame)
    assert found.attrs["complete"] is False


@pytest.mark.parametrize(
    "arguments",
    [
        {"columns": ["nothing"]},
        {"columns": "sid"},
        {"columns": []},
        {"where": [("nothing", "==", 1)]},
        {"where": [("status", "like", "f%")]},
        {"where": [("num_segments", ">", "many")]},
        {"where": [("date_sent", ">", "yesterday")]},
        {"where": ["status == failed"]},
    ],
    ids=str,
)
def test_an_invalid_column_or_condition_is_named(arguments, archive):
    with pytest.raises(ConfigurationError):
        archive.to_dataframe(**arguments)


def test_sql_answers_as_pandas_does(archive, frame):
    found = archive.sql(
        "SELECT status, count(*) AS messages, sum(price) AS price FROM messages "
        "WHERE date_sent >= ? GROUP BY status ORDER BY status",
        ["2026-01-10"],
    )
    recent = pd.DataFrame(frame[frame["date_sent"] >= "2026-01-10"])
    expected = recent.groupby(recent["status"].astype(str))["price"].agg(["size", "sum"])
    assert type(found) is SafeFrame
    assert found["status"].tolist() == expected.index.tolist()
    assert found["messages"].tolist() == expected["size"].tolist()
    assert found["price"].tolist() == expected["sum"].tolist()


def test_times_are_in_utc_in_sql(archive):
    found = archive.sql(
        "SELECT current_setting('TimeZone') AS zone, min(date_sent) AS t FROM messages"
    )
    assert found["zone"].tolist() == ["UTC"]
    assert str(found["t"].dtype) == "datetime64[us, UTC]"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_csv('{folder}/manifest.json')",
        "SELECT * FROM read_parquet('{folder}/days/*/*.parquet')",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM '{folder}/manifest.json'",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')",
        "SELECT * FROM secret",
        "COPY messages TO '{folder}/copy.csv'",
        "COPY (SELECT 1) TO '{folder}/copy.parquet'",
        "EXPORT DATABASE '{folder}/export'",
        "ATTACH '{folder}/other.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SELECT 1; COPY messages TO '{folder}/copy.csv'",
        "CREATE TABLE copy AS SELECT * FROM messages",
        "DROP VIEW messages",
        "DELETE FROM messages",
        "PRAGMA database_list",
        "SELEKT",
        "",
    ],
)
def test_a_query_reaches_nothing_but_the_messages(query, archive):
    secret = pd.DataFrame({"token": ["from Python"]})  # noqa: F841  # DuckDB would find it by name
    before = sorted(archive.folder.rglob("*"))
    with pytest.raises(ConfigurationError):
        archive.sql(query.format(folder=archive.folder))
    assert sorted(archive.folder.rglob("*")) == before


@pytest.mark.parametrize("setting", ["enable_external_access", "autoload_known_extensions"])
def test_the_lock_down_holds_inside_a_query(setting, archive):
    found = archive.sql(f"SELECT current_setting('{setting}') AS allowed")
    assert found["allowed"].tolist() == [False]


@pytest.mark.parametrize(
    ("module", "call", "extra"),
    [
        ("duckdb", lambda archive: archive.sql("SELECT 1"), "explore"),
        ("dask.dataframe", lambda archive: archive.to_dask(), "dask"),
    ],
    ids=["duckdb", "dask"],
)
def test_a_missing_extra_is_named_with_its_command(module, call, extra, archive, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigurationError, match=rf'pip install "twilio-widgets\[{extra}\]"'):
        call(archive)


def test_a_file_that_a_sync_replaces_meanwhile_is_read_in_its_new_version(archive, frame):
    """The manifest is read first; by then, the file it lists may be gone."""
    from twilio_widgets.archive import reading
    from twilio_widgets.archive.manifest import ArchivedDay, load
    from twilio_widgets.archive.store import ArchiveFolder

    folder = ArchiveFolder(archive.folder)
    current = load(folder)
    day = max(current.days)
    old = current.with_day(day, ArchivedDay(file="days/day=2026-01-15/gone.parquet", rows=1))
    manifests = [old, current]
    found = reading.read_messages(folder, lambda: manifests.pop(0), None, ())
    assert len(found) == len(frame)
    with pytest.raises(ArchiveError, match=r"gone\.parquet"):
        reading.read_messages(folder, lambda: old, None, ())


@pytest.mark.long
@pytest.mark.timeout(600)
def test_dask_answers_as_pandas_does_on_a_cluster_of_two_workers(tmp_path):
    """A year of days on two worker processes."""
    distributed = pytest.importorskip("distributed", reason="the dask extra is not installed")
    archive = Archive(tmp_path / "messages")
    with Sandbox(messages=36_500, now=NOON) as sandbox:
        archive.sync(Twilio(sandbox.connection), since="2025-01-16", progress=False)
    frame = pd.DataFrame(archive.to_dataframe())
    with (
        patch.dict(os.environ),  # the cluster sets variables and leaves them
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, processes=True
        ) as cluster,
        distributed.Client(cluster),
    ):
        lazy = archive.to_dask()
        assert lazy.npartitions == 365
        assert lazy.dtypes.to_dict() == frame.dtypes.to_dict()
        pd.testing.assert_frame_equal(
            lazy.compute().reset_index(drop=True), frame.reset_index(drop=True)
        )
        by_status = lazy.groupby("status", observed=True)["price"].sum().compute()
        counted = lazy["status"].value_counts().compute()
    expected = frame.groupby("status", observed=True)["price"].sum()
    assert by_status.to_dict() == expected.to_dict()
    assert counted.to_dict() == frame["status"].value_counts().to_dict()


@pytest.mark.long
def test_dask_reads_only_the_columns_asked_for(archive, frame):
    pytest.importorskip("dask", reason="the dask extra is not installed")
    lazy = archive.to_dask(columns=["status", "to"])
    pd.testing.assert_frame_equal(
        lazy.compute(scheduler="synchronous").reset_index(drop=True),
        pd.DataFrame(frame[["status", "to"]]),
    )

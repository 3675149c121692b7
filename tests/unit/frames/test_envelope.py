"""Any list of Twilio's becomes a table whose types do not depend on which rows came."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from twilio_widgets import MessageFrame, Sandbox, Twilio
from twilio_widgets.errors import BadResponse
from twilio_widgets.frames.envelope import Envelopes, rows_of, table_of

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
A = "/Accounts/$TWILIO_ACCOUNT_SID"
RFC = "Thu, 15 Jan 2026 12:00:00 +0000"


def page(rows: list[Any], name: str = "calls", following: str | None = None) -> bytes:
    return json.dumps(
        {"page": 0, "page_size": 50, name: rows, "next_page_uri": following, "uri": "/x"}
    ).encode()


def envelopes(limit: int | None = None) -> Envelopes:
    return Envelopes(limit=limit, account="AC00…0001", fetched_at=NOON)


@pytest.fixture(scope="module")
def twilio():
    with Sandbox(seed=3, messages=60, now=NOON) as sandbox, Twilio(sandbox.connection) as twilio:
        yield twilio


def dtypes(frame: pd.DataFrame, *names: str) -> dict[str, str]:
    return {name: str(frame[name].dtype) for name in names}


MOMENT, MONEY = "datetime64[us, UTC]", "decimal128(18, 6)[pyarrow]"


def test_usage_records_are_typed(twilio):
    usage = twilio.raw(f"{A}/Usage/Records/Daily.json", frame=True, limit=40).data
    assert dtypes(usage, "category", "count", "usage", "price", "start_date", "as_of") == {
        "category": "string",
        "count": "Int64",
        "usage": MONEY,
        "price": MONEY,
        "start_date": "datetime64[s]",
        "as_of": MOMENT,
    }
    assert (len(usage), usage.attrs["complete"], usage.attrs["rows"]) == (40, False, 40)
    assert isinstance(usage["price"].sum(), Decimal)


def test_calls_are_typed_and_numbers_to_call_stay_text(twilio):
    calls = twilio.raw(f"{A}/Calls.json", frame=True).data
    assert dtypes(calls, "to", "start_time", "duration", "price", "date_created") == {
        "to": "string",
        "start_time": MOMENT,
        "duration": "Int64",
        "price": MONEY,
        "date_created": MOMENT,
    }
    assert calls.attrs["complete"] is True
    assert "subresource_uris" not in calls


def test_numbers_have_a_column_for_each_capability(twilio):
    numbers = twilio.raw(f"{A}/IncomingPhoneNumbers.json", frame=True).data
    assert dtypes(numbers, "phone_number", "capabilities.sms", "beta") == {
        "phone_number": "string",
        "capabilities.sms": "boolean",
        "beta": "boolean",
    }


def test_messages_are_the_frame_that_list_makes(twilio):
    found = twilio.raw(f"{A}/Messages.json", frame=True).data
    listed = twilio.messages.list()
    assert type(found) is MessageFrame
    pd.testing.assert_frame_equal(found, listed)
    assert found.attrs["complete"] is True


def test_accounts_and_keys_are_lists_too(twilio):
    assert len(twilio.raw("/Accounts.json", frame=True).data) >= 1
    assert len(twilio.raw(f"{A}/Keys.json", frame=True).data) >= 1


@pytest.mark.parametrize(
    ("name", "values", "dtype", "last"),
    [
        ("to", ["12345", "0049"], "string", "0049"),
        ("duration", ["7", ""], "Int64", pd.NA),
        ("duration", [None, None], "Int64", pd.NA),
        ("duration", ["7", "seven"], "string", "seven"),
        ("price", ["-0.0075", "1e400x"], "string", "1e400x"),
        ("price", [None, "-0.00750"], MONEY, Decimal("-0.007500")),
        ("total_price", ["", 1], MONEY, Decimal("1.000000")),
        ("date_sent", [None, RFC], MOMENT, pd.Timestamp(NOON)),
        ("date_sent", ["2026-01-15T12:00:00Z", None], MOMENT, pd.NaT),
        ("date_sent", ["2026-01-15T13:00:00+01:00", RFC], "string", RFC),
        ("date_sent", ["yesterday", RFC], "string", RFC),
        ("start_date", ["2026-01-15", "2026-01-16"], "datetime64[s]", pd.Timestamp("2026-01-16")),
        ("start_date", ["0001-01-01x", "2026-01-16"], "string", "2026-01-16"),
        ("flag", [True, None], "boolean", pd.NA),
        ("number", [1, None], "Int64", pd.NA),
        ("number", [2**70, 1], "string", "1"),
        ("number", [1.5, 1], "Float64", 1.0),
        ("mixed", [1, "a"], "string", "a"),
        ("mixed", [True, 2], "string", "2"),
        ("list", [["a"], ["ä", 1]], "string", '["ä",1]'),
        ("nothing", [None, None], "string", pd.NA),
    ],
)
def test_a_columns_type_follows_its_name_and_text_is_never_lost(name, values, dtype, last):
    column = table_of([{name: value} for value in values])[name]
    assert str(column.dtype) == dtype
    assert column.iloc[-1] is last or column.iloc[-1] == last


def test_columns_stand_in_the_order_of_their_first_appearance():
    frame = table_of([{"b": 1, "a": {"x": 1, "y": None}}, {"c": "1", "b": 2}])
    assert list(frame.columns) == ["b", "a.x", "a.y", "c"]
    assert frame["c"].isna().tolist() == [True, False]


def test_a_list_of_no_rows_is_a_table_of_no_rows():
    table = envelopes()
    assert table.add(page([])) is None
    frame = table.frame(more=False)
    assert (frame.shape, frame.attrs) == (
        (0, 0),
        {"account": "AC00…0001", "fetched_at": NOON.isoformat(), "complete": True, "rows": 0},
    )


def test_a_limit_cuts_within_a_page_and_the_frame_says_so():
    table = envelopes(limit=3)
    assert table.add(page([{"sid": "a"}, {"sid": "b"}], following="/next")) == "/next"
    assert not table.full
    table.add(page([{"sid": "c"}, {"sid": "d"}]))
    assert (table.full, len(table)) == (True, 3)
    frame = table.frame(more=False)
    assert (frame["sid"].tolist(), frame.attrs["complete"]) == (["a", "b", "c"], False)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"<x/>",
        b'{"sid": "AC1"}',
        b'{"page_size": 50}',
        b'{"page_size": 50, "a": [], "b": []}',
        b'{"calls": [{}]}',
        b'{"page_size": 50, "calls": [1]}',
        b'{"page_size": 50, "calls": [NaN]}',
        b'{"meta": {}, "calls": []}',
        b'{"meta": {"key": 7}, "calls": []}',
        b'{"meta": {"key": "calls"}}',
        b'{"meta": {"key": "calls"}, "calls": [1]}',
    ],
)
def test_a_response_that_is_not_a_page_of_a_list_is_refused(content):
    with pytest.raises(BadResponse):
        rows_of(content)


def newer(key: str, rows: list[Any], following: str | None = None) -> bytes:
    meta = {"key": key, "page": 0, "page_size": 50, "next_page_url": following}
    return json.dumps({"meta": meta, key: rows, "other": []}).encode()


def test_the_newer_envelope_names_its_rows_and_links_by_url():
    table = envelopes()
    following = "https://content.twilio.com/v1/Content?Page=1"
    assert table.add(newer("contents", [{"sid": "HX1", "links": {"a": "b"}}], following)) == (
        following
    )
    assert table.add(newer("contents", [{"sid": "HX2"}])) is None
    assert table.frame(more=False).to_dict("list") == {"sid": ["HX1", "HX2"]}


def test_messages_of_a_conversation_are_a_plain_table():
    """Only API 2010-04-01 has the message log, with its own columns."""
    table = envelopes()
    table.add(newer("messages", [{"sid": "IM1", "author": "alice"}]))
    table.add(newer("messages", [{"sid": "IM2", "author": "bob"}]))
    frame = table.frame(more=False)
    assert type(frame) is pd.DataFrame
    assert frame.to_dict("list") == {"sid": ["IM1", "IM2"], "author": ["alice", "bob"]}


def test_a_list_of_another_host_is_read_page_by_page(twilio):
    services = "https://messaging.twilio.com/v1/Services?PageSize=1"
    answer = twilio.raw(services, frame=True)
    assert (len(answer.data), answer.attempts) == (2, 2)
    assert dtypes(answer.data, "friendly_name", "date_created", "sticky_sender") == {
        "friendly_name": "string",
        "date_created": MOMENT,
        "sticky_sender": "boolean",
    }
    assert answer.data.attrs["complete"] is True


def test_a_page_of_another_list_is_refused():
    table = envelopes()
    table.add(page([{"sid": "a"}]))
    with pytest.raises(BadResponse, match='a page of "keys" after pages of "calls"'):
        table.add(page([{"sid": "b"}], name="keys"))

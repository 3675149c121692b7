"""Pages become one typed table, the same for no row and for many."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, date, datetime
from decimal import Decimal

import pandas as pd
import pytest

from twilio_widgets.core.message.message import DIRECTIONS, STATUSES, Message
from twilio_widgets.errors import BadResponse, ConfigurationError
from twilio_widgets.frames.build import frame_of_messages, message_frame
from twilio_widgets.frames.decode import MessageRecord, page_of
from twilio_widgets.frames.message_frame import MessageFrame
from twilio_widgets.frames.schema import SCHEMA, conform, empty

SM, AC, MG = ("SM" + "0" * 32, "AC" + "1" * 32, "MG" + "2" * 32)

WIRE = {
    "sid": SM,
    "account_sid": AC,
    "messaging_service_sid": MG,
    "to": "+447911123123",
    "from": "+15005550006",
    "body": "Hi <b>you</b> 👋",
    "status": "delivered",
    "direction": "outbound-api",
    "num_segments": "2",
    "num_media": "0",
    "price": "-0.00750",
    "price_unit": "USD",
    "error_code": None,
    "error_message": None,
    "date_created": "Thu, 24 Aug 2023 05:01:45 +0000",
    "date_updated": "Thu, 24 Aug 2023 05:01:47 +0000",
    "date_sent": "Thu, 24 Aug 2023 05:01:46 +0000",
    "api_version": "2010-04-01",
    "uri": "/2010-04-01/x.json",
    "subresource_uris": {"media": "/x"},
}
NOTHING = dict.fromkeys(WIRE) | {"sid": SM}

DTYPES = {
    "sid": "string",
    "date_sent": "datetime64[us, UTC]",
    "date_created": "datetime64[us, UTC]",
    "date_updated": "datetime64[us, UTC]",
    "direction": "category",
    "status": "category",
    "from": "string",
    "to": "string",
    "body": "string",
    "num_segments": "Int64",
    "num_media": "Int64",
    "price": "decimal128(18, 6)[pyarrow]",
    "price_unit": "string",
    "error_code": "Int64",
    "error_message": "string",
    "messaging_service_sid": "string",
    "account_sid": "string",
}


def frame_of(*payloads: dict[str, object], **attrs: object) -> MessageFrame:
    page = page_of(json.dumps({"messages": payloads}).encode())
    return message_frame(page.rows, attrs=attrs)


def test_a_page_becomes_values_of_the_right_types():
    frame = frame_of(WIRE)

    assert {name: values.tolist()[0] for name, values in frame.items()} == {
        "sid": SM,
        "date_sent": datetime(2023, 8, 24, 5, 1, 46, tzinfo=UTC),
        "date_created": datetime(2023, 8, 24, 5, 1, 45, tzinfo=UTC),
        "date_updated": datetime(2023, 8, 24, 5, 1, 47, tzinfo=UTC),
        "direction": "outbound-api",
        "status": "delivered",
        "from": "+15005550006",
        "to": "+447911123123",
        "body": "Hi <b>you</b> 👋",
        "num_segments": 2,
        "num_media": 0,
        "price": Decimal("-0.007500"),
        "price_unit": "USD",
        "error_code": pd.NA,
        "error_message": pd.NA,
        "messaging_service_sid": MG,
        "account_sid": AC,
    }


@pytest.mark.parametrize("payloads", [(), (WIRE,), (NOTHING,), (WIRE, NOTHING)])
def test_the_schema_is_the_same_whatever_the_rows(payloads):
    frame = frame_of(*payloads)

    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == DTYPES
    assert list(frame.dtypes) == [column.dtype for column in SCHEMA]
    assert list(frame.columns) == list(DTYPES)


def test_a_null_value_is_na_and_never_nan():
    frame = frame_of(NOTHING)

    assert frame.drop(columns="sid").isna().all(axis=None)
    assert all(frame[name][0] is pd.NA for name in ("from", "body", "error_code", "price"))
    assert frame["date_sent"][0] is pd.NaT


def test_words_are_categories_with_new_ones_appended():
    frame = frame_of(WIRE, WIRE | {"status": "teleported"}, WIRE | {"direction": "sideways"})

    assert list(frame["status"].cat.categories) == [*STATUSES, "teleported"]
    assert list(frame["direction"].cat.categories) == [*DIRECTIONS, "sideways"]
    assert list(frame["status"]) == ["delivered", "teleported", "delivered"]
    assert list(frame["direction"]) == ["outbound-api", "outbound-api", "sideways"]


def test_prices_are_exact():
    prices = ["-0.00750", "0.000001", "-123456789012.123456", "0.00000149", "1e-5", None]
    frame = frame_of(*(WIRE | {"price": price} for price in prices))

    expected = ["-0.0075", "0.000001", "-123456789012.123456", "0.000001", "0.00001"]
    assert list(frame["price"])[:-1] == [Decimal(text) for text in expected]
    assert frame["price"][5] is pd.NA


@pytest.mark.parametrize(
    "field", ["date_sent", "date_created", "date_updated", "num_segments", "num_media", "price"]
)
@pytest.mark.parametrize("text", [" ", "x", "NaN", "9" * 40, "1.5.2", "\x00", "Infinity", "１" * 9])
def test_an_invalid_number_or_date_is_a_bad_response(field, text):
    with pytest.raises(BadResponse, match=field):
        frame_of(WIRE | {field: text})


def test_empty_text_where_a_number_or_a_date_belongs_is_na():
    blank = ("date_sent", "date_created", "date_updated", "num_segments", "num_media", "price")
    pd.testing.assert_frame_equal(
        frame_of(WIRE | dict.fromkeys(blank, "")), frame_of(WIRE | dict.fromkeys(blank))
    )


def test_attrs_are_plain_json_and_tell_of_the_reading():
    frame = frame_of(
        WIRE,
        account="AC11…1111",
        filters={"to": "+447911123123", "sent_after": date(2026, 1, 2)},
        fetched_at=datetime(2026, 1, 3, tzinfo=UTC),
        complete=False,
        rows_read=1000,
    )

    assert frame.attrs == {
        "account": "AC11…1111",
        "filters": {"to": "+447911123123", "sent_after": "2026-01-02"},
        "fetched_at": "2026-01-03T00:00:00+00:00",
        "complete": False,
        "cut_off": "1,000 messages read, the log has more: limit=None reads all",
        "rows": 1,
        "rows_read": 1000,
        "schema_version": 1,
    }
    assert json.loads(json.dumps(frame.attrs)) == frame.attrs


class TestDerivedFrames:
    """pandas keeps the type; what is claimed about completeness stays true."""

    @pytest.fixture
    def frame(self) -> MessageFrame:
        rows = [MessageRecord(f"SM{i:032x}", body=f"text {i}", status="sent") for i in range(10)]
        return message_frame(rows, attrs={"complete": True})

    @pytest.mark.parametrize(
        ("derive", "complete"),
        [
            (lambda f: f.copy(), True),
            (lambda f: f.sort_values("body", ascending=False), True),
            (lambda f: f.assign(length=f["body"].str.len()), True),
            (lambda f: f[["sid", "body"]], True),
            (lambda f: pickle.loads(pickle.dumps(f)), True),
            (lambda f: f.merge(pd.DataFrame({"sid": f["sid"]})), False),
            (lambda f: f.head(3), False),
            (lambda f: f[f["body"] == "text 3"], False),
            (lambda f: f.query("body == 'text 3'"), False),
            (lambda f: f.drop_duplicates("status"), False),
            (lambda f: f.sample(4, random_state=1), False),
            (lambda f: f.iloc[2:5], False),
            (lambda f: pd.concat([f, f]), False),
            (lambda f: pd.concat([f.head(2), f.head(2)]), False),
        ],
    )
    def test_derived_frames_are_message_frames_and_claim_nothing_untrue(
        self, frame, derive, complete
    ):
        derived = derive(frame)

        assert type(derived) is MessageFrame
        assert derived.attrs.get("complete", False) is complete
        assert frame.attrs["complete"] is True

    def test_slices_and_concat_keep_the_dtypes(self, frame):
        derived = pd.concat([frame.head(2), frame.tail(2), empty()])

        assert list(derived.dtypes) == list(frame.dtypes)

    def test_a_grouped_count_is_still_an_ordinary_answer(self, frame):
        counted = frame.groupby("status", observed=True).size()

        assert counted.to_dict() == {"sent": 10}


def test_parquet_read_back_through_the_schema_is_the_same_frame(tmp_path):
    frame = frame_of(WIRE, NOTHING, WIRE | {"status": "teleported"}, complete=True)
    frame.to_parquet(tmp_path / "log.parquet")

    again = conform(pd.read_parquet(tmp_path / "log.parquet"))

    pd.testing.assert_frame_equal(pd.DataFrame(again), pd.DataFrame(frame))
    assert again.attrs == frame.attrs


def test_conform_adds_what_is_missing_keeps_what_is_more_and_changes_nothing_given():
    given = pd.DataFrame(
        {
            "note": ["mine", "yours"],
            "price": [-0.0075, None],
            "date_sent": ["2026-01-01T00:00:00", None],
            "status": ["sent", "new"],
            "error_code": ["30007", None],
        },
        index=[7, 7],
    )
    before = given.copy()

    frame = conform(given)

    pd.testing.assert_frame_equal(given, before)
    assert list(frame.columns) == [*DTYPES, "note"]
    assert {name: str(dtype) for name, dtype in frame.drop(columns="note").dtypes.items()} == DTYPES
    assert frame["price"].iloc[0] == Decimal("-0.0075")
    assert frame["date_sent"].iloc[0] == datetime(2026, 1, 1, tzinfo=UTC)
    assert list(frame["error_code"]) == [30007, pd.NA]
    assert list(frame["status"].cat.categories) == [*STATUSES, "new"]
    assert list(frame.index) == [7, 7]


@pytest.mark.parametrize(
    ("column", "value"),
    [("price", "free"), ("date_sent", "yesterday"), ("num_media", "two"), ("num_media", 1.5)],
)
def test_conform_names_the_column_that_does_not_fit(column, value):
    with pytest.raises(ConfigurationError, match=column) as caught:
        conform(pd.DataFrame({column: [value]}))

    assert caught.value.field == column


def test_message_values_make_the_same_frame_as_their_page():
    sparse = NOTHING | {"status": "queued"}
    pd.testing.assert_frame_equal(
        frame_of_messages([Message.from_api(WIRE), Message.from_api(sparse)]),
        frame_of(WIRE, sparse),
    )
    assert list(frame_of_messages([]).dtypes) == list(empty().dtypes)

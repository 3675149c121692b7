"""Whatever bytes come as a page: rows, or one kind of error. Dates are read as the library does."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime, parsedate_to_datetime

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twilio_widgets.core.message.message import Message
from twilio_widgets.errors import BadResponse
from twilio_widgets.frames.dates import instants
from twilio_widgets.frames.decode import DecodedPage, MessageRecord, page_of

NOT_PAGES = {
    "nothing": b"",
    "not JSON": b"Bad gateway",
    "a byte order mark": b'\xef\xbb\xbf{"messages":[]}',
    "two documents": b'{"messages":[]}{}',
    "cut short": b'{"messages":[{"sid":"SM1","body":"half',
    "null": b"null",
    "a list": b"[]",
    "no list of messages": b'{"calls":[]}',
    "messages is null": b'{"messages":null}',
    "messages is an object": b'{"messages":{}}',
    "a row is null": b'{"messages":[null]}',
    "a row without a SID": b'{"messages":[{"body":"x"}]}',
    "a SID that is null": b'{"messages":[{"sid":null}]}',
    "a SID that is a number": b'{"messages":[{"sid":1}]}',
    "a body that is an object": b'{"messages":[{"sid":"SM1","body":{}}]}',
    "an error code in words": b'{"messages":[{"sid":"SM1","error_code":"filtered"}]}',
    "an error code with a fraction": b'{"messages":[{"sid":"SM1","error_code":30007.5}]}',
    "a code beyond 64 bits": b'{"messages":[{"sid":"SM1","error_code":9223372036854775808}]}',
    "NaN": b'{"messages":[{"sid":"SM1","error_code":NaN}]}',
    "NaN in a field we skip": b'{"messages":[{"sid":"SM1","other":NaN}]}',
    "Infinity": b'{"messages":[{"sid":"SM1","error_code":Infinity}]}',
    "a number beyond all": b'{"messages":[{"sid":"SM1","error_code":1e999}]}',
    "text that is not UTF-8": b'{"messages":[{"sid":"SM1","body":"\xff\xfe"}]}',
    "a surrogate as UTF-8": b'{"messages":[{"sid":"SM1","body":"\xed\xa0\x80"}]}',
    "a next page that is not UTF-8": b'{"messages":[],"next_page_uri":"\xff"}',
    "a next page that is a list": b'{"messages":[],"next_page_uri":[]}',
    "endless lists in a field we skip": b'{"messages":[],"x":' + b"[" * 300_000,
    "endless objects": b'{"messages":[{"sid":"SM1","x":' + b'{"a":' * 100_000,
}


@pytest.mark.parametrize("content", NOT_PAGES.values(), ids=NOT_PAGES.keys())
def test_a_response_that_is_not_a_page_is_a_bad_response(content):
    with pytest.raises(BadResponse, match="cannot be read") as caught:
        page_of(content)

    assert len(str(caught.value)) < 300


def test_a_deep_field_that_is_skipped_is_skipped_or_refused():
    """How deep one can look depends on the Python: 3.14 asks how much of the stack is left."""
    deep = b"[" * 99_999 + b"]" * 99_999
    try:
        page = page_of(b'{"messages":[],"x":' + deep + b"}")
    except BadResponse:
        return
    assert page == page_of(b'{"messages":[]}')


def test_the_error_repeats_no_input():
    with pytest.raises(BadResponse) as caught:
        page_of(b'{"messages":[{"sid":"SM1","body":"my PIN is 4711","error_code":"PIN 4711"}]}')

    assert "4711" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("field", "written", "read"),
    [
        ("price", "-0.0075", "-0.0075"),
        ("price", "-1e-7", "-0.0000001"),
        ("num_segments", "2", "2"),
        ("num_media", "0", "0"),
        ("body", "4711", "4711"),
        ("error_code", '"30007"', 30007),
        ("error_code", "30007.0", 30007),
        ("error_code", '""', None),
        ("messaging_service_sid", "5", "5"),
    ],
)
def test_a_field_of_another_type_is_read_as_get_reads_it(field, written, read):
    """One odd row must not hide the rest of the log."""
    row = f'{{"sid":"SM{1:032}","status":"sent","{field}":{written}}}'

    page = page_of(f'{{"messages":[{row},{{"sid":"SM2"}}]}}'.encode())

    assert [getattr(record, field) for record in page.rows] == [read, None]
    one, listed = Message.from_api(json.loads(row)), page.rows[0]
    assert getattr(one, field) == getattr(Message.from_api(msgspec.to_builtins(listed)), field)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(content):
    with pytest.raises(BadResponse):
        page_of(content)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(MessageRecord.__struct_fields__), inner)
        ),
    )
)
def test_no_json_in_the_place_of_a_row_raises_anything_else(row):
    content = json.dumps({"messages": [row]}).encode("ascii")
    try:
        page = page_of(content)
    except BadResponse:
        return
    assert isinstance(page, DecodedPage)


def test_a_page_keeps_twilio_s_order_and_words():
    page = page_of(
        b'{"messages":[{"sid":"SM2","from":"+1","body":"\\u0000\\ud83d\\ude00"},{"sid":"SM1"}],'
        b'"next_page_uri":"/next?Page=1","page":0,"more":[1,{"a":2}]}'
    )

    assert page == DecodedPage(
        [MessageRecord("SM2", from_="+1", body="\x00😀"), MessageRecord("SM1")], "/next?Page=1"
    )


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"\ud83d", "\ufffd"),
        (r"\udc00 and more text", "\ufffd and more text"),
        (r"\udc00\ud83d", "\ufffd\ufffd"),
        (r"\ud83dA and \ud83d\ude00", "\ufffdA and 😀"),
    ],
)
def test_half_a_character_in_one_body_does_not_take_the_page_away(written, read):
    """Anybody can send such a text; the log must stay readable."""
    page = page_of(
        b'{"messages":[{"sid":"SM2","body":"%s"},{"sid":"SM1","body":"fine","error_code":5}]}'
        % written.encode()
    )
    assert page == DecodedPage(
        [MessageRecord("SM2", body=read), MessageRecord("SM1", body="fine", error_code=5)], None
    )


@pytest.mark.parametrize(
    "content",
    [
        b'{"messages":[{"sid":1,"body":"\\ud83d"}]}',
        b'{"messages":[{"sid":"SM1","error_code":9223372036854775808,"body":"\\ud83d"}]}',
        b'{"messages":[{"sid":"SM1","body":"\\ud83d","other":NaN}]}',
        b'{"messages":"\\ud83d"}',
        b'{"other":%s"\\ud83d"%s}' % (b"[" * 900, b"]" * 900),
        b'{"other":%s"\\ud83d"%s}' % (b"[" * 90_000, b"]" * 90_000),
    ],
)
def test_half_a_character_excuses_nothing_else(content):
    with pytest.raises(BadResponse):
        page_of(content)


A_THOUSAND_YEARS_AGO = np.datetime64("1000-01-01T00:00:00").tolist()


def read_dates(texts: list[str | None], column: str = "date_sent") -> np.ndarray:
    return instants(pa.array(texts, pa.string()), column=column)


def instant(text: str | None) -> object:
    return read_dates([text])[0]


@given(st.lists(st.none() | st.datetimes(A_THOUSAND_YEARS_AGO, timezones=st.just(UTC))))
def test_dates_of_the_usual_form_are_read_exactly(moments):
    seconds = [moment and moment.replace(microsecond=0) for moment in moments]
    texts = [moment and format_datetime(moment) for moment in seconds]

    read = read_dates(texts)

    assert read.dtype == np.dtype("datetime64[us]")
    assert read.tolist() == [moment and moment.replace(tzinfo=None) for moment in seconds]


@pytest.mark.parametrize(
    "text",
    [
        "Thu, 24 Aug 2023 05:01:45 -0700",
        "Thu, 24 Aug 2023 05:01:45 GMT",
        "Thu, 24 Aug 2023 05:01:45 -0000",
        "24 Aug 2023 05:01:45 +0000",
        "Thu, 4 Aug 2023 05:01:45 +0000",
        "Thu, 24 Aug 2023 05:01 +0000",
        "thu, 24 aug 2023 05:01:45 +0000",
        "Thu,  4 Aug 2023 05:01:45 +0000",
        "Thu, 29 Feb 2024 23:59:59 +0000",
        "Fri, 31 Dec 9999 23:59:59 +0000",
        "Mon, 01 Jan 0001 00:00:00 +0000",
    ],
)
def test_dates_of_other_forms_are_read_as_the_standard_library_reads_them(text):
    expected = parsedate_to_datetime(text)
    if expected.tzinfo is not None:
        expected = expected.astimezone(UTC).replace(tzinfo=None)

    assert instant(text).tolist() == expected


@pytest.mark.parametrize(
    "text",
    [
        "Thu, 30 Feb 2023 05:01:45 +0000",
        "Thu, 00 Aug 2023 05:01:45 +0000",
        "Thu, 24 Aug 2023 24:01:45 +0000",
        "Thu, 24 Aug 2023 05:60:45 +0000",
        "Thu, 24 Aug 2023 05:01:61 +0000",
        "Thu, 24 Foo 2023 05:01:45 +0000",
        "Thu, 2: Aug 2023 05:01:45 +0000",
        "Thu, 24 Aug 2023 05-01-45 +0000",
        "2023-08-24T05:01:45Z",
        "x" * 31,
        "yesterday",
        "é" * 15 + "x",
    ],
)
def test_an_invalid_date_is_a_bad_response_even_among_valid_ones(text):
    good = "Thu, 24 Aug 2023 05:01:45 +0000"
    with pytest.raises(BadResponse, match="date_updated"):
        read_dates([good, text, None, good], column="date_updated")


def test_every_day_of_four_centuries_is_the_right_day():
    first = datetime(1800, 1, 1, 12, 34, 56, tzinfo=UTC)
    moments = [first + timedelta(days=day) for day in range(146_097)]

    read = read_dates([format_datetime(moment) for moment in moments[::7]])

    assert read.tolist() == [moment.replace(tzinfo=None) for moment in moments[::7]]


def test_an_offset_changes_the_instant_and_not_its_neighbours():
    east = format_datetime(datetime(2024, 1, 1, 1, tzinfo=timezone(timedelta(hours=2))))
    utc = format_datetime(datetime(2024, 1, 1, 1, tzinfo=UTC))

    read = read_dates([utc, east, None, utc])

    one, eleven = np.datetime64("2024-01-01T01", "us"), np.datetime64("2023-12-31T23", "us")
    assert read.tolist() == [one.tolist(), eleven.tolist(), None, one.tolist()]

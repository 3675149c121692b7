"""Event frames: one schema whatever is in them, strangers' texts stay texts, files run nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pandas as pd
import pytest

from twilio_widgets.frames.event_schema import EVENTS, REJECTIONS, REPLAYS, STANDINGS
from twilio_widgets.frames.events import (
    EventFrame,
    event_frame,
    rejection_frame,
    replay_frame,
    standing_frame,
)
from twilio_widgets.listener.events.event import Arrival, Event, MessageState, Rejection

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
SID, ACCOUNT = "SM" + "a1" * 16, "AC" + "0f" * 16
THEM, US = "+14155550123", "+15005550006"
HOSTILE = "<script>x()</script> $\\href{javascript:x()}{pay}$ \x1b[2J"
FORMULA = "=HYPERLINK(A1)"


def event(number: int, **changes: str) -> Event:
    parameters = {
        "MessageSid": SID,
        "AccountSid": ACCOUNT,
        "From": THEM,
        "To": US,
        "Body": "Hello",
        "NumMedia": "0",
        "SmsStatus": "received",
    } | changes
    arrival = Arrival(
        kind="status" if "MessageStatus" in parameters else "inbound",
        received_at=NOON + timedelta(seconds=number),
        parameters=tuple((name, text) for name, text in parameters.items() if text),
        scheme="auth token",
    )
    return Event.of_arrival(arrival, id=number)


STANDING = MessageState(
    sid=SID,
    kind="status",
    status="failed",
    rank=4,
    conflict=True,
    words=(("delivered", None), ("failed", 30007)),
    asked=False,
    from_=US,
    to=THEM,
    body=None,
    account_sid=ACCOUNT,
    messaging_service_sid=None,
    row_token=None,
    first_event=1,
    last_event=2,
    first_at=NOON,
    last_at=NOON,
)
REJECTION = Rejection(
    at=NOON, status=403, reason="No signature.", cause="unsigned", path="/inbound", id=1
)


def dtypes(frame: pd.DataFrame) -> dict[str, object]:
    return dict(frame.dtypes)


def test_events_become_the_documented_columns():
    """An inbound message and a callback with an error, whole."""
    frame = event_frame(
        [
            event(1),
            event(
                2, From=US, To=THEM, Body="", NumMedia="", SmsStatus="", ErrorCode="30007",
                MessageStatus="undelivered", MessagingServiceSid="MG1",
            ),
        ],
        account="AC0f…0f0f",
        complete=True,
    )  # fmt: skip

    assert pd.DataFrame(frame).astype(object).where(frame.notna(), None).to_dict("records") == [
        {
            "id": 1,
            "received_at": NOON + timedelta(seconds=1),
            "kind": "inbound",
            "status": "received",
            "from": THEM,
            "to": US,
            "body": "Hello",
            "error_code": None,
            "message_sid": SID,
            "account_sid": ACCOUNT,
            "messaging_service_sid": None,
            "num_media": 0,
            "source": "webhook",
            "scheme": "auth token",
            "method": "POST",
            "duplicates": 0,
            "last_duplicate_at": None,
            "parameters": (
                f'[["MessageSid","{SID}"],["AccountSid","{ACCOUNT}"],["From","{THEM}"],'
                f'["To","{US}"],["Body","Hello"],["NumMedia","0"],["SmsStatus","received"]]'
            ),
        },
        {
            "id": 2,
            "received_at": NOON + timedelta(seconds=2),
            "kind": "status",
            "status": "undelivered",
            "from": US,
            "to": THEM,
            "body": None,
            "error_code": 30007,
            "message_sid": SID,
            "account_sid": ACCOUNT,
            "messaging_service_sid": "MG1",
            "num_media": None,
            "source": "webhook",
            "scheme": "auth token",
            "method": "POST",
            "duplicates": 0,
            "last_duplicate_at": None,
            "parameters": (
                f'[["MessageSid","{SID}"],["AccountSid","{ACCOUNT}"],["From","{US}"],'
                f'["To","{THEM}"],["ErrorCode","30007"],["MessageStatus","undelivered"],'
                '["MessagingServiceSid","MG1"]]'
            ),
        },
    ]
    assert frame.attrs == {
        "rows": 2,
        "schema_version": 1,
        "account": "AC0f…0f0f",
        "complete": True,
    }


@pytest.mark.parametrize(
    ("make", "schema", "value"),
    [
        (event_frame, EVENTS, event(1)),
        (standing_frame, STANDINGS, STANDING),
        (rejection_frame, REJECTIONS, REJECTION),
    ],
)
def test_a_frame_of_nothing_has_the_columns_of_one_of_something(make, schema, value):
    expected = {column.name: column.dtype for column in schema}

    assert dtypes(make([])) == expected
    assert dtypes(make([value])) == expected
    assert list(make([]).columns) == list(expected)


def test_replays_of_nothing_have_their_columns_too():
    assert dtypes(replay_frame([])) == {column.name: column.dtype for column in REPLAYS}


def test_standings_and_rejections_become_the_documented_columns():
    (standing,) = standing_frame([STANDING]).to_dict("records")
    (rejection,) = rejection_frame([REJECTION]).to_dict("records")

    assert {k: v for k, v in standing.items() if not pd.isna(v)} == {
        "message_sid": SID,
        "kind": "status",
        "status": "failed",
        "error_code": 30007,
        "from": US,
        "to": THEM,
        "first_at": NOON,
        "last_at": NOON,
        "conflict": True,
        "account_sid": ACCOUNT,
    }
    assert {k: v for k, v in rejection.items() if not pd.isna(v)} == {
        "id": 1,
        "at": NOON,
        "http_status": 403,
        "cause": "unsigned",
        "reason": "No signature.",
        "method": "",
        "path": "/inbound",
    }


def test_a_mask_tells_which_events_it_means():
    """By their ids, which stay when earlier events are forgotten."""
    frame = event_frame([event(7), event(9, Body="Bye")])
    mask = frame["body"] == "Bye"

    assert list(mask.index[mask]) == [9]
    assert frame.loc[9, "body"] == "Bye"


def test_a_status_twilio_invents_tomorrow_is_kept():
    assert event_frame([event(1, MessageStatus="teleported")])["status"].tolist() == ["teleported"]


class Reader(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.runs: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)

    def handle_data(self, data):
        self.runs.append(data)


@pytest.mark.parametrize("name", ["Body", "From", "MessageStatus", "ProfileName"])
def test_a_strangers_text_is_shown_and_never_interpreted(name):
    """No tag of theirs, no room for a formula, no control character in a terminal."""
    frame = event_frame([event(1, **{name: HOSTILE})])
    with pd.option_context("display.max_colwidth", None):
        read = Reader(frame._repr_html_())
        shown = repr(frame[["body"]])

    assert "script" not in read.tags
    assert all(run in {"$", "\\"} or not re.search(r"[$\\]", run) for run in read.runs)
    assert "\x1b" not in shown


def test_omitted_rows_are_stated():
    frame = event_frame(event(number) for number in range(1, 200))

    assert "<p>showing 10 of 199 rows</p>" in frame._repr_html_()
    assert isinstance(frame.head(3), EventFrame)


def test_no_spreadsheet_runs_an_event(tmp_path):
    frame = event_frame([event(1, Body=FORMULA)], complete=True)

    written = frame.to_csv(tmp_path / "events.csv")

    assert f"'{FORMULA}" in (tmp_path / "events.csv").read_text()
    assert repr(written) == f"1 rows written to {tmp_path / 'events.csv'} (complete)"


def test_an_excel_sheet_holds_texts_only(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    event_frame([event(1, Body=FORMULA)]).to_excel(tmp_path / "events.xlsx")

    book = openpyxl.load_workbook(tmp_path / "events.xlsx")
    names = [cell.value for cell in book["events"][1]]
    cells = dict(zip(names, book["events"][2], strict=True))

    assert (cells["body"].value, cells["body"].data_type) == (FORMULA, "s")
    book.close()


def test_a_masked_frame_names_no_number_and_no_account_even_in_its_parameters():
    masked = event_frame([event(1)]).masked()

    assert isinstance(masked, EventFrame)
    assert not re.search(f"{ACCOUNT}|4155550123|5005550006", masked.to_csv())
    assert masked["status"].dtype == event_frame([]).dtypes["status"]

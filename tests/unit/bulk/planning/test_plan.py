"""`tw.plan`: every row is ready or rejected, and what is ready is what a send would take."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twilio_widgets.bulk.planning.plan import plan
from twilio_widgets.core.message.parameters import form_of
from twilio_widgets.core.numbers.prices import estimate
from twilio_widgets.core.text.segments import segments
from twilio_widgets.errors import ConfigurationError, InvalidMessage
from twilio_widgets.panels.kit.displays import plan_html, preview_html

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
LATER = datetime(2026, 1, 16, 9, tzinfo=UTC)
FROM = "+15005550006"
SERVICE = "MG" + "0" * 32
CONTENT = "HX" + "0" * 32
ADA, BO, CY = "+447911123123", "+447911123124", "+447911123125"


def planned(rows, **given):
    """Plan with what every message needs, unless the test says otherwise."""
    if isinstance(rows, list) and rows and isinstance(rows[0], str):
        rows = [{"to": to} for to in rows]
    if "messaging_service_sid" not in given and "from_" not in given.get("columns", {}):
        given.setdefault("from_", FROM)
    if not {"body", "media_url", "content_sid"} & {*given, *given.get("columns", {})}:
        given["body"] = "Hi"
    return plan(rows, now=NOW, **given)


def reasons(made):
    return [(problem.n, problem.column, problem.kind, problem.reason) for problem in made.problems]


def bodies(made):
    return [row.parameters.get("body") for row in made.rows]


# --- rows ------------------------------------------------------------------------------------


def test_each_row_becomes_the_keywords_of_a_send():
    made = planned(
        [{"phone": "+44 7911 123123", "name": "Ada"}],
        to="phone",
        body="Hi {name}",
        status_callback="https://example.com/cb",
    )

    assert len(made.rows) == 1
    row = made.rows[0]
    assert (row.n, row.to, row.original) == (0, ADA, "+44 7911 123123")
    assert row.parameters == {
        "from_": FROM,
        "status_callback": "https://example.com/cb",
        "body": "Hi Ada",
    }
    assert (row.segments, row.encoding, row.cost, row.blame) == (1, "GSM-7", None, ())


def test_a_bad_row_never_stops_the_others_and_says_all_that_is_wrong():
    made = planned("to,name\n+447911123123,Ada\nnobody,\n+447911123125,Cy\n", body="Hi {name}")

    assert [row.n for row in made.rows] == [0, 2]
    assert reasons(made) == [
        (1, "to", "recipient", "nobody is not a phone number. Write + and the country code, "
         "then the number, such as +15005550006."),
        (1, "name", "template", "name is empty in this row, but the text needs it. "
         "Fill the column first."),
    ]  # fmt: skip


def test_a_missing_number_in_a_column_of_whole_numbers_leaves_the_others_whole():
    frame = pd.DataFrame({"to": [ADA, BO], "table": [3, np.nan]})

    made = planned(frame, body="Table {table}")

    assert bodies(made) == ["Table 3"]
    assert reasons(made) == [
        (1, "table", "template", "table is empty in this row, but the text needs it. "
         "Fill the column first.")
    ]  # fmt: skip


BODIES = [
    ("x" * 1600, None),
    ("x" * 1601, "body has 1,601 characters; Twilio allows 1,600."),
    ("", "A message needs content: give body=, media_url= or content_sid=."),
    ("   ", "A message needs content: give body=, media_url= or content_sid=."),
    ("nan", "A message needs content: give body=, media_url= or content_sid=."),
    ("a\x00b", "The text contains a control character (U+0000). Clean its column first."),
    ("\x1b[2J", "The text contains a control character (U+001B). Clean its column first."),
    ("half \ud83d", "body contains an unpaired surrogate (invalid Unicode), which cannot be sent."),
    ("line\nline", None),
    ("#REF!", "body is #REF!, a spreadsheet error."),
]


@pytest.mark.parametrize(("body", "reason"), BODIES, ids=range(len(BODIES)))
def test_a_body_is_checked_as_a_send_would_and_for_its_reader(body, reason):
    made = planned([{"to": ADA, "text": body}], columns={"body": "text"})

    assert (bodies(made), [problem.reason for problem in made.problems]) == (
        ([body], []) if reason is None else ([], [reason])
    )
    assert all(problem.column == "text" for problem in made.problems)


def test_a_text_from_a_column_is_never_read_as_a_template():
    made = planned([{"to": ADA, "text": "{to} {{ {x.y}"}], columns={"body": "text"})

    assert bodies(made) == ["{to} {{ {x.y}"]


def test_a_row_is_written_the_way_the_template_asks():
    made = planned(
        [{"to": ADA, "amount": 12.5, "when": LATER}, {"to": BO, "amount": "a lot", "when": LATER}],
        body="{amount:.2f} by {when:%d %B}",
    )

    assert bodies(made) == ["12.50 by 16 January"]
    assert reasons(made) == [(1, "amount", "template", "amount does not fit the format '.2f'.")]


def test_only_spaces_are_no_text():
    made = planned([ADA], body=" {{}} "[:1])

    assert [problem.reason for problem in made.problems] == [
        "The text is blank: it consists only of spaces."
    ]


# --- duplicates, opt-outs ----------------------------------------------------------------------

DUPLICATES = [
    ([ADA, ADA], [0], [1]),
    ([ADA, BO, "07911 123123", BO], [0, 1], [2, 3]),
    (["nobody", ADA, ADA], [1], [0, 2]),
    ([ADA, f"whatsapp:{ADA}", f"whatsapp: {ADA}"], [0, 1], [2]),
    ([f"whatsapp:{ADA}", f"WhatsApp:{ADA}", "whatsapp:07911 123123"], [0], [1, 2]),
    ([ADA, "+44 (0)7911 123123", "447911123123", "\u200b+447911123123"], [0], [1, 2, 3]),
]


@pytest.mark.parametrize(("numbers", "ready", "rejected"), DUPLICATES)
def test_the_first_of_two_equal_recipients_is_kept(numbers, ready, rejected):
    made = planned(numbers, region="GB")

    assert [row.n for row in made.rows] == ready
    assert [problem.n for problem in made.problems] == rejected


def test_a_duplicate_names_the_row_it_repeats_with_the_number_masked():
    made = planned([BO, ADA, "+44 7911 123 123"])

    assert reasons(made) == [
        (2, "to", "duplicate", "+44 7••• ••• 123 is already the recipient of row 1.")
    ]
    assert made.problems[0].value == "+44 7911 123 123"


def test_a_rejected_row_does_not_make_the_next_one_a_duplicate():
    rows = [{"to": ADA, "name": None}, {"to": ADA, "name": "Ada"}]

    assert [row.n for row in planned(rows, body="Hi {name}").rows] == [1]


def test_duplicates_can_be_allowed():
    assert [row.n for row in planned([ADA, ADA], duplicates="allow").rows] == [0, 1]


def log(*messages):
    """Make a log frame: (minutes, from, to, body), inbound."""
    return pd.DataFrame(
        [
            {
                "direction": "inbound",
                "from": sender,
                "to": ours,
                "body": body,
                "date_sent": pd.Timestamp(NOW) + pd.Timedelta(minutes=minutes),
            }
            for minutes, sender, ours, body in messages
        ],
        columns=["direction", "from", "to", "body", "date_sent"],
    )


OPT_OUTS = [
    ([], [0, 1, 2]),
    ([BO], [0, 2]),
    (["07911 123124", None, float("nan"), ""], [0, 2]),
    (BO, [0, 2]),
    (pd.Series([BO, CY]), [0]),
    ({BO}, [0, 2]),
    (pd.DataFrame({"phone": [BO]}), [0, 2]),
    (pd.DataFrame({"to": [BO], "since": ["x"]}), [0, 2]),
    ("phone\n+447911123124\n", [0, 2]),
    ("+447911123124\n", [0, 2]),
    (b"+447911123125\n+447911123124\n", [0]),
    ([f"whatsapp:{BO}"], [0, 2]),
    ([f"WhatsApp:{BO}", "rcs:07911 123125", pd.NA, np.nan], [0]),
    ("447911123124\n447911123125\n", [0]),  # a file without a headline, and without pluses
    ('"+44 7911 123124"\n', [0, 2]),
    ("Direction,From,Body,SentDate\ninbound,+447911123124,Stop,2026-01-15T12:00:00Z\n", [0, 2]),
    ("direction,from,body\n Inbound ,447911123124,STOP\ninbound,12345,STOP\n", [0, 2]),
    (  # the file of a log, with Twilio's and with other dates
        "direction,from,to,body,date_sent\n"
        f'inbound,{BO},{FROM},START,"Thu, 15 Jan 2026 11:00:00 +0000"\n'
        f"inbound,{BO},{FROM},STOP,2026-01-15 12:00:00+00:00\n"
        f"inbound,{CY},{FROM},STOP,2026-01-15T10:00:00Z\n"
        f'inbound,{CY},{FROM},START,"Thu, 15 Jan 2026 11:00:00 +0000"\n',
        [0, 2],
    ),
    (log(), [0, 1, 2]),
    (log((0, BO, FROM, "STOP")), [0, 2]),
    (log((0, BO, FROM, " stop\n")), [0, 2]),
    (log((0, BO, FROM, "Unsubscribe"), (0, CY, FROM, "quit")), [0]),
    (log((0, BO, FROM, "STOP PLEASE"), (1, CY, FROM, "don't stop")), [0, 1, 2]),
    (log((0, BO, FROM, "STOP"), (1, BO, FROM, "START")), [0, 1, 2]),
    (log((1, BO, FROM, "START"), (0, BO, FROM, "STOP")), [0, 1, 2]),
    (log((0, BO, FROM, "START"), (1, BO, FROM, "STOP")), [0, 2]),
    (log((0, BO, FROM, "START"), (0, BO, FROM, "STOP")), [0, 2]),
    (log((0, BO, FROM, "STOP"), (1, BO, FROM, "hello")), [0, 2]),
    (log((0, BO, FROM, "STOP"), (1, BO, "+15005550009", "START")), [0, 2]),
    (log((0, f"whatsapp:{BO}", f"whatsapp:{FROM}", "STOP")), [0, 2]),
    (log((0, BO, FROM, "STOP")).assign(date_sent=pd.NaT), [0, 2]),
    (log((0, BO, FROM, "STOP")).assign(direction="outbound-api"), [0, 1, 2]),
    (  # a frame of a listener's events
        log((0, BO, FROM, "STOP"), (1, CY, FROM, "STOP"), (2, CY, FROM, "START")).rename(
            columns={"direction": "kind", "date_sent": "received_at"}
        ),
        [0, 2],
    ),
]


@pytest.mark.parametrize(("opt_outs", "ready"), OPT_OUTS, ids=range(len(OPT_OUTS)))
def test_opted_out_recipients_are_left_out(opt_outs, ready):
    made = planned([ADA, BO, CY], opt_outs=opt_outs, region="GB")

    assert [row.n for row in made.rows] == ready
    assert {problem.kind for problem in made.problems} <= {"opted out"}


def test_opted_out_recipients_are_left_out_on_every_channel():
    made = planned([f"whatsapp:{ADA}", BO], opt_outs=[ADA])

    assert [row.n for row in made.rows] == [1]


def test_an_opt_out_says_where_it_is_from():
    made = planned([ADA, BO], opt_outs=log((0, ADA, FROM, "Stop")))

    assert reasons(made) == [
        (0, "to", "opted out", "+44 7••• ••• 123 wrote STOP and no START since.")
    ]


@pytest.mark.parametrize(
    "opt_outs", [["nobody"], [ADA, "4.47911E+11"], 5, {"a": 1}, pd.DataFrame({"a": [1], "b": [2]}),
                 log((0, BO, FROM, "STOP")).drop(columns="direction"), "no-such-file.csv",
                 log((0, "4.47911E+11", FROM, "STOP")), log((0, None, FROM, "STOP")),
                 "phone,name\n+447911123124,Lovelace, Ada\n", "phone\nnobody\n", "x4479111\n07\n"]
)  # fmt: skip
def test_an_opt_out_that_cannot_be_read_is_not_passed_over(opt_outs):
    with pytest.raises(ConfigurationError):
        planned([ADA, BO], opt_outs=opt_outs)


# --- parameters that a column holds ---------------------------------------------------------

PARAMETERS = [
    ("media_url", "https://example.com/a.png", "https://example.com/a.png"),
    ("media_url", " https://a.b/1 https://a.b/2 ", ["https://a.b/1", "https://a.b/2"]),
    ("media_url", "https://a.b/1, https://a.b/2", ["https://a.b/1", "https://a.b/2"]),
    (
        "media_url",
        "https://a.b/1,HTTPS://a.b/2;https://a.b/3",
        ["https://a.b/1", "HTTPS://a.b/2", "https://a.b/3"],
    ),
    (
        "media_url",
        "https://a.b/1;\nhttps://a.b/2 | https://a.b/3",
        ["https://a.b/1", "https://a.b/2", "https://a.b/3"],
    ),
    ("media_url", "https://a.b/w_1,h_2/c;d.jpg?x=1,2", "https://a.b/w_1,h_2/c;d.jpg?x=1,2"),
    ("persistent_action", "geo:37.78,-122.39|375 Beale St", "geo:37.78,-122.39|375 Beale St"),
    ("persistent_action", "geo:1,2|A\nb", ["geo:1,2|A", "b"]),
    ("from_", 12345.0, "12345"),
    ("send_at", "2026-01-16T09:00Z", LATER),
    ("send_at", "2026-01-16T10:00+01:00", LATER),
    ("send_at", LATER, LATER),
    ("send_at", pd.Timestamp(LATER), LATER),
    ("validity_period", "3600", 3600),
    ("validity_period", 3600.0, 3600),
    ("smart_encoded", "yes", True),
    ("smart_encoded", "FALSE", False),
    ("smart_encoded", 1, True),
    ("smart_encoded", True, True),
    ("content_retention", " discard ", "discard"),
    ("from_", 12345, "12345"),
    ("max_price", Decimal("0.50"), "0.50"),
    ("attempt", "2", 2),
    ("tags", '{"a": 1}', '{"a": 1}'),
    ("tags", {"a": 1}, {"a": 1}),
]


@pytest.mark.parametrize(("name", "cell", "value"), PARAMETERS)
def test_a_column_can_hold_any_parameter(name, cell, value):
    service = {"messaging_service_sid": SERVICE}
    made = planned([{"to": ADA, "cell": cell}], columns={name: "cell"}, body="Hi", **service)

    assert made.problems == ()
    assert made.rows[0].parameters == {**service, "body": "Hi", name: value}
    form_of({"to": ADA, **made.rows[0].parameters}, now=NOW)


VARIABLES = 'content_variables is a JSON object, such as {"1": "Ada"}, with double quotes (21656).'
NO_VALUE = "content_variables has no value for {!r}, which Twilio refuses (21656)."


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ('{"1": "Ada"}', None),
        ('{"1": 7}', None),
        ("{}", None),
        ("{'1': 'Ada'}", VARIABLES),
        ("Ada", VARIABLES),
        ("7", VARIABLES),
        ('["Ada"]', VARIABLES),
        ("[" * 100_000, VARIABLES),
        ('{"1": null}', NO_VALUE.format("1")),
        ({"1": "a", "2": ""}, NO_VALUE.format("2")),
    ],
)
def test_content_variables_that_twilio_refuses_are_not_ready(cell, reason):
    made = planned(
        [{"to": ADA, "v": cell}], content_sid=CONTENT, columns={"content_variables": "v"}
    )

    assert [problem.reason for problem in made.problems] == ([] if reason is None else [reason])


@pytest.mark.parametrize(
    ("to", "sender"),
    [(FROM, FROM), (FROM, "+1 (500) 555-0006"), (FROM, "15005550006"),
     (f"whatsapp:{FROM}", f"WhatsApp:{FROM}")],
)  # fmt: skip
def test_a_message_to_its_own_sender_is_not_ready(to, sender):
    made = planned([to, ADA], from_=sender)

    assert reasons(made) == [
        (0, "to", "parameter", "to is the sender, which Twilio refuses (21266).")
    ]


def test_a_sender_that_begins_with_mg_is_not_a_messaging_service():
    with pytest.raises(InvalidMessage, match="Scheduling needs a messaging service"):
        planned([ADA], from_="MGM Resorts", send_at=LATER)


WRONG_CELLS = [
    ("media_url", "picture.png",
     "media_url must be a URL that begins with https:// or http://."),
    ("send_at", "tomorrow",
     "send_at must be a time with a UTC offset, such as 2026-01-15T10:30+01:00."),
    ("send_at", "", "send_at is empty in this row, so the message would be sent immediately."),
    ("send_at", "2026-01-16T09:00",
     "send_at has no time zone, so it is ambiguous. "
     "Give one, such as datetime(…, tzinfo=ZoneInfo('Europe/Berlin'))."),
    ("send_at", "2026-01-14T09:00Z", "send_at is in the past."),
    ("send_at", "2027-01-14T09:00Z", "send_at is more than 35 days ahead (35114)."),
    ("validity_period", "soon", "validity_period must be a whole number."),
    ("validity_period", "1e999999", "validity_period must be a whole number."),
    ("validity_period", 1.5, "validity_period must be a whole number."),
    ("validity_period", 0,
     "validity_period must be a whole number of seconds from 1 to 36,000."),
    ("smart_encoded", "perhaps", "smart_encoded must be true or false, yes or no, 1 or 0."),
    ("status_callback", "https://my_host/",
     "status_callback has an underscore in its host name, which Twilio refuses (21609)."),
    ("from_", "ThisNameIsTooLong",
     "from_ has 17 characters; an alphanumeric sender has at most 11. Shorten it, or give a number "
     "or a messaging service."),
]  # fmt: skip


@pytest.mark.parametrize(("name", "cell", "reason"), WRONG_CELLS)
def test_a_cell_that_is_invalid_for_its_parameter_names_its_column(name, cell, reason):
    rows = [{"to": ADA, "cell": cell}]
    made = planned(rows, columns={name: "cell"}, body="Hi", messaging_service_sid=SERVICE)

    assert made.rows == ()
    assert reasons(made) == [(0, "cell", "parameter", reason)]


def test_an_empty_cell_leaves_its_parameter_out():
    rows = [{"to": ADA, "picture": None}, {"to": BO, "picture": "https://example.com/a.png"}]

    made = planned(rows, columns={"media_url": "picture"}, body="Hi")

    assert [row.parameters.get("media_url") for row in made.rows] == [
        None,
        "https://example.com/a.png",
    ]


def test_the_variables_of_a_content_template_are_templates_themselves():
    made = planned(
        "to,name\n+447911123123,Ada\n+447911123124,\n",
        content_sid=CONTENT,
        content_variables={"1": "{name}", "2": 7},
    )

    assert [row.parameters["content_variables"] for row in made.rows] == [{"1": "Ada", "2": 7}]
    assert (made.rows[0].segments, made.rows[0].encoding, made.rows[0].cost) == (1, None, None)
    assert [problem.column for problem in made.problems] == ["name"]


def test_the_variables_are_templates_as_json_too():
    made = planned(
        [{"to": ADA, "name": "Ada"}],
        content_sid=CONTENT,
        content_variables='{"1": "{name}", "2": "noon"}',
    )

    assert made.rows[0].parameters["content_variables"] == {"1": "Ada", "2": "noon"}


# --- what is wrong with the plan as a whole --------------------------------------------------

COLUMNS = "It has 'phone', 'name'."
WHOLE = [
    ({"to": "fone"}, ConfigurationError, "to uses 'fone' (did you mean 'phone'?), but the table "
     f"has no such column. {COLUMNS}"),
    ({}, ConfigurationError, f"to uses 'to', but the table has no such column. {COLUMNS}"),
    ({"to": "phone", "columns": {"media_url": "nam"}}, ConfigurationError,
     "columns['media_url'] uses 'nam' (did you mean 'name'?), but the table has no such column. "
     + COLUMNS),
    ({"to": "phone", "bodi": "Hi"}, ConfigurationError,
     "bodi is not a parameter of messages.send. Did you mean body?"),
    ({"to": "phone", "once": "x"}, ConfigurationError,
     "once is not a parameter of messages.send. See help(messages.send)."),
    ({"to": "phone", "columns": {"media": "name"}}, ConfigurationError,
     "media is not a parameter of messages.send. Did you mean media_url?"),
    ({"to": "phone", "columns": ["name"]}, ConfigurationError,
     'columns must map parameters to columns: columns={"media_url": "picture"}.'),
    ({"to": "phone", "body": 5}, ConfigurationError,
     "body must be text, with {column} for a column's value: got int."),
    ({"to": "phone", "duplicates": "ignore"}, ConfigurationError,
     'duplicates must be "reject" or "allow".'),
    ({"to": "phone", "rate": 0}, ConfigurationError,
     "rate must be a number above 0, or None."),
    ({"to": "phone", "rate": True}, ConfigurationError,
     "rate must be a number above 0, or None."),
    ({"to": "phone", "per": "texts"}, ConfigurationError,
     'per must be "message" or "segment".'),
    ({"to": "phone", "region": "XX"}, ConfigurationError,
     "region must be a country's two letters (such as 'GB' or 'US'), not 'XX'."),
    ({"to": "phone", "prices": {"GB": "cheap"}}, ConfigurationError,
     "The price for GB must be US dollars for one segment, such as '0.05'."),
    ({"to": "phone", "now": NOW.replace(tzinfo=None)}, ConfigurationError,
     "now must be a datetime with a time zone."),
    ({"to": "phone", "now": 5}, ConfigurationError, "now must be a datetime with a time zone."),
    ({"to": 0}, ConfigurationError, "to must be the name of a column, as text: got 0."),
    ({"to": ["phone"]}, ConfigurationError,
     "to must be the name of a column, as text: got ['phone']."),
    ({"to": "phone", "columns": {"media_url": 1}}, ConfigurationError,
     "columns['media_url'] must be the name of a column, as text: got 1."),
    ({"to": "phone", "duplicates": []}, ConfigurationError,
     'duplicates must be "reject" or "allow".'),
    ({"to": "phone", "prices": [1]}, ConfigurationError,
     "prices must map countries to US dollars for a segment, such as {'GB': '0.05'}."),
    ({"to": "phone", "from_": None}, InvalidMessage,
     "A message needs a sender: give from_= or messaging_service_sid=."),
    ({"to": "phone", "from_": "ThisNameIsTooLong"}, InvalidMessage,
     "from_ has 17 characters; an alphanumeric sender has at most 11. Shorten it, or give a number "
     "or a messaging service."),
    ({"to": "phone", "body": None}, InvalidMessage,
     "A message needs content: give body=, media_url= or content_sid=."),
    ({"to": "phone", "body": ""}, InvalidMessage,
     "A message needs content: give body=, media_url= or content_sid=."),
    ({"to": "phone", "send_at": LATER}, InvalidMessage,
     "Scheduling needs a messaging service: give messaging_service_sid= (35118)."),
    ({"to": "phone", "smart_encoded": "yes"}, InvalidMessage,
     "smart_encoded must be True or False."),
    ({"to": "phone", "status_callback": "https://a.example/s#rc=3?row=7"}, InvalidMessage,
     "status_callback has its query behind the #, which is not sent. Put it before the #, such as "
     "listener.status_url.with_query(row=7)."),
    ({"to": "phone", "media_url": "a.png"}, InvalidMessage,
     "media_url must be a URL that begins with https:// or http://."),
]  # fmt: skip


@pytest.mark.parametrize(("given", "kind", "reason"), WHOLE)
def test_an_error_of_every_row_is_reported_once(given, kind, reason):
    body = {} if "body" in given.get("columns", {}) else {"body": "Hi"}
    with pytest.raises(kind) as refused:
        plan("phone,name\n+15005550006,Ada\n", **({"from_": FROM, "now": NOW} | body | given))

    assert str(refused.value) == reason


# --- counts ---------------------------------------------------------------------------------

SEGMENTS = [
    ("a" * 160, 1, "GSM-7"), ("a" * 161, 2, "GSM-7"), ("a" * 306, 2, "GSM-7"),
    ("a" * 307, 3, "GSM-7"), ("a" * 1600, 11, "GSM-7"), ("€" * 80, 1, "GSM-7"),
    ("€" * 81, 2, "GSM-7"), ("a" * 152 + "€" + "a" * 152, 3, "GSM-7"), ("я" * 70, 1, "UCS-2"),
    ("я" * 71, 2, "UCS-2"), ("я" * 134, 2, "UCS-2"), ("я" * 135, 3, "UCS-2"),
    ("👍" * 35, 1, "UCS-2"), ("👍" * 36, 2, "UCS-2"), ("a" * 66 + "👍" + "a" * 66, 3, "UCS-2"),
    ("👨‍👩‍👧‍👦" * 10, 2, "UCS-2"), ("ç", 1, "UCS-2"), ("Ç", 1, "GSM-7"), ("a\tb", 1, "UCS-2"),
    ("a\nb", 1, "GSM-7"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "count", "encoding"), SEGMENTS, ids=range(len(SEGMENTS)))
def test_segments_are_counted_for_every_row(body, count, encoding):
    row = planned([{"to": ADA, "text": body}], columns={"body": "text"}).rows[0]

    assert (row.segments, row.encoding, row.blame) == (count, encoding, segments(body).blame)


@pytest.mark.parametrize(
    ("body", "counted"),
    [
        ("a" * 159 + "…", (2, "GSM-7", ())),
        ("“Hi” я", (1, "UCS-2", ((5, "я"),))),
        ("a" * 160, (1, "GSM-7", ())),
    ],
)
def test_segments_are_counted_as_smart_encoding_leaves_the_text(body, counted):
    row = planned([{"to": ADA, "text": body}], body="{text}", smart_encoded=True).rows[0]

    assert (row.segments, row.encoding, row.blame) == counted
    assert row.body == body


def test_the_price_is_that_of_the_table_or_the_persons_own():
    made = planned(["+14155552671", ADA], body="x" * 161)
    own = planned(["+14155552671", "+33612345678"], body="x", prices={"FR": "0.08"})

    assert [row.cost for row in made.rows] == [estimate("+14155552671", 2), None]
    assert (made.summary.cost.amount, made.summary.cost.unpriced) == (Decimal("0.0166"), 1)
    assert [row.cost for row in own.rows] == [Decimal("0.0083"), Decimal("0.08")]


def test_media_are_one_message_whatever_the_text():
    row = planned(["+14155552671"], body="x" * 400, media_url="https://a.b/c.png").rows[0]

    assert (row.segments, row.cost) == (1, Decimal("0.022"))


def test_the_summary_says_it_in_a_few_lines():
    rows = [
        {"to": "+14155552671", "name": "Ada", "city": "x"},
        {"to": "+14155552672", "name": "Zoë’s", "city": "x"},
        {"to": ADA, "name": "=1+1", "city": "x"},
        {"to": ADA, "name": "Ada", "city": "x"},
    ]
    made = planned(rows, body="Hi {name}", rate=0.5)

    assert str(made.summary) == (
        "3 of 4 rows are ready: 3 segments, about $0.02 (an estimate; prices of 2026-11-09), "
        "1 more without a known price.\n"
        "1 row cannot be sent: 1 duplicate. See plan.rejected.\n"
        "UCS-2 in 1 text, because of ë (1).\n"
        "Notes on 1 ready row.\n"
        "At 0.5 messages a second: 4 s.\n"
        "Unused columns: city."
    )
    assert repr(made) == (
        f"{made.summary}\n  row 3, to: +44 7••• ••• 123 is already the recipient of row 2."
    )
    assert made.rows[2].notes == ("name begins like a spreadsheet formula.",)


def test_many_unused_columns_are_not_all_named():
    made = planned([{"to": ADA} | {f"c{n}": n for n in range(50)}])

    assert len(made.summary.unused) == 50
    assert made.summary.lines()[-1] == (
        "Unused columns: c0, c1, c2, c3, c4, c5, c6, c7 and 42 more."
    )


def test_the_example_of_the_docstring_is_true():
    example = plan.__doc__.split("Example:")[1]
    call, reason = example.split(")\n", 1)
    call = call.replace(">>> plan", "planned").replace("...", "") + ")"

    made = eval(call.strip(), {"planned": planned})

    assert repr(made).splitlines() == [line.strip() for line in reason.strip().splitlines()]


def test_an_empty_table_is_a_plan_of_nothing():
    made = planned("to,name\n", body="Hi {name}")

    assert (made.rows, made.problems, str(made.summary)) == ((), (), "0 of 0 rows are ready.")
    assert made.ready.dtypes.equals(planned([ADA], body="Hi").ready.dtypes.drop("from_"))
    assert len(made.rejected) == 0


# --- frames, fingerprint, display ------------------------------------------------------------


def test_the_frames_are_typed_and_tell_where_each_row_is_from():
    made = planned(
        [{"to": "+1 415 555 2671", "name": "Ada"}, {"to": "x", "name": "=1"}], body="Hi {name}"
    )

    assert made.ready.to_dict("records") == [
        {
            "row": 0,
            "to": "+14155552671",
            "original": "+1 415 555 2671",
            "body": "Hi Ada",
            "segments": 1,
            "encoding": "GSM-7",
            "blame": None,
            "cost": Decimal("0.008300"),
            "notes": None,
            "from_": FROM,
        }
    ]
    assert made.rejected[["row", "column", "value", "kind"]].to_dict("records") == [
        {"row": 1, "column": "to", "value": "x", "kind": "recipient"}
    ]
    assert "'=" in planned([{"to": "=1+1"}]).rejected.to_csv()


def test_a_frame_that_is_changed_changes_nothing_in_the_plan():
    made = planned([ADA])
    frame = made.ready
    frame.loc[0, "to"] = "+1"

    assert made.ready["to"].tolist() == [ADA]


def test_the_fingerprint_covers_recipients_texts_and_order():
    same = planned([{"to": ADA}, {"to": BO}]).fingerprint

    assert planned([{"to": "+44 7911 123123"}, {"to": BO}]).fingerprint == same
    others = [
        planned([{"to": BO}, {"to": ADA}]),
        planned([{"to": ADA}]),
        planned([{"to": ADA}, {"to": CY}]),
        planned([{"to": ADA}, {"to": BO}], body="Ho"),
        planned([{"to": ADA}, {"to": BO}], from_="+15005550009"),
        planned([{"to": ADA}, {"to": BO}], validity_period=60),
        planned([{"to": "x"}, {"to": ADA}, {"to": BO}]),
    ]
    assert len({same, *(made.fingerprint for made in others)}) == len(others) + 1


HOSTILE = ["<img src=x onerror=alert(1)>", "$\\alert{1}$", "</td></table><script>", "\u202eolleH",
           "\x9b31m", "&lt;b&gt;", "\\(x\\)", '" onload="x']  # fmt: skip


class Texts(HTMLParser):
    """Collects the tags and the text of an HTML page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.texts = set(), ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        assert {name for name, _ in attrs} <= {"class", "style", "scope"}

    def handle_data(self, text):
        self.texts += text
        assert not ("$" in text and len(text) > 1), "a run of text that TeX could begin in"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_stays_text_in_the_picture(text):
    rows = [{"to": ADA, text: text, "x": text}, {"to": f"+1 {text}", text: text, "x": text}]
    made = planned(rows, columns={"body": "x"})

    for page in (plan_html(made), preview_html(made.preview())):
        assert Texts(page).tags <= {
            *("div", "strong", "table", "thead", "tbody", "tr", "th", "td", "span")
        }
        assert "\u202e" not in page
        assert "\x9b" not in page
    assert "\u202e" not in repr(made)
    assert "\x9b" not in repr(made)


def test_the_picture_is_small_masks_numbers_and_says_what_it_leaves_out():
    rows = [{"to": f"+4479111{n:05}"} for n in range(12_345)] + [{"to": "x"}] * 7
    made = planned(rows)

    page = Texts(plan_html(made))
    assert "showing 5 of 12,345 messages" in page.texts
    assert "showing 5 of 7 problems" in page.texts
    assert "+447911100000" not in plan_html(made) + repr(made) + repr(made.preview())
    assert len(plan_html(made)) < 10_000
    assert repr(made.preview(1)) == (
        "row 0 → +44 7••• ••• 000 (1 segment, GSM-7)\nHi\n\nshowing 1 of 12,345 messages"
    )
    assert repr(made.rows[0]) == (
        "PlannedRow(n=0, segments=1, encoding='GSM-7', blame=(), cost=None, notes=())"
    )


# --- the promise -----------------------------------------------------------------------------

CELLS = st.one_of(
    st.none(),
    st.sampled_from([ADA, BO, "07911 123123", 447911123123, 447911123123.0, "4.4E+11", "=1", "x"]),
    st.text(max_size=8),
    st.integers(-10, 10**15),
    st.floats(),
    st.booleans(),
    st.datetimes(),
)
ROWS = st.lists(st.fixed_dictionaries({"to": CELLS, "name": CELLS, "when": CELLS}), max_size=8)


@settings(deadline=None)
@given(ROWS, st.sampled_from(["reject", "allow"]), st.sampled_from([None, "GB", "US"]))
def test_every_row_is_in_exactly_one_of_ready_and_rejected_in_order(rows, duplicates, region):
    made = plan(
        rows if rows else "to,name,when\n",
        body="Hi {name}",
        messaging_service_sid=SERVICE,
        columns={"validity_period": "when"},
        duplicates=duplicates,
        region=region,
        opt_outs=[BO],
        now=NOW,
    )

    ready, rejected = [row.n for row in made.rows], [problem.n for problem in made.problems]
    assert sorted(ready) == ready
    assert sorted(rejected) == rejected
    assert sorted([*ready, *set(rejected)]) == list(range(len(rows)))
    assert (made.summary.ready, made.summary.rejected) == (len(ready), len(set(rejected)))
    for row in made.rows:
        assert row.form == form_of({"to": row.to, **row.parameters}, now=NOW)
        assert dict(row.form)["To"] == row.to
        assert row.to != BO
    assert made.ready["row"].tolist() == ready
    assert repr(made)
    assert plan_html(made)


def test_a_schedule_is_checked_against_the_present_given():
    rows = [{"to": ADA, "when": NOW + timedelta(hours=1)}, {"to": BO, "when": NOW}]

    made = planned(rows, columns={"send_at": "when"}, body="Hi", messaging_service_sid=SERVICE)

    assert [row.n for row in made.rows] == [0]
    assert made.problems[0].reason == "send_at is in the past."


def test_a_column_overrides_what_is_given_for_all_where_its_cell_is_not_empty():
    """A default and its exceptions, of any parameter; the template of a row's own text is idle."""
    rows = [
        {"to": ADA, "name": "Ada", "from": "", "text": None, "when": None},
        {"to": BO, "name": None, "from": "+15005550001", "text": "My own", "when": LATER},
    ]
    first = NOW + timedelta(hours=1)
    made = planned(
        rows,
        body="Hi {name}",
        from_=FROM,
        send_at=first,
        messaging_service_sid=SERVICE,
        columns={"from_": "from", "body": "text", "send_at": "when"},
    )
    sent = [[row.parameters[name] for name in ("from_", "body", "send_at")] for row in made.rows]
    assert sent == [[FROM, "Hi Ada", first], ["+15005550001", "My own", LATER]]
    assert made.sender is None


def test_a_default_time_that_has_passed_rejects_the_rows_it_is_for():
    rows = [{"to": ADA, "when": None}, {"to": BO, "when": LATER}]
    service = {"messaging_service_sid": SERVICE, "body": "Hi", "send_at": NOW}
    made = planned(rows, columns={"send_at": "when"}, **service)
    assert [row.n for row in made.rows] == [1]
    assert made.problems[0].reason == "send_at is in the past."


def test_every_row_names_the_characters_that_force_ucs2():
    rows = [{"to": ADA, "name": "Zoë"}, {"to": BO, "name": "Ada"}, {"to": CY, "name": "Y\u2028"}]
    made = planned(rows, body="Hi {name}", region="GB")
    assert made.ready["blame"].fillna("").tolist() == ["ë at 5", "", "\\u2028 at 4"]


def test_a_cell_with_half_a_surrogate_is_a_problem_of_its_row():
    made = planned([{"to": ADA, "name": "a\ud800"}, {"to": BO, "name": "b"}], body="{name}")

    assert [row.to for row in made.rows] == [BO]
    assert made.rejected["row"].tolist() == [0]


@pytest.mark.parametrize(
    ("cell", "kind"),
    [(["x"], "list"), (b"x", "bytes"), ({"a": 1}, "dict"), (("x",), "tuple"), ({1}, "set")],
)
@pytest.mark.parametrize("text", [{"body": "Hi {name}"}, {"columns": {"body": "name"}}])
def test_a_cell_with_several_values_is_not_text(cell, kind, text):
    made = planned([{"to": ADA, "name": cell}, {"to": BO, "name": "Bo"}], **text)
    assert [row.n for row in made.rows] == [1]
    assert made.problems[0].reason.endswith(f"is a {kind}, not a text or a number.")


@pytest.mark.parametrize("cell", [1e300, Decimal("1E+300")])
@pytest.mark.parametrize("text", [{"body": "Hi {name}"}, {"columns": {"body": "name"}}])
def test_a_number_that_would_fill_a_page_is_a_problem_of_its_row(cell, text):
    made = planned([{"to": ADA, "name": cell}], **text)
    assert "is a number with too many digits" in made.problems[0].reason


def test_a_cell_of_a_frame_may_be_an_array_and_is_a_problem_of_its_row():
    frame = pd.DataFrame({"to": [ADA, BO], "name": [np.array([1, 2]), "Bo"]})
    assert [row.n for row in planned(frame, body="Hi {name}").rows] == [1]

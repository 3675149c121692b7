"""One table, however it comes into a plan: the same texts leave, or the difference is said."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import date
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from twilio_widgets.bulk.planning.plan import Plan, plan
from twilio_widgets.bulk.planning.table import read_table
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.frames.safe_frame import SafeFrame
from twilio_widgets.panels.bulk.table_sources import file_source

FROM, ADA, BO = "+15005550006", "+14155550123", "+14155550124"


def planned(rows: object, body: str | None = "Hi {name}", **given: object) -> Plan:
    return plan(rows, body=body, **({"to": "phone", "from_": FROM} | given))


def bodies(made: Plan) -> list[str]:
    return [row.body for row in made.rows]


def reasons(made: Plan) -> list[str]:
    return [problem.reason for problem in made.problems]


def notes(made: Plan) -> list[tuple[str, ...]]:
    return [row.notes for row in made.rows]


def workbook(*rows: list[object]) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    return book


def content_of(book: openpyxl.Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def with_dimension(content: bytes, ref: str) -> bytes:
    """Return a workbook whose first sheet claims another size than it has."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name.endswith("sheet1.xml"):
                part = re.sub(rb'<dimension ref="[^"]*"', f'<dimension ref="{ref}"'.encode(), part)
            new.writestr(name, part)
    return changed.getvalue()


# --- every entrance --------------------------------------------------------------------------


def csv_text(frame: SafeFrame, **options: object) -> str:
    return str(frame.to_csv(index=False, **options))


def excel_bytes(frame: SafeFrame, folder: Path) -> bytes:
    frame.to_excel(folder / "rows.xlsx")
    return (folder / "rows.xlsx").read_bytes()


def csv_path(frame: SafeFrame, folder: Path) -> str:
    frame.to_csv(folder / "rows.csv", index=False)
    return str(folder / "rows.csv")


ENTRANCES = {
    "text": lambda frame, _: csv_text(frame),
    "text, ;": lambda frame, _: csv_text(frame, sep=";"),
    "text, tabs": lambda frame, _: csv_text(frame, sep="\t"),
    "text, sep=": lambda frame, _: "sep=|\r\n" + csv_text(frame, sep="|"),
    "bytes": lambda frame, _: csv_text(frame).encode(),
    "bytes, UTF-16": lambda frame, _: csv_text(frame).encode("utf-16"),
    "path": csv_path,
    "open file": lambda frame, _: io.StringIO(csv_text(frame), newline=""),
    "DictReader": lambda frame, _: csv.DictReader(io.StringIO(csv_text(frame), newline="")),
    "upload, CSV": lambda frame, _: file_source("x.csv", csv_text(frame).encode()).table(),
    "upload, Excel": lambda frame, at: file_source("x.xlsx", excel_bytes(frame, at)).table(),
    "workbook": excel_bytes,
    "list of mappings": lambda frame, _: frame.to_dict("records"),
    "iterator": lambda frame, _: iter(frame.to_dict("records")),
    "object": lambda frame, _: pd.DataFrame(frame).astype(object),
    "string": lambda frame, _: pd.DataFrame(frame).astype("string"),
    "string[python]": lambda frame, _: pd.DataFrame(frame).astype("string[python]"),
    "str": lambda frame, _: pd.DataFrame(frame).astype("str"),
    "category": lambda frame, _: pd.DataFrame(frame).astype("category"),
    "pyarrow": lambda frame, _: pd.DataFrame(frame).astype("string[pyarrow]"),
}

ODD = "=+-@'\"`,;|\t\r\n \\_x0D\x00\x0b\u2028\ufeff{}[]%$aé😀"
TEXTS = st.text(st.sampled_from(ODD)) | st.text()


@pytest.mark.parametrize("entrance", ENTRANCES)
@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(cells=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5))
@example(cells=[("- bring a towel; -- Ada", "\tTab")])
@example(cells=[("'", "''"), ("", "'=1"), ("x\r", "\r\n")])
@example(cells=[("_x000D_", " Ada\u00a0"), ("nan", "007")])
def test_the_same_texts_would_be_sent_from_every_entrance(entrance, cells, tmp_path_factory):
    rows = [{"phone": f"+1415555{n:04}", "name": a, "note": b} for n, (a, b) in enumerate(cells)]
    source = ENTRANCES[entrance](SafeFrame(rows), tmp_path_factory.mktemp("table"))

    table = read_table(source)

    for body in ("{name}", "Hi {name}: {note}"):
        wanted, made = planned(rows, body), planned(table, body)
        assert (bodies(made), reasons(made)) == (bodies(wanted), reasons(wanted))


@pytest.mark.parametrize("dialect", [{}, {"delimiter": ";"}, {"quoting": csv.QUOTE_ALL}], ids=str)
@settings(deadline=None, max_examples=60)
@given(cells=st.lists(TEXTS, min_size=1, max_size=5))
def test_a_text_of_anybodys_csv_file_is_sent_as_it_is_or_has_a_note(dialect, cells):
    rows = [[f"+1415555{n:04}", cell] for n, cell in enumerate(cells)]
    file = io.StringIO(newline="")
    csv.writer(file, **dialect).writerows([["phone", "name"], *rows])

    made = planned(file.getvalue(), "{name}")

    for row in made.rows:
        assert row.body == cells[row.n] or any("apostrophe" in note for note in row.notes)
    assert len(made.rows) + len(made.problems) == len(rows)


# --- workbooks -------------------------------------------------------------------------------


@pytest.mark.parametrize("ref", ["A1:B3", "A1", "B2:B2", "A1:Z99"])
def test_every_row_of_a_workbook_is_read_whatever_size_it_claims_to_have(ref):
    rows = [[f"+1415555012{n}", f"name {n}"] for n in range(5)]
    content = with_dimension(content_of(workbook(["phone", "name"], *rows)), ref)

    assert bodies(planned(content)) == [f"Hi name {n}" for n in range(5)]


def test_a_workbook_is_read_by_its_path_its_bytes_and_as_an_open_file(tmp_path):
    path = tmp_path / "people.data"
    path.write_bytes(content_of(workbook(["phone", "name"], [ADA, "Ada"])))

    for source in (path, str(path), path.read_bytes(), io.BytesIO(path.read_bytes())):
        assert bodies(planned(source)) == ["Hi Ada"]


@pytest.mark.parametrize(
    ("cell", "text"),
    [("A_x000D_B", "A\rB"), ("_x005F_x000D_", "_x000D_"), (3.0, "3"), (0.1 + 0.2, "0.3"),
     (19.99, "19.99"), (1e6, "1000000")],
)  # fmt: skip
def test_a_cell_of_a_workbook_is_sent_as_it_is_displayed(cell, text):
    content = content_of(workbook(["phone", "name"], [ADA, cell]))

    assert bodies(planned(content, "{name}")) == [text]


@pytest.mark.parametrize(
    ("cell", "number_format", "shown"),
    [
        (0.195, "0.0%", "a percentage"),
        (date(2026, 1, 5), "d mmmm yyyy", "a date in another format"),
        (date(2026, 1, 5), "yyyy-mm-dd", None),
        (0.195, "General", None),
        ("19.5 %", "0%", None),
    ],
)
def test_a_cell_that_a_workbook_shows_otherwise_has_a_note(cell, number_format, shown):
    book = workbook(["phone", "rate"], [ADA, cell])
    book.active["B2"].number_format = number_format
    note = f"The workbook shows rate as {shown}; the text contains the plain value."

    made = planned(content_of(book), "{rate}")

    assert notes(made) == [(note,) if shown else ()]


def test_a_row_that_a_workbook_hides_has_a_note():
    book = workbook(["phone", "name"], [ADA, "Ada"], [BO, "Bo"])
    book.active.row_dimensions[3].hidden = True

    made = planned(content_of(book))

    assert notes(made) == [(), ("This row is hidden in the workbook.",)]


def test_the_sheets_that_are_not_read_are_named_and_a_hidden_one_is_not_the_first():
    book = workbook(["phone", "name"], [ADA, "Ada"])
    book.create_sheet("Berlin")
    book.create_sheet("old", 0).sheet_state = "hidden"
    book.active = 1

    made = planned(content_of(book))

    assert bodies(made) == ["Hi Ada"]
    assert made.summary.warnings == (
        "The CSV given has other sheets, which were not read: 'old' and 'Berlin'.",
    )


def test_a_formula_without_a_result_is_not_an_empty_cell():
    """Else its message would leave without the picture."""
    content = content_of(workbook(["phone", "picture"], [ADA, '="https://e.example/a.jpg"']))

    made = planned(content, "Hi", columns={"media_url": "picture"})

    assert reasons(made) == [
        "media_url is a formula without a stored result: open the workbook in Excel and save it."
    ]


def test_two_columns_of_one_name_in_a_workbook_are_refused():
    with pytest.raises(ConfigurationError, match="Two columns have the name 'name'"):
        planned(content_of(workbook(["phone", "name", "name"], [ADA, "Ada", "Bo"])))


# --- cells that do not fit -------------------------------------------------------------------

SHIFTED = "phone,name,city\n+14155550123,Lovelace, Ada,London\n"
TOO_MANY = "It has 4 cells, but the header has 3: quote text with a comma in it."


@pytest.mark.parametrize(
    "source",
    [
        SHIFTED,
        csv.DictReader(io.StringIO(SHIFTED)),
        csv.DictReader(io.StringIO(SHIFTED), restkey="more", restval=""),
        list(csv.DictReader(io.StringIO(SHIFTED))),
        SHIFTED.replace("city", "city,"),
        content_of(workbook(["phone", "name", "city"], [ADA, "Lovelace", " Ada", "London"])),
    ],
    ids=["text", "DictReader", "restkey", "its rows", "a last name that is empty", "workbook"],
)
def test_a_row_with_more_cells_than_names_is_not_sent(source):
    assert reasons(planned(source, "Hi {name} of {city}")) == [TOO_MANY]


def test_the_unnamed_index_column_of_pandas_is_not_a_surplus_cell():
    made = planned(pd.DataFrame({"phone": [ADA], "name": ["Ada"]}).to_csv())

    assert bodies(made) == ["Hi Ada"]


def test_two_columns_of_one_name_under_a_dict_reader_are_refused():
    reader = csv.DictReader(io.StringIO(f"phone,name,name\n{ADA},Ada,Bo\n"))

    with pytest.raises(ConfigurationError, match="Two columns have the name 'name'"):
        planned(reader)


def test_rows_that_a_lenient_reader_may_have_joined_have_a_note():
    reader = csv.DictReader(io.StringIO(f'phone,name\n{ADA},"Ada\n{BO},Bo\n'))

    assert notes(planned(reader))[0][0] == (
        "name contains a line break: an unclosed quote may have joined rows."
    )


@pytest.mark.parametrize(
    "text",
    [
        "phone;name;note\r+14155550123;Ada;a, b, c, d, e\r",
        "sep=;\rphone;name;note\r+14155550123;Ada;a, b, c, d, e\r",
        '"the phone\nof, all";x;note\n+14155550123;Ada;"a, b, c, d, e"\n',
        "\n\nphone;name;note\n+14155550123;Ada;a, b, c, d, e\n",
        'phone; name; "note"\n+14155550123; Ada; "a, b, c, d, e"\n',
    ],
    ids=["CR", "sep= and CR", "a name of two lines", "empty lines first", "blanks"],
)
def test_the_delimiter_is_the_one_of_the_first_line(text):
    table = read_table(text)

    assert table.columns["note"] == ["a, b, c, d, e"]
    assert len(table.columns) == 3


def test_an_escaped_cell_is_sent_unescaped_with_a_note(tmp_path):
    made = planned([{"phone": ADA, "name": "x"}], "- bring a towel; -- Ada")
    made.ready.to_csv(tmp_path / "ready.csv")

    again = planned(tmp_path / "ready.csv", "{body}", to="to")

    assert bodies(again) == ["- bring a towel; -- Ada"]
    assert again.rows[0].notes[0] == ("An apostrophe that an export had added to body was removed.")


def test_an_escaped_text_in_a_frame_is_sent_as_it_is_with_a_note():
    made = planned(pd.DataFrame({"phone": [ADA], "name": ["'- Ada"]}), "{name}")

    assert bodies(made) == ["'- Ada"]
    assert notes(made) == [
        ("name has an apostrophe that an export may have added before a formula: plan from the "
         "file itself, or remove it.",)
    ]  # fmt: skip


# --- values ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([3, None], ["3"]),
        ([3.0, 2.5], ["3", "2.5"]),
        ([0.1 + 0.2, 3 * 1.1], ["0.3", "3.3"]),
        ([1e-17 / 3, 2**53 + 2.0], ["0.00000000000000000333333333333333", "9007199254740994"]),
        (np.array([19.99], "float32"), ["19.99"]),
        (np.array([19.98], "float16"), ["19.98"]),
        (pd.array([19.99, None], "Float32"), ["19.99"]),
        (pd.array([19.99, None], "float[pyarrow]"), ["19.99"]),
        (pd.array([3, None], "int64[pyarrow]"), ["3"]),
        (pd.arrays.SparseArray(np.array([19.99], "float32")), ["19.99"]),
        (pd.Series([np.float32(19.99), np.longdouble("2.5")], dtype=object), ["19.99", "2.5"]),
        (pd.Series([np.datetime64("2026-01-15T09:30", "ns")], dtype=object), ["2026-01-15 09:30"]),
        (pd.Series([True, pd.NA], dtype="boolean"), ["True"]),
    ],
    ids=str,
)
def test_a_number_of_a_frame_has_the_digits_that_are_displayed(values, texts):
    frame = pd.DataFrame({"phone": [ADA, BO][: len(values)], "name": values})

    assert bodies(planned(frame, "{name}")) == texts


def test_the_records_of_a_frame_are_read_like_the_frame():
    frame = pd.DataFrame({"phone": [ADA, BO], "owed": [3, None], "left": [2.0, 0.5]})

    for body in ("{owed}", "{left}"):
        records = planned(frame.to_dict("records"), body)
        assert bodies(records) == bodies(planned(frame, body))


@pytest.mark.parametrize(
    ("cell", "body", "note"),
    [
        (" Ada ", "Hi Ada!", ("Whitespace around name was removed.",)),
        ("Ada\u00a0", "Hi Ada!", ("Whitespace around name was removed.",)),
        ("Ada\u00a0L", "Hi Ada\u00a0L!",
         ("The text contains special spaces (U+00A0), which force UCS-2.",)),
        ("Zo\ufffd", "Hi Zo\ufffd!",
         ("The text contains U+FFFD, which replaces a character that was lost.",)),
    ],
)  # fmt: skip
def test_blanks_around_a_cell_are_left_out_and_odd_characters_noted(cell, body, note):
    made = planned([{"phone": ADA, "name": cell}], "Hi {name}!")

    assert (bodies(made), notes(made)) == ([body], [note])


def test_blanks_after_the_delimiters_are_no_part_of_the_cells():
    assert bodies(planned(f"phone, name\n{ADA}, Ada\n", "Hi {name}!")) == ["Hi Ada!"]


# --- templates of other tools ------------------------------------------------------------------

SENT = "body contains {}, which is sent as literal text: write {} to insert the column's value."


@pytest.mark.parametrize(
    ("body", "marks"),
    [
        ("Hi {{name}}", {"{{name}}": "{name}"}),
        ("Hi {{ first name }}", {"{{ first name }}": "{first name}"}),
        ("Hi [Name]", {"[Name]": "{name}"}),
        (
            "Hi [[name]] %name% %%name%%",
            dict.fromkeys(("[[name]]", "%name%", "%%name%%"), "{name}"),
        ),
        ("Hi <name>, *|NAME|*, «name»", dict.fromkeys(("<name>", "*|NAME|*", "«name»"), "{name}")),
        ("Hi $name, @name, $(name)", dict.fromkeys(("$name", "@name", "$(name)"), "{name}")),
        ("50% off [today], {{}} {name} 100%", {}),
        ("{name}: write to bo@name.test", {}),
    ],
)
def test_a_placeholder_of_another_tool_is_a_warning(body, marks):
    made = planned([{"phone": ADA, "name": "Ada"}], body)

    assert set(made.summary.warnings) == {SENT.format(*pair) for pair in marks.items()}


@pytest.mark.parametrize(("value", "warned"), [("Ada", True), (19.99, False), ("1,250.00", False)])
def test_a_dollar_sign_before_a_field_is_a_warning_unless_it_is_an_amount(value, warned):
    made = planned([{"phone": ADA, "name": value}], "Hi ${name}")

    assert made.summary.warnings == (
        (
            "body contains ${name}, which is sent with the dollar sign: write {name} for the value "
            "alone.",
        )
        if warned
        else ()
    )


@pytest.mark.parametrize(
    "name", ["Name:", "Hey!", "a:b", "!r", "{", "x}y", "{q}", "a{b}", "100 %", ":", "{name", "{0}"]
)
def test_any_name_of_a_column_can_stand_in_a_body(name):
    rows = [{"phone": ADA, name: "Ada", "x": "X"}]

    assert bodies(planned(rows, f"Hi {{{name}}} and {{x}}")) == ["Hi Ada and X"]
    assert bodies(planned(rows, f"Hi {{{name}:>5}}")) == ["Hi   Ada"]


def test_of_several_names_that_fit_the_longest_is_meant():
    rows = [{"phone": ADA, "when": "2026-01-15", "when:%d": "long"}]

    assert bodies(planned(rows, "{when:%d} {when:%m}")) == ["long 01"]

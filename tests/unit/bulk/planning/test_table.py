"""What a plan reads: frames, CSV files and mappings come out as the same plain columns."""

from __future__ import annotations

import io
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twilio_widgets.bulk.planning.csv_table import InputTable
from twilio_widgets.bulk.planning.table import read_table
from twilio_widgets.errors import ConfigurationError

EXPECTED = InputTable({"phone": ["+447911123123", "0791"], "name": ["Ada", None]}, 2)
CSV = "phone,name\n+447911123123,Ada\n0791,\n"

SOURCES = [
    CSV,
    CSV.encode(),
    b"\xef\xbb\xbf" + CSV.encode(),
    CSV.encode("utf-16"),
    bytearray(CSV.encode()),
    memoryview(CSV.encode()),
    CSV.replace("\n", "\r\n"),
    CSV.replace("\n", "\r"),
    CSV.replace(",", ";"),
    CSV.replace(",", "\t"),
    CSV.replace(",", "|"),
    CSV + "\n\n",
    'phone,"name"\n"+447911123123","Ada"\n"0791",\n',
    "phone,name\n+447911123123,Ada\n0791\n",
    "phone,name,\n+447911123123,Ada,\n0791,,\n",
    io.StringIO(CSV),
    io.BytesIO(CSV.encode()),
    [{"phone": "+447911123123", "name": "Ada"}, {"phone": "0791"}],
    ({"phone": p, "name": n} for p, n in [("+447911123123", "Ada"), ("0791", None)]),
    [{"phone": "+447911123123", "name": "Ada"}, {"phone": "0791", "name": float("nan")}],
    [{"phone": "+447911123123", "name": "Ada"}, {"phone": "0791", "name": pd.NA}],
    pd.DataFrame({"phone": ["+447911123123", "0791"], "name": ["Ada", None]}),
    pd.DataFrame({"phone": ["+447911123123", "0791"], "name": ["Ada", np.nan]}, dtype=object),
    pd.DataFrame({"phone": ["+447911123123", "0791"], "name": ["Ada", pd.NA]}, dtype="string"),
    pd.DataFrame({"phone": ["+447911123123", "0791"], "name": ["Ada", None]}, dtype="category"),
    pd.DataFrame({"phone": ["+447911123123", "0791"], "name": ["Ada", None]}, index=[9, 9]),
]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: type(source).__name__)
def test_the_same_rows_are_read_from_whatever_they_stand_in(source):
    assert read_table(source) == EXPECTED


def test_a_file_is_read_by_its_path(tmp_path):
    path = tmp_path / "people.csv"
    path.write_bytes(CSV.encode())

    assert read_table(path) == read_table(str(path)) == EXPECTED
    with path.open() as opened:
        assert read_table(opened) == EXPECTED


@pytest.mark.parametrize(
    ("values", "read"),
    [
        ([1, 2], [1, 2]),
        ([1.0, None], [1, None]),  # whole numbers that pandas had to keep as floats
        ([447911123123.0, None], [447911123123, None]),
        ([1.0, 2.5], [1, 2.5]),
        ([1.0, np.inf], [1, np.inf]),
        ([1e300, 1.0], [1e300, 1]),
        ([np.nan, np.nan], [None, None]),
        (pd.array([1, None], dtype="Int64"), [1, None]),
        (pd.array([1.0, None], dtype="Float64"), [1, None]),
        (pd.array([True, None], dtype="boolean"), [True, None]),
        (pd.Series([np.int64(3), np.float64(2.5)], dtype=object), [3, 2.5]),
        (pd.Series([Decimal("1.50"), Decimal("NaN")], dtype=object), [Decimal("1.50"), None]),
        (pd.to_datetime(["2026-01-15T10:00Z", None]), [pd.Timestamp("2026-01-15T10:00Z"), None]),
    ],
    ids=str,
)
def test_numbers_are_read_as_they_were_meant(values, read):
    found = read_table(pd.DataFrame({"x": values})).columns["x"]

    assert found == read
    assert [type(value) for value in found] == [type(value) for value in read]


def test_a_row_with_too_many_cells_is_damaged_and_the_others_are_not():
    table = read_table("to,body\n+1,Hi, Ada\n+2,Hi\n")

    assert table == InputTable(
        {"to": ["+1", "+2"], "body": ["Hi", "Hi"]},
        2,
        {0: "It has 3 cells, but the header has 2: quote text with a comma in it."},
    )


def test_a_text_may_have_lines_and_quotes():
    assert read_table('to,body\n+1,"Hi,\n""Ada"""\n').columns["body"] == ['Hi,\n"Ada"']


def closed() -> io.StringIO:
    file = io.StringIO("to\n")
    file.close()
    return file


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (None, "NoneType is not a table. Give a DataFrame"),
        ({"phone": ["+1"]}, "dict is not a table. Give a DataFrame"),
        (5, "int is not a table. Give a DataFrame"),
        (["+15005550006"], "Row 0 is a str. Give a DataFrame"),
        (b"", "The CSV given is empty: its first row must name the columns."),
        (b"PK\x03\x04rest", "The CSV given cannot be read as an Excel workbook (.xlsx)."),
        (b"name\nJos\xe9\n", "The CSV given is not valid UTF-8 (byte 8)."),
        ("no-such-file.csv", "no-such-file.csv cannot be read: No such file or directory."),
        ("a,a\n1,2\n", "Two columns have the name 'a'. Rename one of them."),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "Two columns have the name 'a'."),
        (pd.DataFrame([[1, 2]], columns=["1", 1]), "Two columns have the name '1'."),
        ("x\n" + "y" * 200_000 + "\n", "The CSV given cannot be read as a CSV file"),
        ('to,x\n+1,"a\n+2,b\n', "The CSV given cannot be read as a CSV file: unexpected end"),
        (closed(), "The CSV given cannot be read: I/O operation on closed file"),
        (
            io.TextIOWrapper(io.BytesIO(b"x\nJos\xe9\n"), "utf-8"),
            "The CSV given cannot be read: 'utf-8'",
        ),
    ],
    ids=range(15),
)
def test_an_invalid_table_is_refused_with_a_sentence(source, message):
    with pytest.raises(ConfigurationError) as refused:
        read_table(source)

    assert str(refused.value).startswith(message)


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1)), min_size=1, max_size=5))
def test_a_csv_file_of_pandas_is_read_unchanged(rows):
    frame = pd.DataFrame(rows, columns=["a", "b"])
    plain = all("\r" not in cell and cell.isprintable() for row in rows for cell in row)
    if not plain:
        return

    read = read_table(frame.to_csv(index=False))

    assert list(zip(read.columns["a"], read.columns["b"], strict=True)) == rows


@pytest.mark.parametrize("line", ["sep=;\r\n", "SEP=;\n", '\ufeff"sep=;"\n'])
def test_a_first_line_that_names_what_parts_the_cells_is_not_the_headline(line):
    table = read_table(f"{line}phone;name\n+14155550101;Ada, B\n")
    assert dict(table.columns) == {"phone": ["+14155550101"], "name": ["Ada, B"]}

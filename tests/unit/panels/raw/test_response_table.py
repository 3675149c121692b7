"""A page of a list as rows of the table: its times and numbers sort by value."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from twilio_widgets.panels.raw.response_table import page_table, table_of


def column(values: list[object], name: str) -> tuple[str, list[object]]:
    """Return the kind of a column of one page, and its values."""
    columns, rows = page_table([{name: value} for value in values], lambda _name: False)
    return columns[0].kind, [row[name] for row in rows]


def test_the_dates_of_a_page_are_times_in_full() -> None:
    texts: list[object] = ["Fri, 27 Nov 2026 17:02:03 +0000", None]

    assert column(texts, "date_sent") == (
        "time",
        [datetime(2026, 11, 27, 17, 2, 3, tzinfo=UTC), None],
    )


def test_the_dates_of_the_newer_apis_are_times_too() -> None:
    texts: list[object] = ["2026-11-27T17:02:03Z", None]

    assert column(texts, "date_generated") == (
        "time",
        [datetime(2026, 11, 27, 17, 2, 3, tzinfo=UTC), None],
    )


def test_a_page_of_the_newer_apis_is_a_table() -> None:
    rows = [{"sid": "MG1"}]
    page = {"services": rows, "meta": {"key": "services", "page": 0}}
    assert table_of(page) == rows
    assert table_of({"services": rows, "meta": {"key": "other"}}) is None
    assert table_of({"services": rows, "meta": {}}) is None


@pytest.mark.parametrize(
    "values",
    [
        ["2026-11-27"],
        ["Fri, 27 Nov 2026 17:02:03 +0000", "soon"],
        ["Fri, 27 Nov 2026 17:02:03 +0000", 5],
        ["Fri, 27 Nov 2026 17:02:03 -0000"],
        [None],
    ],
)
def test_a_date_column_with_another_value_in_it_stays_text(values: list[object]) -> None:
    assert column(values, "date_sent") == ("text", values)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("price", ["-0.00830", None, "0.5"]),
        ("num_segments", ["1", "10"]),
        ("error_code", [30006, None]),
    ],
)
def test_numbers_sort_by_value_and_are_shown_as_twilio_wrote_them(
    name: str, values: list[object]
) -> None:
    assert column(values, name) == ("number", values)


@pytest.mark.parametrize(
    ("name", "value"),
    [("price", "free"), ("postal_code", "02134"), ("beta", True), ("price", None)],
)
def test_other_values_stay_text(name: str, value: Any) -> None:
    assert column([value], name) == ("text", [value])


def test_a_number_to_call_stays_a_phone_number() -> None:
    assert column(["12345"], "from") == ("phone", ["12345"])

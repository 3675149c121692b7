"""A body with columns in it: what it takes, what it writes, and that it evaluates nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twilio_widgets.bulk.planning.template import Unfillable, template_of
from twilio_widgets.bulk.planning.values import edged, unusable
from twilio_widgets.errors import ConfigurationError

ROW = {
    "name": "Ada",
    "First name": "Bo",
    "a.b": "dot",
    "n": 3,
    "amount": 1234.5,
    "price": Decimal("1E+3"),
    "text_amount": " 12.5 ",
    "when": datetime(2026, 1, 15, 9, 30, tzinfo=UTC),
    "day": date(2026, 1, 15),
    "at": time(9, 5),
    "text_when": "2026-01-15T09:30",
    "evil": "{name} {0} %s ${name}",
    "yes": True,
    "0": "zero",
    "sum": 0.1 + 0.2,
    "small": 1e-7,
    "midnight": datetime(2026, 1, 15),  # noqa: DTZ001
    "second": datetime(2026, 1, 15, 9, 30, 5),  # noqa: DTZ001
    "stamp": pd.Timestamp("2026-01-15 09:30"),
}

WRITTEN = [
    ("{sum}", "0.3"),
    ("{sum:.2f}", "0.30"),
    ("{small}", "0.0000001"),
    ("{when}", "2026-01-15 09:30+00:00"),
    ("{midnight}", "2026-01-15"),
    ("{second}", "2026-01-15 09:30:05"),
    ("{stamp}", "2026-01-15 09:30"),
    ("", ""),
    ("Hi", "Hi"),
    ("Hi {name}", "Hi Ada"),
    ("{name}{name}", "AdaAda"),
    ("{First name}", "Bo"),
    ("{a.b}", "dot"),
    ("{0}", "zero"),
    ("{{name}}", "{name}"),
    ("{{{name}}}", "{Ada}"),
    ("{{}}", "{}"),
    ("{n}", "3"),
    ("{n:03d}", "003"),
    ("{n:+d}", "+3"),
    ("{amount}", "1234.5"),
    ("{amount:.2f}", "1234.50"),
    ("{amount:,.2f}", "1,234.50"),
    ("{amount:_.0f}", "1_234"),
    ("{price}", "1000"),
    ("{price:.2f}", "1000.00"),
    ("{text_amount:.2f}", "12.50"),
    ("{text_amount}", " 12.5 "),
    ("<{text_amount}>", "<12.5>"),
    ("{n:.0%}", "300%"),
    ("{name:>5}|", "  Ada|"),
    ("{name:*^7}", "**Ada**"),
    ("{name:.1}", "A"),
    ("{when:%d.%m.%Y %H:%M}", "15.01.2026 09:30"),
    ("{text_when:%d %B}", "15 January"),
    ("{day:%A}", "Thursday"),
    ("{at:%H.%M}", "09.05"),
    ("{yes}", "True"),
    ("{evil}", "{name} {0} %s ${name}"),
    ("100 % {name}", "100 % Ada"),
]

HAS = "It has 'name', 'n'."

REFUSED = [
    ("{nam}", f"body uses 'nam' (did you mean 'name'?), but the table has no such column. {HAS}"),
    ("{Name}", f"body uses 'Name' (did you mean 'name'?), but the table has no such column. {HAS}"),
    ("{x} {y}", f"body uses 'x' and 'y', but the table has no such column. {HAS}"),
    (
        "{name.__class__.__mro__}",
        "body uses 'name.__class__.__mro__', but the table has no such column. "
        f"A field must be exactly a column's name. {HAS}",
    ),
    (
        "{name[0]}",
        "body uses 'name[0]' (did you mean 'name'?), but the table has no such column. "
        f"A field must be exactly a column's name. {HAS}",
    ),
    ("{name!r}", "body contains {name!r}: remove !r."),
    ("{}", "body contains {}, which names no column. Write {{}} for two literal braces."),
    (
        "{",
        "body has an unmatched brace (Single '{' encountered in format string). "
        "Write {{ or }} for a literal brace.",
    ),
    (
        "a } b",
        "body has an unmatched brace (Single '}' encountered in format string). "
        "Write {{ or }} for a literal brace.",
    ),
]


@pytest.mark.parametrize(("text", "written"), WRITTEN)
def test_a_template_is_filled_from_a_row(text, written):
    assert template_of(text, ROW).fill(ROW.__getitem__) == written


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_a_template_that_cannot_be_right_is_refused_with_a_sentence(text, message):
    with pytest.raises(ConfigurationError) as refused:
        template_of(text, {"name": [], "n": []})

    assert (str(refused.value), refused.value.field) == (message, "body")


@pytest.mark.parametrize(
    "spec",
    ["{n}", "9999999", ".999f", "%1000000d", "x", "c", "n", "#x", "0>9999", "%d" * 31, "!r"],
)
def test_a_format_that_could_do_more_than_write_a_value_is_refused(spec):
    with pytest.raises(ConfigurationError):
        template_of(f"{{name:{spec}}}", {"name": [], "n": []})


EMPTY = "x is empty in this row, but the text needs it. Fill the column first."


@pytest.mark.parametrize(
    ("value", "spec", "message"),
    [
        (None, "", EMPTY),
        ("", "", EMPTY),
        ("  ", "", EMPTY),
        ("nan", "", EMPTY),
        ("NaN", "", EMPTY),
        ("NaT", "", EMPTY),
        ("<NA>", "", EMPTY),
        ("None", "", EMPTY),
        (float("nan"), "", EMPTY),
        (Decimal("NaN"), "", EMPTY),
        (float("inf"), "", "x is infinite."),
        ("#REF!", "", "x is #REF!, a spreadsheet error."),
        (" #N/A ", "", "x is #N/A, a spreadsheet error."),
        ("abc", ":.2f", "x does not fit the format '.2f'."),
        ("inf", ":.2f", "x does not fit the format '.2f'."),
        ("1e999999999", ":.2f", "x does not fit the format '.2f'."),
        (1.5, ":d", "x does not fit the format 'd'."),
        ("soon", ":%d %B", "x does not fit the format '%d %B'."),
        (3, ":%d %B", "x does not fit the format '%d %B'."),
        (Decimal("1E+999999"), "", "x is a number with too many digits."),
        pytest.param(
            10**5000, "", "x is a number with too many digits.", id="an int of 5,001 digits"
        ),
    ],
)
def test_a_value_that_is_missing_or_no_fit_names_its_column(value, spec, message):
    with pytest.raises(Unfillable) as found:
        template_of(f"{{x{spec}}}", {"x": []}).fill(lambda _: value)

    assert (str(found.value), found.value.column) == (message, "x")


@pytest.mark.parametrize("name", ["Nan", "Null", "NA", "none", "0", "-"])
def test_people_may_be_called_almost_like_nothing(name):
    assert template_of("{x}", {"x": []}).fill(lambda _: name) == name


class Watched(str):
    """A text that notices when somebody looks into it."""

    __slots__ = ()

    def __getattribute__(self, name: str) -> object:
        assert name not in {"secret", "__class_getitem__", "format", "format_map"}
        return super().__getattribute__(name)


@settings(deadline=None)
@given(st.text(max_size=40), st.text(min_size=1, max_size=40))
def test_a_template_is_read_or_refused_and_a_value_never_becomes_one(text, value):
    try:
        template = template_of(text, {"x": []})
    except ConfigurationError:
        return
    try:
        written = template.fill(lambda _: Watched(value))
    except Unfillable:
        return
    assert template.columns or written == text.replace("{{", "{").replace("}}", "}")


@settings(deadline=None)
@given(st.text(min_size=1, max_size=40).filter(lambda text: not unusable(text)))
def test_the_content_of_a_cell_is_written_unchanged(value):
    assert template_of("{x}", {"x": []}).fill(lambda _: value) == value
    assert template_of("<{x}>", {"x": []}).fill(lambda _: value) == f"<{edged(value)}>"

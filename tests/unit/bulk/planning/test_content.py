"""A plan with a content template: its variables are checked once, and its text is counted."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

import twilio_widgets as tw
from twilio_widgets.core.templates.template import ContentTemplate
from twilio_widgets.errors import ConfigurationError, InvalidMessage

SID = "HX" + "1" * 32
TEMPLATE = ContentTemplate.from_api(
    {
        "sid": SID,
        "friendly_name": "visit",
        "language": "en",
        "variables": {},
        "types": {"twilio/text": {"body": "Hi {{name}}, see you at {{time}}."}},
    }
)
ROWS = [{"to": "+14155550123", "who": "Ada"}, {"to": "+14155550124", "who": "Zoë 🎉" * 20}]


def planned(**more: Any) -> tw.Plan:
    variables = {"name": "{who}", "time": "9:30"}
    options = {"template": TEMPLATE, "content_variables": variables} | more
    return tw.plan(ROWS, from_="+15005550006", **options)


def test_the_text_of_each_row_is_counted_and_priced() -> None:
    made = planned()

    assert [row.segments for row in made.rows] == [1, 3]
    assert [row.encoding for row in made.rows] == ["GSM-7", "UCS-2"]
    assert made.summary.cost.amount == Decimal("0.0083") * 4
    assert made.rows[0].parameters == {
        "from_": "+15005550006",
        "content_sid": SID,
        "content_variables": {"name": "Ada", "time": "9:30"},
    }


def test_without_the_template_only_its_sid_is_known() -> None:
    made = planned(template=None, content_sid=SID)

    assert [(row.segments, row.encoding) for row in made.rows] == [(1, None), (1, None)]


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"name": "{who}"}, "also needs 'time'"),
        ({"name": "{who}", "tim": "9"}, "has no variable 'tim'. Did you mean 'time'?"),
        (None, "also needs 'name', 'time'"),
    ],
)
def test_a_missing_or_unknown_variable_is_an_error_of_the_whole_plan(
    variables: dict[str, str] | None, message: str
) -> None:
    with pytest.raises(InvalidMessage, match=message):
        planned(content_variables=variables)


@pytest.mark.parametrize(
    "other", [{"body": "Hi"}, {"content_sid": SID}, {"columns": {"body": "who"}}]
)
def test_a_template_is_the_whole_message(other: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="Give either template= or"):
        planned(**other)

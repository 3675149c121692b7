"""A template's variables are complete and valid by construction; its preview is what is sent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from twilio_widgets.core.message.parameters import form_of
from twilio_widgets.core.templates.template import Approval, ContentTemplate
from twilio_widgets.errors import BadResponse, InvalidMessage

SID = "HX" + "1" * 32


def template(body: str = "Hi {{1}}, {{name}}: {{ 2 }}", **more: Any) -> ContentTemplate:
    payload = {
        "sid": SID,
        "friendly_name": "order",
        "language": "en",
        "variables": {"1": "Ada"},
        "types": {"twilio/text": {"body": body}},
    }
    return ContentTemplate.from_api(payload | more)


def test_placeholders_are_numbers_in_order_then_names_from_every_type_at_any_depth() -> None:
    types = {
        "twilio/card": {"title": "{{10}} {{name}}", "actions": [{"url": "https://x.test/{{2}}"}]},
        "twilio/text": {"body": "{{1}}"},
    }
    assert template(types=types).placeholders == ("1", "2", "10", "name")


def test_a_draft_is_rendered_with_its_placeholders() -> None:
    assert template().render({"1": "Bo"}, name=3) == "Hi Bo, 3: {{ 2 }}"


def test_values_are_inserted_once_and_never_read_as_placeholders() -> None:
    assert template().render({"1": "{{2}}", "2": "x"}, name="n") == "Hi {{2}}, n: x"


def test_filling_returns_texts_in_the_order_of_the_template() -> None:
    filled = template().fill({"2": Decimal("19.90"), "1": 7}, name="Ada")

    assert filled == {"1": "7", "2": "19.90", "name": "Ada"}
    form_of(
        {"to": "+14155550123", "from_": "+15005550006", "content_sid": SID,
         "content_variables": filled},
        now=None,  # type: ignore[arg-type]  # nothing is scheduled
    )  # fmt: skip


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"1": "a", "2": "b"}, "also needs 'name'"),
        ({"1": "a", "2": "b", "nam": "c"}, "has no variable 'nam'. Did you mean 'name'?"),
        ({"1": "a", "2": "b", "name": ""}, "no value for 'name'"),
        ({"1": "a", "2": "b", "name": None}, "no value for 'name'"),
        ({"1": "a", "2": "b", "name": "x\ny"}, "a line break or a tab"),
        ({"1": "a", "2": "b", "name": "x\ty"}, "a line break or a tab"),
        ({"1": "a", "2": "b", "name": "x     y"}, "more than four consecutive spaces"),
        ({"1": "a", "2": "b", "name": "x" * 1601}, "1,601 characters"),
        ({"1": "a", "2": "b", "name": True}, "must be text or a number, not bool"),
        ({"1": "a", "2": "b", "name": float("nan")}, "must be text or a number, not float"),
    ],
)
def test_a_value_that_twilio_refuses_is_refused_here(
    values: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidMessage, match=message) as caught:
        template().fill(values)
    assert caught.value.field == "content_variables"


@pytest.mark.parametrize(
    "variables",
    [
        '{"1": NaN}',
        '{"1": Infinity}',
        "null",
        "[1]",
        "",
        '{"1": true}',
        '{"1": {"a": "b"}}',
        '{"1": ["a"]}',
        '{"1": "\\ud800"}',
        {"1": "\ud800"},
        {"1": True},
        {"1": ["a"]},
        {"1": b"a"},
        {"1": float("inf")},
        {None: "a"},
        {True: "a"},
        [("1", "a")],
    ],
)
def test_variables_that_are_no_object_of_texts_are_refused(variables: Any) -> None:
    given = {"to": "+14155550123", "from_": "+15005550006", "content_sid": SID}
    with pytest.raises(InvalidMessage) as caught:
        form_of(given | {"content_variables": variables}, now=None)  # type: ignore[arg-type]  # nothing is scheduled
    assert caught.value.field == "content_variables"


@pytest.mark.parametrize(
    ("variables", "sent"),
    [
        ({"1": 7, 2: Decimal("19.90")}, '{"1":"7","2":"19.90"}'),
        ({"1": '{{2}} "é" \\ 😀'}, r'{"1":"{{2}} \"é\" \\ 😀"}'),
        ('{"1": 7}', '{"1": 7}'),
        ({}, "{}"),
    ],
)
def test_variables_are_sent_as_an_object_of_texts(variables: Any, sent: str) -> None:
    given = {"to": "+14155550123", "from_": "+15005550006", "content_sid": SID}
    form = form_of(given | {"content_variables": variables}, now=None)  # type: ignore[arg-type]  # nothing is scheduled
    assert dict(form)["ContentVariables"] == sent


@pytest.mark.parametrize("value", ["a\nb", "a     b", "x" * 1601])
def test_send_refuses_the_same_values_without_a_template(value: str) -> None:
    given = {"to": "+14155550123", "from_": "+15005550006", "content_sid": SID}
    with pytest.raises(InvalidMessage) as caught:
        form_of(given | {"content_variables": {"1": value}}, now=None)  # type: ignore[arg-type]  # nothing is scheduled
    assert caught.value.field == "content_variables"


def test_the_approval_of_a_template_that_was_never_submitted_is_unsubmitted() -> None:
    assert template().approval == Approval(status="unsubmitted", category="", rejection_reason="")


def test_a_response_that_is_not_a_template_is_refused() -> None:
    with pytest.raises(BadResponse):
        ContentTemplate.from_api({"sid": SID})

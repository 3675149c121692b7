"""A press acts on exactly what the page showed, however busy, slow or far away the kernel is.

A card may refuse and say so; it may not act on anything else, and it may not do nothing. What was
sent is read from a sandbox outside the kernel. A form of plain ipywidgets, whose text may arrive
after the press, shows that these tests see the fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser import pressed_forms as forms
from tests.browser.press_desk import (
    BUSY_CELL,
    CONDITIONS,
    FAR_AWAY,
    FORMS,
    LONGEST,
    MANY,
    SOME,
    Condition,
    times_of,
)

if TYPE_CHECKING:
    from tests.browser.press_desk import Desk, Judge
    from tests.browser.pressed_forms import Form

pytestmark = pytest.mark.browser


@pytest.mark.timeout(LONGEST)
def test_the_values_that_the_page_showed_are_sent(desk: Desk, judge: Judge) -> None:
    desk.open()
    sample = [
        (form, condition)
        for condition in (BUSY_CELL, FAR_AWAY)
        for form in (forms.SEND, forms.BULK)
    ]

    plain = judge("plain", desk.press(forms.PLAIN, BUSY_CELL, 1))
    wrong = {
        f"{form}, {condition}": judge(f"{form}, {condition}", desk.press(form, condition, 1))
        for form, condition in sample
    }
    assert plain != [], "a form of plain ipywidgets no longer shows the fault"
    assert {name: outcomes for name, outcomes in wrong.items() if outcomes} == {}


@pytest.mark.long
@pytest.mark.timeout(LONGEST)
@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("condition", CONDITIONS, ids=str)
def test_no_control_is_overtaken_by_its_press(
    desk: Desk, judge: Judge, condition: Condition, form: Form
) -> None:
    desk.open(condition.before)

    outcomes = desk.press(form, condition, times_of(form))
    assert judge(form.name, outcomes) == []


@pytest.mark.long
@pytest.mark.timeout(LONGEST)
def test_a_message_that_can_be_undone_is_sent_as_shown(desk: Desk, judge: Judge) -> None:
    desk.open()

    outcomes = desk.press(forms.SEND_WITH_UNDO, BUSY_CELL, SOME)
    assert judge("busy-cell", outcomes) == []


@pytest.mark.long
@pytest.mark.timeout(LONGEST)
@pytest.mark.parametrize("condition", [BUSY_CELL, FAR_AWAY], ids=str)
def test_the_fault_is_seen_in_a_form_of_plain_ipywidgets(
    desk: Desk, judge: Judge, condition: Condition
) -> None:
    """While the cell runs, each form is new: its first use is part of that condition."""
    desk.open()

    assert judge("plain", desk.press(forms.PLAIN, condition, MANY)) != []

"""A press acts on what the page showed also elsewhere: beside another view, after a reload, in
Voilà, and in an older kernel."""

from __future__ import annotations

import importlib.util
from functools import partial
from typing import TYPE_CHECKING

import nbformat
import pytest

from tests.browser import pressed_forms as forms
from tests.browser.harness import PATIENCE, Notebook, Watch
from tests.browser.older_kernel import add_older_kernel
from tests.browser.press_desk import BUSY_CELL, LONGEST, MANY, SOME, matrix
from tests.browser.press_trials import press_once
from tests.browser.pressing import Pace
from tests.tools import without

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.browser.press_desk import Desk, Judge
    from tests.browser.pressed_forms import Form
    from tests.browser.pressing import Person

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(LONGEST)]

WORK_BUTTON = """\
button = ipywidgets.Button(description="Work")
button.on_click(lambda _: work())
button"""


def test_no_control_is_overtaken_by_its_press_in_an_older_kernel(
    desk: Desk, judge: Judge, tmp_path: Path
) -> None:
    """Before ipykernel 7 a page's messages all wait for the cell that runs."""
    add_older_kernel(desk.notebook.lab, tmp_path)
    desk.open(kernel="older")
    assert desk.notebook.execute("import ipykernel; print(ipykernel.__version__)") == "6.31.0\n"

    assert matrix(desk, judge, BUSY_CELL) == {}


@pytest.mark.parametrize("form", [forms.SEND, forms.BULK], ids=str)
def test_a_press_sends_what_its_own_view_showed(
    desk: Desk, judge: Judge, chromium: Browser, form: Form
) -> None:
    """Two pages show one panel, and in both somebody types into one field at once."""
    desk.open()
    with chromium.new_context() as context:
        page = context.new_page()
        desk.prepare(page)
        view = Notebook(desk.notebook.lab, page, Watch.over(page), "")
        view.path = desk.notebook.path
        outcomes = []
        for number in range(1, MANY + 1):
            if number == 1 or not form.again:
                mine = desk.show(form, Pace())
                desk.notebook.save()
                view.visit()
                theirs = desk.person(Pace(), page)
            fill = partial(_type_in_both, form=form, number=number, other=theirs)
            outcomes.append(press_once(form, mine, desk.account, fill))

    assert judge(form.name, outcomes) == []


def _type_in_both(person: Person, form: Form, number: int, other: Person) -> None:
    for one in (other, person):
        one.card.get_by_label("Message", exact=True).click()
        one.page.keyboard.press("Control+A")
    mine, theirs = f"Table {number} at 8.", f"Not this {number}, never!"  # no braces to mix up
    for index in range(max(len(mine), len(theirs))):
        other.type(theirs[index : index + 1])
        person.type(mine[index : index + 1])
    person.press(form.button)


@pytest.mark.parametrize("form", [forms.SEND, forms.BULK], ids=str)
def test_a_page_loaded_again_in_the_middle_of_a_text_sends_what_it_shows(
    desk: Desk, judge: Judge, form: Form
) -> None:
    desk.open()
    outcomes = []
    for number in range(1, MANY + 1):
        if number == 1 or not form.again:
            person = desk.show(form, Pace())
            desk.notebook.save()
        fill = partial(_type_across_a_reload, form=form, number=number, notebook=desk.notebook)
        outcomes.append(press_once(form, person, desk.account, fill))

    assert judge(form.name, outcomes) == []


def _type_across_a_reload(person: Person, form: Form, number: int, notebook: Notebook) -> None:
    text = form.text.replace("#", str(number))
    person.write("Message", text[:6])
    notebook.visit()
    person.card.get_by_label("Message", exact=True).click()
    notebook.press("Control+End")
    person.type(text[6:])
    person.press(form.button)


@pytest.mark.parametrize("form", [forms.SEND, forms.BULK], ids=str)
def test_no_text_is_overtaken_by_its_press_in_voila(desk: Desk, judge: Judge, form: Form) -> None:
    """The kernel is busy with another widget's callback; each form is new."""
    if importlib.util.find_spec("voila") is None:
        without("voila", consequence="nothing was pressed in it")
    page, path = desk.notebook.page, desk.notebook.path
    desk.prepare(page)
    document = nbformat.v4.new_notebook()
    document.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    document.cells = [
        nbformat.v4.new_code_cell(source)
        for source in (desk.begin, WORK_BUTTON, f"display(*({form.make} for _ in range({SOME})))")
    ]
    nbformat.write(document, path)
    outcomes = []
    for number in range(MANY):
        card = number % SOME
        if card == 0:
            address = f"{desk.wire.url}/voila/render/{path.name}"
            page.goto(f"{address}?token={desk.notebook.lab.token}", timeout=PATIENCE)
        person = desk.person(Pace(), card=card)
        work = page.get_by_role("button", name="Work", exact=True).click
        fill = partial(form.fill, number=number)
        outcomes.append(press_once(form, person, desk.account, fill, desk.working(work)))
    desk.notebook.watch.external.clear()  # Voilà's own page asks for fonts and MathJax

    assert judge(form.name, outcomes) == []

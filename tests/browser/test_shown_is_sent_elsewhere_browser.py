"""A press acts on what the page showed also elsewhere: beside another view, after a reload, in
Voilà, in an older kernel, and however the text is entered."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser import pressed_forms as forms
from tests.browser.harness import KERNEL_ENDED, PATIENCE, Notebook, Watch
from tests.browser.older_kernel import add_older_kernel
from tests.browser.press_desk import BUSY_CELL, FORMS, LONGEST, MANY, SOME, times_of
from tests.browser.press_trials import press_once
from tests.browser.pressing import Pace
from tests.browser.ways_to_type import WAYS
from tests.tools import without

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser

    from tests.browser.press_desk import Desk, Judge
    from tests.browser.pressed_forms import Form
    from tests.browser.pressing import Person
    from tests.browser.server import JupyterLab

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(LONGEST)]

WORK_BUTTON = """\
button = ipywidgets.Button(description="Work")
button.on_click(lambda _: work())
button"""


@pytest.fixture(scope="module")
def older_kernel(lab: JupyterLab, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Offer a kernel of an older ipykernel, installed in a folder of its own; return its name."""
    return add_older_kernel(lab, tmp_path_factory.mktemp("older"))


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_no_control_is_overtaken_by_its_press_in_an_older_kernel(
    desk: Desk, judge: Judge, older_kernel: str, form: Form
) -> None:
    """Before ipykernel 7 a page's messages all wait for the cell that runs."""
    desk.open(kernel=older_kernel)
    assert desk.notebook.execute("import ipykernel; print(ipykernel.__version__)") == "6.31.0\n"

    outcomes = desk.press(form, BUSY_CELL, times_of(form))
    assert judge(form.name, outcomes) == []


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_no_text_is_overtaken_however_it_is_entered(
    desk: Desk, judge: Judge, way: Callable[[Person, str, str], None]
) -> None:
    desk.open()

    def fill(person: Person, number: int) -> None:
        way(person, forms.SEND.text.replace("#", str(number)), forms.SEND.button)

    form = replace(forms.SEND, fill=fill)
    outcomes = desk.press(form, BUSY_CELL, SOME)
    assert judge(form.name, outcomes) == []
    assert {outcome.kind for outcome in outcomes} == {"as shown"}


def test_a_card_whose_kernel_died_after_the_press_does_not_say_that_it_sent(desk: Desk) -> None:
    desk.open()
    person = desk.show(forms.SEND, Pace())
    desk.account.delay = 5.0  # Twilio has not answered when the kernel dies
    forms.SEND.fill(person, 1)
    expect(person.card.get_by_role("button", name="Sending…")).to_be_visible()
    os.kill(int(desk.notebook.execute("os.getpid()")), signal.SIGKILL)

    content = "(card) => getComputedStyle(card, '::before').content"
    expect(person.card).to_have_class(re.compile("jupyter-widgets-disconnected"))
    assert person.card.evaluate(content) == f'"{KERNEL_ENDED}"'
    assert not re.search("Sent to|Delivered|queued", person.card.inner_text())


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

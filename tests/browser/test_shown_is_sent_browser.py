"""A press acts on exactly what the page showed, however busy, slow or far away the kernel is.

A card may refuse and say so; it may not act on anything else, and it may not do nothing. What was
sent is read from a sandbox outside the kernel. A form of plain ipywidgets, whose text may arrive
after the press, shows that these tests see the fault.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import nbformat
import pytest

from tests.browser import pressed_forms as forms
from tests.browser.harness import PATIENCE, Notebook, Watch
from tests.browser.press_trials import Outcome, press_once, summary_of
from tests.browser.pressing import WATCH_PRESSES, Pace, Person
from tests.browser.slow_wire import SlowWire
from tests.tools import without
from twilio_widgets import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.browser.pressed_forms import Form
    from tests.browser.server import JupyterLab

pytestmark = pytest.mark.browser

MANY = 20
"""Presses of a form of text, in the full matrix."""
SOME = 5
"""Presses of each other kind of form."""

THREADS = """\
def spin():
    while True:
        pass
for _ in range(3):
    threading.Thread(target=spin, daemon=True).start()"""
WORK = "work()"
SHOW = "panel = make()\npanel"
WORK_BUTTON = """\
button = ipywidgets.Button(description="Work")
button.on_click(lambda _: work())
button"""
OLDER_KERNEL = ("ipykernel==6.31.0", "nest-asyncio==1.6.0")
LONGEST = 1_800
"""Seconds. The machine may be slow; what a test took is printed."""

Judge = Callable[[str, list[Outcome]], list[Outcome]]


@dataclass(frozen=True)
class Condition:
    """What a press meets.

    Args:
        name: What it is called in a test's name.
        pace: How the person works.
        busy: Whether a cell runs from before the first key until after the press.
        used: Whether one form is used again and again, if it can be; otherwise each is new.
        delay: Seconds from the page to the server, and back.
        before: Code that runs before the first press.
    """

    name: str
    pace: Pace = field(default_factory=Pace)
    busy: bool = False
    used: bool = True
    delay: float = 0.0
    before: str = "pass"

    def __str__(self) -> str:
        return self.name


BUSY_CELL = Condition("busy-cell", busy=True, used=False)
FAR_AWAY = Condition("500-ms-away", Pace(key_ms=70, pause_ms=0), delay=0.25)
FIRST_USE = Condition("first-use", Pace(key_ms=30, pause_ms=0, keyboard=True), used=False)
CONDITIONS = (
    BUSY_CELL,
    FIRST_USE,
    FAR_AWAY,
    Condition("busy-threads", Pace(keyboard=True), before=THREADS),
    Condition("no-delay", Pace(key_ms=0, pause_ms=0)),
    Condition("tab-and-space", Pace(key_ms=30, pause_ms=0, keyboard=True)),
)


@dataclass
class Desk:
    """A notebook behind a wire, whose forms send to a sandbox outside its kernel."""

    notebook: Notebook
    wire: SlowWire
    """Between the page and JupyterLab."""
    account: SlowWire
    """Between the kernel and the sandbox."""
    sandbox: Sandbox
    folder: Path
    """Where the kernel and the test tell each other when its work begins and ends."""

    @property
    def begin(self) -> str:
        """The first cell."""
        connection = self.sandbox.connection
        token = connection.auth_token.reveal()
        begun, released = self.folder / "begun", self.folder / "released"
        return (
            f"{forms.BEGIN}\n"
            f"BEGUN, RELEASED = {str(begun)!r}, {str(released)!r}\n"
            f"NUMBER = {self.sandbox.numbers[0]!r}\n"
            f"connection = AuthTokenConnection({connection.account_sid!r}, {token!r})\n"
            f"twilio = Twilio(connection, base_url={self.account.url!r})"
        )

    def open(self, before: str = "pass", kernel: str = "python3") -> None:
        """Open the notebook: its second cell shows a form, its third one works."""
        self.prepare(self.notebook.page)
        self.notebook.open([self.begin, SHOW, WORK], kernel)
        self.notebook.run(0)
        self.notebook.execute(before)

    def prepare(self, page: Page) -> None:
        """Let a page remember presses, and be high enough for every card."""
        page.set_viewport_size({"width": 1200, "height": 1700})
        page.add_init_script(f"({WATCH_PRESSES})()")

    def show(self, form: Form, pace: Pace) -> Person:
        """Show a new form in place of the one before; return the person in front of it."""
        self.notebook.execute(f"panel.close(); make = lambda: {form.make}")
        self.notebook.run(1)
        person = self.person(pace)
        form.prepare(person)
        return person

    def person(self, pace: Pace, page: Page | None = None, card: int = 0) -> Person:
        """Return the person in front of a card that is shown."""
        page = page or self.notebook.page
        found = page.locator(".tw-card").nth(card)
        found.wait_for()
        return Person(page, found, pace)

    @contextmanager
    def working(self, start: Callable[[], object] | None = None) -> Iterator[None]:
        """Keep the kernel busy while this is open: with the third cell, or with what is started."""
        for name in ("begun", "released"):
            (self.folder / name).unlink(missing_ok=True)
        start() if start else self.notebook.start(2)
        while not (self.folder / "begun").exists():
            self.notebook.page.wait_for_timeout(20)
        yield
        (self.folder / "released").touch()

    def press(self, form: Form, condition: Condition, times: int) -> list[Outcome]:
        """Fill in the form and press it so many times."""
        outcomes = []
        for number in range(1, times + 1):
            if number == 1 or not (condition.used and form.again):
                self.wire.delay = 0.0
                person = self.show(form, condition.pace)
            self.wire.delay = condition.delay
            busy = self.working() if condition.busy else nullcontext()
            fill = partial(form.fill, number=number)
            outcomes.append(press_once(form, person, self.account, fill, busy))
        self.wire.delay = 0.0
        return outcomes


@pytest.fixture
def desk(
    lab: JupyterLab, page: Page, watch: Watch, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Desk]:
    """Yield a notebook of the test's own, not yet open."""
    with (
        Sandbox(messages=50) as sandbox,
        SlowWire(lab.url) as wire,
        SlowWire(sandbox.url) as account,
    ):
        notebook = Notebook(lab, page, watch, request.node.name, url=wire.url)
        yield Desk(notebook, wire, account, sandbox, tmp_path)
        lab.end_kernels()


@pytest.fixture
def judge(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Judge:
    """Print what presses came to and how long they took; return those that are not allowed."""
    began = time.monotonic()

    def check(about: str, outcomes: list[Outcome]) -> list[Outcome]:
        nonlocal began
        seconds, began = time.monotonic() - began, time.monotonic()
        with capsys.disabled():
            line = f"{request.node.name}, {about}: {summary_of(outcomes)}; {seconds:.0f} s"
            request.config.get_terminal_writer().line(f"\n{line}")
        return [outcome for outcome in outcomes if not outcome.is_allowed]

    return check


def test_what_the_page_showed_is_what_is_sent(desk: Desk, judge: Judge) -> None:
    desk.open()

    plain = judge("plain", desk.press(forms.PLAIN, BUSY_CELL, 2))
    wrong = {
        f"{form.name}, {condition}": judge(
            f"{form.name}, {condition}", desk.press(form, condition, 2)
        )
        for condition in (BUSY_CELL, FAR_AWAY)
        for form in (forms.SEND, forms.BULK)
    }
    assert plain != [], "a form of plain ipywidgets no longer shows the fault"
    assert _found(wrong) == {}


@pytest.mark.long
@pytest.mark.timeout(LONGEST)
@pytest.mark.parametrize("condition", CONDITIONS, ids=str)
def test_no_control_is_overtaken_by_its_press(
    desk: Desk, judge: Judge, condition: Condition
) -> None:
    desk.open(condition.before)

    assert _matrix(desk, judge, condition) == {}


@pytest.mark.long
@pytest.mark.timeout(LONGEST)
def test_no_control_is_overtaken_by_its_press_in_an_older_kernel(
    desk: Desk, judge: Judge, tmp_path: Path
) -> None:
    """Before ipykernel 7 a page's messages all wait for the cell that runs."""
    desk.notebook.lab.add_kernel("older", _installed(tmp_path / "older", OLDER_KERNEL))
    desk.open(kernel="older")
    assert desk.notebook.execute("import ipykernel; print(ipykernel.__version__)") == "6.31.0\n"

    assert _matrix(desk, judge, BUSY_CELL) == {}


@pytest.mark.long
@pytest.mark.timeout(LONGEST)
def test_a_message_that_can_be_undone_is_sent_as_shown(desk: Desk, judge: Judge) -> None:
    desk.open()

    outcomes = desk.press(forms.SEND_WITH_UNDO, BUSY_CELL, SOME)
    assert judge("busy-cell", outcomes) == []


@pytest.mark.long
@pytest.mark.timeout(LONGEST)
@pytest.mark.parametrize("condition", [BUSY_CELL, FIRST_USE, FAR_AWAY], ids=str)
def test_the_fault_is_seen_in_a_form_of_plain_ipywidgets(
    desk: Desk, judge: Judge, condition: Condition
) -> None:
    desk.open()

    assert judge("plain", desk.press(forms.PLAIN, condition, MANY)) != []


@pytest.mark.long
@pytest.mark.timeout(LONGEST)
@pytest.mark.parametrize("form", [forms.SEND, forms.BULK], ids=str)
def test_a_press_sends_what_its_own_view_showed(
    desk: Desk, judge: Judge, chromium: Browser, form: Form
) -> None:
    """Two pages show one panel, and in both somebody types at once."""
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
    mine, theirs = form.text.replace("#", str(number)), f"Not this {number}, never!"
    for index in range(max(len(mine), len(theirs))):
        other.type(theirs[index : index + 1])
        person.type(mine[index : index + 1])
    person.press(form.button)


@pytest.mark.long
@pytest.mark.timeout(LONGEST)
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
    person.write("Message", text[:10])
    notebook.visit()
    person.card.get_by_label("Message", exact=True).click()
    notebook.press("Control+End")
    person.type(text[10:])
    person.press(form.button)


@pytest.mark.long
@pytest.mark.timeout(LONGEST)
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


def _matrix(desk: Desk, judge: Judge, condition: Condition) -> dict[str, list[Outcome]]:
    """Press every form; return what is not allowed, by form."""
    texts, others = (forms.SEND, forms.BULK), forms.OTHERS
    times = [*((form, MANY) for form in texts), *((form, SOME) for form in others)]
    return _found(
        {form.name: judge(form.name, desk.press(form, condition, many)) for form, many in times}
    )


def _found(wrong: dict[str, list[Outcome]]) -> dict[str, list[Outcome]]:
    return {name: outcomes for name, outcomes in wrong.items() if outcomes}


def _installed(folder: Path, requirements: tuple[str, ...]) -> Path:
    """Install packages into a folder of their own."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
    done = subprocess.run([*pip, *requirements], check=False, capture_output=True, text=True)
    if done.returncode:
        without(requirements[0], consequence=f"it was not tried ({done.stderr[-200:]})")
    return folder

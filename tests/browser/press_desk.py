"""The conditions in which forms are pressed, and the notebook in which it happens."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from tests.browser import pressed_forms as forms
from tests.browser.harness import PATIENCE, Notebook
from tests.browser.press_trials import Outcome, press_once
from tests.browser.pressed_controls import OTHERS
from tests.browser.pressing import WATCH_PRESSES, Pace, Person
from tests.browser.slow_wire import SlowWire
from twilio_widgets import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.browser.pressed_forms import Form

MANY = 20
"""Presses of a form of text, in the full matrix."""
SOME = 5
"""Presses of each other kind of form."""
LONGEST = 1_800
"""Seconds. The machine may be slow; what a test took is printed."""

Judge = Callable[[str, list[Outcome]], list[Outcome]]
"""Prints what presses came to; returns those that are not allowed."""

SHOW = "panel = make()\npanel"
WORK = "work()"
THREADS = """\
def spin():
    while True:
        pass
for _ in range(3):
    threading.Thread(target=spin, daemon=True).start()"""


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
FIRST_USE = Condition("first-use", Pace(key_ms=0, pause_ms=0), used=False)
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
        found.wait_for(timeout=PATIENCE)
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


FORMS = (forms.SEND, forms.BULK, *OTHERS)
"""Every form of the matrix."""


def times_of(form: Form) -> int:
    """Return how often a form is pressed in each condition."""
    return SOME if form in OTHERS else MANY

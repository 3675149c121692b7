"""Forms of one text: how each is filled in, and what its press should send."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.browser.pressing import Person
    from tests.browser.slow_wire import Request

Fields = Mapping[str, str]
Sent = tuple[str, ...]
"""What one request asked for."""

TO = "+14155550123"
GUESTS = {"Ana": ("+14155550101", "+14155550111"), "Zoë": ("+14155550102", "+14155550112")}
"""Each guest's ``phone`` and ``office``."""

BEGIN = f"""\
import os, tempfile, threading, time
import ipywidgets
import pandas as pd
from twilio_widgets import (
    AuthTokenConnection, BulkPanel, MessagesPanel, RawRequestPanel, SendPanel, Twilio,
)
guests = pd.DataFrame(
    [(name, *numbers) for name, numbers in {GUESTS!r}.items()], columns=["name", "phone", "office"]
)
def bulk(**options):
    folder = tempfile.mkdtemp()
    return BulkPanel(twilio, guests, from_=NUMBER, folder=folder, undo_seconds=0, **options)
panel = ipywidgets.Box()
def plain_form():
    body = ipywidgets.Textarea(description="Message")
    button = ipywidgets.Button(description="Send")
    button.on_click(lambda _: twilio.messages.send({TO!r}, from_=NUMBER, body=body.value))
    form = ipywidgets.VBox([body, button])
    form.add_class("tw-card")
    return form
def work(seconds=7):
    until = time.monotonic() + seconds
    open(BEGUN, "w").close()
    while time.monotonic() < until and not os.path.exists(RELEASED):
        time.sleep(0.02)
"""
"""The first cell; a test adds ``twilio``, ``NUMBER``, and the files ``BEGUN`` and ``RELEASED``."""


def _nothing(person: Person) -> None:
    pass


@dataclass(frozen=True)
class Form:
    """One form.

    Args:
        name: What it is called in a test's name.
        make: The expression that returns a new one in the kernel.
        fill: Fills it in, differently for each number; the last thing it does is the press.
        shown: What the press should send, by the fields that the page showed.
        sent: What a request sent, in the same words; None for a request that is not the form's.
        prepare: What a person does before, in peace.
        finish: What a person does after the press, before anything is sent.
        asks: What the page shows when `finish` can begin; empty when there is nothing to do.
        again: Whether a form that was used can be used again.
        text: For a form of one text: what is typed into "Message", with ``#`` for the number.
        button: For a form of one text: what is pressed.
    """

    name: str
    make: str
    fill: Callable[[Person, int], None]
    shown: Callable[[Fields], tuple[Sent, ...]]
    sent: Callable[[Request], Sent | None]
    prepare: Callable[[Person], None] = _nothing
    finish: Callable[[Person], None] = _nothing
    asks: str = ""
    again: bool = False
    text: str = ""
    button: str = ""

    def __str__(self) -> str:
        return self.name


def _text_form(name: str, make: str, text: str, button: str, **options: Any) -> Form:
    """Return a form in which one text is typed before one button is pressed."""

    def fill(person: Person, number: int) -> None:
        person.write("Message", text.replace("#", str(number)))
        person.press(button)

    sent = created("To", "Body")
    return Form(name, make, fill, sent=sent, text=text, button=button, **options)


def created(*names: str) -> Callable[[Request], Sent | None]:
    """Return what reads these values out of a request that creates a message."""

    def read(request: Request) -> Sent | None:
        if request.method != "POST" or not request.path.endswith("/Messages.json"):
            return None
        values = dict(request.values)
        return tuple(values.get(name, "") for name in names)

    return read


_TEXT = "Table # at 8."

PLAIN = _text_form(
    "plain",
    "plain_form()",
    _TEXT,
    "Send",
    shown=lambda fields: ((TO, fields["Message"]),),
    again=True,
)
SEND = _text_form(
    "send",
    f"SendPanel(twilio, to={TO!r}, from_=NUMBER, undo_seconds=0)",
    _TEXT,
    "Send",
    shown=lambda fields: ((fields["To"], fields["Message"]),),
    again=True,
)
SEND_WITH_UNDO = replace(
    SEND, name="send-with-undo", make=f"SendPanel(twilio, to={TO!r}, from_=NUMBER)"
)


def send_the_plan(person: Person) -> None:
    confirmation = person.card.locator(".tw-confirm input[placeholder^=send]")
    confirmation.click()
    person.type(confirmation.get_attribute("placeholder") or "")
    person.card.locator(".tw-confirm").get_by_role("button", name="Send").click()


def plan_of(fields: Fields) -> tuple[Sent, ...]:
    if not fields["Recipient"]:  # no column was chosen yet: nothing should be sent
        return ()
    column = ["phone", "office"].index(fields["Recipient"])
    return tuple(
        (numbers[column], fields["Message"].replace("{name}", name))
        for name, numbers in GUESTS.items()
    )


BULK = _text_form(
    "bulk",
    "bulk()",
    "{name}, # at 8.",
    "Check",
    shown=plan_of,
    finish=send_the_plan,
    asks=".tw-confirm input[placeholder^=send]",
)

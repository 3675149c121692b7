"""The forms whose presses are watched: how each is filled in, and what its press should do."""

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
MESSAGES = "/Accounts/$TWILIO_ACCOUNT_SID/Messages.json"

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

    created = _created("To", "Body")
    return Form(name, make, fill, sent=created, text=text, button=button, **options)


def _created(*names: str) -> Callable[[Request], Sent | None]:
    """Return what reads these values out of a request that creates a message."""

    def read(request: Request) -> Sent | None:
        if request.method != "POST" or not request.path.endswith("/Messages.json"):
            return None
        values = dict(request.values)
        return tuple(values.get(name, "") for name in names)

    return read


def _listed(*names: str) -> Callable[[Request], Sent | None]:
    """Return what reads these values out of a request that lists messages."""

    def read(request: Request) -> Sent | None:
        values = dict(request.values)
        first_page = request.method == "GET" and "PageToken" not in values
        if not first_page or not request.path.endswith("/Messages.json"):
            return None
        return tuple(values.get(name, "") for name in names)

    return read


# One message


_TEXT = "Ana, table # at 8."

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


def _open_more(person: Person) -> None:
    person.card.get_by_role("button", name="More", exact=True).click()
    person.card.get_by_label("Validity", exact=True).wait_for()


def _fill_more(person: Person, number: int) -> None:
    person.write("To", f"+1415555{1000 + number}")
    person.write("Message", "Hello")
    person.write("Callback", f"http://127.0.0.1:9/{number}")
    person.write("Validity", str(600 + number))
    person.press("Send")


SEND_MORE = Form(
    "send-more",
    "SendPanel(twilio, from_=NUMBER, undo_seconds=0)",
    _fill_more,
    shown=lambda fields: (
        (fields["To"], fields["Message"], fields["Callback"], fields["Validity"]),
    ),
    sent=_created("To", "Body", "StatusCallback", "ValidityPeriod"),
    prepare=_open_more,
)


# Many messages


def _send_the_plan(person: Person) -> None:
    words = person.card.locator(".tw-words input")
    words.click()
    person.type(words.get_attribute("placeholder") or "")
    person.card.locator(".tw-words").get_by_role("button", name="Send").click()


def _plan(fields: Fields) -> tuple[Sent, ...]:
    column = ["phone", "office"].index(fields["Recipient"])
    return tuple(
        (numbers[column], fields["Message"].replace("{name}", name))
        for name, numbers in GUESTS.items()
    )


BULK = _text_form(
    "bulk",
    "bulk()",
    "{name}, table # at 8.",
    "Check",
    shown=_plan,
    finish=_send_the_plan,
    asks=".tw-words input[placeholder^=send]",
)


def _choose_column(person: Person, number: int) -> None:
    for column in ("office", "phone", "office")[: 1 + number % 3]:
        person.card.get_by_label("Recipient", exact=True).select_option(column)
    person.press("Check")


BULK_SELECT = Form(
    "select",
    "bulk(body='Hello {name}')",
    _choose_column,
    shown=_plan,
    sent=_created("To", "Body"),
    finish=_send_the_plan,
    asks=BULK.asks,
)


def _choose_file(person: Person, number: int) -> None:
    content = f"name,phone\nNew,+1415555{2000 + number}\n".encode()
    file = {"name": f"{number}.csv", "mimeType": "text/csv", "buffer": content}
    person.card.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    person.press("Check")


def _file_plan(fields: Fields) -> tuple[Sent, ...]:
    number = int(fields["CSV or Excel file"].removesuffix(".csv"))
    return ((f"+1415555{2000 + number}", "Hello New"),)


BULK_FILE = Form(
    "file",
    "bulk(body='Hello {name}')",
    _choose_file,
    shown=_file_plan,
    sent=_created("To", "Body"),
    finish=_send_the_plan,
    asks=BULK.asks,
)


# Reading


def _choose_a_period(person: Person) -> None:
    person.card.get_by_label("Period", exact=True).select_option("From – to")
    person.card.get_by_label("First day (UTC)").wait_for()


def _fill_filters(person: Person, number: int) -> None:
    person.card.get_by_label("First day (UTC)").fill(f"2026-11-{1 + number:02}")
    person.write("To", f"+1415555{3000 + number}")
    person.press_enter()


MESSAGES_PANEL = Form(
    "date-and-enter",
    "MessagesPanel(twilio)",
    _fill_filters,
    shown=lambda fields: ((fields["To"], fields["First day (UTC)"]),),
    sent=_listed("To", "DateSent>"),
    prepare=_choose_a_period,
)


def _fill_pairs(person: Person, number: int) -> None:
    for row, (name, value) in enumerate([("To", f"+1415555{4000 + number}"), ("From", TO)], 1):
        person.write(f"Query parameter name {row}", name)
        person.write(f"Query parameter value {row}", value)
    person.card.get_by_label("Use query parameter 2").uncheck()
    person.press("Send")


def _pairs(fields: Fields) -> tuple[Sent, ...]:
    rows = {
        fields[f"Query parameter name {row}"]: fields[f"Query parameter value {row}"]
        for row in (1, 2)
        if fields.get(f"Use query parameter {row}") == "true"
    }
    return ((rows.get("To", ""), rows.get("From", "")),)


RAW_PAIRS = Form(
    "pairs-and-tick",
    f"RawRequestPanel(twilio, path={MESSAGES!r})",
    _fill_pairs,
    shown=_pairs,
    sent=_listed("To", "From"),
)


def _open_answer(person: Person) -> None:
    person.card.get_by_role("tab", name="Response").click()
    person.card.get_by_role("radio", name="Table").click()
    person.card.get_by_label("At most", exact=True).wait_for()


def _fill_number(person: Person, number: int) -> None:
    person.write("At most", str(21 + number))
    person.press("Send")


RAW_NUMBER = Form(
    "number",
    f"RawRequestPanel(twilio, path={MESSAGES!r})",
    _fill_number,
    shown=lambda fields: ((fields["At most"],),),
    sent=_listed("PageSize"),
    prepare=_open_answer,
)

OTHERS = (SEND_MORE, BULK_SELECT, BULK_FILE, MESSAGES_PANEL, RAW_PAIRS, RAW_NUMBER)
"""One form for each further kind of control."""

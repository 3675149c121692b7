"""Forms of every other kind of control: select, file, date, number, pairs, tick, Enter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.browser.pressed_forms import BULK, TO, Form, created, plan_of, send_the_plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import FilePayload

    from tests.browser.pressed_forms import Fields, Sent
    from tests.browser.pressing import Person
    from tests.browser.slow_wire import Request

MESSAGES = "/Accounts/$TWILIO_ACCOUNT_SID/Messages.json"


def listed(*names: str) -> Callable[[Request], Sent | None]:
    """Return what reads these values out of a request that lists messages."""

    def read(request: Request) -> Sent | None:
        values = dict(request.values)
        first_page = request.method == "GET" and "PageToken" not in values
        if not first_page or not request.path.endswith("/Messages.json"):
            return None
        return tuple(values.get(name, "") for name in names)

    return read


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
    sent=created("To", "Body", "StatusCallback", "ValidityPeriod"),
    prepare=_open_more,
)


def _choose_column(person: Person, number: int) -> None:
    for column in ("office", "phone", "office")[: 1 + number % 3]:
        person.card.get_by_label("Recipient", exact=True).select_option(column)
    person.press("Check")


BULK_SELECT = Form(
    "select",
    "bulk(body='Hello {name}')",
    _choose_column,
    shown=plan_of,
    sent=created("To", "Body"),
    finish=send_the_plan,
    asks=BULK.asks,
)


def _choose_file(person: Person, number: int) -> None:
    content = f"name,phone\nNew,+1415555{2000 + number}\n".encode()
    file: FilePayload = {"name": f"{number}.csv", "mimeType": "text/csv", "buffer": content}
    person.card.locator("input[type=file]").set_input_files(file)
    person.press("Check")


def _file_plan(fields: Fields) -> tuple[Sent, ...]:
    number = int(fields["CSV or Excel file"].removesuffix(".csv"))
    return ((f"+1415555{2000 + number}", "Hello New"),)


BULK_FILE = Form(
    "file",
    "bulk(body='Hello {name}')",
    _choose_file,
    shown=_file_plan,
    sent=created("To", "Body"),
    finish=send_the_plan,
    asks=BULK.asks,
)


def _choose_a_period(person: Person) -> None:
    person.card.get_by_label("Period", exact=True).select_option("Choose days")
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
    sent=listed("To", "DateSent>"),
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
    sent=listed("To", "From"),
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
    sent=listed("PageSize"),
    prepare=_open_answer,
)

OTHERS = (SEND_MORE, BULK_SELECT, BULK_FILE, MESSAGES_PANEL, RAW_PAIRS, RAW_NUMBER)
"""One form for each further kind of control."""

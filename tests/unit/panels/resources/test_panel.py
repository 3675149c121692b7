"""The account panel as a Python object, on the sandbox."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.panel_driver import PanelDriver
from twilio_widgets import AccountPanel, Sandbox, Twilio
from twilio_widgets.panels.resources.detail import view_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NOW = "2026-01-15T12:00:00Z"
HOOK = "http://ada:lovelace@127.0.0.1:9/inbound"


@dataclass(frozen=True)
class Rejected:
    id: int = 7
    reason: str = "The signature was made with another auth token."
    mend: str | None = "Update the token."


class RejectsAll:
    def rejections_of(self, requests: Sequence[Any]) -> list[Rejected | None]:
        return [Rejected() for _ in requests]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=3, messages=60, now=NOW) as sandbox:
        yield sandbox


@pytest.fixture
def panel(sandbox: Sandbox) -> Iterator[AccountPanel]:
    with Twilio(sandbox.connection) as twilio:
        panel = AccountPanel(twilio, listener=RejectsAll())
        yield panel
        panel.close()


def fail_a_webhook(sandbox: Sandbox) -> None:
    with Twilio(sandbox.connection) as twilio:
        number = twilio.numbers()[0]
        path = f"/Accounts/$TWILIO_ACCOUNT_SID/IncomingPhoneNumbers/{number.sid}.json"
        twilio.raw(path, "POST", data={"SmsUrl": HOOK})
    sandbox.receive(from_=sandbox.contacts[0], to=number.phone_number, body="Hi")
    assert sandbox.settle()


def read(panel: AccountPanel, section: Any) -> list[dict[str, object]]:
    panel.load(section)
    assert panel.join(30)
    assert panel._state.section.problem == ""
    return list(panel._tables[section].rows)


def show(panel: AccountPanel, section: str) -> None:
    panel._form.sections._receive(None, {"t": "choose", "value": section}, None)


def test_nothing_is_read_before_load_is_pressed(panel: AccountPanel, sandbox: Sandbox) -> None:
    for section in ("services", "usage", "alerts", "numbers"):
        show(panel, section)

    assert panel.frame is None
    assert panel.join(0)
    assert (
        "No phone numbers have been read yet. Press Load to read them."
        in PanelDriver(panel).sentences()
    )


def test_load_reads_the_chosen_tab_and_tells_the_observers(panel: AccountPanel) -> None:
    seen: list[Any] = []
    panel.observe(seen.append, "frame")
    show(panel, "services")

    assert PanelDriver(panel).press("Load") == ""
    assert panel.join(30)
    assert panel.frame is not None
    assert panel.frame["friendly_name"].iloc[0] == "Notifications"
    assert panel.value is panel.frame
    assert [change.new is panel.frame for change in seen][-1]
    assert repr(panel) == "AccountPanel(AC15…b5cd · 2 messaging services, complete)"


def test_numbers_show_their_capabilities_and_no_password_of_a_webhook(
    panel: AccountPanel, sandbox: Sandbox
) -> None:
    fail_a_webhook(sandbox)
    rows = read(panel, "numbers")

    assert (rows[0]["capabilities"], rows[0]["sms_url"]) == (
        "SMS, MMS, voice",
        "http://127.0.0.1:9/inbound",
    )
    assert panel.frame is not None
    assert panel.frame["sms_url"].iloc[0] == HOOK
    assert "lovelace" not in str(panel._repr_mimebundle_())


def test_services_show_their_senders(panel: AccountPanel, sandbox: Sandbox) -> None:
    full, empty = read(panel, "services")

    assert full["sender_list"] == ", ".join([*sandbox.numbers, "Sandbox"])
    assert (empty["sender_list"], empty["senders"]) == ("", 0)


def test_usage_is_read_by_category_and_day_as_asked(panel: AccountPanel) -> None:
    show(panel, "usage")
    page = PanelDriver(panel)
    page.choose("One row for each", "category and day")
    page.choose("Period", "Last 7 days")
    page.type("Category", "sms")
    page.press("Load")
    assert panel.join(30)

    assert panel.frame is not None
    assert panel.frame.attrs["filters"] == {"by": "day", "category": "sms", "since": "2026-01-09"}
    first = panel._tables["usage"].rows[0]
    assert (first["start"], first["end"], first["category"]) == ("2026-01-15", "2026-01-15", "sms")


def test_an_alert_is_explained_and_linked_to_the_listeners_rejection(
    panel: AccountPanel, sandbox: Sandbox
) -> None:
    fail_a_webhook(sandbox)
    (row,) = read(panel, "alerts")
    view = view_of("alerts", row)
    facts = dict(view["facts"])  # type: ignore[call-overload]  # the view is JSON

    assert view["error"]["title"] == "11205: Twilio could not connect to the webhook"  # type: ignore[index]  # as above
    assert (view["level"], view["tone"]) == ("error", "problem")
    assert facts["URL"] == "http://127.0.0.1:9/inbound"
    assert facts["Your listener's reason"] == Rejected.reason
    assert facts["How to fix that"] == Rejected.mend
    assert "lovelace" not in json.dumps(view)


def test_a_row_opens_and_closes(panel: AccountPanel) -> None:
    (first, *_) = read(panel, "numbers")
    panel._open_row(first)
    page = PanelDriver(panel)
    assert panel._detail._view in set(page.shown())
    page.press("Close")

    assert panel._detail._view not in set(PanelDriver(panel).shown())


def test_a_missing_permission_is_named_and_the_rows_stay(
    panel: AccountPanel, sandbox: Sandbox
) -> None:
    rows = read(panel, "numbers")
    sandbox.fail(status=403, path="/IncomingPhoneNumbers")
    panel.load()
    assert panel.join(30)

    assert (
        "lack the permission to read IncomingPhoneNumbers at api." in panel._state.section.problem
    )
    assert list(panel._tables["numbers"].rows) == rows
    assert panel._head.pill == "problem"


def test_an_empty_list_says_so(panel: AccountPanel) -> None:
    read(panel, "alerts")

    assert "Twilio has no alerts that match these filters." in PanelDriver(panel).sentences()


@pytest.mark.parametrize(
    ("section", "ours", "official", "address"),
    [
        (
            "numbers",
            "frame = twilio.numbers.list(limit=1000)",
            "numbers = client.incoming_phone_numbers.list(limit=1000)",
            "https://api.twilio.com/2010-04-01/Accounts/$TWILIO_ACCOUNT_SID/IncomingPhoneNumbers.json",
        ),
        (
            "services",
            "frame = twilio.services.list(limit=1000)",
            "services = client.messaging.v1.services.list(limit=1000)",
            "https://messaging.twilio.com/v1/Services",
        ),
        (
            "usage",
            "frame = twilio.usage(since=date(2025, 12, 17), limit=1000)",
            "records = client.usage.records.list(start_date=date(2025, 12, 17), limit=1000)",
            "https://api.twilio.com/2010-04-01/Accounts/$TWILIO_ACCOUNT_SID/Usage/Records.json",
        ),
        (
            "alerts",
            "frame = twilio.alerts.list(since=date(2025, 12, 17), limit=1000, listener=listener)",
            "start_date=datetime(2025, 12, 17, 0, 0, tzinfo=UTC)",
            "https://monitor.twilio.com/v1/Alerts",
        ),
    ],
)
def test_the_code_reads_the_same(
    panel: AccountPanel, section: str, ours: str, official: str, address: str
) -> None:
    show(panel, section)
    code = panel._snippet(panel._state)

    assert ours in " ".join(code.ours.split()).replace("( ", "(").replace(", )", ")")
    assert official in code.official
    assert address in code.curl


def test_another_account_starts_without_rows(panel: AccountPanel, sandbox: Sandbox) -> None:
    read(panel, "numbers")
    with Twilio(sandbox.subaccount_connection) as other:
        panel._on_connected(other)

    assert (panel.frame, panel._tables["numbers"].rows) == (None, ())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"limit": 0}, "limit is a number of rows from 1"),
        ({"listener": "https://example.com"}, "listener is a Listener, not str"),
        ({"listner": None}, "Did you mean listener?"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        AccountPanel(**options)

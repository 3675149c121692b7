"""The connection panel as state, and as a Python object with a pretended page."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest
from ipywidgets.widgets import widget as registry

from tests.panel_driver import PanelDriver
from twilio_widgets.client import Twilio
from twilio_widgets.core.credentials.connection import (
    KEY_CANNOT_VALIDATE,
    ApiKeyConnection,
    AuthTokenConnection,
)
from twilio_widgets.errors import NotConnected
from twilio_widgets.panels.code.access import Access
from twilio_widgets.panels.connection import open_client as link
from twilio_widgets.panels.connection import panel as connection
from twilio_widgets.panels.connection import state as steps
from twilio_widgets.panels.connection.panel import ConnectionPanel
from twilio_widgets.panels.connection.state import ConnectionState, Identity
from twilio_widgets.panels.inputs.ordered_button import NOT_NOW
from twilio_widgets.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twilio_widgets.core.credentials.connection import Connection
    from twilio_widgets.panels.inputs.secret_input import SecretInput

ACCOUNT = "AC" + "0f3b" * 7 + "9a41"
KEY = "SK" + "12ab" * 8
SHAPE_OF_A_KEY = "An API Key SID is SK followed by 32 characters 0-9 or a-f."
WHO = Identity(
    account="AC0f…9a41",
    kind="API key",
    source="typed in",
    place="ie1",
    checks_webhooks=False,
    access=Access(kind="API key", host="api.dublin.ie1.twilio.com", region="ie1"),
)


# The state


def test_another_kind_forgets_what_was_wrong_with_the_old_one() -> None:
    before = ConnectionState(problems={"api_key_sid": "This is empty."}, failure="No.")

    assert steps.selected(before, "auth token") == ConnectionState(kind="auth token")
    assert steps.selected(before, "API key") is before


def test_a_field_that_is_left_wrong_says_so_and_one_that_is_left_empty_does_not() -> None:
    wrong = steps.typed(ConnectionState(), "api_key_sid", ACCOUNT)

    assert wrong == ConnectionState(
        api_key_sid=ACCOUNT, problems={"api_key_sid": f"This starts with AC. {SHAPE_OF_A_KEY}"}
    )
    assert steps.typed(wrong, "api_key_sid", "") == ConnectionState()
    assert steps.typed(wrong, "api_key_sid", f" {KEY} ") == ConnectionState(api_key_sid=KEY)


def test_a_secret_in_the_wrong_field_does_not_stay_there() -> None:
    token = "0123456789abcdef" * 2
    state = steps.typed(ConnectionState(), "account_sid", token)

    assert state.account_sid == ""
    assert state.problems["account_sid"].startswith("This looked like a secret, not a SID, so it")
    assert token not in repr(state)


def test_a_region_is_checked_as_a_connection_would() -> None:
    state = steps.typed(ConnectionState(), "region", "Ireland 1")

    assert state.problems == {
        "region": 'A region must be a lower-case name, such as "ie1" or "dublin".'
    }
    assert state.more


def test_a_review_finds_every_empty_field_that_is_needed() -> None:
    assert set(steps.reviewed(ConnectionState()).problems) == {"account_sid", "api_key_sid"}
    assert set(steps.reviewed(ConnectionState(kind="auth token")).problems) == {"account_sid"}
    assert steps.reviewed(ConnectionState(kind="sandbox")).problems == {}
    ready = ConnectionState(account_sid=ACCOUNT, api_key_sid=KEY)
    assert steps.reviewed(replace(ready, failure="Earlier.")) == ready


def test_a_refusal_lands_under_the_field_that_caused_it_or_at_the_foot() -> None:
    trying = steps.began(ConnectionState(), WHO)

    assert steps.refused(trying, "api_key_secret is empty. Give it.", "api_key_secret") == (
        ConnectionState(problems={"api_key_secret": "This is empty. Give it."})
    )
    assert steps.refused(trying, "Wrong.") == ConnectionState(failure="Wrong.")
    assert steps.refused(trying, "auth_token is odd.", "auth_token") == ConnectionState(
        problems={"auth_token": "This is odd."}, more=True
    )


def test_from_fields_to_connected_and_back() -> None:
    typed = ConnectionState(account_sid=ACCOUNT, api_key_sid=KEY)
    there = steps.connected(steps.began(typed, WHO), WHO, "Connected.")

    assert there == replace(typed, phase="connected", identity=WHO, verdict="Connected.")
    assert steps.pill_of(there) == ("connected · AC0f…9a41 · API key", "good")
    assert steps.facts_of(there) == (
        ("Account", "AC0f…9a41"),
        ("Kind", "API key"),
        ("Source", "typed in"),
        ("Served from", "ie1"),
        ("Webhooks", "signatures cannot be checked"),
    )
    assert steps.outcome_of(there) == ("Connected.", "hint")
    assert steps.disconnected(there) == typed


def test_the_outcome_is_a_problem_good_news_or_good_news_with_a_limit() -> None:
    there = steps.connected(ConnectionState(), replace(WHO, checks_webhooks=True), "Connected.")

    assert steps.outcome_of(ConnectionState(failure="No.")) == ("No.", "problem")
    assert steps.outcome_of(there) == ("Connected.", "good")
    assert steps.outcome_of(steps.failed(there, "Odd.")) == ("Odd.", "problem")


def test_the_code_follows_what_is_typed_so_far() -> None:
    assert steps.access_of(ConnectionState(region="ie1")) == Access(
        kind="API key", host="api.dublin.ie1.twilio.com", region="ie1"
    )
    assert steps.access_of(ConnectionState(region="Not a region")) == Access(kind="API key")
    assert steps.access_of(ConnectionState(kind="sandbox")) == Access(kind="sandbox")


# The panel


@pytest.fixture(autouse=True)
def nothing_to_find(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test finds no credentials of whoever runs it."""
    monkeypatch.setattr(connection, "available_sources", lambda: ())


@pytest.fixture
def panel(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[ConnectionPanel]:
    """A panel whose typed connections lead to the sandbox instead of to Twilio."""
    monkeypatch.setattr(link, "Twilio", partial(Twilio, base_url=sandbox.url, timeout=10))
    panel = ConnectionPanel()
    for field in (panel._form.secret, panel._form.token):
        monkeypatch.setattr(field, "send", partial(answer, field))
    yield panel
    panel.close()


SECRETS: dict[str, str] = {}
"""What is typed on the pretended page, by label."""


@pytest.fixture(autouse=True)
def nothing_typed() -> Iterator[None]:
    SECRETS.clear()
    yield
    SECRETS.clear()


def answer(field: SecretInput, question: dict[str, object], _buffers: object = None) -> None:
    if question["t"] != "ask":
        return
    data = {"method": "custom", "content": {"t": "secret", "n": question["n"]}}
    typed = SECRETS.pop(field.label, "").encode()
    field._handle_msg({"content": {"data": data}, "buffers": [typed]})


def fill(panel: ConnectionPanel, connection: Connection) -> None:
    """Type a connection's fields as a person would."""
    page = PanelDriver(panel)
    page.type("Account SID", connection.account_sid)
    if isinstance(connection, ApiKeyConnection):
        page.type("API Key SID", connection.api_key_sid)
        SECRETS["API Key Secret"] = connection.api_key_secret.reveal()
    elif isinstance(connection, AuthTokenConnection):
        page.choose("Kind", "Auth Token")
        SECRETS["Auth Token"] = connection.auth_token.reveal()


def test_a_new_panel_says_that_it_is_not_connected() -> None:
    panel = ConnectionPanel()

    assert repr(panel) == "ConnectionPanel(not connected)"
    for name in ("connection", "twilio"):
        with pytest.raises(NotConnected, match="Press Connect in it, then run this cell again"):
            getattr(panel, name)
    panel.close()


def test_an_api_key_connects_and_the_next_cell_can_use_it(
    panel: ConnectionPanel, sandbox: Sandbox
) -> None:
    key = sandbox.api_key_connection
    typed = ApiKeyConnection(*key_fields(key))
    fill(panel, typed)
    PanelDriver(panel).press("Connect")

    assert panel.join(30)
    assert panel.connection == typed
    assert panel.twilio.check().ok
    assert repr(panel) == f"ConnectionPanel({key.masked_account} · API key)"
    assert panel._state.verdict == (
        f"Connected as {key.masked_account} by API key. {KEY_CANNOT_VALIDATE}"
    )
    assert (panel._head.pill, panel._head.tone) == (
        f"connected · {key.masked_account} · API key",
        "good",
    )


def test_fields_that_change_after_the_press_do_not_change_the_connection(
    panel: ConnectionPanel, sandbox: Sandbox
) -> None:
    typed = ApiKeyConnection(*key_fields(sandbox.api_key_connection))
    fill(panel, typed)
    page = PanelDriver(panel)
    send = panel._form.secret.send

    def type_before_the_answer(question: dict[str, object], buffers: object = None) -> None:
        if question["t"] == "ask":
            page.type("Account SID", ACCOUNT)
        send(question, buffers)

    vars(panel._form.secret)["send"] = type_before_the_answer
    page.press("Connect")

    assert panel.join(30)
    assert panel.connection == typed


def test_a_restricted_key_connects_and_the_card_says_what_it_may_not_do(
    panel: ConnectionPanel, sandbox: Sandbox
) -> None:
    fill(panel, ApiKeyConnection(*key_fields(sandbox.restricted_key_connection)))
    PanelDriver(panel).press("Connect")

    assert panel.join(30)
    assert panel._head.tone == "good"
    assert "may not list phone numbers or read the message log" in panel._state.verdict
    message = panel.twilio.messages.send("+14155550123", body="Hi", from_=sandbox.numbers[0])
    assert message.sid == sandbox.ledger[-1].sid


def key_fields(connection: object) -> tuple[str, str, str]:
    return (
        connection.account_sid,  # type: ignore[attr-defined]
        connection.credentials[0],  # type: ignore[attr-defined]
        connection.credentials[1].reveal(),  # type: ignore[attr-defined]
    )


def test_an_auth_token_with_an_api_key_can_verify_webhooks(
    panel: ConnectionPanel, sandbox: Sandbox
) -> None:
    fill(panel, ApiKeyConnection(*key_fields(sandbox.api_key_connection)))
    SECRETS["Auth Token"] = sandbox.connection.auth_token.reveal()
    PanelDriver(panel).press("Connect")

    assert panel.join(30)
    assert panel.connection.signing_token == sandbox.connection.auth_token
    assert ("Webhooks", "signatures can be checked") in steps.facts_of(panel._state)


def test_an_auth_token_connects_with_enter_in_its_field(
    panel: ConnectionPanel, sandbox: Sandbox
) -> None:
    fill(panel, AuthTokenConnection(sandbox.connection.account_sid, sandbox.connection.auth_token))
    PanelDriver(panel).enter("Auth Token")

    assert panel.join(30)
    assert panel.connection.kind == "auth token"


def test_a_wrong_secret_is_refused_with_a_sentence_and_connects_nothing(
    panel: ConnectionPanel, sandbox: Sandbox
) -> None:
    account, key, _secret = key_fields(sandbox.api_key_connection)
    fill(panel, ApiKeyConnection(account, key, "not-the-secret"))
    PanelDriver(panel).press("Connect")

    assert panel.join(30)
    assert panel._state.phase == "idle"
    assert panel._state.failure.startswith("Could not connect to ")
    assert "not-the-secret" not in repr(panel._state)
    with pytest.raises(NotConnected):
        _ = panel.twilio


def test_a_missing_secret_is_reported_under_its_field(panel: ConnectionPanel) -> None:
    PanelDriver(panel).type("Account SID", ACCOUNT)
    PanelDriver(panel).type("API Key SID", KEY)
    PanelDriver(panel).press("Connect")

    assert panel._form.secret.problem == "This is empty. Give the API key's secret."
    assert panel._state.phase == "idle"


@pytest.mark.parametrize(
    ("kind", "at_the_secret", "at_the_extra_token"),
    [("API key", False, True), ("auth token", True, False)],
)
def test_a_problem_with_the_auth_token_is_reported_once(
    panel: ConnectionPanel, kind: str, at_the_secret: bool, at_the_extra_token: bool
) -> None:
    panel._apply(steps.selected, kind)
    panel._apply(steps.refused, "auth_token is odd.", "auth_token")
    problems = [panel._form.secret.problem, panel._form.token.problem]

    assert [text == "This is odd." for text in problems] == [at_the_secret, at_the_extra_token]


def test_a_wrong_field_is_shown_before_the_secret_is_asked_for(panel: ConnectionPanel) -> None:
    SECRETS["API Key Secret"] = "typed already"
    PanelDriver(panel).type("Account SID", KEY)
    PanelDriver(panel).press("Connect")

    note = panel._form._notes["account_sid"]
    assert (note.tone, note.text.split(".")[0]) == ("problem", "This starts with SK")
    assert SECRETS == {"API Key Secret": "typed already"}


def test_no_secret_and_no_whole_account_is_in_any_widget_once_connected(
    panel: ConnectionPanel, sandbox: Sandbox
) -> None:
    account, key, secret = key_fields(sandbox.api_key_connection)
    fill(panel, ApiKeyConnection(account, key, secret))
    PanelDriver(panel).press("Connect")
    panel.join(30)
    PanelDriver(panel).press_on(panel._code_button)
    saved = json.dumps(
        [widget.get_state() for widget in registry._instances.values()], default=str
    ) + json.dumps(panel._repr_mimebundle_())

    assert [text for text in (secret, account, key) if text in saved] == []


def test_a_click_tries_the_sandbox(panel: ConnectionPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "Twilio", Twilio)
    PanelDriver(panel).press("Try the sandbox")

    assert panel.join(30)
    assert panel.connection.kind == "sandbox"
    assert len(panel.twilio.messages.list(limit=5)) == 5


def test_disconnecting_brings_the_fields_back_but_not_the_secret(
    panel: ConnectionPanel, sandbox: Sandbox
) -> None:
    account, key, secret = key_fields(sandbox.api_key_connection)
    fill(panel, ApiKeyConnection(account, key, secret))
    PanelDriver(panel).press("Connect")
    panel.join(30)
    PanelDriver(panel).press("Disconnect")

    assert PanelDriver(panel).read("Account SID") == account
    assert repr(panel) == "ConnectionPanel(not connected)"
    PanelDriver(panel).press("Connect")
    assert panel._form.secret.problem == "This is empty. Give the API key's secret."


def test_other_panels_wake_and_go_back_to_sleep(
    panel: ConnectionPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "Twilio", Twilio)
    seen: list[object] = []
    panel.on_connect(seen.append)
    panel.on_disconnect(lambda: seen.append("asleep"))
    PanelDriver(panel).press("Try the sandbox")
    panel.join(30)
    twilio = panel.twilio
    panel.on_connect(lambda late: seen.append(("late", late)))
    PanelDriver(panel).press("Disconnect")

    assert seen == [twilio, ("late", twilio), "asleep"]


def test_a_callback_can_be_taken_back(
    panel: ConnectionPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "Twilio", Twilio)
    seen: list[object] = []
    for forget in (panel.on_connect(seen.append), panel.on_disconnect(lambda: seen.append("x"))):
        forget()
        forget()
    PanelDriver(panel).press("Try the sandbox")
    panel.join(30)
    PanelDriver(panel).press("Disconnect")

    assert seen == []


def test_a_callback_that_fails_is_shown_and_the_connection_stands(
    panel: ConnectionPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "Twilio", Twilio)
    panel.on_connect(lambda _twilio: 1 / 0)
    PanelDriver(panel).press("Try the sandbox")
    panel.join(30)

    assert panel._state.failure == "Unexpected error: ZeroDivisionError: division by zero"
    assert panel.connection.kind == "sandbox"


def test_a_given_connection_is_there_at_once_and_is_checked(sandbox: Sandbox) -> None:
    panel = ConnectionPanel(sandbox.connection)
    woken: list[Twilio] = []
    panel.on_connect(woken.append)

    assert panel.connection is not None
    assert repr(panel) == f"ConnectionPanel({sandbox.connection.masked_account} · sandbox)"
    assert panel.join(30)
    assert panel._state.phase == "connected"
    assert woken == [panel.twilio]
    panel.close()


def test_a_refused_connection_is_released(sandbox: Sandbox) -> None:
    sandbox.fail(status=401)
    panel = ConnectionPanel(sandbox.connection)

    assert panel.join(30)
    assert panel._state.phase == "idle"
    with pytest.raises(NotConnected):
        _ = panel.twilio
    panel.close()


def test_found_credentials_are_offered_by_the_name_of_their_place(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "available_sources", lambda: ("the environment",))
    monkeypatch.setattr(link, "connect", lambda within: sandbox.connection)
    panel = ConnectionPanel()
    offer = panel._form.use_source

    assert (offer.text, offer.layout.display) == ("Use the environment", None)
    PanelDriver(panel).press_on(offer)
    assert panel.join(30)
    assert panel._state.phase == "connected"
    panel.close()


def test_nothing_is_offered_when_nothing_was_found(panel: ConnectionPanel) -> None:
    assert panel._form.use_source.layout.display == "none"


def test_cancelling_makes_a_late_verdict_count_for_nothing(
    panel: ConnectionPanel, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, may_answer = threading.Event(), threading.Event()

    class Slow(Twilio):
        def check(self) -> object:  # type: ignore[override]
            asked.set()
            may_answer.wait(30)
            return super().check()

    monkeypatch.setattr(link, "Twilio", partial(Slow, base_url=sandbox.url))
    fill(panel, AuthTokenConnection(sandbox.connection.account_sid, sandbox.connection.auth_token))
    PanelDriver(panel).press("Connect")
    asked.wait(30)
    PanelDriver(panel).press("Cancel")
    may_answer.set()
    panel.join(30)

    assert panel._state.phase == "idle"
    with pytest.raises(NotConnected):
        _ = panel.twilio


def test_the_steps_to_create_an_api_key_are_one_click_away(panel: ConnectionPanel) -> None:
    page = PanelDriver(panel)
    before = panel._form._steps.layout.display
    page.press("How to get an API key")

    assert (before, panel._form._steps.layout.display) == ("none", None)
    assert "Standard" in str(panel._form._steps.rows)
    page.choose("Kind", "Auth Token")
    assert panel._form._steps.layout.display == "none"


def test_a_late_cancel_does_not_disconnect(panel: ConnectionPanel) -> None:
    page = PanelDriver(panel)
    page.press("Try the sandbox")
    panel.join(30)

    assert page.press_on(panel._form.cancel) == (
        "Too late to cancel: it is already connected. Press Disconnect instead."
    )
    assert panel._state.phase == "connected"


def test_a_second_disconnect_says_that_it_did_nothing(panel: ConnectionPanel) -> None:
    page = PanelDriver(panel)
    page.press("Try the sandbox")
    panel.join(30)
    answers = [page.press_on(panel._form.disconnect) for _ in range(2)]

    assert answers == ["", NOT_NOW]


def test_closing_leaves_no_widget_and_no_thread(sandbox: Sandbox) -> None:
    before = set(registry._instances)
    panel = ConnectionPanel(sandbox.connection)
    panel.close()

    assert set(registry._instances) == before


def test_a_wrong_connection_is_refused_with_a_sentence() -> None:
    with pytest.raises(TypeError, match=r"connection must be an ApiKeyConnection, .* not str"):
        ConnectionPanel("AC123")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"Did you mean connection\?"):
        ConnectionPanel(conection=None)

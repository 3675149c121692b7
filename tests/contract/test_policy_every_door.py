"""No message is sent before the policy has checked it, whichever public method sends it.

Every public method is listed here with its effect on messages, so that a new one fails these tests
until it is covered. The sandbox records which messages reached it.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import twilio_widgets as tw
from tests.panel_driver import PanelDriver
from twilio_widgets.client.messages import AsyncMessages, Messages
from twilio_widgets.client.resources import (
    Alerts,
    AsyncAlerts,
    AsyncNumbers,
    AsyncServices,
    Numbers,
    Services,
)
from twilio_widgets.client.templates import AsyncTemplates, Templates
from twilio_widgets.core.bodies import FormBody, MultipartBody, RawBody
from twilio_widgets.core.guardrails.policy import FREE
from twilio_widgets.core.http import transport
from twilio_widgets.core.request import Request
from twilio_widgets.errors import ApiError, PolicyRefused, Refused, TwilioWidgetsError
from twilio_widgets.sandbox.world import create as composing

TO = "+14155550123"
MESSAGES = "/Accounts/$TWILIO_ACCOUNT_SID/Messages"
FORM = "application/x-www-form-urlencoded"


@dataclass
class Recording:
    """The judge of a policy, with a note of every verdict over a message."""

    connection: Any
    policy: tw.Policy = FREE
    verdicts: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._guard = self.policy.on(self.connection)

    def check(self, request: Request) -> Any:
        verdict = self._guard.check(request)
        if verdict is not None:
            self.verdicts.append(verdict)
        return verdict


@pytest.fixture
def recording(sandbox) -> Recording:
    return Recording(sandbox.connection)


@pytest.fixture
def arrivals(recording, monkeypatch) -> list[int]:
    """How many verdicts there were when each creation reached the sandbox, refused ones too."""
    seen: list[int] = []
    create = composing.create

    def arrived(*world_account_form: Any) -> Any:
        seen.append(len(recording.verdicts))
        return create(*world_account_form)

    monkeypatch.setattr(composing, "create", arrived)
    return seen


# The doors through which a message can leave


def fields(sandbox: tw.Sandbox) -> dict[str, str]:
    return {"To": TO, "From": sandbox.numbers[0], "Body": "Hello"}


def by_send(twilio: Any, sandbox: tw.Sandbox) -> None:
    twilio.messages.send(TO, from_=sandbox.numbers[0], body="Hello")


def by_raw(path: str = MESSAGES + ".json", **inputs: Any) -> Callable[[Any, tw.Sandbox], None]:
    def door(twilio: Any, sandbox: tw.Sandbox) -> None:
        given = {
            name: value(fields(sandbox)) if callable(value) else value
            for name, value in (inputs or {"data": dict}).items()
        }
        with suppress(ApiError):
            twilio.raw(path.replace("$SUB", sandbox.subaccount_sid), "POST", **given)

    return door


def by_flow(**request: Any) -> Callable[[Any, tw.Sandbox], None]:
    """Run a request built by hand, which does not declare that it creates a message."""

    def door(twilio: Any, sandbox: tw.Sandbox) -> None:
        account = sandbox.connection.acting_sid
        made = {name: value(fields(sandbox)) if callable(value) else value
                for name, value in request.items()}  # fmt: skip
        path = f"/2010-04-01/Accounts/{account}/Messages.json"

        def flow() -> Any:
            return (yield Request(method="POST", path=path, **made))

        twilio.run(flow())

    return door


DOORS: dict[str, Callable[[Any, tw.Sandbox], None]] = {
    "messages.send": by_send,
    "raw": by_raw(),
    "raw, a form of parts": by_raw(form_data=dict),
    "raw, text": by_raw(data=urlencode, headers={"Content-Type": FORM}),
    "raw, bytes": by_raw(data=lambda form: urlencode(form).encode(),
                         headers=[("content-type", FORM + "; charset=utf-8")]),
    "raw, files": by_raw(file_data=dict),
    "raw, the query": by_raw(query_params=dict),
    "raw, both": by_raw(data=dict, query_params={"Body": "Hello"}),
    "raw, no ending": by_raw(MESSAGES, data=dict, response_type="text"),
    "raw, xml": by_raw(MESSAGES + ".xml", data=dict, response_type="text"),
    "raw, the version": by_raw("/2010-04-01" + MESSAGES + ".json"),
    "raw, a subaccount": by_raw("/Accounts/$SUB/Messages.json"),
    "raw, repeated": by_raw(data=dict, max_retries=2, repeat_unsafe=True, retry_all_errors=True),
    "run": by_flow(body=lambda form: FormBody(tuple(form.items()))),
    "run, bytes": by_flow(body=lambda form: RawBody(urlencode(form).encode(), FORM)),
    "run, parts": by_flow(body=lambda form: MultipartBody(tuple(form.items()))),
    "run, the query": by_flow(query=lambda form: tuple(form.items())),
}  # fmt: skip

MAKE_NONE = {"raw, files", "raw, the query", "run, the query", "raw, a subaccount"}
"""They reach Twilio, which refuses them: it finds no recipient, or a sender of another account."""


def test_every_message_is_checked_before_it_reaches_twilio(connect, sandbox, recording, arrivals):
    twilio = connect(sandbox, policy=recording)
    for nth, (name, door) in enumerate(DOORS.items(), start=1):
        before = len(sandbox.ledger)
        door(twilio, sandbox)
        assert (len(recording.verdicts), arrivals[-1], len(arrivals)) == (nth, nth, nth), name
        assert len(sandbox.ledger) == before + (name not in MAKE_NONE), name


@pytest.mark.parametrize("rules", [{"allow": []}, {"dry_run": True}, {"max_recipients": 0}])
def test_no_entry_point_bypasses_a_rule(connect, sandbox, arrivals, rules):
    twilio = connect(sandbox, policy=tw.Policy(**rules))
    for door in DOORS.values():
        with pytest.raises(PolicyRefused):
            door(twilio, sandbox)
    assert (arrivals, sandbox.ledger) == ([], ())


def test_the_async_client_obeys_the_same_rules(client, sandbox, recording, arrivals):
    async def send_by(twin: tw.AsyncTwilio) -> None:
        async with twin:
            await twin.messages.send(TO, from_=sandbox.numbers[0], body="Hello")

    asyncio.run(send_by(client.twin()))
    assert (len(recording.verdicts), arrivals, len(sandbox.ledger)) == (1, [1], 1)
    strict = tw.AsyncTwilio(sandbox.connection, policy=tw.Policy(allow=[]))
    with pytest.raises(PolicyRefused):
        asyncio.run(send_by(strict.twin()))
    assert len(sandbox.ledger) == 1


def test_every_attempt_is_checked_again(connect, sandbox, recording, arrivals):
    """Two are answered 429, and the third is accepted."""
    sandbox.fail(status=429, times=2)
    by_send(connect(sandbox, policy=recording), sandbox)
    assert (len(recording.verdicts), len(sandbox.ledger)) == (3, 1)
    assert arrivals == [3]


def test_an_unusually_spelled_path_is_checked_although_it_does_not_exist(
    connect, sandbox, recording
):
    twilio, account = connect(sandbox, policy=recording), sandbox.connection.acting_sid
    ends = ("accounts/{}/messages", "Accounts/{}/SMS/Messages.xml", "Accounts/{}/Messages/new")

    def flow(end: str) -> Any:
        path = "/2010-04-01/" + end.format(account)
        return (
            yield Request(method="POST", path=path, body=FormBody(tuple(fields(sandbox).items())))
        )

    replies = [twilio.run(flow(end)).status for end in ends]
    assert (replies, len(recording.verdicts), sandbox.ledger) == ([404] * 3, 3, ())


UNREADABLE = [
    {"headers": {"Content-Type": FORM, "Content-Encoding": "gzip"}, "data": b"\x1f\x8b\x08"},
    {"headers": {"Content-Type": "application/json"}, "data": '{"To": "+14155550123"}'},
    {"headers": {"Content-Type": "text/plain"}, "data": "To=%2B14155550123"},
    {"headers": {"Content-Type": FORM}, "data": b"To=%FF"},
    {"headers": {"Content-Type": "multipart/form-data; boundary=x"}, "data": b"--x\r\nnonsense"},
]


def test_an_unreadable_request_is_refused_in_the_sandbox_too(connect, sandbox, arrivals):
    twilio = connect(sandbox)
    for inputs in UNREADABLE:
        with pytest.raises(Refused, match=r"[Nn]othing was sent"):
            twilio.raw(MESSAGES, "POST", **inputs)
    assert (arrivals, sandbox.ledger) == ([], ())


# The panels


@pytest.fixture
def client(sandbox, recording) -> Iterator[tw.Twilio]:
    with tw.Twilio(sandbox.connection, policy=recording) as client:
        yield client


def by_send_panel(twilio: tw.Twilio, sandbox: tw.Sandbox) -> str:
    panel = tw.SendPanel(twilio, to=TO, from_=sandbox.numbers[0], body="Hello", undo_seconds=0)
    return _sent(panel)


def by_raw_panel(twilio: tw.Twilio, sandbox: tw.Sandbox) -> str:
    panel = tw.RawRequestPanel(twilio)
    form = panel._form
    fill = {"method": "POST", "body": "data", "path": MESSAGES + ".json"}
    for name, value in fill.items():
        if name in form.typed:
            form.typed[name]._handle_custom_msg({"t": "typed", "text": value}, [])
        else:
            owner = next(each for each in form.sets.values() if name in each.values)
            owner._handle_custom_msg({"t": "set", "name": name, "value": value}, [])
    rows = [[*pair, True] for pair in fields(sandbox).items()]
    form.tables["data"]._handle_custom_msg({"t": "rows", "rows": rows}, [])
    PanelDriver(panel).press_on(form.send)
    PanelDriver(panel).press_on(form.agree)
    assert panel.join(30)
    panel.close()
    return str(panel._state)


def by_workbench(twilio: tw.Twilio, sandbox: tw.Sandbox) -> str:
    bench = tw.Workbench(
        twilio.connection, policy=twilio.policy, to=TO, from_=sandbox.numbers[0], body="Hello"
    )
    assert bench.join(30)
    bench.send_panel._undo_seconds = 0
    text = _sent(bench.send_panel)
    bench.close()
    return text


def _sent(panel: Any) -> str:
    """Press send, and return the panel's state afterwards."""
    panel.join(30)
    PanelDriver(panel).press_on(panel._form.send)
    assert panel.join(30)
    panel.close()
    return str(panel._state)


def by_bulk_panel(twilio: tw.Twilio, sandbox: tw.Sandbox) -> str:
    """Check, say the words, and wait for the job."""
    panel = tw.BulkPanel(
        twilio, [{"phone": TO}], body="Hello", from_=sandbox.numbers[0], undo_seconds=0
    )
    assert panel.join(30)
    page = PanelDriver(panel)
    page.press_on(panel._actions.check)
    assert panel.join(30)
    text = str(panel._findings.problems.rows)
    page.say(panel._confirmation.typed, {"t": "typed", "text": "send 1"})
    page.press_on(panel._confirmation.send)
    assert panel.join(30)
    if panel.job is not None:
        panel.job.wait(30)
        assert panel.join(30)
    panel.close()
    return text


PANELS = {
    "SendPanel": by_send_panel,
    "RawRequestPanel": by_raw_panel,
    "Workbench": by_workbench,
    "BulkPanel": by_bulk_panel,
}


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_is_checked_by_the_same_policy(client, sandbox, recording, arrivals, panel):
    PANELS[panel](client, sandbox)
    assert (len(recording.verdicts), arrivals, len(sandbox.ledger)) == (1, [1], 1)


@pytest.mark.parametrize("panel", PANELS)
def test_no_panel_bypasses_a_rule(sandbox, arrivals, panel):
    with tw.Twilio(sandbox.connection, policy=tw.Policy(allow=["+44*"])) as strict:
        text = PANELS[panel](strict, sandbox)
    assert (arrivals, sandbox.ledger) == ([], ())
    assert "+1 4••• ••• 123 is not one of the recipients that your policy allows" in text


# What makes no message, driven as well


def reads(sandbox: tw.Sandbox) -> dict[str, Callable[[Any, str], object]]:
    """Every other method of a client, on a message that is there."""
    return {
        "check": lambda twilio, sid: twilio.check(),
        "balance": lambda twilio, sid: twilio.balance(),
        "usage": lambda twilio, sid: twilio.usage(limit=1),
        "numbers": lambda twilio, sid: twilio.numbers(),
        "numbers.list": lambda twilio, sid: twilio.numbers.list(),
        "services": lambda twilio, sid: twilio.services(),
        "services.list": lambda twilio, sid: twilio.services.list(),
        "alerts.list": lambda twilio, sid: twilio.alerts.list(),
        "templates.list": lambda twilio, sid: twilio.templates.list(),
        "templates.all": lambda twilio, sid: twilio.templates.all(),
        "templates.get": lambda twilio, sid: twilio.templates.get(sandbox.templates[0]),
        "templates.can_send": lambda twilio, sid: twilio.templates.can_send(f"whatsapp:{TO}"),
        "lookup": lambda twilio, sid: twilio.lookup([TO], ("validation",), progress=False),
        "messages.get": lambda twilio, sid: twilio.messages.get(sid),
        "messages.wait": lambda twilio, sid: twilio.messages.wait(sid, timeout=1),
        "messages.find": lambda twilio, sid: twilio.messages.find(_lost(sandbox)),
        "messages.list": lambda twilio, sid: twilio.messages.list(progress=False),
        "messages.iterate": lambda twilio, sid: list(twilio.messages.iterate()),
        "messages.media": lambda twilio, sid: twilio.messages.media(sid),
        "messages.feedback": lambda twilio, sid: twilio.messages.feedback(sid),
        "messages.redact": lambda twilio, sid: twilio.messages.redact(sid),
        "messages.cancel": lambda twilio, sid: twilio.messages.cancel(sid),
        "messages.delete": lambda twilio, sid: twilio.messages.delete(sid),
    }


def _lost(sandbox: tw.Sandbox) -> tw.errors.OutcomeUnknown:
    now = sandbox.clock.now()
    given = {name: (value,) for name, value in fields(sandbox).items()}
    return tw.errors.OutcomeUnknown("Lost.", parameters=given, started_at=now, latest_arrival=now)


CHANGES = {"messages.feedback", "messages.redact", "messages.cancel", "messages.delete"}


def test_requests_that_create_no_message_are_not_checked(connect, sandbox, recording):
    sid = connect(sandbox).messages.send(TO, from_=sandbox.numbers[0], body="Hi").sid
    twilio = connect(sandbox, policy=recording)
    for method in reads(sandbox).values():
        with suppress(ApiError):  # a message that has come to its end cannot be cancelled
            method(twilio, sid)
    assert (recording.verdicts, len(sandbox.ledger)) == ([], 1)


def test_a_dry_run_permits_reads_and_no_changes(connect, sandbox):
    sid = connect(sandbox).messages.send(TO, from_=sandbox.numbers[0], body="Hi").sid
    dry = connect(sandbox, policy=tw.Policy(dry_run=True))
    for name, method in reads(sandbox).items():
        if name in CHANGES:
            with pytest.raises(PolicyRefused, match=r"^Dry run: nothing was sent\. "):
                method(dry, sid)
        else:
            method(dry, sid)


# Nothing is forgotten


def public(kind: type, prefix: str = "") -> set[str]:
    return {prefix + name for name, _function in inspect.getmembers(kind, inspect.isfunction)
            if not name.startswith("_")}  # fmt: skip


HOUSEKEEPING = {"close", "aclose", "twin", "lookup_cost"}


def test_every_public_method_of_a_client_is_covered_here():
    known = set(reads(tw.Sandbox())) | HOUSEKEEPING | {door.partition(",")[0] for door in DOORS}
    blocking = {
        "messages": Messages,
        "services": Services,
        "numbers": Numbers,
        "alerts": Alerts,
        "templates": Templates,
    }
    awaiting = {
        "messages": AsyncMessages,
        "services": AsyncServices,
        "numbers": AsyncNumbers,
        "alerts": AsyncAlerts,
        "templates": AsyncTemplates,
    }
    for kind, parts in ((tw.Twilio, blocking), (tw.AsyncTwilio, awaiting)):
        found = public(kind).union(*(public(part, f"{name}.") for name, part in parts.items()))
        assert found - known == set(), kind


MAKES_NO_MESSAGE = {
    "AccountPanel", "ApiKeyConnection", "Archive", "AuthTokenConnection", "ClassPanel",
    "ConnectionPanel",
    "EventFrame", "EventsPanel", "ExplorePanel", "Listener", "Message", "MessageFrame",
    "MessagesPanel", "NotSureYet", "PlannedRow", "Policy", "Poller", "RawResponse", "Sandbox",
    "Verdict", "analysis", "check_signature", "connect", "errors", "explain_error", "prices",
    "segments", "show_versions",
}  # fmt: skip

DRIVEN_ELSEWHERE = {"Job", "Plan", "plan"}
"""In `test_policy_jobs`."""


def test_every_public_name_is_classified_here():
    """A new one is driven by these tests, or said to make no message."""
    driven = {"Twilio", "AsyncTwilio", "demo"} | set(PANELS)
    known = MAKES_NO_MESSAGE | DRIVEN_ELSEWHERE | driven
    assert set(tw.__all__) - known == set(), "a door nobody watches"


def test_a_client_that_a_panel_makes_has_a_policy_in_force(sandbox):
    strict = tw.Policy(allow=[])
    for policy, in_force in ((None, FREE), (strict, strict)):
        panel = tw.ConnectionPanel(sandbox.connection, policy=policy)
        assert panel.join(30)
        assert panel.twilio.policy == in_force
        panel.close()
    panel = tw.ConnectionPanel(policy=strict)
    PanelDriver(panel).press_on(panel._form.try_sandbox)
    assert panel.join(30)
    assert panel.twilio.policy is strict
    panel.close()


def test_the_transport_sends_nothing_before_the_check():
    """The two `send` are the only ways to the wire, and begin with `_checked`."""
    tree = ast.parse(Path(transport.__file__).read_text("utf-8"))
    functions = [node for node in ast.walk(tree)
                 if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]  # fmt: skip
    to_the_wire: dict[str, list[str]] = {"exchange": [], "OutgoingRequest": [], "_outgoing": []}
    for function in functions:
        calls = {getattr(node.func, "attr", getattr(node.func, "id", ""))
                 for node in ast.walk(function) if isinstance(node, ast.Call)}  # fmt: skip
        for name, callers in to_the_wire.items():
            if name in calls:
                callers.append(function.name)
        if function.name == "send":
            first = next(node for node in function.body if not isinstance(node, ast.Expr))
            assert "self._checked(request)" in ast.unparse(first)
    assert to_the_wire == {
        "exchange": ["send", "send"],
        "OutgoingRequest": ["_outgoing"],
        "_outgoing": ["_built", "_onward"],
    }


# Any request at all


paths = st.sampled_from([
    MESSAGES, MESSAGES + ".json", MESSAGES + ".xml", MESSAGES + "/", MESSAGES + ".json/",
    MESSAGES.replace("Messages", "messages"), MESSAGES.replace("M", "%4D"),
    "/2010-04-01" + MESSAGES,
    MESSAGES + "/SM" + "1" * 32, MESSAGES + "/x", MESSAGES.replace("/Messages", "//Messages"),
    MESSAGES + ".json?To=%2B14155550199", "/Accounts.json", "/SMS/Messages",
])  # fmt: skip
methods = st.sampled_from(["POST", "PUT", "PATCH", "GET", "DELETE", "post", "LINK"])
bodies = st.sampled_from([
    {}, {"data": dict}, {"form_data": dict}, {"file_data": dict}, {"query_params": dict},
    {"data": urlencode, "headers": {"Content-Type": FORM}},
    {"data": urlencode, "headers": {"Content-Type": "text/plain"}},
    {"data": urlencode, "headers": {"Content-Type": FORM, "Content-Encoding": "gzip"}},
    {"data": dict, "headers": {"X-HTTP-Method-Override": "POST"}},
    {"query_params": {"_method": "POST"}, "data": dict},
])  # fmt: skip


@settings(max_examples=150, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(asked=st.tuples(paths, methods, bodies, st.integers(0, 2)))
def test_no_request_reaches_the_messages_resource_unchecked(
    client, sandbox, recording, arrivals, asked
):
    path, method, inputs, repeats = asked
    filled = {name: value(fields(sandbox)) if callable(value) else value
              for name, value in inputs.items()}  # fmt: skip
    arrivals.clear()
    recording.verdicts.clear()
    with suppress(TwilioWidgetsError):
        client.raw(path, method, **filled, max_retries=repeats, retry_all_errors=True)
    assert all(verdicts >= nth for nth, verdicts in enumerate(arrivals, start=1))
    assert len(recording.verdicts) >= len(arrivals)


def test_these_tests_detect_an_unchecked_request(client, sandbox, recording, arrivals, monkeypatch):
    """The proof above can fail: with the hook taken out, arrivals have no verdict."""
    monkeypatch.setattr(recording, "check", lambda _request: None)
    by_send(client, sandbox)
    assert (arrivals, recording.verdicts, len(sandbox.ledger)) == ([0], [], 1)

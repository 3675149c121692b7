"""Whatever argument is wrong, a saved notebook with verbose tracebacks contains no credential."""

from __future__ import annotations

import base64
import inspect
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

import twilio_widgets as tw

CANARY = "c4n4ry" * 5 + "42"
ACCOUNT = "AC" + "1" * 32
KEY = "SK" + "2" * 32

SETUP = """
%xmode Verbose
import os
import twilio_widgets as tw
sandbox = tw.Sandbox()
def secret():
    return "".join(map(chr, CODES))
""".replace("CODES", repr([ord(letter) for letter in CANARY]))

LISTENER = ', shared_keys={"key": secret()})'

CONNECTED = (
    "Twilio", "AsyncTwilio", "Poller", "Listener", "prices", "ConnectionPanel", "SendPanel",
    "MessagesPanel", "RawRequestPanel", "EventsPanel", "BulkPanel", "ExplorePanel", "ClassPanel",
    "Workbench",
)  # fmt: skip
"""The callables whose first argument is a connection or a client, where a token may be given."""

OPTIONED = ("SendPanel", "ExplorePanel", "Workbench")

CALLS = [
    *(f"tw.{name}(secret())" for name in CONNECTED),
    *(f"tw.{name}(secret(), undo_second=1)" for name in OPTIONED),
    'tw.Archive("archive").sync(secret())',
    'tw.plan([], to="to", body="Hi").send(secret())',
    f"tw.Listener(None{LISTENER}",
    *(
        f"tw.Listener(sandbox.connection, {wrong}{LISTENER}"
        for wrong in (
            'public_url="nowhere"', 'port="x"', "store=5", "reply=5", 'idle="x"',
            'retention_days="x"', "public_url=b'x'",
        )
    ),
    "tw.Listener(sandbox.connection, shared_keys=secret())",
    "tw.Listener(sandbox.connection, shared_keys=[secret()])",
    'tw.Listener(sandbox.connection, shared_keys={"a": secret(), "b": 5})',
    "tw.Listener(sandbox.connection, shared_keys={5: secret()})",
    'tw.AuthTokenConnection("AC1", secret())',
    "tw.AuthTokenConnection(secret(), secret())",
    f'tw.AuthTokenConnection("{ACCOUNT}", secret(), region="X Y")',
    f'tw.AuthTokenConnection("{ACCOUNT}", secret(), region=secret() + "!")',
    f'tw.AuthTokenConnection("{ACCOUNT}", secret(), subaccount_sid="x")',
    f'tw.ApiKeyConnection("{ACCOUNT}", "SK1", secret())',
    f'tw.ApiKeyConnection("{ACCOUNT}", secret(), secret(), auth_token=secret())',
    f'tw.ApiKeyConnection("{ACCOUNT}", "{KEY}", secret(), auth_token=5)',
    *(
        f'tw.Twilio(tw.AuthTokenConnection("{ACCOUNT}", secret()), {wrong})'
        for wrong in ('timeout="x"', 'base_url="ftp://x"', "policy=5")
    ),
    f'tw.Twilio(tw.AuthTokenConnection("{ACCOUNT}", secret()), base_url="http://127.0.0.1:9", '
    'timeout=1).messages.get("SM" + "0" * 32)',
    'tw.check_signature(url=5, params=5, auth_token=secret(), shared_keys={"k": secret()}, '
    "nonsense=1)",
]  # fmt: skip


CREDENTIALS = {
    "connection": "sandbox.connection",
    "twilio": "twilio",
    "sandbox": "sandbox",
    "source": "twilio",
    "listener": "None",
    "callbacks": "None",
    "classroom": "secret()",
    "headers": '{"Authorization": secret()}',
    "account_sid": f'"{ACCOUNT}"',
    "api_key_sid": f'"{KEY}"',
    "api_key_secret": "secret()",
    "auth_token": "secret()",
    "shared_keys": '{"key": secret()}',
    "secondary_tokens": "[secret()]",
    "other_tokens": "[secret()]",
    "api_secrets": "[secret()]",
}
"""A right value for each parameter that may be given a credential, with a secret in it."""

SELVES = {
    "AccountPanel": "tw.AccountPanel(twilio)",
    "ApiKeyConnection": "sandbox.api_key_connection",
    "Archive": 'tw.Archive("archive")',
    "AsyncTwilio": "tw.AsyncTwilio(sandbox.connection)",
    "AuthTokenConnection": "sandbox.connection",
    "BulkPanel": "tw.BulkPanel(twilio)",
    "ClassPanel": "None",
    "ConnectionPanel": "tw.ConnectionPanel(sandbox.connection)",
    "EventsPanel": "tw.EventsPanel(twilio)",
    "ExplorePanel": "tw.ExplorePanel(twilio)",
    "Job": "job",
    "Listener": "None",
    "Message": "message",
    "MessageFrame": "frame",
    "MessagesPanel": "tw.MessagesPanel(twilio)",
    "NotSureYet": "None",
    "Plan": "plan",
    "PlannedRow": "plan.rows[0]",
    "Policy": "tw.Policy()",
    "Poller": "poller",
    "RawRequestPanel": "tw.RawRequestPanel(twilio)",
    "RawResponse": 'twilio.raw("/Accounts.json")',
    "Sandbox": "sandbox",
    "SendPanel": "tw.SendPanel(twilio)",
    "Twilio": "twilio",
    "Verdict": 'tw.check_signature("https://a.example", params={}, auth_token=secret())',
    "Workbench": "tw.Workbench(sandbox.connection)",
}
"""An object of each public class; None: its class, so that the call fails."""

OF_A_CLIENT = ("messages", "templates")
BLOCKING = {"join", "wait", "sleep", "sleep_async"}
"""Methods that only wait."""

WORLD = """
from unittest.mock import patch
import asyncio, inspect, warnings
warnings.simplefilter("ignore")
sandbox = tw.Sandbox(now="2026-01-15T12:00:00Z", seed=41)
def secret():
    return sandbox.connection.credentials[1].reveal()
twilio = tw.Twilio(sandbox.connection)
message = twilio.messages.send("+14155550123", body="Hi", from_=sandbox.numbers[0])
frame = twilio.messages.list(progress=False)
plan = tw.plan([{"to": "+14155550123"}], body="Hi", from_=sandbox.numbers[0])
job = plan.send(twilio, "spring", folder="jobs")
job.wait(20)
poller = tw.Poller(sandbox.connection, store="store", watch=False)

async def in_time(call):
    return await asyncio.wait_for(call, 5)

def run(call):
    try:
        made = eval(call)
        if inspect.iscoroutine(made):
            asyncio.run(in_time(made))
    except BaseException:
        print("failed:", call)
        get_ipython().showtraceback()
    else:
        getattr(made, "close", lambda: None)()
"""


def public_callables() -> Iterator[tuple[str, Mapping[str, inspect.Parameter]]]:
    """Yield the expression of each public callable and of each method, with its parameters."""
    for name in tw.__all__:
        value = getattr(tw, name)
        if inspect.ismodule(value):
            continue
        yield f"tw.{name}", inspect.signature(value).parameters
        if inspect.isclass(value):
            own = SELVES[name] if SELVES[name] != "None" else f"tw.{name}"
            yield from methods_of(own, value)
        if name in {"Twilio", "AsyncTwilio"}:
            with tw.Sandbox() as sandbox:
                client = value(sandbox.connection)
                for part in OF_A_CLIENT:
                    yield from methods_of(f"{own}.{part}", type(getattr(client, part)))


def methods_of(own: str, kind: type) -> Iterator[tuple[str, Mapping[str, inspect.Parameter]]]:
    for name in dir(kind):
        method = inspect.getattr_static(kind, name)
        function = method.__func__ if isinstance(method, classmethod | staticmethod) else method
        if name.startswith("_") or name in BLOCKING or not inspect.isfunction(function):
            continue
        if function.__module__.startswith("twilio_widgets"):
            signature = inspect.signature(function)
            bound = list(signature.parameters.items())[not isinstance(method, staticmethod) :]
            yield f"{own}.{name}", dict(bound)


def calls_of(callee: str, parameters: Mapping[str, inspect.Parameter]) -> Iterator[str]:
    """Yield a call with each argument wrong, and one with a secret in place of each credential."""
    variable = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
    named = [name for name, one in parameters.items() if one.kind not in variable]
    usual = {name: CREDENTIALS[name] for name in named if name in CREDENTIALS}
    usual |= {
        name: "5"
        for name in named
        if parameters[name].default is inspect.Parameter.empty and name not in usual
    }
    wrong = [{name: "object()"} for name in (*named, "nonsense")]
    misplaced = [{name: "secret()"} for name in named if name in CREDENTIALS]
    unexpected = (
        [] if callee.startswith(("frame.", "tw.MessageFrame")) else [{"auth_token": "secret()"}]
    )
    for changed in (*wrong, *misplaced, *unexpected):  # a frame's verbs pass options to pandas
        given = usual | changed
        yield f"{callee}({', '.join(f'{name}={value}' for name, value in given.items())})"


def saved_after(calls: Iterable[str], folder: Path) -> nbformat.NotebookNode:
    """Return a notebook that was executed with verbose tracebacks."""
    cells = [nbformat.v4.new_code_cell(code) for code in (SETUP, *calls)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    client = NotebookClient(
        notebook,
        timeout=300,
        store_widget_state=True,
        allow_errors=True,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    return notebook


def test_every_parameter_that_takes_a_credential_is_known():
    words = ("Connection", "Twilio", "Sandbox", "Secret", "Callbacks", "RejectionSource")
    unknown = {
        f"{callee}: {name}"
        for callee, parameters in public_callables()
        for name, parameter in parameters.items()
        if any(word in str(parameter.annotation) for word in words)
        and "Callable" not in str(parameter.annotation)
        and name not in CREDENTIALS
    }

    assert unknown == set()


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_no_public_callable_writes_a_credential_into_the_notebook(tmp_path):
    with tw.Sandbox(now="2026-01-15T12:00:00Z", seed=41) as twin:
        account, token = twin.connection.credentials
    token = token.reveal()
    basic = base64.b64encode(f"{account}:{token}".encode()).decode()
    cells = [
        "\n".join(f"run({call!r})" for call in calls_of(callee, parameters))
        for callee, parameters in public_callables()
    ]
    notebook = saved_after((WORLD, *cells), tmp_path)
    assert notebook.cells[1].outputs == []
    html, _resources = HTMLExporter().from_notebook_node(notebook)

    leaking = [
        cell.source.splitlines()[0]
        for cell in notebook.cells
        if any(text in json.dumps(cell.outputs) for text in (token, basic))
    ]
    assert leaking == []
    assert [
        text for text in (token, basic) if text in nbformat.writes(notebook) or text in html
    ] == []
    assert "widgets" in notebook.metadata
    failed = sum(json.dumps(cell.outputs).count("failed: ") for cell in notebook.cells)
    assert failed > len(cells)


@pytest.mark.long
@pytest.mark.timeout(300)
def test_no_failed_call_writes_a_credential_into_the_notebook(tmp_path):
    notebook = saved_after(CALLS, tmp_path)
    failed = [
        cell.source
        for cell in notebook.cells
        if any(output.output_type == "error" for output in cell.outputs)
    ]
    assert failed == CALLS
    saved = nbformat.writes(notebook)
    basic = base64.b64encode(f"{ACCOUNT}:{CANARY}".encode()).decode()
    assert [text for text in (CANARY, basic) if text in saved] == []

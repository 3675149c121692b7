"""Whatever argument is wrong, a saved notebook with verbose tracebacks contains no credential."""

from __future__ import annotations

import base64
import inspect
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

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


OURS = f'tw.AuthTokenConnection("{ACCOUNT}", secret())'
VALUES = {
    "account_sid": f'"{ACCOUNT}"',
    "api_key_sid": f'"{KEY}"',
    "api_key_secret": "secret()",
    "auth_token": "secret()",
    "shared_keys": '{"key": secret()}',
    "secondary_tokens": "[secret()]",
    "other_tokens": "[secret()]",
    "api_secrets": "[secret()]",
    "connection": OURS,
    "url": '"https://hook.example/sms"',
}
"""A value for each parameter that every call gets: secrets, and what is required beside them."""

CALLABLES = (
    "AuthTokenConnection", "ApiKeyConnection", "check_signature", "Twilio", "AsyncTwilio",
)  # fmt: skip
PANELS = (
    "ConnectionPanel", "SendPanel", "MessagesPanel", "RawRequestPanel", "EventsPanel", "BulkPanel",
    "AccountPanel", "Workbench", "Poller", "Listener",
)  # fmt: skip


def each_argument_wrong() -> Iterator[str]:
    """Yield a call of each public callable with each argument wrong, and secrets in the others."""
    for name in CALLABLES:
        parameters = inspect.signature(getattr(tw, name)).parameters
        usual = {one: VALUES[one] for one in parameters if one in VALUES}
        for wrong in parameters:
            given = usual | {wrong: "object()"}
            arguments = ", ".join(f"{one}={value}" for one, value in given.items())
            yield f"tw.{name}({arguments})"
        yield f"tw.{name}(*[secret()] * 20)"
    for name in PANELS:
        yield f"tw.{name}({OURS}, auth_token=secret())"


def saved_after(calls: Iterable[str], folder: Path) -> nbformat.NotebookNode:
    """Return a notebook that was executed with verbose tracebacks."""
    cells = [nbformat.v4.new_code_cell(code) for code in (SETUP, *calls)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    client = NotebookClient(
        notebook, timeout=120, allow_errors=True, resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    return notebook


@pytest.mark.long
@pytest.mark.timeout(600)
def test_no_public_callable_writes_a_credential_into_the_notebook(tmp_path):
    calls = list(each_argument_wrong())
    notebook = saved_after(calls, tmp_path)
    leaking = [cell.source for cell in notebook.cells[1:] if CANARY in json.dumps(cell.outputs)]
    assert leaking == []
    failed = sum(
        any(output.output_type == "error" for output in cell.outputs) for cell in notebook.cells
    )
    assert failed > len(calls) / 2


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

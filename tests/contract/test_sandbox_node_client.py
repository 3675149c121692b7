"""The official Node client, only pointed at another base URL, works against the sandbox."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from tests.tools import without
from twilio_widgets.sandbox import Sandbox

SCRIPT = Path(__file__).parent / "data" / "node_client.cjs"
ROOT = Path(__file__).parents[2]


def node(*arguments: str) -> subprocess.CompletedProcess[str]:
    found = shutil.which("node")
    if found is None:
        without("node", consequence="twilio-node was not tried")
    return subprocess.run(
        [found, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_node_client_sends_reads_and_changes() -> None:
    if node("-e", 'require.resolve("twilio")').returncode:
        without("the npm package twilio", consequence="twilio-node was not tried")
    with Sandbox(seed=11, messages=230) as sandbox:
        name, secret = sandbox.connection.credentials
        ran = node(str(SCRIPT), sandbox.url, name, secret.reveal(), sandbox.numbers[0])
        assert ran.returncode == 0, ran.stderr
        found = json.loads(ran.stdout)
        sent, scheduled = sandbox.ledger

    assert found.pop("listed")[0] == sent.sid
    assert (sent.body, scheduled.body) == ("Grüße 👋", "Later")
    assert found == {
        "sent": sent.sid,
        "body": "Grüße 👋",
        "created": True,
        "code": 21211,
        "secret": 32,
        "service": "node",
        "cancelled": "canceled",
        "redacted": "",
    }

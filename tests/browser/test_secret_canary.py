"""A secret typed into a panel reaches no file, no other client of the kernel, no export.

The canaries are the credentials of a sandbox: the same seed makes the same world in the kernel and
here, so that this side can type what that side never prints.
"""

from __future__ import annotations

import base64
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from jupyter_client import BlockingKernelClient
from nbconvert import HTMLExporter

from twilio_widgets.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.browser.harness import Notebook

pytestmark = pytest.mark.browser

SEED = 41
WRONG = "n0t-the-5ecret-but-typed-all-the-same"
CONNECT = f"""
import logging
logging.basicConfig(level=logging.DEBUG, filename="kernel.log")
from functools import partial
import twilio_widgets as tw
from twilio_widgets.panels.connection import open_client as link
sandbox = tw.Sandbox(seed={SEED})
link.Twilio = partial(tw.Twilio, base_url=sandbox.url)
panel = tw.ConnectionPanel()
panel
"""


def shapes_of(secret: str, user: str = "") -> dict[str, bytes]:
    """The forms in which a secret could have been written down."""
    return {
        "plain": secret.encode(),
        "reversed": secret[::-1].encode(),
        "base64": base64.b64encode(secret.encode()).rstrip(b"="),
        "basic authentication": base64.b64encode(f"{user}:{secret}".encode()).rstrip(b"="),
        "hexadecimal": secret.encode().hex().encode(),
    }


@contextmanager
def another_client(notebook: Notebook) -> Iterator[list[bytes]]:
    """Listen to everything that the notebook's kernel tells each of its clients."""
    (session,) = notebook.lab.ask("GET", "/api/sessions")
    file = notebook.lab.state / "runtime" / f"kernel-{session['kernel']['id']}.json"
    client = BlockingKernelClient(connection_file=str(file))
    client.load_connection_file()
    client.start_channels(shell=False, stdin=False, hb=False, control=False)
    heard: list[bytes] = []
    yield heard
    notebook.execute("print('the end of what is to be heard')")
    while b"the end of what is to be heard" not in (heard[-1] if heard else b""):
        heard.append(as_bytes(client.get_iopub_msg(timeout=20)))
    client.stop_channels()


def as_bytes(message: dict[str, Any]) -> bytes:
    buffers = b"".join(bytes(buffer) for buffer in message["buffers"])
    return json.dumps(message["content"], default=str).encode() + buffers


@contextmanager
def widget_state_saved(notebook: Notebook) -> Iterator[None]:
    """Let JupyterLab write widget state into the notebook, which it does not by default."""
    toggle = "@jupyter-widgets/jupyterlab-manager:saveWidgetState"
    turn = f"() => window.jupyterapp.commands.execute('{toggle}')"
    notebook.page.evaluate(turn)
    yield
    notebook.page.evaluate(turn)


def export_of(notebook: Notebook) -> bytes:
    html, _resources = HTMLExporter().from_notebook_node(nbformat.read(notebook.path, 4))
    return str(html).encode()


def found(places: dict[str, bytes], shapes: dict[str, bytes]) -> list[tuple[str, str]]:
    """The places that hold a shape of the secret."""
    return [
        (place, shape)
        for place, content in places.items()
        for shape, mark in shapes.items()
        if mark in content
    ]


def everywhere(notebook: Notebook, heard: list[bytes]) -> dict[str, bytes]:
    """All that a session leaves: each file of the server and its kernels, the wire, an export."""
    state: Path = notebook.lab.state
    files = {
        str(path.relative_to(state)): path.read_bytes()
        for path in state.rglob("*")
        if path.is_file()
    }
    return {**files, "iopub": b"\n".join(heard), "export": export_of(notebook)}


def saved(notebook: Notebook) -> None:
    """Save twice, so that the checkpoint holds what the notebook holds."""
    notebook.save()
    notebook.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")


def test_a_typed_secret_is_nowhere_after_connecting(notebook: Notebook) -> None:
    with Sandbox(seed=SEED) as twin:
        key = twin.api_key_connection
    user, secret = key.credentials[0], key.credentials[1].reveal()
    notebook.open([CONNECT, "panel.twilio.check()", "%history"])
    with another_client(notebook) as heard, widget_state_saved(notebook):
        notebook.run(0)
        card = notebook.page.locator(".tw-card")
        card.get_by_label("Account SID").fill(key.account_sid)
        card.get_by_label("API Key SID").fill(user)
        field = card.get_by_label("Secret")
        field.fill(WRONG)
        card.get_by_role("button", name="Connect").click()
        card.get_by_text("Could not connect to").wait_for()
        assert field.input_value() == ""

        field.press_sequentially(secret)
        field.press("Enter")
        card.get_by_text("connected ·").wait_for()
        card.get_by_role("button", name="Show the code").click()
        card.get_by_text("TWILIO_API_SECRET").wait_for()
        notebook.run(1)
        notebook.run(2)
        saved(notebook)
    places = everywhere(notebook, heard)

    assert "AccountCheck(ok" in notebook.path.read_text()
    assert b"tw-" in places[f"notebooks/{notebook.path.name}"], "the widget state was saved"
    assert [name for name in places if "checkpoint" in name and notebook.path.stem in name] != []
    assert [name for name in places if name.endswith("history.sqlite")] != []
    assert b"Connected as" in places["iopub"], "the other client heard the panel change"
    assert b"comm_msg" in places["notebooks/kernel.log"], "the kernel logged what it received"
    assert found(places, shapes_of(secret, user)) == []
    assert found(places, shapes_of(WRONG, user)) == []


def test_the_same_search_finds_what_a_password_control_gives_away(notebook: Notebook) -> None:
    """Without this, a search that looks in the wrong places would pass as well."""
    secret = "c0ntr0l-canary-of-a-password-control"
    notebook.open(["import ipywidgets\npassword = ipywidgets.Password()\npassword"])
    with another_client(notebook) as heard, widget_state_saved(notebook):
        notebook.run(0)
        field = notebook.page.locator("input[type=password]")
        field.fill(secret)
        field.blur()
        notebook.page.wait_for_function(
            "(secret) => document.querySelector('input[type=password]').value === secret",
            arg=secret,
        )
        notebook.execute("password.value and None")
        saved(notebook)
    places = {place for place, shape in found(everywhere(notebook, heard), shapes_of(secret))}

    assert {f"notebooks/{notebook.path.name}", "iopub", "export"} <= places

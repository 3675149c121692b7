"""The messages panel where pandas cannot be installed, as in JupyterLite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from twilio_widgets.client import Twilio
from twilio_widgets.panels.messages import reader
from twilio_widgets.panels.messages.panel import MessagesPanel

if TYPE_CHECKING:
    from twilio_widgets.sandbox import Sandbox


@pytest.mark.parametrize(
    ("limit", "note"),
    [(2, "2 read, incomplete"), (3, "3 read, complete"), (None, "3 read, complete")],
)
def test_the_panel_shows_rows_without_a_frame(sandbox: Sandbox, monkeypatch, limit, note):
    monkeypatch.setattr(reader, "FRAMES_EXIST", False)
    for body in ("one", "two", "three"):
        sandbox.receive(from_="+14155550123", body=body)
    with Twilio(sandbox.connection) as twilio:
        panel = MessagesPanel(twilio, limit=limit)
        try:
            panel.load()
            panel.join(10)
            shown = [row["body"] for row in panel._table.rows]
            assert shown == ["three", "two", "one"][:limit]
            assert panel.frame is None
            assert repr(panel).endswith(f"{note})")
        finally:
            panel.close()

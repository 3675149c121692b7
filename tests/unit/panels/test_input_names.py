"""The fields of the panels have the usual names of Twilio integrations."""

from __future__ import annotations

import pytest

from tests.panel_driver import _labels_of, everything
from twilio_widgets import (
    ConnectionPanel,
    MessagesPanel,
    RawRequestPanel,
    Sandbox,
    SendPanel,
    Twilio,
)

NAMES = {
    ConnectionPanel: ["Account SID", "API Key SID", "API Key Secret", "Auth Token"],
    SendPanel: ["To", "From", "Message"],
    MessagesPanel: ["Message SID"],
    RawRequestPanel: [
        "URL or path", "Method", "Query parameter", "Header", "Response type", "Timeout (s)",
        "Retry delay (ms)", "Retry on all errors", "Max retry count", "Use exponential backoff",
    ],
}  # fmt: skip


@pytest.mark.parametrize("kind", NAMES, ids=lambda kind: kind.__name__)
def test_every_input_has_its_usual_name(kind):
    with Sandbox() as sandbox:
        panel = kind(None if kind is ConnectionPanel else Twilio(sandbox.connection))
        labels = [label for widget in everything(panel) for label in _labels_of(widget)]
        panel.close()

    assert [one for one in NAMES[kind] if not any(label.startswith(one) for label in labels)] == []

"""The fields under "More": media, schedule, status callback and validity."""

from __future__ import annotations

import ipywidgets

from twilio_widgets.panels.inputs.line_input import LineInput
from twilio_widgets.panels.kit.elements import Note, field, styled

_HINTS = {
    "media_url": "Addresses of files, one a line, at most ten. They make it an MMS.",
    "send_at": "In UTC, 5 minutes to 35 days ahead. Only a messaging service can schedule.",
    "status_callback": "Where Twilio reports each status of this message.",
    "validity_period": "Seconds it may wait in Twilio's queue before it is dropped, 1 to 36,000.",
}


class MoreFields:
    """What most messages do without."""

    def __init__(self) -> None:
        self.controls = {
            "media_url": LineInput("Media", "https://…", kind="area", rows=2, late=True),
            "send_at": LineInput("Send at", kind="datetime-local", late=True),
            "status_callback": LineInput("Callback", "https://…", late=True),
            "validity_period": LineInput("Validity", "36000", late=True),
        }
        self.notes = {name: Note() for name in self.controls}
        self.rows = styled(
            ipywidgets.VBox(
                [field(control, self.notes[name]) for name, control in self.controls.items()]
            ),
            "tw-rows",
        )


def hint_of(name: str) -> str:
    """Return what stands under a field while nothing is wrong with it."""
    return _HINTS.get(name, "")

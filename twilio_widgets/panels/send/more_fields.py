"""The fields under "More": media, schedule, status callback and validity."""

from __future__ import annotations

import ipywidgets

from twilio_widgets.panels.inputs.line_input import LineInput
from twilio_widgets.panels.kit.elements import Note, field, styled

_HINTS = {
    "to": "+ and the country code, then the number. Spaces and dashes are removed.",
    "media_url": "URLs of files, one per line, at most ten. The message is then sent as an MMS.",
    "send_at": "In UTC, 5 minutes to 35 days from now. Only a messaging service can schedule.",
    "status_callback": "URL to which Twilio reports each status of this message.",
    "validity_period": "Seconds to keep it in Twilio's queue before it is dropped: 1 to 36,000.",
}


class MoreFields:
    """The controls under "More", with their hints."""

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
    """Return the hint under a field that has no problem."""
    return _HINTS.get(name, "")

"""The sentences of the bulk panel, as functions of its state."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from twilio_widgets.core.printable import one_line
from twilio_widgets.panels.bulk import progress as bulk_progress
from twilio_widgets.panels.bulk.table_file import ENCODINGS
from twilio_widgets.panels.bulk.table_sources import GIVEN

if TYPE_CHECKING:
    from twilio_widgets.panels.bulk.state import BulkState, ConfirmationPrompt
    from twilio_widgets.panels.bulk.table_file import OpenedFile
    from twilio_widgets.panels.kit.elements import Tone

GIVE_A_CLIENT: Final = (
    "Not connected: you can check tables, but not send. Create this panel with a connection: "
    "BulkPanel(ConnectionPanel()) or BulkPanel(twilio)."
)
CONNECT_IT: Final = (
    "Not connected: you can check tables, but not send. Press Connect in the connection panel; "
    "then this panel becomes active."
)
TOO_LATE: Final = "Too late to go back: sending has begun. Use the buttons beside the progress bar."
NO_TABLE: Final = "Choose a DataFrame from this notebook, or a CSV or Excel file. Nothing is sent."
OWN_POLICY: Final = "Your own policy object checks every request."
STILL_READING: Final = "The table is still being read, so nothing was checked. Press Check again."

_HINTS: Final = {
    "region": "Country of numbers without a +, for example GB.",
    "media": "Column with the URL of a picture. The message is then sent as an MMS.",
    "rate": "Messages per second for each sender. Empty: as fast as Twilio accepts them.",
    "name": "Each job needs a name of its own: a job with the same name is never sent twice.",
}
_MOST_COLUMNS = 12


def pill_of(state: BulkState) -> tuple[str, Tone]:
    """Return the text and tone of the pill beside the title."""
    if state.phase in {"sending", "resting"} and state.progress is not None:
        return bulk_progress.pill_of(state.progress)
    pills: dict[str, tuple[str, Tone]] = {
        "checking": ("checking…", "hint"),
        "beginning": ("starting…", "hint"),
    }
    if state.phase in pills:
        return pills[state.phase]
    if state.account is None:
        return "not connected", "idle"
    return state.account.label, "idle"


def source_of(state: BulkState) -> tuple[str, Tone]:
    """Return the sentence about the chosen table."""
    if state.reading:
        return "Reading the table…", "hint"
    if state.source is None:
        return NO_TABLE, "hint"
    columns = ", ".join(state.columns[:_MOST_COLUMNS])
    more = len(state.columns) - _MOST_COLUMNS
    named = f"{columns} and {more} more" if more > 0 else columns
    name = "" if state.source.name == GIVEN else f"{state.source.name}: "
    return f"{name}{_counted(state.rows, 'row')}. Columns: {named or 'none'}.", "hint"


def encoding_of(file: OpenedFile) -> str:
    """Return the sentence below the encoding of a file."""
    if not file.guessed:
        return ""
    if file.encoding != file.guessed:
        return f"Your choice. The guess was {ENCODINGS[file.guessed]}."
    return (
        f"The file is not UTF-8. {ENCODINGS[file.guessed]} is a guess: "
        "choose another encoding if the rows below look wrong."
    )


def no_frame_of(state: BulkState) -> str:
    """Return the first option of the list of DataFrames, which stands for none of them."""
    if state.source is None and state.file is not None:
        return f"File: {one_line(state.file.name)}"
    if state.source is not None and state.source.kind != "frame":
        given = state.source.name == GIVEN
        return "The table given to this panel" if given else f"File: {one_line(state.source.name)}"
    return "Choose a DataFrame…" if state.frames else "No DataFrame in this notebook"


def hint_of(state: BulkState, name: str) -> str:
    """Return the hint under a field that has no problem."""
    if name == "to":
        guessed = state.guess is not None and state.draft.to == state.guess.column
        return state.guess.why if guessed and state.guess is not None else ""
    if name == "from_":
        return state.senders_note
    if name == "body":
        return "A button inserts the cell of that column." if inserts_of(state) else ""
    return _HINTS.get(name, "")


def inserts_of(state: BulkState) -> tuple[str, ...]:
    """Return the placeholder of each column, for the buttons below the message."""
    plain = (column for column in state.columns if not re.search(r"[{}!:]", column))
    return tuple(f"{{{column}}}" for column in plain)[:_MOST_COLUMNS]


def rails_of(state: BulkState) -> tuple[tuple[str, str], ...]:
    """Return the guard rails as rows of a label and a text."""
    labels = ("Guard rails", *[""] * len(state.rails))
    return tuple(zip(labels, state.rails, strict=False))


def finding_of(state: BulkState) -> tuple[str, Tone]:
    """Return the result of the check, and its tone."""
    found = state.checked
    if found is None:
        return "", "hint"
    lines = [line.replace("See plan.rejected.", "They are listed below.") for line in found.lines]
    if found.refused_rows:
        rows = _counted(found.refused_rows, "ready row")
        lines.append(f"The guard rails would refuse {rows} now (listed below).")
    if found.unplaced:
        rows = _counted(found.unplaced, "ready row")
        lines.append(f"The local time is not known for {rows}, so quiet hours cannot be checked.")
    if found.ready == found.refused_rows:
        lines.append("No row can be sent.")
    whole = found.ready and not found.rejected and not found.refused_rows
    return "\n".join(lines), "good" if whole else "warning"


def verdict_of(state: BulkState, how_to_connect: str) -> tuple[str, Tone]:
    """Return the sentence above the buttons, and its tone."""
    found = state.checked
    if state.failure:
        return state.failure, "problem"
    if found is not None and found.refusal:
        return f"The guard rails refuse this job. {found.refusal}", "problem"
    if found is not None and found.standing:
        return (
            f"A job with this name exists. {found.standing} Open it, or choose another name under "
            "“More”."
        ), "warning"
    if state.account is None:
        return how_to_connect, "hint"
    return state.note, "hint"


def question_of(state: BulkState) -> str:
    """Return the question that the user answers by typing the confirmation."""
    if state.ask is None:
        return ""
    messages = _counted(state.ask.count, "message")
    type_it = f"Type “{state.ask.phrase}” to confirm."
    rest = _rest_of(state.ask)
    if state.ask.purpose == "go on":
        return f"This job still has {messages} to send.{rest} {type_it}"
    if state.ask.purpose == "send again":
        known = "that certainly reached nobody"
        return f"{messages} {known} will be sent again, and nothing else. {type_it}"
    most = None if state.checked is None else state.checked.above
    above = (
        ""
        if most is None
        else (
            f" The guard rails allow {most:,} without confirmation; confirming raises that one "
            "limit for this job."
        )
    )
    return f"{messages} will be sent from {_account(state)}.{rest}{above} {type_it}"


def not_confirmed(ask: ConfirmationPrompt) -> str:
    """Return the answer to a press without the right confirmation."""
    return f"Nothing was sent. Type “{ask.phrase}” to confirm."


def _rest_of(ask: ConfirmationPrompt) -> str:
    """Return which rows the guard rails keep back, and which the confirmation includes."""
    held = "" if not ask.held else f" {held_back(ask.held)}"
    if not ask.unplaced:
        return held
    rows = _counted(ask.unplaced, "row")
    return (
        f"{held} The local time is not known for {rows}; confirming sends despite the quiet hours."
    )


def held_back(count: int) -> str:
    """Return what happens to rows that the guard rails would refuse now."""
    return (
        f"The guard rails would refuse {_counted(count, 'row')} now. Rows that are still refused "
        "when it is their turn stay in the job, and “Go on” tries them again."
    )


def summary_of(state: BulkState) -> tuple[tuple[str, str], ...]:
    """Return the summary for a saved notebook, without message texts or phone numbers."""
    rows = [("Account", state.account.label)] if state.account else []
    if state.job and state.progress is not None:
        return (*rows, *bulk_progress.summary_of(state.progress))
    if state.source is None:
        return (*rows, ("Table", "none chosen"))
    name = state.source.name
    rows.append(("Table", f"{name}, {_counted(state.rows, 'row')}"))
    if state.checked is None:
        return (*rows, ("Plan", "not checked"))
    rows.append(("Plan", f"{state.checked.ready:,} ready, {state.checked.rejected:,} rejected"))
    return (*rows, ("Sent", "nothing yet"))


def _account(state: BulkState) -> str:
    label = "" if state.account is None else state.account.label
    return "the sandbox (no real recipients)" if label == "sandbox" else f"account {label}"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"

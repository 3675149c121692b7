"""What the card for many messages says of its state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from twilio_widgets.panels.bulk import progress as bulk_progress
from twilio_widgets.panels.bulk.table_sources import GIVEN

if TYPE_CHECKING:
    from twilio_widgets.panels.bulk.state import BulkState, ConfirmationPrompt
    from twilio_widgets.panels.kit.elements import Tone

GIVE_A_CLIENT: Final = (
    "Not connected: tables can be checked, nothing can be sent. Make this panel with a connection: "
    "BulkPanel(ConnectionPanel()) or BulkPanel(twilio)."
)
CONNECT_IT: Final = (
    "Not connected: tables can be checked, nothing can be sent. Press Connect in the connection "
    "panel; this one then wakes up."
)
TOO_LATE: Final = "Too late to go back: sending has begun. Use the buttons beside the progress bar."
NO_TABLE: Final = "Choose a DataFrame of this notebook, or a CSV or Excel file. Nothing is sent."

_HINTS: Final = {
    "region": "Whose numbers may stand without a plus: two letters, such as GB.",
    "media": "The column with an address of a picture, for MMS.",
    "rate": "Messages a second for each sender. Empty: as fast as Twilio takes them.",
    "name": "One name for each job: the same cell or button never sends a job twice.",
}
_MOST_COLUMNS = 12


def pill_of(state: BulkState) -> tuple[str, Tone]:
    """Return what stands at the right of the title."""
    if state.phase in {"sending", "resting"} and state.progress is not None:
        return bulk_progress.pill_of(state.progress)
    words: dict[str, tuple[str, Tone]] = {
        "checking": ("checking…", "hint"),
        "beginning": ("beginning…", "hint"),
    }
    if state.phase in words:
        return words[state.phase]
    if state.account is None:
        return "not connected", "idle"
    return state.account.label, "idle"


def source_of(state: BulkState) -> tuple[str, Tone]:
    """Say what was chosen."""
    if state.reading:
        return "Reading the table…", "hint"
    if state.source is None:
        return NO_TABLE, "hint"
    columns = ", ".join(state.columns[:_MOST_COLUMNS])
    more = len(state.columns) - _MOST_COLUMNS
    named = f"{columns} and {more} more" if more > 0 else columns
    name = "" if state.source.name == GIVEN else f"{state.source.name}: "
    return f"{name}{_counted(state.rows, 'row')}. Columns: {named or 'none'}.", "hint"


def hint_of(state: BulkState, name: str) -> str:
    """Return what is said under a field with which nothing is wrong."""
    if name == "to":
        guessed = state.guess is not None and state.draft.to == state.guess.column
        return state.guess.why if guessed and state.guess is not None else ""
    if name == "from_":
        return state.senders_note
    if name == "body":
        columns = "  ".join(f"{{{column}}}" for column in state.columns[:_MOST_COLUMNS])
        return f"In the text: {columns}" if columns else ""
    return _HINTS.get(name, "")


def rails_of(state: BulkState) -> tuple[tuple[str, str], ...]:
    """Return the guard rails as rows of a label and a text."""
    labels = ("Guard rails", *[""] * len(state.rails))
    return tuple(zip(labels, state.rails, strict=False))


def finding_of(state: BulkState) -> tuple[str, Tone]:
    """Say what checking came to."""
    found = state.checked
    if found is None:
        return "", "hint"
    lines = [*found.said]
    if found.refused_rows:
        rows = _counted(found.refused_rows, "ready row")
        lines.append(f"The guard rails would refuse {rows} now: see the table.")
    if found.unplaced:
        rows = _counted(found.unplaced, "ready row")
        lines.append(f"The guard rails ask about {rows}: it is not known what time it is there.")
    if found.ready == found.refused_rows:
        lines.append("There is nothing to send.")
    return "\n".join(lines), "good" if found.ready and not found.refused_rows else "warning"


def verdict_of(state: BulkState, how_to_connect: str) -> tuple[str, Tone]:
    """Return the sentence over the buttons, and how it is meant."""
    found = state.checked
    if state.failure:
        return state.failure, "problem"
    if found is not None and found.refusal:
        return f"The guard rails refuse this job. {found.refusal}", "problem"
    if found is not None and found.standing:
        return (
            f"{found.standing} It is sent once: open it, or give this one another name under "
            "“More”."
        ), "warning"
    if state.account is None:
        return how_to_connect, "hint"
    return state.note, "hint"


def question_of(state: BulkState) -> str:
    """Return what is asked for words."""
    if state.ask is None:
        return ""
    messages = _counted(state.ask.count, "message")
    type_it = f"To go ahead, type: {state.ask.words}"
    rest = _rest_of(state.ask)
    if state.ask.purpose == "go on":
        return f"{messages} of this job still to be sent.{rest} {type_it}"
    if state.ask.purpose == "send again":
        known = "known to have reached nobody"
        return f"{messages} {known} will be sent again, and nothing else. {type_it}"
    most = None if state.checked is None else state.checked.above
    above = (
        ""
        if most is None
        else (
            f" That is more than the {most:,} that may leave unasked: your words raise that one "
            "limit for this job."
        )
    )
    return f"{messages} will leave from {_account(state)}.{rest}{above} {type_it}"


def not_confirmed(ask: ConfirmationPrompt) -> str:
    """Say which words are missing when the button is pressed without them."""
    return f"Nothing was sent. To confirm, type: {ask.words}"


def _rest_of(ask: ConfirmationPrompt) -> str:
    """Say what the guard rails hold back, and what they leave to the words."""
    held = "" if not ask.held else f" {held_back(ask.held)}"
    if not ask.unplaced:
        return held
    rows = _counted(ask.unplaced, "row")
    return (
        f"{held} Of {rows} it is not known what time it is there: your words send them in spite of "
        "the quiet hours."
    )


def held_back(count: int) -> str:
    """Say what becomes of the rows that the guard rails would refuse now."""
    return (
        f"{_counted(count, 'row')} would be refused by the guard rails now; what they still refuse "
        "when its turn comes stays in the job, for “Go on”."
    )


def summary_of(state: BulkState) -> tuple[tuple[str, str], ...]:
    """Return what a saved notebook says of the panel: no text and no number of anybody's."""
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
    return "the sandbox, to nobody real" if label == "sandbox" else f"account {label}"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"

"""The texts of the messages panel, derived from its state."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twilio_widgets.panels.kit.elements import Tone
    from twilio_widgets.panels.messages.state import MessagesState, Read


NOT_CONNECTED_YET = (
    "Not connected. Press Connect in the connection panel; then this panel becomes active."
)
CHANGED = "Filters changed. Press Load to update the rows."
WHOLE_NUMBERS = "Twilio matches only whole numbers, such as +14155550123."
PERIOD = "A period contains only messages that have a sent time. Times are in UTC."

_WHOLE_NUMBER = re.compile(r"\+[1-9]\d{6,14}|\d{5,8}")
"""A number in E.164 form, or a short code."""


def pill_of(state: MessagesState) -> tuple[str, Tone]:
    """Return a short name of the state, and its tone."""
    if state.reading is not None:
        return "reading…", "idle"
    if state.problem:
        return "problem", "problem"
    if state.read is not None and state.read.asked != state.asked:
        return "filters changed", "idle"
    if state.read is not None:
        return ("complete", "good") if state.read.complete else ("incomplete", "idle")
    return ("not connected", "idle") if state.identity is None else ("not read yet", "idle")


def progress_of(state: MessagesState) -> tuple[str, float | None]:
    """Return the progress of reading: a sentence, and a fraction from 0 to 1 where known."""
    if state.reading is None:
        return "", None
    rows, pages, limit = state.reading.rows, state.reading.pages, state.reading.limit
    if state.stopping:
        return f"Stopping after the current page · {_counted(rows, pages)}", None
    if pages == 0:
        return "Requesting the first page…", None
    return _counted(rows, pages), None if limit is None else min(1.0, rows / limit)


def note_of(read: Read) -> str:
    """Return whether the log has more messages than were read."""
    if read.complete:
        narrow = read.asked.narrow
        return "All messages that match these filters." if narrow else "All messages in the log."
    if read.stopped:
        return f"Stopped after {_counted(read.rows, read.pages)}. There are more messages."
    return "There are more messages: increase “At most”."


def emptiness_of(state: MessagesState) -> str:
    """Return the text shown instead of the table while there are no rows; else empty."""
    if state.rows_to_see:
        return ""
    if state.read is not None:
        return _nothing_found(state.read)
    if state.reading is not None:
        return "Reading the message log…"
    if state.identity is not None:
        limit = state.asked.limit
        which = "all messages" if limit is None else f"the newest {limit:,} messages"
        return f"No messages have been read yet. Press Load to read {which}."
    if state.follows:
        return NOT_CONNECTED_YET
    return (
        "Not connected. Create this panel with MessagesPanel(twilio=…): "
        "a client or a connection panel."
    )


def advice_of(state: MessagesState) -> tuple[str, Tone]:
    """Return the problem, warning or hint below the filters, and its tone."""
    if state.problem:
        return state.problem, "problem"
    changed = state.read is not None and state.read.asked != state.asked and state.reading is None
    sentences = [
        CHANGED if changed else "",
        WHOLE_NUMBERS if any(map(_is_partial_number, (state.asked.to, state.asked.from_))) else "",
        PERIOD if state.asked.period != "all" and not changed else "",
    ]
    return " ".join(filter(None, sentences)), "warning" if changed else "hint"


def summary_of(state: MessagesState) -> tuple[tuple[str, str], ...]:
    """Return the label and text of each row in a saved notebook."""
    account = () if state.identity is None else (("Account", state.identity.account),)
    if state.read is None:
        return (*account, ("State", pill_of(state)[0]))
    whole = "complete" if state.read.complete else "incomplete"
    return (*account, ("Messages", f"{state.read.rows:,} read, {whole}"))


def _is_partial_number(text: str) -> bool:
    """Return whether a filter looks like a phone number but cannot equal one."""
    text = text.strip()
    looks_like_a_number = re.fullmatch(r"[+\d][\d ().-]*", text) is not None
    return looks_like_a_number and _WHOLE_NUMBER.fullmatch(text) is None


def _counted(rows: int, pages: int) -> str:
    return f"{rows:,} message{'s'[: rows != 1]} · {pages:,} page{'s'[: pages != 1]}"


def _nothing_found(read: Read) -> str:
    if not read.complete:
        return "None of the messages read so far matches these filters."
    return (
        "No message in the log matches these filters."
        if read.asked.narrow
        else "The message log is empty: no message was sent or received yet."
    )

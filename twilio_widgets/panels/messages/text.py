"""What the messages panel says of its state, in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twilio_widgets.panels.kit.elements import Tone
    from twilio_widgets.panels.messages.state import MessagesState, Read


CHANGED = "Filters changed. Press Load to update the rows."
WHOLE_NUMBERS = "Twilio matches only whole numbers, such as +14155550123."
PERIOD = "A period contains only messages that have a sent time. Times are in UTC."

_WHOLE_NUMBER = re.compile(r"\+[1-9]\d{6,14}|\d{5,8}")
"""A number in E.164 form, or a short code."""


def pill_of(state: MessagesState) -> tuple[str, Tone]:
    """Return the state in a word or two, and its tone."""
    if state.reading is not None:
        return "reading…", "idle"
    if state.read is not None:
        return ("complete", "good") if state.read.complete else ("incomplete", "warning")
    return ("not connected", "idle") if state.identity is None else ("not read yet", "idle")


def progress_of(state: MessagesState) -> tuple[str, float | None]:
    """Return how far the reading has come: a sentence, and a share from 0 to 1 where known."""
    if state.reading is None:
        return "", None
    rows, pages, limit = state.reading.rows, state.reading.pages, state.reading.limit
    if state.stopping:
        return f"Stopping after this page · {_counted(rows, pages)}", None
    if pages == 0:
        return "Asking for the first page…", None
    return _counted(rows, pages), None if limit is None else min(1.0, rows / limit)


def note_of(read: Read) -> str:
    """Return what the log holds beside the messages read."""
    if read.complete:
        return "Everything the log holds" + (" for these filters." if read.asked.narrow else ".")
    if read.stopped:
        return f"Stopped after {_counted(read.rows, read.pages)}: the log holds more."
    return "The log holds more: raise “At most” to read it."


def emptiness_of(state: MessagesState) -> str:
    """Return what to say in place of a table, when there is none to show."""
    if state.rows_to_see:
        return ""
    if state.read is not None:
        return _nothing_found(state.read)
    if state.reading is not None:
        return "Reading the message log…"
    if state.identity is not None:
        most = "every message" if state.asked.limit is None else f"{state.asked.limit:,} messages"
        newest = "" if state.asked.limit is None else "the newest "
        return f"Nothing has been read yet. Load reads {newest}{most} of the log."
    if state.follows:
        return "Not connected yet. Connect in the connection panel, and this one wakes up."
    return (
        "Not connected. Make this panel with MessagesPanel(twilio=…): "
        "a client, or a connection panel it can wait for."
    )


def advice_of(state: MessagesState) -> tuple[str, Tone]:
    """Return what to say under the filters, and how it is meant."""
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
    """Return what a saved notebook says of the panel."""
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
        return "None of the messages read so far is one of those asked for."
    return (
        "No message in the log matches these filters."
        if read.asked.narrow
        else "The message log is empty: nothing was sent or received yet."
    )

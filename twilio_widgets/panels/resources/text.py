"""The texts of the account panel, derived from its state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_widgets.panels.resources.state import SECTIONS

if TYPE_CHECKING:
    from twilio_widgets.panels.kit.elements import Tone
    from twilio_widgets.panels.resources.state import AccountState, Section, SectionResult

TITLES: dict[Section, str] = {
    "numbers": "Numbers",
    "services": "Messaging services",
    "usage": "Usage",
    "alerts": "Alerts",
}

NOUNS: dict[Section, tuple[str, str]] = {
    "numbers": ("phone number", "phone numbers"),
    "services": ("messaging service", "messaging services"),
    "usage": ("usage record", "usage records"),
    "alerts": ("alert", "alerts"),
}

HINTS: dict[Section, str] = {
    "numbers": "The account's phone numbers, what each can do, and the webhooks it calls.",
    "services": "The account's messaging services and the senders in each.",
    "usage": (
        "What the account used and what it cost. Categories overlap: sms contains sms-outbound, "
        "and totalprice everything. Do not add them up."
    ),
    "alerts": "What Twilio's debugger reports about webhooks and requests. It keeps 30 days.",
}

UNLINKED = "Pass listener= to see which requests your listener rejected, and why."
CHANGED = "Filters changed. Press Load to update the rows."


def options_of(state: AccountState) -> list[tuple[str, str]]:
    """Return the tabs, with the number of rows of each section that was read."""
    options: list[tuple[str, str]] = []
    for section in SECTIONS:
        result = state.sections[section].result
        count = "" if result is None else f" ({result.rows:,}{'' if result.complete else '+'})"
        options.append((section, f"{TITLES[section]}{count}"))
    return options


def pill_of(state: AccountState) -> tuple[str, Tone]:
    """Return a short name of the chosen section's state, and its tone."""
    one = state.section
    if one.reading is not None:
        return "reading…", "idle"
    if one.problem:
        return "problem", "problem"
    if one.result is not None and one.result.asked != one.asked:
        return "filters changed", "idle"
    if one.result is not None:
        return ("complete", "good") if one.result.complete else ("incomplete", "idle")
    return ("not connected", "idle") if state.identity is None else ("not read yet", "idle")


def advice_of(state: AccountState) -> tuple[str, Tone]:
    """Return the problem, warning or hint below the filters, and its tone."""
    one = state.section
    if one.problem:
        return one.problem, "problem"
    if one.result is not None and one.result.asked != one.asked and one.reading is None:
        return CHANGED, "warning"
    unlinked = state.chosen == "alerts" and not state.has_listener
    return " ".join([HINTS[state.chosen], *([UNLINKED] if unlinked else [])]), "hint"


def emptiness_of(state: AccountState) -> str:
    """Return the text shown instead of the table while there are no rows; else empty."""
    one, nouns = state.section, NOUNS[state.chosen][1]
    if one.result is not None and one.result.rows:
        return ""
    if one.reading is not None:
        return f"Reading the {nouns}…"
    if one.result is not None:
        return f"Twilio has no {nouns}{_filters_of(state)}."
    if state.identity is not None:
        return f"No {nouns} have been read yet. Press Load to read them."
    if state.follows:
        return (
            "Not connected. Press Connect in the connection panel; then this panel becomes active."
        )
    return (
        "Not connected. Create this panel with AccountPanel(twilio=…): "
        "a client or a connection panel."
    )


def progress_of(state: AccountState) -> str:
    """Return the progress of the load as a sentence; empty while none runs."""
    reading = state.section.reading
    if reading is None or emptiness_of(state):
        return ""
    noun = NOUNS[state.chosen][1]
    return f"Reading the {noun}…" if not reading.rows else f"Reading… {reading.rows:,} {noun}"


def note_of(result: SectionResult, section: Section) -> str:
    """Return whether there are more rows than were read, for the table's footer."""
    if result.complete:
        narrow = section in {"usage", "alerts"}
        return f"All {NOUNS[section][1]}{' that match' if narrow else ' of the account'}."
    return "There are more: create the panel with limit=None to read all."


def summary_of(state: AccountState) -> tuple[tuple[str, str], ...]:
    """Return the label and text of each row in a saved notebook."""
    account = () if state.identity is None else (("Account", state.identity.account),)
    read = tuple(
        (TITLES[name], f"{_counted(one.result, name)}, {_whole(one.result)}")
        for name, one in state.sections.items()
        if one.result is not None
    )
    return (*account, *(read or (("State", pill_of(state)[0]),)))


def _filters_of(state: AccountState) -> str:
    return " that match these filters" if state.chosen in {"usage", "alerts"} else ""


def _counted(result: SectionResult, section: Section) -> str:
    one, many = NOUNS[section]
    return f"1 {one}" if result.rows == 1 else f"{result.rows:,} {many}"


def _whole(result: SectionResult) -> str:
    return "complete" if result.complete else "incomplete"

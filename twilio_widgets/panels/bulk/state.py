"""The state of the bulk panel, and the pure steps that change it.

The rule: only the plan that was checked and shown is sent, after the user has typed its
confirmation. Any change in the fields discards the plan and the confirmation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from twilio_widgets.core.guardrails.policy import Policy
from twilio_widgets.panels.bulk.draft import (
    NO_MEDIA,
    UNDER_MORE,
    BulkDraft,
    kept_columns,
    missing_in,
    name_for,
    next_name,
)
from twilio_widgets.panels.bulk.guess import ColumnGuess

if TYPE_CHECKING:
    from twilio_widgets.bulk.progress import JobProgress
    from twilio_widgets.core.templates.template import ContentTemplate
    from twilio_widgets.panels.bulk.lookup_prompt import LookupPrompt
    from twilio_widgets.panels.bulk.table_file import OpenedFile
    from twilio_widgets.panels.bulk.table_sources import Source
    from twilio_widgets.panels.bulk.triage import Group
    from twilio_widgets.panels.send.state import SendingAccount

Phase = Literal[
    "writing",    # the fields are open
    "checking",   # the plan is being built; Twilio is not called
    "checked",    # the plan is shown and can be confirmed
    "beginning",  # the job is being created
    "sending",    # the job is running
    "resting",    # the job is finished, paused or cancelled
]  # fmt: skip

Purpose = Literal["send", "go on", "send again"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The result of a check."""

    ready: int
    rejected: int
    lines: tuple[str, ...]
    """The plan's summary, one sentence per line."""
    refusal: str = ""
    """Why the guard rails refuse the whole plan; empty if they do not."""
    refused_rows: int = 0
    """Ready rows that the guard rails would refuse now."""
    unplaced: int = 0
    """Ready rows whose local time is not known although there are quiet hours."""
    above: int | None = None
    """The number of recipients allowed without confirmation, when the plan exceeds it."""
    standing: str = ""
    """The progress of an existing job with this name; empty if there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationPrompt:
    """What the user has to confirm by typing."""

    purpose: Purpose
    count: int
    """The number of messages that can be sent."""
    held: int = 0
    """The number of further rows that the guard rails would refuse now; they stay in the job."""
    unplaced: int = 0
    """How many of the messages have an unknown local time; confirming sends these, too."""

    @property
    def phrase(self) -> str:
        """The text to type, such as ``"send 63"``."""
        phrase = Policy.confirmation(self.count)
        return phrase.replace("send", "resend", 1) if self.purpose == "send again" else phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """A job of this account that was not finished."""

    name: str
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkState:
    """Everything that the panel shows."""

    account: SendingAccount | None = None
    rails: tuple[str, ...] = ()
    """The guard rails, one sentence each."""
    senders: tuple[str, ...] = ()
    senders_note: str = ""
    templates: tuple[ContentTemplate, ...] = ()
    """The content templates to choose from."""
    templates_note: str = ""
    """Why templates are missing, if they could not be read."""
    lookup: LookupPrompt | None = None
    """The lookup of the plan's recipients, if it is asked about or running."""
    frames: tuple[str, ...] = ()
    """The variable names of the DataFrames to choose from."""
    source: Source | None = None
    file: OpenedFile | None = None
    """The chosen file, also while it cannot be read as chosen; None for another source."""
    tables: int = 0
    """The number of tables chosen so far."""
    reading: bool = False
    """Whether the table chosen last is still being read."""
    rows: int = 0
    columns: tuple[str, ...] = ()
    guess: ColumnGuess | None = None
    draft: BulkDraft = field(default_factory=BulkDraft)
    more: bool = False
    looked_at: int = 0
    """The index of the previewed row."""
    phase: Phase = "writing"
    turn: int = 0
    """The number of the current check, by which a late result of an older one is recognised."""
    checked: Checked | None = None
    ask: ConfirmationPrompt | None = None
    typed: str = ""
    job: str = ""
    """The name of the job shown; empty for none."""
    progress: JobProgress | None = None
    groups: tuple[Group, ...] = ()
    resendable: int = 0
    unfinished: tuple[Unfinished, ...] = ()
    busy: bool = False
    """Whether a job that is not running is being opened, or Twilio is being asked about it."""
    problems: Mapping[str, str] = field(default_factory=dict)
    """The problem of each field, by field name."""
    failure: str = ""
    note: str = ""


def may_check(state: BulkState) -> bool:
    """Return whether "Check" can build a plan."""
    return state.source is not None and is_open(state) and not state.reading


def is_confirmed(state: BulkState) -> bool:
    """Return whether the right confirmation has been typed."""
    if state.ask is None or state.account is None or state.phase not in {"checked", "resting"}:
        return False
    typed = state.typed.strip()
    if state.ask.purpose == "send again":
        if typed[:2].casefold() != "re":
            return False
        typed = typed[2:]
    return Policy.confirms(typed, state.ask.count)


def is_open(state: BulkState) -> bool:
    """Return whether the fields can be changed."""
    return state.phase in {"writing", "checked"}


# Connecting


def connected(state: BulkState, account: SendingAccount, rails: tuple[str, ...]) -> BulkState:
    """A client is available; a plan checked without it, or for another, is discarded."""
    state = replace(state, account=account, rails=rails, senders=(), unfinished=(), failure="")
    state = replace(state, templates=(), templates_note="", lookup=None)
    return _unchecked(state)


def found_unfinished(state: BulkState, unfinished: tuple[Unfinished, ...]) -> BulkState:
    """Unfinished jobs of the account were found."""
    return replace(state, unfinished=() if state.job else unfinished)


def disconnected(state: BulkState) -> BulkState:
    """The client is gone. A running job continues with its own client."""
    state = replace(state, account=None, rails=(), senders=(), unfinished=())
    return replace(_unchecked(state), ask=None, typed="")


def suggested(state: BulkState, senders: tuple[str, ...], note: str = "") -> BulkState:
    """The account's senders are known; a single one is chosen."""
    state = replace(state, senders=senders, senders_note=note)
    if len(senders) == 1 and not state.draft.from_ and state.phase == "writing":
        return replace(state, draft=replace(state.draft, from_=senders[0]))
    return state


# The table


def listed(state: BulkState, frames: tuple[str, ...]) -> BulkState:
    """Set the DataFrames to choose from."""
    return replace(state, frames=frames)


def reading(state: BulkState) -> BulkState:
    """A table is being read; the plan of the previous one is discarded."""
    if not is_open(state):
        return state
    state = replace(_unchecked(state), tables=state.tables + 1, reading=True, failure="", note="")
    return replace(state, file=None)


def read_again(state: BulkState, file: OpenedFile) -> BulkState:
    """The chosen file is read in another way; the plan of the previous table is discarded."""
    if not is_open(state) or state.file is None or state.file == file:
        return state
    return replace(reading(state), file=file)


def selected(
    state: BulkState, source: Source, rows: int, columns: tuple[str, ...], guess: ColumnGuess | None
) -> BulkState:
    """A table was read; a chosen column that it does not have is no longer chosen."""
    if not is_open(state):  # a job was opened meanwhile
        return replace(state, reading=False)
    draft = state.draft
    to = draft.to if draft.to in columns else guess.column if guess else ""
    media = draft.media if draft.media in columns else NO_MEDIA
    named = draft.name and (state.source is None or draft.name != name_for(state.source))
    state = replace(
        state,
        source=source,
        file=source.file,
        reading=False,
        rows=rows,
        columns=columns,
        guess=guess,
        draft=replace(
            draft,
            to=to,
            media=media,
            variables=kept_columns(draft.variables, columns),
            name=draft.name if named else name_for(source),
        ),
        looked_at=0,
        problems={},
        failure="",
        note="",
    )
    return _unchecked(state)


def read_failed(state: BulkState, text: str, file: OpenedFile | None = None) -> BulkState:
    """The chosen table could not be read; the previous one is not used in its place.

    The choosers of a file stay, because another sheet or encoding may be readable.
    """
    if not is_open(state):
        return replace(state, reading=False)
    named_after = state.source is not None and state.draft.name == name_for(state.source)
    return replace(
        state,
        source=None,
        file=file,
        reading=False,
        rows=0,
        columns=(),
        guess=None,
        draft=replace(state.draft, name="") if named_after else state.draft,
        looked_at=0,
        failure=text,
        note="",
    )


def previewed(state: BulkState, row: int) -> BulkState:
    """Preview another row."""
    return replace(state, looked_at=min(max(row, 0), max(state.rows - 1, 0)))


# Writing


def typed(state: BulkState, name: str, value: Any) -> BulkState:
    """A field was changed; the plan is discarded."""
    if not is_open(state) or getattr(state.draft, name) == value:
        return state
    change: dict[str, Any] = {name: value}
    problems = {key: text for key, text in state.problems.items() if key != name}
    draft = replace(state.draft, **change)
    return _unchecked(replace(state, draft=draft, problems=problems, failure="", note=""))


def toggled_more(state: BulkState) -> BulkState:
    """Open or close "More"."""
    return replace(state, more=not state.more)


def _unchecked(state: BulkState) -> BulkState:
    if state.phase not in {"checking", "checked"}:
        return state
    return replace(state, phase="writing", checked=None, ask=None, typed="", turn=state.turn + 1)


# Checking


def check_started(state: BulkState) -> BulkState:
    """ "Check" was pressed: show which fields are missing, or begin."""
    if not may_check(state):
        return state
    state = replace(_unchecked(state), failure="", note="", problems=missing_in(state.draft))
    if state.problems:
        return replace(state, more=state.more or not _seen(state.problems))
    return replace(state, phase="checking", turn=state.turn + 1)


def check_finished(state: BulkState, turn: int, checked: Checked) -> BulkState:
    """The plan is ready, with the confirmation that sends it."""
    if state.turn != turn or state.phase != "checking":
        return state
    held, count = checked.refused_rows, checked.ready - checked.refused_rows
    stops = count == 0 or checked.refusal or checked.standing or state.account is None
    ask = ConfirmationPrompt(purpose="send", count=count, held=held, unplaced=checked.unplaced)
    asked = None if stops else ask
    return replace(state, phase="checked", checked=checked, ask=asked, typed="")


def check_failed(state: BulkState, turn: int, name: str, text: str) -> BulkState:
    """The check failed, because of a field or for another reason."""
    if state.turn != turn or state.phase != "checking":
        return state
    state = replace(state, phase="writing")
    if not name:
        return replace(state, failure=text)
    about_this = re.sub(rf"^{name}\b", "This", text)
    return replace(state, problems={name: about_this}, more=state.more or name in UNDER_MORE)


def _seen(problems: Mapping[str, str]) -> bool:
    return not set(problems) <= set(UNDER_MORE)


# Sending


def confirmation_typed(state: BulkState, text: str) -> BulkState:
    """The confirmation is being typed."""
    return replace(state, typed=text)


def asked(state: BulkState, ask: ConfirmationPrompt) -> BulkState:
    """Ask for a confirmation to continue a stopped job, or to send rows again."""
    if state.phase != "resting":
        return state
    return replace(state, ask=ask, typed="", failure="", note="")


def declined(state: BulkState) -> BulkState:
    """Go back from the confirmation."""
    if state.phase == "resting":
        return replace(state, ask=None, typed="")
    return _unchecked(state)


def starting(state: BulkState) -> BulkState:
    """The confirmed plan is started; this step is possible only once."""
    if not is_confirmed(state):
        return state
    return replace(state, phase="beginning", failure="", note="")


def started(state: BulkState, job: str) -> BulkState:
    """The job exists; from now on its journal is the source of truth."""
    return replace(
        state,
        phase="sending",
        job=job,
        progress=None,
        ask=None,
        typed="",
        checked=None,
        groups=(),
        resendable=0,
        unfinished=(),
        failure="",
        note="",
    )


def start_failed(state: BulkState, text: str, *, rests: bool) -> BulkState:
    """The job could not be started; nothing was sent."""
    if state.phase != "beginning":
        return replace(state, failure=text, note="")
    phase: Phase = "resting" if rests else "writing"
    return replace(_unchecked(state), phase=phase, checked=None, ask=None, typed="", failure=text)


def progressed(state: BulkState, progress: JobProgress) -> BulkState:
    """The job has made progress, or has stopped."""
    if progress.name != state.job:
        return state
    phase: Phase = state.phase
    if phase in {"sending", "resting"}:
        phase = "sending" if progress.under_way else "resting"
    return replace(state, progress=progress, phase=phase)


def read(state: BulkState, job: str, groups: tuple[Group, ...], resendable: int) -> BulkState:
    """The outcomes of a job's rows were read."""
    if job != state.job or state.phase != "resting":
        return state
    return replace(state, groups=groups, resendable=resendable)


def restarted(state: BulkState) -> BulkState:
    """Leave the job and prepare a new one with the same table and text, under a new name."""
    if state.phase != "resting":
        return state
    draft = state.draft
    if draft.name == state.job:
        draft = replace(draft, name=next_name(draft.name))
    return replace(
        state,
        draft=draft,
        phase="writing",
        job="",
        progress=None,
        groups=(),
        resendable=0,
        ask=None,
        typed="",
        failure="",
        note="",
    )


def action_started(state: BulkState) -> BulkState:
    """A job is opened, or Twilio is asked about it: one such request at a time."""
    idle = state.phase in {"writing", "checked", "resting"} and not state.busy
    if not idle or state.account is None:
        return state
    return replace(state, busy=True, failure="", note="")


def action_finished(state: BulkState) -> BulkState:
    """The request of `action_started` has finished, with or without an error."""
    return replace(state, busy=False)


def postponed(state: BulkState) -> BulkState:
    """Stop offering the unfinished jobs; their journals stay."""
    return replace(state, unfinished=())


def noted(state: BulkState, note: str) -> BulkState:
    """Show a note."""
    return replace(state, note=note, failure="")


def failed(state: BulkState, text: str) -> BulkState:
    """Show an unexpected error."""
    if state.phase == "checking":
        return replace(state, phase="writing", failure=text, note="")
    if state.phase == "beginning":
        return start_failed(state, text, rests=bool(state.job))
    return replace(state, failure=text, note="")

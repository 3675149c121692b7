"""What the card for many messages knows, and the pure steps that change it.

The rule it keeps: what leaves is the plan that was checked and shown, after its own words were
typed. Whatever is changed in the fields drops the plan, and the words with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from twilio_widgets.core.guardrails.policy import Policy
from twilio_widgets.panels.bulk.draft import (
    NO_MEDIA,
    UNDER_MORE,
    BulkDraft,
    missing_in,
    name_for,
    next_name,
)
from twilio_widgets.panels.bulk.guess import ColumnGuess

if TYPE_CHECKING:
    from twilio_widgets.bulk.progress import JobProgress
    from twilio_widgets.panels.bulk.table_sources import Source
    from twilio_widgets.panels.bulk.triage import Group
    from twilio_widgets.panels.send.state import SendingAccount

Phase = Literal[
    "writing",    # the fields are open
    "checking",   # the plan is being made; nothing is asked of Twilio
    "checked",    # the plan is there, and so are its words
    "beginning",  # the job is being written down
    "sending",    # the job is under way
    "resting",    # the job is finished, paused or cancelled
]  # fmt: skip

Purpose = Literal["send", "go on", "send again"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What checking the table came to."""

    ready: int
    rejected: int
    said: tuple[str, ...]
    """The plan's summary, a sentence a line."""
    refusal: str = ""
    """Why the guard rails let none of it leave."""
    refused_rows: int = 0
    """Ready rows that the guard rails would refuse now."""
    unplaced: int = 0
    """Ready rows of which the guard rails ask: nobody knows what time it is there."""
    above: int | None = None
    """The number of recipients from which the guard rails want it confirmed, if this is above."""
    standing: str = ""
    """What became of the job that has this name already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationPrompt:
    """What a person has to type words for."""

    purpose: Purpose
    count: int
    """How many messages can leave."""
    held: int = 0
    """How many more the guard rails would refuse now; they stay in the job."""
    unplaced: int = 0
    """How many of them go where nobody knows what time it is: the words send these too."""

    @property
    def words(self) -> str:
        """The words."""
        said = Policy.confirmation(self.count)
        return said.replace("send", "resend", 1) if self.purpose == "send again" else said


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """A job of this account that waits for a person."""

    name: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkState:
    """The truth of which the panel is the picture."""

    account: SendingAccount | None = None
    rails: tuple[str, ...] = ()
    """The guard rails, a sentence each."""
    senders: tuple[str, ...] = ()
    senders_note: str = ""
    frames: tuple[str, ...] = ()
    """The names of the DataFrames to choose from."""
    source: Source | None = None
    tables: int = 0
    """Counts the tables that were chosen."""
    reading: bool = False
    """Whether the one chosen last is being read."""
    rows: int = 0
    columns: tuple[str, ...] = ()
    guess: ColumnGuess | None = None
    draft: BulkDraft = field(default_factory=BulkDraft)
    more: bool = False
    looked_at: int = 0
    """The row of the preview."""
    phase: Phase = "writing"
    turn: int = 0
    """Counts the checks: one that comes late is of another turn."""
    checked: Checked | None = None
    ask: ConfirmationPrompt | None = None
    typed: str = ""
    job: str = ""
    """The name of the job that is shown; empty for none."""
    progress: JobProgress | None = None
    groups: tuple[Group, ...] = ()
    resendable: int = 0
    unfinished: tuple[Unfinished, ...] = ()
    busy: bool = False
    """Whether a job that is not running is being opened, or Twilio is being asked about it."""
    problems: Mapping[str, str] = field(default_factory=dict)
    """What is wrong with a field, by its name."""
    failure: str = ""
    note: str = ""


def may_check(state: BulkState) -> bool:
    """Say whether "Check" would make a plan."""
    return state.source is not None and is_open(state) and not state.reading


def is_confirmed(state: BulkState) -> bool:
    """Say whether the words that are asked for stand there."""
    if state.ask is None or state.account is None or state.phase not in {"checked", "resting"}:
        return False
    typed = state.typed.strip()
    if state.ask.purpose == "send again":
        if typed[:2].casefold() != "re":
            return False
        typed = typed[2:]
    return Policy.confirms(typed, state.ask.count)


def is_open(state: BulkState) -> bool:
    """Say whether the fields can be changed."""
    return state.phase in {"writing", "checked"}


# Connecting


def connected(state: BulkState, account: SendingAccount, rails: tuple[str, ...]) -> BulkState:
    """There is a client. What was checked was checked for nobody, or for another."""
    return _unchecked(replace(state, account=account, rails=rails, senders=(), unfinished=()))


def found_unfinished(state: BulkState, unfinished: tuple[Unfinished, ...]) -> BulkState:
    """Some jobs of the account wait for a person."""
    return replace(state, unfinished=() if state.job else unfinished)


def disconnected(state: BulkState) -> BulkState:
    """The client is gone. A job that is under way goes on with its own."""
    state = replace(state, account=None, rails=(), senders=(), unfinished=())
    return replace(_unchecked(state), ask=None, typed="")


def suggested(state: BulkState, senders: tuple[str, ...], note: str = "") -> BulkState:
    """The account's senders are known; the only one there is, is taken."""
    state = replace(state, senders=senders, senders_note=note)
    if len(senders) == 1 and not state.draft.from_ and state.phase == "writing":
        return replace(state, draft=replace(state.draft, from_=senders[0]))
    return state


# The table


def listed(state: BulkState, frames: tuple[str, ...]) -> BulkState:
    """These DataFrames are in the notebook."""
    return replace(state, frames=frames)


def choosing(state: BulkState) -> BulkState:
    """A table is being read: the plan of the one before is dropped."""
    if not is_open(state):
        return state
    return replace(_unchecked(state), tables=state.tables + 1, reading=True, failure="", note="")


def chose(
    state: BulkState, source: Source, rows: int, columns: tuple[str, ...], guess: ColumnGuess | None
) -> BulkState:
    """A table was chosen: columns that it does not have are chosen no more."""
    if not is_open(state):
        return state
    draft = state.draft
    to = draft.to if draft.to in columns else guess.column if guess else ""
    media = draft.media if draft.media in columns else NO_MEDIA
    named = draft.name and (state.source is None or draft.name != name_for(state.source))
    state = replace(
        state,
        source=source,
        reading=False,
        rows=rows,
        columns=columns,
        guess=guess,
        draft=replace(draft, to=to, media=media, name=draft.name if named else name_for(source)),
        looked_at=0,
        problems={},
        failure="",
        note="",
    )
    return _unchecked(state)


def not_read(state: BulkState, text: str) -> BulkState:
    """What was chosen is no table that can be read; the one before stays."""
    return replace(state, reading=False, failure=text, note="")


def looked(state: BulkState, row: int) -> BulkState:
    """Another row is previewed."""
    return replace(state, looked_at=min(max(row, 0), max(state.rows - 1, 0)))


# Writing


def typed(state: BulkState, name: str, value: Any) -> BulkState:
    """A field changed: what was checked is not what stands there now."""
    if not is_open(state) or getattr(state.draft, name) == value:
        return state
    change: dict[str, Any] = {name: value}
    problems = {key: text for key, text in state.problems.items() if key != name}
    return _unchecked(replace(state, draft=replace(state.draft, **change), problems=problems))


def toggled_more(state: BulkState) -> BulkState:
    """Open or close "More"."""
    return replace(state, more=not state.more)


def _unchecked(state: BulkState) -> BulkState:
    if state.phase not in {"checking", "checked"}:
        return state
    return replace(state, phase="writing", checked=None, ask=None, typed="", turn=state.turn + 1)


# Checking


def began_check(state: BulkState) -> BulkState:
    """ "Check" was pressed: say what is missing, or begin."""
    if not may_check(state):
        return state
    state = replace(_unchecked(state), failure="", note="", problems=missing_in(state.draft))
    if state.problems:
        return replace(state, more=state.more or not _seen(state.problems))
    return replace(state, phase="checking", turn=state.turn + 1)


def was_checked(state: BulkState, turn: int, checked: Checked) -> BulkState:
    """The plan is there, with the words that would send it."""
    if state.turn != turn or state.phase != "checking":
        return state
    held, count = checked.refused_rows, checked.ready - checked.refused_rows
    stops = count == 0 or checked.refusal or checked.standing or state.account is None
    ask = ConfirmationPrompt(purpose="send", count=count, held=held, unplaced=checked.unplaced)
    asked = None if stops else ask
    return replace(state, phase="checked", checked=checked, ask=asked, typed="")


def not_checked(state: BulkState, turn: int, name: str, text: str) -> BulkState:
    """There can be no plan, because of a field or for a reason of its own."""
    if state.turn != turn or state.phase != "checking":
        return state
    state = replace(state, phase="writing")
    if not name:
        return replace(state, failure=text)
    return replace(state, problems={name: text}, more=state.more or name in UNDER_MORE)


def _seen(problems: Mapping[str, str]) -> bool:
    return not set(problems) <= set(UNDER_MORE)


# Sending


def typed_words(state: BulkState, text: str) -> BulkState:
    """The words are being typed."""
    return replace(state, typed=text)


def asked(state: BulkState, ask: ConfirmationPrompt) -> BulkState:
    """The job that rests wants words: to go on, or to send rows again."""
    return replace(state, ask=ask, typed="", failure="") if state.phase == "resting" else state


def backed(state: BulkState) -> BulkState:
    """The person thinks again."""
    if state.phase == "resting":
        return replace(state, ask=None, typed="")
    return _unchecked(state)


def beginning(state: BulkState) -> BulkState:
    """The words stand there and the button was pressed: once."""
    if not is_confirmed(state):
        return state
    return replace(state, phase="beginning", failure="", note="")


def begun(state: BulkState, job: str) -> BulkState:
    """The job is there; from now on its journal says what is so."""
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


def not_begun(state: BulkState, text: str, *, rests: bool) -> BulkState:
    """Nothing was sent, and it says why."""
    if state.phase != "beginning":
        return replace(state, failure=text)
    phase: Phase = "resting" if rests else "writing"
    return replace(_unchecked(state), phase=phase, checked=None, ask=None, typed="", failure=text)


def went_on(state: BulkState, progress: JobProgress) -> BulkState:
    """The job has come further, or has stopped, for good or for now."""
    if progress.name != state.job:
        return state
    phase: Phase = state.phase
    if phase in {"sending", "resting"}:
        phase = "sending" if progress.under_way else "resting"
    return replace(state, progress=progress, phase=phase)


def read(state: BulkState, job: str, groups: tuple[Group, ...], resendable: int) -> BulkState:
    """What came of a job's rows was read."""
    if job != state.job or state.phase != "resting":
        return state
    return replace(state, groups=groups, resendable=resendable)


def begun_anew(state: BulkState) -> BulkState:
    """Leave the job; the same table and text would be a new one, under a new name."""
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


def began_lookup(state: BulkState) -> BulkState:
    """A job is opened, or Twilio is asked about it: one such request at a time."""
    idle = state.phase in {"writing", "checked", "resting"} and not state.busy
    return replace(state, busy=True) if idle and state.account is not None else state


def ended_lookup(state: BulkState) -> BulkState:
    """The request of `began_lookup` has finished, with or without an error."""
    return replace(state, busy=False)


def put_off(state: BulkState) -> BulkState:
    """The unfinished jobs are left alone; they stay where they are."""
    return replace(state, unfinished=())


def said(state: BulkState, note: str) -> BulkState:
    """There is something to know."""
    return replace(state, note=note, failure="")


def troubled(state: BulkState, text: str) -> BulkState:
    """Something broke that nobody expected."""
    phase: dict[Phase, Phase] = {"checking": "writing", "beginning": "writing"}
    return replace(state, phase=phase.get(state.phase, state.phase), failure=text)

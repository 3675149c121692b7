"""Match unknown rows with entries of the message log: pure functions.

Rows with the same text, recipient and sender are interchangeable, so any assignment of log entries
to them is correct. Any other match must be unique.

========================  =======================================================================
The log shows             so the row is
========================  =======================================================================
an entry with its text    accepted, with that message
only a refused creation   rejected, once the log has settled
nothing, twice            absent, once the log has settled: most likely not sent, and resent only
                          if the user asks for it
something else            ambiguous: it stays unknown, with the reason
========================  =======================================================================

Possible errors: a message with the same text, recipient and sender that another program sent in the
time window is taken for ours (the recipient then has that text); a message that appears in the log
after the settle window and the second look is called absent (resending it, which only the user can
ask for, then sends a second message).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from twilio_widgets.core.flows.evidence import (
    Likeness,
    Sent,
    comparable,
    likeness,
    was_refused,
    window,
)
from twilio_widgets.core.message.message import Message
from twilio_widgets.journal.journal import Settlement

Apart = tuple[timedelta, timedelta]
Kind = tuple[str, str, str, bool]


@dataclass(frozen=True, slots=True)
class Unknown:
    """A row whose outcome is unknown."""

    n: int
    sent: Sent
    ours: bool = True
    """False for a row of another job, which may match the same entries."""

    @property
    def kind(self) -> Kind:
        """Rows of the same kind, to the same recipient, are interchangeable."""
        sent = self.sent
        return sent.sender, sent.service, comparable(sent.body), sent.rewritten


@dataclass(frozen=True, slots=True)
class LogSnapshot:
    """The message log of one recipient, as read at one time."""

    entries: Sequence[Message]
    asked_at: datetime
    apart: Apart = (timedelta(0), timedelta(0))
    """How far Twilio's clock was ahead of ours, at least and at most."""
    complete: bool = True
    """Whether it was read completely."""


@dataclass
class _Fit:
    """One row and the entries that may be its message."""

    row: Unknown
    span: tuple[datetime, datetime]
    settled: datetime
    same: list[Message]
    perhaps: list[Message]
    refused: list[Message]


def match_unknowns(
    unknowns: Iterable[Unknown],
    look: LogSnapshot,
    *,
    settle: timedelta,
    known: Collection[str] = (),
    absent_before: Collection[int] = (),
) -> list[Settlement]:
    """Return what one look at the log of one recipient shows about each row.

    Args:
        unknowns: Every unknown row to that recipient, of this job and of others.
        look: The log.
        settle: How long an accepted message may be missing from the log.
        known: SIDs of messages that are known to belong to other sends.
        absent_before: Rows that were missing in an earlier look at the settled log.

    Returns:
        A verdict for each row of ours, in order.
    """
    return _Decision(list(unknowns), look, settle, set(known), set(absent_before)).verdicts()


class _Decision:
    def __init__(
        self,
        unknowns: list[Unknown],
        look: LogSnapshot,
        settle: timedelta,
        known: set[str],
        absent_before: set[int],
    ) -> None:
        self._look = look
        self._settle = settle
        self._known = known
        self._absent_before = absent_before
        self._fits = [self._fit(row) for row in unknowns]
        self._found: dict[int, Settlement] = {}

    def _fit(self, row: Unknown) -> _Fit:
        settled = row.sent.latest + self._settle
        span = window(row.sent, settled, self._look.apart)
        alike: dict[Likeness, list[Message]] = defaultdict(list)
        refused: list[Message] = []
        for entry in self._entries:
            how = likeness(entry, row.sent, span)
            if was_refused(entry):
                refused += [entry] if how == "same" else []
            else:
                alike[how].append(entry)
        return _Fit(row, span, settled, alike["same"], alike["cannot tell"], refused)

    @cached_property
    def _entries(self) -> list[Message]:
        """The entries that no send has claimed, each once, in order of creation."""
        free = {entry.sid: entry for entry in self._look.entries if entry.sid not in self._known}
        dated = [entry for entry in free.values() if entry.date_created is not None]
        return sorted(dated, key=lambda entry: (entry.date_created, entry.sid))

    def verdicts(self) -> list[Settlement]:
        kinds: dict[Kind, list[_Fit]] = defaultdict(list)
        for fit in self._fits:
            kinds[fit.row.kind].append(fit)
        claims: dict[str, set[Kind]] = defaultdict(set)
        for kind, fits in kinds.items():
            for entry in {entry.sid for fit in fits for entry in fit.same}:
                claims[entry].add(kind)
        disputed = {sid for sid, claimants in claims.items() if len(claimants) > 1}
        for fits in kinds.values():
            self._one_kind(fits, disputed)
        return [self._found[fit.row.n] for fit in self._fits if fit.row.ours]

    def _one_kind(self, fits: list[_Fit], disputed: set[str]) -> None:
        matched = self._matched([(fit, fit.same) for fit in fits], disputed)
        left = [fit for fit in fits if id(fit) not in matched]
        if left and matched and any(not fit.row.ours for fit in fits):
            for fit in fits:
                self._say(fit, "ambiguous", "Another job has an unknown row like it.", fit.same)
            return
        spare = {entry.sid for fit in fits for entry in fit.same} - disputed
        surplus = len(spare) - len(matched)
        for fit in fits:
            if id(fit) in matched:
                more = f" {surplus} more like it came from other sends." if surplus else ""
                entry = matched[id(fit)]
                self._say(fit, "accepted", f"The message log shows it.{more}", [entry])
        refused = self._matched([(fit, fit.refused) for fit in left], set())
        # An entry that cannot be compared may belong to any row of this kind: none is absent.
        perhaps = [entry for fit in fits for entry in fit.perhaps]
        for fit in left:
            fit.perhaps = fit.perhaps or list({entry.sid: entry for entry in perhaps}.values())
            self._without_a_match(fit, refused.get(id(fit)), disputed)

    def _matched(
        self, wanted: list[tuple[_Fit, list[Message]]], disputed: set[str]
    ) -> dict[int, Message]:
        """Match as many rows as possible with an entry each.

        Each entry goes to the row whose time window ends first, which matches the most rows.
        """
        takers: dict[str, list[_Fit]] = defaultdict(list)
        for fit, entries in wanted:
            for entry in entries:
                takers[entry.sid].append(fit)
        matched: dict[int, Message] = {}
        for entry in self._entries:
            waiting = [fit for fit in takers[entry.sid] if id(fit) not in matched]
            if waiting and entry.sid not in disputed:
                matched[id(min(waiting, key=lambda fit: (fit.span[1], fit.row.n)))] = entry
        return matched

    def _without_a_match(self, fit: _Fit, refused: Message | None, disputed: set[str]) -> None:
        doubtful = [entry for entry in fit.same if entry.sid in disputed]
        if (only := self._only_entry(fit)) is not None:
            self._say(fit, "accepted", "It is the only message to this number then.", [only])
        elif doubtful:
            self._say(fit, "ambiguous", "A log entry matches two different texts.", doubtful)
        elif fit.perhaps:
            count = "One message" if len(fit.perhaps) == 1 else f"{len(fit.perhaps)} messages"
            why = f"{count} in the log may match, but the text cannot be compared."
            self._say(fit, "ambiguous", why, fit.perhaps)
        elif not fit.row.sent.sure:
            why = (
                "The log does not show it, but this computer was started again or its clock was "
                "set since it was sent."
            )
            self._say(fit, "ambiguous", why, [])
        elif self._look.asked_at < fit.settled:
            until = f"{fit.settled:%H:%M:%S} UTC"
            self._say(fit, "too early", f"The log does not show it, but may until {until}.", [])
        elif refused is not None:
            self._say(fit, "rejected", "Twilio refused to create the message.", [refused])
        elif not self._look.complete:
            self._say(fit, "ambiguous", "The log of this number is too long to read.", [])
        elif fit.row.n in self._absent_before:
            why = "Two looks at the settled log do not show it: most likely it was not sent."
            self._say(fit, "absent", why, [])
        else:
            self._say(fit, "too early", "The log does not show it; it is read again later.", [])

    def _only_entry(self, fit: _Fit) -> Message | None:
        """Return the entry of a row whose text is not known, if the match is unique.

        That is: the only entry to this number in the time window, and the only unknown row.
        """
        if fit.row.sent.body or len(self._fits) > 1 or not self._look.complete:
            return None
        then = [
            entry
            for entry in self._look.entries
            if entry.direction.startswith("outbound")
            and entry.date_created is not None
            and fit.span[0] <= entry.date_created <= fit.span[1]
        ]
        return fit.perhaps[0] if len(then) == 1 and then == fit.perhaps else None

    def _say(self, fit: _Fit, verdict: str, why: str, seen: Sequence[Message]) -> None:
        if not fit.row.ours:
            return
        evidence = {
            "sids": [entry.sid for entry in seen[:10]],
            "asked at": self._look.asked_at.isoformat(),
            "from": fit.span[0].isoformat(),
            "to": fit.span[1].isoformat(),
            "entries": len(self._look.entries),
        }
        decided = verdict in {"accepted", "rejected"}
        self._found[fit.row.n] = Settlement(
            fit.row.n,
            verdict,
            why,
            json.dumps(evidence),
            sid=seen[0].sid if decided else None,
            error_code=seen[0].error_code if verdict == "rejected" else None,
        )

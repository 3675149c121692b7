"""What the message log proves about unknown rows: by hand, and against a ledger that knows."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from twilio_widgets.core.flows.evidence import Sent
from twilio_widgets.core.message.message import Message
from twilio_widgets.journal.matching import LogSnapshot, Unknown, match_unknowns

TO, FROM, SERVICE = "+14155550123", "+15005550006", "MG" + "0" * 32
STARTED = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
SETTLE = timedelta(seconds=60)
LATE = STARTED + timedelta(seconds=300)


def row(n: int = 0, body: str = "Only once", **changes: object) -> Unknown:
    ours = bool(changes.pop("ours", True))
    sent = Sent(
        to=TO,
        sender=FROM,
        service="",
        body=body,
        rewritten=False,
        started=STARTED,
        latest=STARTED + timedelta(seconds=3),
    )
    return Unknown(n, replace(sent, **changes), ours)


def entry(number: int = 1, body: str = "Only once", *, after: float = 1, **changes) -> Message:
    message = Message(
        sid=f"SM{number:032x}",
        status="sent",
        direction="outbound-api",
        to=TO,
        from_=FROM,
        body=body,
        date_created=STARTED + timedelta(seconds=after),
    )
    return replace(message, **changes)


def decided(rows: list[Unknown], *entries: Message, **options) -> list[tuple[str, str | None]]:
    look = LogSnapshot(
        list(entries), options.pop("asked_at", LATE), complete=options.pop("complete", True)
    )
    absent = options.pop("absent_before", {one.n for one in rows})
    found = match_unknowns(rows, look, settle=SETTLE, absent_before=absent, **options)
    return [(one.verdict, one.sid and one.sid[-2:]) for one in found]


def test_as_many_entries_as_rows_settle_all_whatever_their_order():
    rows = [row(0), row(1), row(2)]
    assert decided(rows, entry(3, after=3), entry(1), entry(2, after=2)) == [
        ("accepted", "01"),
        ("accepted", "02"),
        ("accepted", "03"),
    ]


def test_fewer_entries_than_rows_leave_the_rest_absent():
    assert decided([row(0), row(1)], entry(1)) == [("accepted", "01"), ("absent", None)]


def test_surplus_log_entries_are_reported():
    look = LogSnapshot([entry(1), entry(2, after=2)], LATE)
    (verdict,) = match_unknowns([row()], look, settle=SETTLE)
    assert (verdict.sid, verdict.why) == (
        entry(1).sid,
        "The message log shows it. 1 more like it came from other sends.",
    )
    assert json.loads(verdict.evidence)["entries"] == 2


def test_an_entry_that_belongs_to_another_send_proves_nothing():
    assert decided([row()], entry(1), known={entry(1).sid}) == [("absent", None)]


def test_rows_with_windows_of_their_own_get_the_entry_that_fits():
    later = row(1, started=STARTED + timedelta(hours=1), latest=STARTED + timedelta(hours=1))
    asked = STARTED + timedelta(hours=3)
    found = decided([later, row(0)], entry(1), entry(2, after=3601), asked_at=asked)
    assert found == [("accepted", "02"), ("accepted", "01")]


def test_an_empty_log_proves_nothing_before_it_has_settled_or_at_one_look():
    early = STARTED + timedelta(seconds=62)
    assert decided([row()], asked_at=early) == [("too early", None)]
    assert decided([row()], absent_before=set()) == [("too early", None)]
    assert decided([row()]) == [("absent", None)]


def test_a_log_too_long_to_be_read_proves_no_absence():
    assert decided([row()], complete=False) == [("ambiguous", None)]
    assert decided([row()], entry(1), complete=False) == [("accepted", "01")]


def test_a_refused_creation_settles_as_rejected_never_as_accepted():
    refused = entry(1, status="failed", error_code=21610)
    (verdict,) = match_unknowns([row()], LogSnapshot([refused], LATE), settle=SETTLE)
    assert (verdict.verdict, verdict.error_code) == ("rejected", 21610)
    assert decided([row(0), row(1)], refused, entry(2)) == [("accepted", "02"), ("rejected", "01")]
    early = STARTED + timedelta(seconds=30)
    assert decided([row()], refused, asked_at=early) == [("too early", None)]


@pytest.mark.parametrize("logged", ["Sent from your Twilio trial account - It's", "It's "])
def test_a_text_that_twilio_rewrote_is_the_same_text(logged):
    assert decided([row(body="It’s")], entry(body=logged)) == [("accepted", "01")]


@pytest.mark.parametrize(
    ("sent", "logged"), [("+5215512345678", "+525512345678"), ("+5491123456789", "+541123456789")]
)
def test_a_number_that_twilio_rewrote_is_the_same_number(sent, logged):
    assert decided([row(to=sent)], entry(to=logged)) == [("accepted", "01")]


def test_a_link_that_twilio_was_asked_to_shorten_is_the_same_link():
    asked = row(body="See https://example.com/a now", rewritten=True)
    assert decided([asked], entry(body="See https://twl.example/x now")) == [("accepted", "01")]
    assert decided([asked], entry(body="See you")) == [("ambiguous", None)]
    plain = row(body="See https://example.com/a now")
    assert decided([plain], entry(body="See https://twl.example/x now")) == [("absent", None)]


def test_a_deleted_text_is_left_to_the_user():
    """It may be another message to the same number."""
    assert decided([row()], entry(body="")) == [("ambiguous", None)]


def test_a_row_without_a_text_is_the_only_message_there_was_or_a_persons_matter():
    bare = row(body="")
    assert decided([bare], entry(body="From a template")) == [("accepted", "01")]
    assert decided([bare], entry(1), entry(2)) == [("ambiguous", None)]
    assert decided([bare], entry(1), entry(2), known={entry(2).sid}) == [("ambiguous", None)]
    assert decided([bare, row(1, body="")], entry(1)) == [("ambiguous", None)] * 2


def test_an_entry_that_fits_two_texts_is_nobodys():
    """``A - B`` is the text ``A - B``, or ``B`` after a trial account's prefix."""
    found = decided([row(0, "A - B"), row(1, "B")], entry(body="A - B"))
    assert found == [("ambiguous", None)] * 2


def test_another_job_that_waits_for_the_same_entry_makes_it_nobodys():
    rival = row(0, ours=False)
    assert decided([row(0), rival], entry(1)) == [("ambiguous", None)]
    assert decided([row(0), rival], entry(1), entry(2)) == [("accepted", "01")]
    assert decided([row(0), rival]) == [("absent", None)]


def test_a_sender_that_is_not_picked_yet_still_matches():
    by_service = row(sender="", service=SERVICE)
    assert decided([by_service], entry(from_=None, messaging_service_sid=SERVICE)) == [
        ("accepted", "01")
    ]
    other = entry(from_=None, messaging_service_sid="MG" + "1" * 32)
    assert decided([by_service], other) == [("absent", None)]


# Against a ledger that knows


LINK = "See https://example.com/a/long/one or"


@dataclass
class Truth:
    """One row, and what really became of it."""

    unknown: Unknown
    created: Message | None = None
    refused: bool = False
    lag: float = 0.0


class Recipient:
    """One number: our rows to it, and everything the log will ever show of it."""

    def __init__(self, chance: random.Random, number: int) -> None:
        self.chance, self.number = chance, number
        self.to = f"+1415555{number:04d}"
        self.offset = timedelta(seconds=chance.choice([0, 0, 0, -240, 240]))
        self.trial = chance.random() < 0.1
        self.service = chance.random() < 0.2
        self.rewritten = chance.random() < 0.05
        self.rows: list[Truth] = []
        self.foreign: list[tuple[Message, float]] = []
        self.texts: dict[str, str] = {}
        self._made = 0

    def fill(self, first: int) -> int:
        texts = [self._text() for _ in range(self.chance.choice([1, 1, 2]))]
        for n in range(first, first + self.chance.choice([1, 1, 1, 2, 3, 4])):
            self._send(n, self.chance.choice(texts))
        for _ in range(self.chance.choice([0, 0, 0, 0, 1, 2])):
            same = self.chance.random() < 0.2
            body = self.chance.choice(texts) if same else f"Foreign {self.number}"
            self.foreign.append((self._entry(body, self._moment()), 0.0))
        return first + len(self.rows)

    def _text(self) -> str:
        opening = self.chance.choice(["It’s", "Hi “you”", "Offer – now…", "Plain", "A - B", LINK])
        return f"{opening} {self.number} {self.chance.randrange(3)}"

    def _moment(self) -> datetime:
        return STARTED + timedelta(seconds=self.chance.uniform(0, 30))

    def _send(self, n: int, body: str) -> None:
        started = self._moment()
        sent = Sent(
            to=self.to,
            sender="" if self.service else FROM,
            service=SERVICE if self.service else "",
            body=body,
            rewritten=self.rewritten,
            started=started,
            latest=started + timedelta(seconds=30),
        )
        truth = Truth(Unknown(n, sent))
        fate = self.chance.random()
        late = self.chance.random() < 0.003
        truth.lag = self.chance.uniform(60, 120) if late else self.chance.uniform(0, 30)
        at = started + timedelta(seconds=self.chance.uniform(0, 30))
        if fate < 0.6:
            truth.created = self._entry(body, at)
        elif fate < 0.7:
            truth.refused = True
            entry = self._entry(body, at)
            self.foreign.append((replace(entry, status="failed", error_code=21610), truth.lag))
        self.rows.append(truth)

    def _entry(self, body: str, at: datetime) -> Message:
        self._made += 1
        shown = body
        if self.chance.random() < 0.3:
            shown = shown.translate(str.maketrans("’“”–", '\'""-')).replace("…", "...")
        if self.rewritten:
            shown = shown.replace("https://example.com/a/long/one", "https://twil.example/x")
        if self.trial:
            shown = f"Sent from your Twilio trial account - {shown}"
        if self.chance.random() < 0.003:
            shown = ""
        sid = f"SM{self.number:016x}{self._made:016x}"
        self.texts[sid] = body
        return Message(
            sid=sid,
            status="sent",
            direction="outbound-api",
            to=self.to,
            from_=None if self.service and self.chance.random() < 0.5 else FROM,
            messaging_service_sid=SERVICE if self.service else None,
            body=shown,
            date_created=(at + self.offset).replace(microsecond=0),
        )

    def look(self, at: datetime) -> LogSnapshot:
        made = [(one.created, one.lag) for one in self.rows if one.created is not None]
        shown = [
            message
            for message, lag in (*made, *self.foreign)
            if message.date_created - self.offset + timedelta(seconds=lag) <= at
        ]
        self.chance.shuffle(shown)
        apart = (self.offset - timedelta(seconds=1), self.offset + timedelta(seconds=1))
        return LogSnapshot(shown, at, apart)


def test_ten_thousand_unknown_rows_are_matched_as_in_the_sandboxs_ledger():
    """No wrong attachment, no message counted twice, and hardly anything left to a person."""
    chance = random.Random(20260115)
    rows, number = 0, 0
    wrong, doubled, unresolved, missed = [], [], 0, Counter()
    while rows < 10_000:
        recipient = Recipient(chance, number)
        number, before = number + 1, rows
        rows = recipient.fill(rows)
        unknowns = [one.unknown for one in recipient.rows]
        settled = max(one.sent.latest for one in unknowns) + SETTLE
        early = match_unknowns(unknowns, recipient.look(settled), settle=SETTLE)
        claimed = {one.sid for one in early if one.verdict == "accepted"}
        left = {one.n for one in early if one.verdict not in {"accepted", "rejected"}}
        late = match_unknowns(
            [one for one in unknowns if one.n in left],
            recipient.look(settled + SETTLE / 2),
            settle=SETTLE,
            known=claimed,
            absent_before={one.n for one in early if one.verdict == "too early"},
        )
        verdicts = [*(one for one in early if one.n not in left), *late]
        assert sorted(one.n for one in verdicts) == list(range(before, rows))
        accepted = [one for one in verdicts if one.verdict == "accepted"]
        doubled += [one for one in accepted if [o.sid for o in accepted].count(one.sid) > 1]
        truths = {one.unknown.n: one for one in recipient.rows}
        for one in verdicts:
            truth = truths[one.n]
            if one.verdict == "accepted" and recipient.texts[one.sid] != truth.unknown.sent.body:
                wrong.append(one)
            unresolved += one.verdict in {"ambiguous", "too early"}
        found = Counter(
            truths[one.n].unknown.sent.body
            for one in verdicts
            if one.verdict in {"accepted", "ambiguous", "too early"}
        )
        made = Counter(
            truth.unknown.sent.body
            for truth in recipient.rows
            if truth.created is not None and truth.lag < SETTLE.total_seconds()
        )
        missed += made - found  # rows with the same text are interchangeable
    assert (wrong, doubled, missed) == ([], [], Counter())
    assert unresolved / rows <= 0.01

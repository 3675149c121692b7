"""One row of a job, as stored in the journal."""

from __future__ import annotations

import json
from hashlib import blake2b, sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from twilio_widgets.journal.states import PENDING

if TYPE_CHECKING:
    from collections.abc import Iterable

_json = json.JSONEncoder(ensure_ascii=False).encode

Form = tuple[tuple[str, str], ...]
"""The request's parameters: Twilio's names and values."""


class JournalRow(NamedTuple):
    """One message to send, and its outcome so far.

    A named tuple, because each step of a row creates a new one, three times as fast as a dataclass.
    """

    n: int
    """Its position in the plan's input, from 0."""
    form: Form
    segments: int = 1
    """Predicted."""
    cost: str | None = None
    """Estimated, in US dollars."""
    status: str = PENDING
    sid: str | None = None
    error_code: int | None = None
    problem: str | None = None
    attempts: int = 0
    settled_by: str | None = None
    """The evidence for its status: answer, callback, log or person."""
    updated_at: float | None = None
    message_status: str | None = None
    """The message's status at Twilio, as last read."""
    message_error: int | None = None
    billed_segments: int | None = None
    price: str | None = None
    price_unit: str | None = None
    written: str = ""
    """The form's JSON in the journal, kept so that each checksum need not encode it again."""

    def __repr__(self) -> str:
        return f"Row({self.n}, {self.status})"  # the form contains a phone number and a text

    def parameter(self, name: str) -> str:
        """Return one of Twilio's parameters, or empty text."""
        for key, value in self.form:
            if key == name:
                return value
        return ""

    @property
    def to(self) -> str:
        """The recipient; empty once forgotten."""
        return self.parameter("To")

    @property
    def sender(self) -> str:
        """The number or the messaging service that sends it."""
        return self.parameter("From") or self.parameter("MessagingServiceSid")

    @property
    def is_scheduled(self) -> bool:
        """Whether it is scheduled; this is kept when the rest is forgotten."""
        return bool(self.parameter("SendAt"))

    @property
    def is_forgotten(self) -> bool:
        """Whether its number and text were deleted."""
        return not self.to

    def forgotten(self) -> JournalRow:
        """Return the row without number and text; only its ``SendAt`` is kept."""
        kept = tuple(pair for pair in self.form if pair[0] == "SendAt")
        return self.saying(kept)._replace(problem=None)

    def seal(self, job_id: str) -> str:
        """Return a checksum of the columns that decide whether and what is sent."""
        sid = "null" if self.sid is None else f'"{self.sid}"'
        kept = f'[{self.n}, {self._text}, {self.segments}, "{self.status}", {sid}, {self.attempts}]'
        return blake2b(kept.encode(), digest_size=8, key=job_id.encode()).hexdigest()

    @property
    def form_text(self) -> str | None:
        """The form as JSON; None if it is empty."""
        return self._text if self.form else None

    @property
    def _text(self) -> str:
        return self.written or _json(self.form)

    def saying(self, form: Form) -> JournalRow:
        """Return the row with another form."""
        return self._replace(form=form, written="")


COLUMNS = (
    "n, form, segments, cost, status, sid, error_code, problem, attempts, settled_by, updated_at, "
    "message_status, message_error, billed_segments, price, price_unit, seal"
)
"""The columns that `row_of` reads, in this order."""


def row_of(line: tuple[Any, ...], job_id: str) -> JournalRow | None:
    """Return the row of one line of the journal; None if its checksum is wrong."""
    try:
        written = line[1] or "[]"
        form = tuple((name, value) for name, value in json.loads(written))
        row = JournalRow(
            n=line[0],
            form=form,
            segments=line[2],
            cost=line[3],
            status=line[4],
            sid=line[5],
            error_code=line[6],
            problem=line[7],
            attempts=line[8],
            settled_by=line[9],
            updated_at=line[10],
            message_status=line[11],
            message_error=line[12],
            billed_segments=line[13],
            price=line[14],
            price_unit=line[15],
            written=written,
        )
        return row if row.seal(job_id) == line[16] else None
    except (ValueError, TypeError):
        return None


def fingerprint_of(rows: Iterable[JournalRow]) -> str:
    """Return a hash that identifies a plan: of every row's number and form, in order."""
    digest = sha256()
    for row in rows:
        digest.update(_json((row.n, row.form)).encode() + b"\n")
    return digest.hexdigest()

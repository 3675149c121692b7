"""The outcome of each row, from the journal, and which rows may be sent again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any, cast

from twilio_widgets.bulk.planning.opt_outs import without_channel
from twilio_widgets.core.error_codes.explain import explain_error
from twilio_widgets.errors import ConfigurationError, JobError
from twilio_widgets.journal import states
from twilio_widgets.journal.ledger import Finding, JournalReader, SendAttempt
from twilio_widgets.journal.row import JournalRow

if TYPE_CHECKING:
    from twilio_widgets.frames.safe_frame import SafeFrame

_CAME_TO_NOTHING = frozenset({"failed", "undelivered", "canceled"})
"""Final statuses of a message that was not delivered."""


def outcomes_of(ledger: JournalReader, rows: Sequence[JournalRow]) -> SafeFrame:
    """Return these rows as a DataFrame."""
    from twilio_widgets.frames.outcomes import outcome_frame

    attempts: dict[int, list[SendAttempt]] = {}
    for attempt in ledger.attempts():
        attempts.setdefault(attempt.n, []).append(attempt)
    findings = ledger.findings()
    lines = [_line(row, attempts.get(row.n, []), findings.get(row.n)) for row in rows]
    columns: Mapping[str, Sequence[Any]] = {
        name: [line[name] for line in lines] for name in _line(_BLANK, [], None)
    }
    attrs = {"job": ledger.header.name, "rows": len(rows), "of": ledger.header.rows}
    return outcome_frame(columns, statuses=states.STATUSES, attrs=attrs)


_BLANK = JournalRow(n=0, form=())


def _line(
    row: JournalRow, attempts: Sequence[SendAttempt], finding: Finding | None
) -> dict[str, object]:
    return {
        "row": row.n,
        "to": row.to or None,
        "status": row.status,
        "sid": row.sid,
        "error_code": _code(row),
        "explanation": _explanation(row, finding),
        "attempts": row.attempts,
        "first_attempt_at": attempts[0].started_at if attempts else None,
        "last_attempt_at": attempts[-1].started_at if attempts else None,
        "updated_at": row.updated_at,
        "settled_by": row.settled_by,
        "message_status": row.message_status,
        "segments": row.segments,
        "billed_segments": row.billed_segments,
        "cost": row.cost,
        "price": row.price,
        "price_unit": row.price_unit,
    }


def _code(row: JournalRow) -> int | None:
    return row.message_error if row.message_error is not None else row.error_code


def _explanation(row: JournalRow, finding: Finding | None) -> str | None:
    """Return the reason for a row's status, in a sentence."""
    code = _code(row)
    if code is not None:
        explanation = explain_error(code)
        return str(explanation) if explanation.known else row.problem or str(explanation)
    if row.status == states.UNKNOWN:
        return (finding.why if finding is not None else None) or row.problem
    return row.problem


def failed(rows: Iterable[JournalRow]) -> list[JournalRow]:
    """Return the rows that certainly were not delivered."""
    return [row for row in rows if row.status == states.REJECTED or _reached_nobody(row)]


def resendable(rows: Sequence[JournalRow], attempts: Iterable[SendAttempt]) -> list[JournalRow]:
    """Return the rows that are safe to send again.

    No row that was or may have been delivered, by any attempt, and no row whose recipient opted
    out.

    Args:
        rows: Every row of the job.
        attempts: Every attempt of these rows.
    """
    stopped, latest = _who_opted_out(rows), {row.n: row.attempts for row in rows}
    doubtful = {
        attempt.n
        for attempt in attempts
        if attempt.ending == states.UNKNOWN
        and attempt.sid is None
        and attempt.k < latest[attempt.n]
    }
    return [
        row
        for row in failed(rows)
        if not row.is_forgotten and row.n not in doubtful and without_channel(row.to) not in stopped
    ]


def _reached_nobody(row: JournalRow) -> bool:
    return row.status == states.ACCEPTED and row.message_status in _CAME_TO_NOTHING


def _who_opted_out(rows: Iterable[JournalRow]) -> set[str]:
    return {
        without_channel(row.to)
        for row in rows
        if states.OPTED_OUT in {row.error_code, row.message_error}
    }


def positions_of(rows: object) -> list[int]:
    """Return the row numbers in a frame with a ``row`` column, a number, or several numbers.

    Raises:
        ConfigurationError: They are not row numbers.
    """
    if hasattr(rows, "columns") and "row" in cast("Any", rows).columns:
        rows = cast("Any", rows)["row"]
    given = [rows] if isinstance(rows, Real) else rows
    if isinstance(given, Iterable) and not isinstance(given, str | bytes | Mapping):
        places = list(given)
        if all(map(_is_place, places)):
            return sorted({int(n) for n in places})
    raise ConfigurationError(
        'rows must be row numbers of the plan, such as [3, 7], or a frame with a "row" column, '
        "such as job.resendable or job.outcomes[mask].",
        field="rows",
    )


def _is_place(n: object) -> bool:
    """Return whether this is a whole number; True in a mask does not count as row 1."""
    return not isinstance(n, bool) and isinstance(n, Real) and float(n).is_integer()


def checked_for_resending(rows: Sequence[JournalRow], positions: Sequence[int]) -> list[JournalRow]:
    """Return the rows with these numbers, if all of them may be sent again.

    Unknown rows are allowed: the user decides about them.

    Raises:
        JobError: One of them is not allowed; none is sent.
    """
    by_place, stopped = {row.n: row for row in rows}, _who_opted_out(rows)
    chosen: list[JournalRow] = []
    for n in positions:
        row = by_place.get(n)
        if row is None:
            raise JobError(f"The job has no row {n}. Nothing was sent.")
        if (reason := _why_not(row, stopped)) is not None:
            raise JobError(f"Row {n} is not sent again: {reason}. Nothing was sent.")
        chosen.append(row)
    return chosen


def _why_not(row: JournalRow, stopped: Collection[str]) -> str | None:
    if row.is_forgotten:
        return "its text has been forgotten"
    if without_channel(row.to) in stopped:
        return "its recipient has opted out"
    if row.status in {states.PENDING, states.ATTEMPTED}:
        return f"it is {row.status}, and the job still sends it"
    if row.status == states.ACCEPTED and not _reached_nobody(row):
        seen = f" and {row.message_status}" if row.message_status else ""
        return f"Twilio has accepted it{seen} ({row.sid})"
    return None

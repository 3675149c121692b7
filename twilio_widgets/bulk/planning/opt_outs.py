"""Who asked not to be written to: from a list, a file, or the message log itself.

Source of the words: Twilio, "Advanced Opt-Out" (default keywords) and "Twilio support for opt-out
keywords". Only a message that is nothing but the keyword counts. Twilio keeps one block for each
number, or each messaging service, of yours. Here a person who wrote STOP to any of them and has not
written START to the same one is left out of every plan: Twilio would refuse some of these messages
(21610), and the person asked.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from twilio_widgets.bulk.planning.csv_table import InputTable
from twilio_widgets.bulk.planning.recipients import recipient_of
from twilio_widgets.bulk.planning.table import is_frame, read_table
from twilio_widgets.bulk.planning.values import edged, nothing_in, python_value
from twilio_widgets.errors import ConfigurationError, InvalidMessage

STOP_WORDS: Final = frozenset(
    {"STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"}
)
START_WORDS: Final = frozenset({"START", "YES", "UNSTOP"})

_TIMES: Final = ("date_sent", "date_created", "received_at")


def opt_outs_of(given: object, region: str | None, *, column: str) -> Mapping[str, str]:
    """Read who has opted out.

    Args:
        given: Numbers; a CSV file, a workbook or a frame of them; or the message log, as a frame or
            a file, of which only inbound messages count. The columns ``from`` and ``body``, in
            whatever case, make a table a log.
        region: The country of numbers without a plus.
        column: The column that holds the numbers when there are several.

    Returns:
        Why, by number without its channel.

    Raises:
        ConfigurationError: An entry cannot be read, or a row is damaged. Nobody is passed over in
            silence.
    """
    if isinstance(given, str) and re.match(r"\s*([a-z]+: *)?\+", given, re.IGNORECASE):
        given = [given]
    if (
        is_frame(given)
        or isinstance(given, str | os.PathLike | bytes | bytearray)
        or hasattr(given, "read")
    ):
        table = _whole(read_table(given, "opt_outs"))
        log = replace(
            table, columns={name.strip().casefold(): own for name, own in table.columns.items()}
        )
        if {"from", "body"} <= log.columns.keys():
            return _of_log(log, region)
        return _listed(_numbers(table, column), region)
    if not isinstance(given, Iterable) or isinstance(given, Mapping):
        raise ConfigurationError(
            "opt_outs is a list of numbers, a file of them, or a frame of the message log.",
            field="opt_outs",
        )
    return _listed(given, region)


def missing_from(given: object) -> str | None:
    """Say that a log is not the whole one, so that a STOP may stand in what was not read."""
    cut_off = given.attrs.get("cut_off") if is_frame(given) else None
    if not cut_off:
        return None
    return f"opt_outs is not the whole log, so a STOP may be missed ({cut_off})."


def without_channel(address: str) -> str:
    """Return the number of an address: a person who said stop said it for every channel."""
    return address.rpartition(":")[2]


def _whole(table: InputTable) -> InputTable:
    if table.damaged:
        n, reason = next(iter(table.damaged.items()))
        raise ConfigurationError(
            f"Row {n:,} of opt_outs cannot be read: {reason}", field="opt_outs"
        )
    if table.warnings:
        raise ConfigurationError(
            f"{table.warnings[0]} Give opt_outs as one sheet, a CSV file or a list of numbers.",
            field="opt_outs",
        )
    return table


def _numbers(table: InputTable, column: str) -> list[Any]:
    if len(table.columns) == 1:
        name, cells = next(iter(table.columns.items()))
        header = [name] if re.search(r"(?:[0-9][ ().-]*){7}", name) else []  # a file without one
        return [*header, *cells]
    if column not in table.columns:
        raise ConfigurationError(
            f"opt_outs has several columns and none is called {column!r}. Give one column of "
            "numbers, or a frame of the message log with its columns from, body and direction.",
            field="opt_outs",
        )
    return list(table.columns[column])


def _listed(cells: Iterable[object], region: str | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for place, cell in enumerate(map(python_value, cells), start=1):
        if nothing_in(cell):
            continue
        try:
            number = recipient_of(cell, region).to
        except InvalidMessage as error:
            problem = str(error)
        else:
            found[without_channel(number)] = "is on the list of those who opted out."
            continue
        raise ConfigurationError(
            f"Entry {place:,} of opt_outs is no number: {problem} Mend it or take it out: "
            "a person who opted out must not be missed.",
            field="opt_outs",
        )
    return found


def _of_log(table: InputTable, region: str | None) -> dict[str, str]:
    """Find whose latest keyword to one of our senders was a stop word."""
    latest: dict[tuple[str, str], tuple[float, bool, object]] = {}
    named = next((name for name in ("direction", "kind") if name in table.columns), None)
    if named is None:
        raise ConfigurationError(
            "opt_outs has messages but no column direction, so it is not certain which are "
            "inbound. Give the frame as messages.list returned it.",
            field="opt_outs",
        )
    for n in range(table.rows):
        body = table.columns["body"][n]
        if edged(str(table.columns[named][n])).casefold() != "inbound" or not isinstance(body, str):
            continue
        word = body.strip().upper()
        if not (stop := word in STOP_WORDS) and word not in START_WORDS:
            continue
        person = _person(table.columns["from"][n], n, region)
        if person is None:
            continue
        ours = edged(str(table.columns.get("to", [None] * table.rows)[n])).lower()
        pair = (person, ours)
        moment = next((m for name in _TIMES if (m := _time(table, name, n)) is not None), None)
        # Of two in one second the stop counts; a stop without a time counts as the latest.
        at = moment if moment is not None else (float("inf") if stop else 0.0)
        latest[pair] = max(latest.get(pair, (-1.0, False, None)), (at, stop, word))
    return {
        number: f"wrote {word} and no START since."
        for (number, _), (_, stop, word) in latest.items()
        if stop
    }


def _person(cell: object, n: int, region: str | None) -> str | None:
    """Return the number of whoever wrote; None for a short code, which no plan can write to."""
    if isinstance(cell, str | int) and re.fullmatch(r"[0-9]{3,6}", edged(str(cell))):
        return None
    try:
        return without_channel(recipient_of(cell, region).to)
    except InvalidMessage as error:
        problem = str(error)
    raise ConfigurationError(
        f"Row {n:,} of opt_outs is from a number that cannot be read: {problem} Correct it: "
        "a person who opted out must not be missed.",
        field="opt_outs",
    )


def _time(table: InputTable, name: str, n: int) -> float | None:
    """Return when a message was sent, in seconds since 1970; None where that cannot be read."""
    cell = table.columns[name][n] if name in table.columns else None
    if isinstance(cell, str):
        cell = _parsed(edged(cell))
    return cell.timestamp() if isinstance(cell, datetime) else None


def _parsed(text: str) -> datetime | None:
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = parse(text)
        except ValueError:
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None

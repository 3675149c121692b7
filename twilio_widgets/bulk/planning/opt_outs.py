"""Read opted-out recipients from a list, a file or the message log.

The keywords are in `twilio_widgets.core.text.opt_out_keywords`. Twilio keeps opt-outs for each of
your numbers, or each messaging service. Here a recipient who wrote STOP to any of them, and has not
written START to the same one since, is left out of every plan: Twilio would refuse some of these
messages (21610), and the recipient asked for none.
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
from twilio_widgets.core.text.opt_out_keywords import keyword_of
from twilio_widgets.errors import ConfigurationError, InvalidMessage

_TIMES: Final = ("date_sent", "date_created", "received_at")


def opt_outs_of(given: object, region: str | None, *, column: str) -> Mapping[str, str]:
    """Read the opted-out recipients.

    Args:
        given: Numbers; a CSV file, a workbook or a frame of them; or the message log, as a frame or
            a file, of which only inbound messages count. A table with the columns ``from`` and
            ``body``, in any case, is read as a log.
        region: The country of numbers without a plus.
        column: The column of the numbers, if the table has several columns.

    Returns:
        The reason, by number without its channel.

    Raises:
        ConfigurationError: An entry cannot be read, or a row is damaged. No entry is skipped
            silently.
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
            "opt_outs must be a list of numbers, a file or a frame of them, or the message log.",
            field="opt_outs",
        )
    return _listed(given, region)


def missing_from(given: object) -> str | None:
    """Return a warning if the log given as opt-outs is incomplete; else None."""
    cut_off = given.attrs.get("cut_off") if is_frame(given) else None
    if not cut_off:
        return None
    return f"opt_outs is not the complete log, so a STOP may be missing ({cut_off})."


def without_channel(address: str) -> str:
    """Return an address without its channel: an opt-out counts for every channel."""
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
        # A file without a header row: its first number was read as the column's name.
        header = [name] if re.search(r"(?:[0-9][ ().-]*){7}", name) else []
        return [*header, *cells]
    if column not in table.columns:
        raise ConfigurationError(
            f"opt_outs has several columns, and none has the name {column!r}. Give one column of "
            "numbers, or the message log with its columns from, body and direction.",
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
            found[without_channel(number)] = "is in opt_outs."
            continue
        raise ConfigurationError(
            f"Entry {place:,} of opt_outs is not a number: {problem} Correct it or remove it: "
            "no opt-out may be missed.",
            field="opt_outs",
        )
    return found


def _of_log(table: InputTable, region: str | None) -> dict[str, str]:
    """Return the numbers whose latest keyword to one of our senders is a stop word."""
    latest: dict[tuple[str, str], tuple[float, bool, object]] = {}
    named = next((name for name in ("direction", "kind") if name in table.columns), None)
    if named is None:
        raise ConfigurationError(
            "opt_outs has messages but no column direction, so inbound messages cannot be "
            "identified. Give the frame as messages.list returned it.",
            field="opt_outs",
        )
    for n in range(table.rows):
        body = table.columns["body"][n]
        if edged(str(table.columns[named][n])).casefold() != "inbound" or not isinstance(body, str):
            continue
        stop = keyword_of(body)
        if stop is None:
            continue
        word = body.strip().upper()
        person = _person(table.columns["from"][n], n, region)
        if person is None:
            continue
        ours = edged(str(table.columns.get("to", [None] * table.rows)[n])).lower()
        pair = (person, ours)
        moment = next((m for name in _TIMES if (m := _time(table, name, n)) is not None), None)
        # Of two in the same second the STOP counts; a STOP without a time counts as the latest.
        at = moment if moment is not None else (float("inf") if stop else 0.0)
        latest[pair] = max(latest.get(pair, (-1.0, False, None)), (at, stop, word))
    return {
        number: f"wrote {word} and no START since."
        for (number, _), (_, stop, word) in latest.items()
        if stop
    }


def _person(cell: object, n: int, region: str | None) -> str | None:
    """Return the sender's number; None for a short code, which cannot be a recipient of a plan."""
    if isinstance(cell, str | int) and re.fullmatch(r"[0-9]{3,6}", edged(str(cell))):
        return None
    try:
        return without_channel(recipient_of(cell, region).to)
    except InvalidMessage as error:
        problem = str(error)
    raise ConfigurationError(
        f"Row {n:,} of opt_outs has a sender that cannot be read: {problem} Correct it: "
        "no opt-out may be missed.",
        field="opt_outs",
    )


def _time(table: InputTable, name: str, n: int) -> float | None:
    """Return the time of a message in seconds since 1970; None if it cannot be read."""
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

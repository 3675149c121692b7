"""Who asked not to be written to: from a list, a file, or the message log itself.

Source of the words: Twilio, "Advanced Opt-Out" (default keywords) and "Twilio support for opt-out
keywords". Only a message that is nothing but the keyword counts. Twilio keeps one block for each
number, or each messaging service, of yours. Here a person who wrote STOP to any of them and has not
written START to the same one is left out of every plan: Twilio would refuse some of these messages
(21610), and the person asked.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, Final

from twilio_widgets.bulk.planning.csv_table import InputTable
from twilio_widgets.bulk.planning.recipients import recipient_of
from twilio_widgets.bulk.planning.table import is_frame, read_table
from twilio_widgets.errors import ConfigurationError, InvalidMessage

STOP_WORDS: Final = frozenset(
    {"STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"}
)
START_WORDS: Final = frozenset({"START", "YES", "UNSTOP"})

_TIMES: Final = ("date_sent", "date_created", "received_at")


def opt_outs_of(given: object, region: str | None, *, column: str) -> Mapping[str, str]:
    """Read who has opted out.

    Args:
        given: Numbers; a CSV file or a frame of them; or a frame of the message log.
        region: The country of numbers without a plus.
        column: The column that holds the numbers when there are several.

    Returns:
        Why, by number without its channel.

    Raises:
        ConfigurationError: An entry is no number. Nobody is passed over in silence.
    """
    if isinstance(given, str) and given.lstrip().startswith("+"):
        given = [given]
    if is_frame(given) or isinstance(given, str | os.PathLike | bytes | bytearray):
        table = read_table(given)
        if {"from", "body"} <= set(table.columns):
            return _of_log(table)
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


def _numbers(table: InputTable, column: str) -> list[Any]:
    if len(table.columns) == 1:
        name, cells = next(iter(table.columns.items()))
        header = [name] if name.strip("'")[:1] in {"+", "0"} else []  # a file without a headline
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
    for place, cell in enumerate(cells, start=1):
        if cell is None or cell != cell or not str(cell).strip():  # noqa: PLR0124  NaN
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


def _of_log(table: InputTable) -> dict[str, str]:
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
        if table.columns[named][n] != "inbound" or not isinstance(
            body := table.columns["body"][n], str
        ):
            continue
        word = body.strip().upper()
        if not (stop := word in STOP_WORDS) and word not in START_WORDS:
            continue
        ours = str(table.columns.get("to", [None] * table.rows)[n])
        pair = (without_channel(str(table.columns["from"][n])), ours)
        moment = next((m for name in _TIMES if (m := _time(table, name, n)) is not None), None)
        # Of two in one second the stop counts; a stop without a time counts as the latest.
        at = moment.timestamp() if moment is not None else (float("inf") if stop else 0.0)
        latest[pair] = max(latest.get(pair, (-1.0, False, None)), (at, stop, word))
    return {
        number: f"wrote {word} and no START since."
        for (number, _), (_, stop, word) in latest.items()
        if stop
    }


def _time(table: InputTable, name: str, n: int) -> Any:
    return table.columns[name][n] if name in table.columns else None

"""Changes to single parameters: those a proxy or middleware may have added, dropped or trimmed."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

from twilio_widgets.signature.causes.guess import CandidateChange, PartGuess, shown
from twilio_widgets.signature.verify import as_bytes, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from twilio_widgets.signature.presented import Pairs

_MAX_LEFT_OUT: Final = 100
_MAX_PADDED: Final = 20
_PADDING: Final = (" ", "\n", "\r\n", "\t", "\u00a0")
_MAY_BE_EMPTY: Final = (
    *("FromCity", "FromState", "FromZip", "FromCountry"),
    *("ToCity", "ToState", "ToZip", "ToCountry"),
    "Body",
)
"""Parameters of an inbound message that Twilio sends with an empty value when it is unknown."""

_COPIES: Final = (
    ("SmsSid", "MessageSid"),
    ("SmsMessageSid", "MessageSid"),
    ("MessageSid", "SmsSid"),
    ("MessageSid", "SmsMessageSid"),
    ("SmsStatus", "MessageStatus"),
    ("MessageStatus", "SmsStatus"),
)
"""Parameters that Twilio sends with the same value as another: the name, and the other's name."""

_CONSTANT: Final = (
    ("ApiVersion", "2010-04-01"),
    ("NumMedia", "0"),
    ("NumSegments", "1"),
    ("SmsStatus", "received"),
)


def guess_of(pairs: Iterable[tuple[str, str]], *changes: CandidateChange) -> PartGuess:
    """Return the guess that exactly these parameters were signed."""
    return PartGuess(as_bytes(joined(pairs)), changes)


def left_out(pairs: Pairs) -> Iterator[PartGuess]:
    """Yield the parameters without one of them: a parameter added after signing is not signed."""
    for rest, change in without_one(pairs):
        yield PartGuess(as_bytes("".join(name + value for name, value in rest)), (change,))


def without_one(pairs: Pairs) -> Iterator[tuple[Pairs, CandidateChange]]:
    """Yield the parameters, sorted and each pair once, without one of them; and that change."""
    ordered = tuple(sorted(set(pairs)))
    for index, (name, _) in enumerate(ordered[:_MAX_LEFT_OUT]):
        label = shown(name)
        change = CandidateChange(
            "extra parameter",
            f"the parameter {label} left out",
            f"A proxy or middleware adds {label}: verify the parameters as received.",
        )
        yield ordered[:index] + ordered[index + 1 :], change


def padded(pairs: Pairs) -> Iterator[PartGuess]:
    """Yield the parameters with whitespace restored to one value, as if it had been trimmed."""
    order = sorted(range(len(pairs)), key=lambda index: pairs[index][0] != "Body")
    for index in order[:_MAX_PADDED]:
        name, value = pairs[index]
        change = CandidateChange(
            "whitespace",
            f"whitespace at the start or end of {shown(name)}",
            "Verify the values as received: a proxy or middleware trims them.",
        )
        for padding in _PADDING:
            for given in (value + padding, padding + value):
                yield guess_of((*pairs[:index], (name, given), *pairs[index + 1 :]), change)


def added(pairs: Pairs, *, briefly: bool = False) -> Iterator[PartGuess]:
    """Yield the parameters with missing ones restored: empty, constant, or equal to another.

    Args:
        pairs: The parameters received.
        briefly: Whether to restore only all of a kind, or one of them.
    """
    present = dict(pairs)
    if {"From", "To"} <= present.keys():
        yield from _some_with(
            pairs, [(name, "") for name in _MAY_BE_EMPTY if name not in present], briefly
        )
    known: dict[str, str] = {}
    for name, other in _COPIES:
        if other in present and name not in present:
            known.setdefault(name, present[other])
    for name, value in _CONSTANT:
        if name not in present:
            known.setdefault(name, value)
    yield from _some_with(pairs, list(known.items()), briefly)


def _some_with(pairs: Pairs, missing: list[tuple[str, str]], briefly: bool) -> Iterator[PartGuess]:
    """Yield all of them added, then ever fewer: middleware that drops one usually drops all."""
    for count in range(len(missing), 0, -1):
        if briefly and 1 < count < len(missing):
            continue
        for some in itertools.combinations(missing, count):
            yield _with(pairs, some)


def _with(pairs: Pairs, more: Pairs) -> PartGuess:
    names = ", ".join(name for name, _ in more)
    empty = "empty " if not any(value for _, value in more) else ""
    change = CandidateChange(
        "missing parameter",
        f"the {empty}{'parameters' if len(more) > 1 else 'parameter'} {names} added",
        "Verify all parameters as received, even empty ones: a proxy or middleware drops some.",
    )
    return guess_of((*pairs, *more), change)

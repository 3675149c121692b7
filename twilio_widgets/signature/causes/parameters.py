"""Single parameters that may have been added, lost or trimmed on the way."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

from twilio_widgets.signature.causes.guess import CandidateChange, PartGuess, shown
from twilio_widgets.signature.verify import as_bytes, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from twilio_widgets.signature.presented import Pairs

_MOST_LEFT_OUT: Final = 100
_MOST_PADDED: Final = 20
_PADDING: Final = (" ", "\n", "\r\n", "\t", "\u00a0")
_PLACES: Final = (
    *("FromCity", "FromState", "FromZip", "FromCountry"),
    *("ToCity", "ToState", "ToZip", "ToCountry"),
    "Body",
)
"""Parameters of an inbound message that Twilio sends empty when it knows nothing."""

_COPIES: Final = (
    ("SmsSid", "MessageSid"),
    ("SmsMessageSid", "MessageSid"),
    ("MessageSid", "SmsSid"),
    ("MessageSid", "SmsMessageSid"),
    ("SmsStatus", "MessageStatus"),
    ("MessageStatus", "SmsStatus"),
)
_USUAL: Final = (
    ("ApiVersion", "2010-04-01"),
    ("NumMedia", "0"),
    ("NumSegments", "1"),
    ("SmsStatus", "received"),
)


def guess_of(pairs: Iterable[tuple[str, str]], *changes: CandidateChange) -> PartGuess:
    """Make the guess that these parameters were signed."""
    return PartGuess(as_bytes(joined(pairs)), changes)


def left_out(pairs: Pairs) -> Iterator[PartGuess]:
    """Leave out one parameter at a time: what is added on the way was not signed."""
    ordered = sorted(set(pairs))
    pieces = [as_bytes(name + value) for name, value in ordered]
    for index, (name, _) in enumerate(ordered[:_MOST_LEFT_OUT]):
        label = shown(name)
        change = CandidateChange(
            "extra parameter",
            f"the parameter {label} left out",
            f"Something on the way adds {label}: check the parameters as they came.",
        )
        yield PartGuess(b"".join(pieces[:index] + pieces[index + 1 :]), (change,))


def padded(pairs: Pairs) -> Iterator[PartGuess]:
    """Give back to one value the white space that something may have trimmed."""
    order = sorted(range(len(pairs)), key=lambda index: pairs[index][0] != "Body")
    for index in order[:_MOST_PADDED]:
        name, value = pairs[index]
        change = CandidateChange(
            "whitespace",
            f"white space at an end of {shown(name)}",
            "Check the values as they came: something on the way trims them.",
        )
        for padding in _PADDING:
            for given in (value + padding, padding + value):
                yield guess_of((*pairs[:index], (name, given), *pairs[index + 1 :]), change)


def added(pairs: Pairs) -> Iterator[PartGuess]:
    """Add what Twilio always sends: what it may have sent empty, and what is known to be equal."""
    present = dict(pairs)
    if {"From", "To"} <= present.keys():
        yield from _some_with(pairs, [(name, "") for name in _PLACES if name not in present])
    known: dict[str, str] = {}
    for name, other in _COPIES:
        if other in present and name not in present:
            known.setdefault(name, present[other])
    for name, value in _USUAL:
        if name not in present:
            known.setdefault(name, value)
    yield from _some_with(pairs, list(known.items()))


def _some_with(pairs: Pairs, missing: list[tuple[str, str]]) -> Iterator[PartGuess]:
    """Add all, then fewer and fewer: what drops one empty value drops the others as well."""
    for count in range(len(missing), 0, -1):
        for some in itertools.combinations(missing, count):
            yield _with(pairs, some)


def _with(pairs: Pairs, more: Pairs) -> PartGuess:
    names = ", ".join(name for name, _ in more)
    empty = "empty " if not any(value for _, value in more) else ""
    change = CandidateChange(
        "missing parameter",
        f"the {empty}{'parameters' if len(more) > 1 else 'parameter'} {names} added",
        "Check every parameter as it came, empty ones included: something drops some.",
    )
    return guess_of((*pairs, *more), change)

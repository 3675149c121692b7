"""A guess: one part of a request as Twilio may have signed it, and the change that explains it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.signature.location import veiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_MAX_SHOWN = 60
"""Characters of a request's own text that a sentence quotes."""


class CandidateChange(NamedTuple):
    """One difference between what was signed and what was received, reported only when proved."""

    cause: str
    """`Verdict.cause`: one or two words that code can compare, such as ``"trailing slash"``."""

    found: str
    """Completes "The signature matches with …", such as ``"https instead of http"``."""

    mend: str
    """`Verdict.mend`: one sentence that tells the user what to do."""


class PartGuess(NamedTuple):
    """One part of the signed text as it may have been, and how that differs from the request."""

    text: bytes
    changes: tuple[CandidateChange, ...]


class Part(NamedTuple):
    """One part of the signed text: the forms in which it verifies, and the guesses about it."""

    same: list[bytes]
    guesses: list[PartGuess]
    """Most likely first: only the first few are combined with guesses about other parts."""


def part(same: Iterable[bytes], guesses: Iterable[PartGuess]) -> Part:
    """Return a part without the guesses that change nothing or repeat an earlier one."""
    forms = list(dict.fromkeys(same))
    seen, kept = set(forms), []
    for guess in guesses:
        if guess.text not in seen:
            seen.add(guess.text)
            kept.append(guess)
    return Part(forms, kept)


FIRST_CHANGED, MOST_PAIRS = 20, 1000
"""How many guesses are changed a second time, and the most pairs of one part."""


def twice(once: Part, again: Callable[[str], Iterable[PartGuess]]) -> list[PartGuess]:
    """Return guesses of two different changes within one part.

    Args:
        once: The part, with its guesses of one change.
        again: Returns the guesses about the text that one of those gives.
    """
    seen = {*once.same, *(guess.text for guess in once.guesses)}
    found: list[PartGuess] = []
    for first in once.guesses[:FIRST_CHANGED]:
        for second in again(first.text.decode("utf-8", "replace")):
            if second.text not in seen and len(found) < MOST_PAIRS:
                seen.add(second.text)
                found.append(PartGuess(second.text, (*first.changes, *second.changes)))
    return found


def shown(text: str) -> str:
    """Return untrusted text made safe to quote: one short line, phone numbers and keys masked."""
    known = veiled(text)[:200]
    plain = mask("".join(char if char.isprintable() else "�" for char in known))
    return plain if len(plain) <= _MAX_SHOWN else plain[: _MAX_SHOWN - 1] + "…"

"""One thing that may have happened to a part of a request, ready to be tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.signature.location import veiled

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_SHOWN = 60


class CandidateChange(NamedTuple):
    """What is different, in words that are said only once a match has proved it."""

    cause: str
    """One or two words for code, such as ``"trailing slash"``."""

    found: str
    """What makes the signature match, after "with": ``"https in place of http"``."""

    mend: str
    """What to do: one sentence."""


class PartGuess(NamedTuple):
    """One part of what is signed, as it may have been when it was signed."""

    text: bytes
    changes: tuple[CandidateChange, ...]


class Part(NamedTuple):
    """A part of what is signed: the forms in which it verifies, and the guesses about it."""

    same: list[bytes]
    guesses: list[PartGuess]
    """The likeliest first, because only the first few are tried together with others."""


def part(same: Iterable[bytes], guesses: Iterable[PartGuess]) -> Part:
    """Make a part, leaving out guesses that change nothing or have been made before."""
    forms = list(dict.fromkeys(same))
    seen, kept = set(forms), []
    for guess in guesses:
        if guess.text not in seen:
            seen.add(guess.text)
            kept.append(guess)
    return Part(forms, kept)


def shown(text: str) -> str:
    """Return a name of a stranger's fit for a sentence: one short line, no number or key in it."""
    known = veiled(text)[:200]
    plain = mask("".join(char if char.isprintable() else "�" for char in known))
    return plain if len(plain) <= _MOST_SHOWN else plain[: _MOST_SHOWN - 1] + "…"

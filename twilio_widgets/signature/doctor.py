"""Why a signature does not match: the one small difference that, undone, makes it match.

A signature is a proof. Whatever is changed on the way, only what Twilio signed makes it match, so a
difference that makes it match is *the* difference, and nothing is said of any other. The search
takes the parts of what is signed — scheme, host and port; path; query string; parameters; key — and
the plausible differences of each: first one at a time, then a few of them together, within a fixed
amount of work.

What is found is for the owner's eyes. It is never an answer to whoever sent the request, and no
request becomes valid by it.
"""

from __future__ import annotations

import hmac
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from twilio_widgets.core.signature import body_sha256
from twilio_widgets.signature.causes.body import change_of
from twilio_widgets.signature.causes.form import alone, form_pairs, forms
from twilio_widgets.signature.causes.guess import CandidateChange, Part, PartGuess
from twilio_widgets.signature.causes.key import signers
from twilio_widgets.signature.causes.origin import origins
from twilio_widgets.signature.causes.path import paths
from twilio_widgets.signature.causes.query import AS_GET, WITH_HASH, queries
from twilio_widgets.signature.causes.signature import WantedSignature, wanted_by
from twilio_widgets.signature.findings import (
    BODY_CHANGED,
    MISMATCH,
    TOO_LARGE,
    UNEXPLAINED,
    refused,
)
from twilio_widgets.signature.location import Location, split
from twilio_widgets.signature.verdict import Verdict
from twilio_widgets.signature.verify import body_hashes, verify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twilio_widgets.signature.keys import Keys
    from twilio_widgets.signature.presented import SignedRequest

MOST_TRIES: Final = 5000
"""How many signatures are computed at most."""

_MOST_BYTES: Final = 16_000_000
_MOST_TEXT: Final = 100_000
_BREADTH: Final = {1: 5000, 2: 12, 3: 5}
"""How many guesses of each part are tried, by how many parts are changed at once."""

_FINAL: Final = frozenset({"request", "no signature", "several signatures", "method"})
"""Causes that are plain without a search."""


@dataclass(slots=True)
class WorkBudget:
    """How much may still be done."""

    tries: int = MOST_TRIES
    size: int = _MOST_BYTES

    def allows(self, message: bytes) -> bool:
        """Take one signature over `message` into account; say whether it may be computed."""
        self.tries -= 1
        self.size -= len(message)
        return self.tries >= 0 and self.size >= 0


def diagnose(presented: SignedRequest, keys: Keys, *, work: WorkBudget | None = None) -> Verdict:
    """Say whether Twilio signed this request, and where it did not match, why.

    It costs up to a few hundredths of a second: not every request of a flood should be diagnosed.

    Args:
        presented: The request.
        keys: What it may have been signed with, and what it should not have been.
        work: How much may be done; what is left of it can be read afterwards.

    Returns:
        A verdict whose `cause` is None unless it is proved.
    """
    verdict = verify(presented, keys)
    if verdict.valid or verdict.cause in _FINAL:
        return verdict
    wanted = wanted_by(presented.signature or "")
    if wanted is None:
        return verdict
    if len(presented.url) + len(presented.body) > _MOST_TEXT:
        return _unexplained(verdict, TOO_LARGE)
    location, besides = _located(presented.url)
    if location is None:
        return verdict
    hashes = body_hashes(location)
    parts = _parts(location, presented, keys, wanted, covered=bool(hashes))
    found = _search(parts, wanted, work or WorkBudget())
    if found is not None and {WITH_HASH, AS_GET} & set(found):
        found = _without_form(found, alone(presented))
    if found is None:
        return _unexplained(verdict, UNEXPLAINED)
    changes = [*besides, *wanted.changes, *found, *_body_changes(presented.body, hashes)]
    # A changed body that nothing explains is what the verdict said before.
    return _named(changes) if changes and changes != [_OTHER_BODY] else verdict


def _unexplained(verdict: Verdict, why: Verdict) -> Verdict:
    """Return why no cause is named, unless the verdict names what is plain without a search."""
    return why if verdict is MISMATCH else verdict


def _located(url: str) -> tuple[Location | None, tuple[CandidateChange, ...]]:
    """Read a URL, also one that is not whole."""
    for text, changes in ((url, ()), (url.strip(), (_SPACE,)), (f"https://{url}", (_NO_SCHEME,))):
        location = split(text)
        if location is not None:
            return location, changes
    return None, ()


def _parts(
    location: Location,
    presented: SignedRequest,
    keys: Keys,
    wanted: WantedSignature,
    *,
    covered: bool,
) -> tuple[Part, ...]:
    pairs = form_pairs(presented)
    return (
        origins(location, presented),
        paths(location, presented),
        queries(location, presented, pairs, covered=covered),
        forms(presented, location, pairs, covered=covered),
        signers(presented, keys, wanted.algorithm),
    )


def _search(
    parts: tuple[Part, ...], wanted: WantedSignature, work: WorkBudget
) -> list[CandidateChange] | None:
    """Return what makes the signature match, the fewest changed parts first."""
    for combination in _combinations(parts):
        *texts, key = (guess.text for guess in combination)
        message = b"".join(texts)
        if not work.allows(message):
            return None
        digest = hmac.digest(key, message, wanted.algorithm)
        if hmac.compare_digest(digest, wanted.digest):
            return [change for guess in combination for change in guess.changes]
    return None


def _combinations(parts: tuple[Part, ...]) -> Iterator[tuple[PartGuess, ...]]:
    unchanged = [[PartGuess(text, ()) for text in part.same] for part in parts]
    yield from itertools.product(*unchanged)
    for count, breadth in _BREADTH.items():
        for changed in itertools.combinations(range(len(parts)), count):
            yield from itertools.product(
                *(
                    part.guesses[:breadth] if index in changed else unchanged[index]
                    for index, part in enumerate(parts)
                )
            )


def _without_form(
    found: list[CandidateChange], unsigned: CandidateChange
) -> list[CandidateChange] | None:
    """Leave out that the form is not signed: the URL stands for it. None when it is signed too."""
    if unsigned not in found:
        return None
    return [change for change in found if change != unsigned]


def _body_changes(body: bytes, hashes: list[str]) -> Iterator[CandidateChange]:
    if any(body_sha256(body) != given for given in hashes):
        yield change_of(body, hashes) or _OTHER_BODY


def _named(changes: list[CandidateChange]) -> Verdict:
    causes = dict.fromkeys(change.cause for change in changes)
    found = ", and with ".join(dict.fromkeys(change.found for change in changes))
    mends = dict.fromkeys(change.mend for change in changes)
    return refused(" and ".join(causes), f"The signature matches with {found}.", " ".join(mends))


_OTHER_BODY: Final = CandidateChange("body", "another body", BODY_CHANGED.mend or "")
_SPACE: Final = CandidateChange(
    "url",
    "no white space around the URL",
    "Give the URL alone, with nothing before or after it.",
)
_NO_SCHEME: Final = CandidateChange(
    "url",
    "https:// before the URL",
    "Give the whole URL, from its scheme on, as it stands in Twilio's settings.",
)

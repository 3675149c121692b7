"""Find out why a signature does not match: the smallest change to the request that makes it match.

A signature is a proof: only the text that Twilio signed makes it match. A change that makes it
match is therefore the cause, and no unproved cause is reported. The search takes the parts of the
signed text (scheme, host and port; path; query string; parameters; key) and the likely changes of
each. It tries them one at a time, then two within the path, the query string or the form, then a
few in different parts, within a fixed work budget of 8,000 signatures over 16 MB.

The finding is for the owner of the listener. It is never sent to the client that made the request,
and it never makes a request valid.
"""

from __future__ import annotations

import hmac
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from twilio_widgets.core.signature import body_sha256
from twilio_widgets.signature.causes.body import change_of
from twilio_widgets.signature.causes.form import (
    alone,
    form_pairs,
    forms,
    forms_changed_twice,
)
from twilio_widgets.signature.causes.guess import CandidateChange, Part, PartGuess, twice
from twilio_widgets.signature.causes.key import signers
from twilio_widgets.signature.causes.origin import origins
from twilio_widgets.signature.causes.path import paths
from twilio_widgets.signature.causes.query import AS_GET, WITH_HASH, edited, edits, queries
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
    from collections.abc import Iterator, Mapping

    from twilio_widgets.signature.keys import Keys
    from twilio_widgets.signature.presented import SignedRequest

MOST_TRIES: Final = 8000
"""The most signatures that one diagnosis computes."""

_MOST_BYTES: Final = 16_000_000
_MOST_TEXT: Final = 100_000
_BREADTH: Final = {1: 5000, 2: 12, 3: 5}
"""For each number of parts changed at once: how many guesses about each part are tried."""

_PATH, _QUERY, _FORM = 1, 2, 3
"""The indexes of these parts in `_parts`."""

_FINAL: Final = frozenset({"request", "no signature", "several signatures", "method"})
"""Causes that need no search."""


@dataclass(slots=True)
class WorkBudget:
    """How many signatures, over how many bytes, may still be computed."""

    tries: int = MOST_TRIES
    size: int = _MOST_BYTES

    def allows(self, message: bytes) -> bool:
        """Charge one signature over `message`; return whether the budget allows it."""
        self.tries -= 1
        self.size -= len(message)
        return self.tries >= 0 and self.size >= 0


def diagnose(presented: SignedRequest, keys: Keys, *, work: WorkBudget | None = None) -> Verdict:
    """Return whether Twilio signed this request and, if the signature does not match, why.

    A diagnosis takes a few hundredths of a second (of a very large form, a fifth of a second), so
    callers must limit how many they run.

    Args:
        presented: The request.
        keys: The credentials that verify, and others that may explain a mismatch.
        work: The work budget; it is reduced by what the search used.

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
    in_pairs = _changed_twice(parts, location, presented, covered=bool(hashes))
    found = _search(parts, in_pairs, wanted, work or WorkBudget())
    if found is not None and {WITH_HASH, AS_GET} & set(found):
        found = _without_form(found, alone(presented))
    if found is None:
        return _unexplained(verdict, UNEXPLAINED)
    changes = [*besides, *wanted.changes, *found, *_body_changes(presented.body, hashes)]
    # A body that only differs, with no known reason, is what `verify` has already reported.
    return _named(changes) if changes and changes != [_OTHER_BODY] else verdict


def _unexplained(verdict: Verdict, why: Verdict) -> Verdict:
    """Return `why` for a plain mismatch; any other verdict already names its cause."""
    return why if verdict is MISMATCH else verdict


def _located(url: str) -> tuple[Location | None, tuple[CandidateChange, ...]]:
    """Split a URL; if it has whitespace around it or no scheme, repair it and name the change."""
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


def _changed_twice(
    parts: tuple[Part, ...], location: Location, presented: SignedRequest, *, covered: bool
) -> dict[int, list[PartGuess]]:
    """Return guesses of two changes within one part, by its index: path, query string and form.

    A gateway may decode a query string and sort it, or change a path and end it with a slash.
    """
    query, pairs = parts[_QUERY], form_pairs(presented)
    return {
        _PATH: twice(
            parts[_PATH], lambda text: paths(location._replace(path=text), presented).guesses
        ),
        _QUERY: twice(
            query._replace(guesses=[one for one in query.guesses if edits(one)]),
            edited,
        ),
        _FORM: forms_changed_twice(parts[_FORM], presented, location, pairs, covered=covered)
        if pairs
        else [],
    }


def _search(
    parts: tuple[Part, ...],
    twice: Mapping[int, list[PartGuess]],
    wanted: WantedSignature,
    work: WorkBudget,
) -> list[CandidateChange] | None:
    """Return the changes that make the signature match, fewest changes first; or None."""
    for combination in _combinations(parts, twice):
        *texts, key = (guess.text for guess in combination)
        message = b"".join(texts)
        if not work.allows(message):
            return None
        digest = hmac.digest(key, message, wanted.algorithm)
        if hmac.compare_digest(digest, wanted.digest):
            return [change for guess in combination for change in guess.changes]
    return None


def _combinations(
    parts: tuple[Part, ...], twice: Mapping[int, list[PartGuess]]
) -> Iterator[tuple[PartGuess, ...]]:
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
        if count == 1:
            for changed_twice, guesses in twice.items():
                yield from itertools.product(
                    *(
                        guesses if index == changed_twice else same
                        for index, same in enumerate(unchanged)
                    )
                )


def _without_form(
    found: list[CandidateChange], unsigned: CandidateChange
) -> list[CandidateChange] | None:
    """Drop the change "the form is not signed", implied by the URL; None if the form is signed."""
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


_OTHER_BODY: Final = CandidateChange("body", "a different body", BODY_CHANGED.mend or "")
_SPACE: Final = CandidateChange(
    "url",
    "no whitespace around the URL",
    "Pass the URL alone, with nothing before or after it.",
)
_NO_SCHEME: Final = CandidateChange(
    "url",
    "https:// before the URL",
    "Pass the complete URL, including its scheme, as configured in Twilio.",
)

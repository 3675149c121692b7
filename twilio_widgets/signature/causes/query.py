"""Changes to the query string: the one that Twilio may have signed instead of the one received."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, quote_plus, unquote_plus, urlencode

from twilio_widgets.core.signature import body_sha256
from twilio_widgets.signature.causes.guess import CandidateChange, Part, PartGuess, part, shown
from twilio_widgets.signature.causes.path import targets_named
from twilio_widgets.signature.location import signed_queries
from twilio_widgets.signature.presented import pairs_of
from twilio_widgets.signature.verify import joined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from twilio_widgets.signature.location import Location
    from twilio_widgets.signature.presented import Pairs, SignedRequest

_OVERRIDES: Final = "#rc=3&rp=all"
"""The connection overrides at the end of every webhook URL that a listener configures."""

_MAX_LEFT_OUT: Final = 20
_MAX_REORDERED: Final = 4
_ESCAPE: Final = re.compile(r"%[0-9a-fA-F]{2}")


def queries(
    location: Location, presented: SignedRequest, pairs: Pairs | None, *, covered: bool
) -> Part:
    """Return the query strings that verify, and the guesses about others.

    Args:
        location: The URL, in its parts.
        presented: The request.
        pairs: The parameters of its form; None when they cannot be read.
        covered: Whether the URL contains ``bodySHA256``, the hash of the body.
    """
    same = [_bytes(query) for query in signed_queries(location.query)]
    return part(same, _guesses(location, presented, pairs, covered=covered))


def _guesses(
    location: Location, presented: SignedRequest, pairs: Pairs | None, *, covered: bool
) -> Iterator[PartGuess]:
    query = location.query
    pieces = [piece for piece in query[1:].split("&") if piece]
    if query:
        yield PartGuess(b"", (_NONE,))
    if presented.body and not covered:
        yield _with_hash(query, presented.body)
        yield from _with_form(query, presented, pairs)
    if presented.method.upper() == "GET" and pieces:
        read = pairs_of(query[1:].encode("utf-8", "surrogatepass"), errors="replace")
        yield PartGuess(_bytes(joined(read)), (_POST,))
    for target in targets_named(presented):
        _, mark, named = target.partition("?")
        yield PartGuess(_bytes(mark + named), (_NAMED,))
    for fragment in (location.fragment, _OVERRIDES):
        yield PartGuess(_bytes(query + fragment), (_FRAGMENT,))
    yield from _edits(pieces)
    for ending in ("?",) if not query else ("&",):
        yield PartGuess(_bytes(query + ending), (_ENDING,))
    yield PartGuess(_bytes(query.rstrip("&")), (_ENDING,))


def _edits(pieces: list[str]) -> Iterator[PartGuess]:
    for escaped in _escapings(pieces):
        yield PartGuess(_bytes("?" + escaped), (_ENCODED,))
    yield from _without(pieces)
    for order in _orders(pieces):
        yield PartGuess(_bytes("?" + "&".join(order)), (_ORDER,))


def edits(guess: PartGuess) -> bool:
    """Return whether a guess changes the parameters of the query string, and nothing else."""
    return not _REPLACED.intersection(guess.changes)


def edited(query: str) -> Iterator[PartGuess]:
    """Yield the guesses that change the parameters of a query string."""
    yield from _edits([piece for piece in query[1:].split("&") if piece])


def _with_hash(query: str, body: bytes) -> PartGuess:
    mark = "&" if query.strip("?") else "?"
    text = f"{query.rstrip('?')}{mark}bodySHA256={body_sha256(body)}"
    return PartGuess(_bytes(text), (WITH_HASH,))


def _with_form(query: str, presented: SignedRequest, pairs: Pairs | None) -> Iterator[PartGuess]:
    """Yield the query string with the form appended: a GET carries and signs it there."""
    start = f"{query}&" if query.strip("?") else "?"
    if pairs:
        yield PartGuess(_bytes(start + urlencode(pairs)), (AS_GET,))
        yield PartGuess(_bytes(start + urlencode(pairs, quote_via=quote)), (AS_GET,))
    yield PartGuess(_bytes(start) + presented.body, (AS_GET,))


def _escapings(pieces: list[str]) -> Iterator[str]:
    """Yield the query string as other programs would percent-encode it."""
    if not pieces:
        return
    whole = "&".join(pieces)
    yield whole.replace("+", "%20")
    yield whole.replace("%20", "+")
    yield _each(pieces, lambda text: quote_plus(unquote_plus(text)))
    yield _each(pieces, lambda text: quote(unquote_plus(text), safe=""))
    yield _each(pieces, lambda text: quote(unquote_plus(text), safe="!$'()*,:@/?;~"))
    yield _each(pieces, unquote_plus)
    yield whole.replace("'", "%27")
    yield whole.replace("@", "%40").replace(":", "%3A").replace("'", "%27")
    yield whole.replace("&amp;", "&")
    yield whole.replace("&", "&amp;")
    yield _ESCAPE.sub(lambda found: found[0].lower(), whole)
    yield _ESCAPE.sub(lambda found: found[0].upper(), whole)
    yield "&".join(piece.removesuffix("=") for piece in pieces)
    yield "&".join(piece if "=" in piece else f"{piece}=" for piece in pieces)


def _each(pieces: list[str], change: Callable[[str], str]) -> str:
    return "&".join("=".join(map(change, piece.split("=", 1))) for piece in pieces)


def _without(pieces: list[str]) -> Iterator[PartGuess]:
    if len(pieces) < 2:
        return
    for index, piece in enumerate(pieces[:_MAX_LEFT_OUT]):
        name = shown(unquote_plus(piece.partition("=")[0]))
        change = CandidateChange(
            "query",
            f"the query string without {name}",
            f"A proxy or middleware adds {name} to the query string: verify the URL without it.",
        )
        rest = pieces[:index] + pieces[index + 1 :]
        yield PartGuess(_bytes("?" + "&".join(rest)), (change,))


def _orders(pieces: list[str]) -> Iterator[tuple[str, ...]]:
    if len(pieces) < 2:
        return
    yield tuple(sorted(pieces))
    yield tuple(reversed(pieces))
    if len(pieces) <= _MAX_REORDERED:
        yield from itertools.permutations(pieces)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


_NONE: Final = CandidateChange(
    "query",
    "no query string",
    "A proxy or middleware adds the query string: verify the URL without it.",
)
_NAMED: Final = CandidateChange(
    "query",
    "the query string that a proxy's header names",
    "A proxy rewrites the query string: verify the one that Twilio called.",
)
WITH_HASH: Final = CandidateChange(
    "query",
    "bodySHA256 in the query string",
    "The query string was dropped: verify the complete URL, with bodySHA256.",
)
AS_GET: Final = CandidateChange(
    "method",
    "the parameters in the query string of a GET",
    "Twilio sent a GET: verify the URL with its complete query string, and pass no parameters.",
)
_POST: Final = CandidateChange(
    "method",
    "the parameters of the query string as the form of a POST",
    "Twilio sent a POST and a redirect turned it into a GET: configure the final URL in Twilio.",
)
_FRAGMENT: Final = CandidateChange(
    "fragment",
    "the fragment of the URL included",
    "Twilio never signs a fragment, so Twilio did not make this signature: find out who sends it.",
)
_ENCODED: Final = CandidateChange(
    "query encoding",
    "the query string percent-encoded differently",
    "Verify the raw query string as received, before anything decodes it.",
)
_ORDER: Final = CandidateChange(
    "query order",
    "the parameters of the query string in a different order",
    "Verify the query string in the order configured in Twilio: a proxy, middleware or Twilio "
    "itself sorts it.",
)
_ENDING: Final = CandidateChange(
    "query",
    "a different ending of the query string",
    "Verify the raw query string as received, including a lone ? or & at its end.",
)
_REPLACED: Final = frozenset({_NONE, _NAMED, WITH_HASH, AS_GET, _POST, _FRAGMENT})
"""Changes that replace the query string as a whole."""

"""The query string that Twilio may have signed in place of the one we saw."""

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
"""What every URL of ours ends in when it is shown or configured."""

_MOST_LEFT_OUT: Final = 20
_MOST_REORDERED: Final = 4
_ESCAPE: Final = re.compile(r"%[0-9a-fA-F]{2}")


def queries(
    location: Location, presented: SignedRequest, pairs: Pairs | None, *, covered: bool
) -> Part:
    """Guess the query string.

    Args:
        location: The URL, in its parts.
        presented: The request.
        pairs: The parameters of its form; None when it has none that can be read.
        covered: Whether the URL holds the hash of the body.
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
        yield from _of_a_get(query, presented, pairs)
    if presented.method.upper() == "GET" and pieces:
        read = pairs_of(query[1:].encode("utf-8", "surrogatepass"), errors="replace")
        yield PartGuess(_bytes(joined(read)), (_POST,))
    for target in targets_named(presented):
        _, mark, named = target.partition("?")
        yield PartGuess(_bytes(mark + named), (_NAMED,))
    for fragment in (location.fragment, _OVERRIDES):
        yield PartGuess(_bytes(query + fragment), (_FRAGMENT,))
    for written in _written(pieces):
        yield PartGuess(_bytes("?" + written), (_ENCODED,))
    yield from _without(pieces)
    for order in _orders(pieces):
        yield PartGuess(_bytes("?" + "&".join(order)), (_ORDER,))
    for ending in ("?",) if not query else ("&",):
        yield PartGuess(_bytes(query + ending), (_ENDING,))
    yield PartGuess(_bytes(query.rstrip("&")), (_ENDING,))


def _with_hash(query: str, body: bytes) -> PartGuess:
    mark = "&" if query.strip("?") else "?"
    text = f"{query.rstrip('?')}{mark}bodySHA256={body_sha256(body)}"
    return PartGuess(_bytes(text), (WITH_HASH,))


def _of_a_get(query: str, presented: SignedRequest, pairs: Pairs | None) -> Iterator[PartGuess]:
    """Take a form for the parameters of a GET, which are signed in the URL."""
    start = f"{query}&" if query.strip("?") else "?"
    if pairs:
        yield PartGuess(_bytes(start + urlencode(pairs)), (AS_GET,))
        yield PartGuess(_bytes(start + urlencode(pairs, quote_via=quote)), (AS_GET,))
    yield PartGuess(_bytes(start) + presented.body, (AS_GET,))


def _written(pieces: list[str]) -> Iterator[str]:
    """Yield the query as other programs would have escaped it."""
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
    for index, piece in enumerate(pieces[:_MOST_LEFT_OUT]):
        name = shown(unquote_plus(piece.partition("=")[0]))
        change = CandidateChange(
            "query",
            f"the query string without {name}",
            f"Something on the way adds {name} to the query string: check the URL without it.",
        )
        rest = pieces[:index] + pieces[index + 1 :]
        yield PartGuess(_bytes("?" + "&".join(rest)), (change,))


def _orders(pieces: list[str]) -> Iterator[tuple[str, ...]]:
    if len(pieces) < 2:
        return
    yield tuple(sorted(pieces))
    yield tuple(reversed(pieces))
    if len(pieces) <= _MOST_REORDERED:
        yield from itertools.permutations(pieces)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


_NONE: Final = CandidateChange(
    "query",
    "no query string",
    "The query string is added on the way: check the URL without it.",
)
_NAMED: Final = CandidateChange(
    "query",
    "the query string that a proxy's header names",
    "Something on the way rewrites the query string: check the one that Twilio called.",
)
WITH_HASH: Final = CandidateChange(
    "query",
    "bodySHA256 in the query string",
    "The query string is lost on the way: check the whole URL, with bodySHA256.",
)
AS_GET: Final = CandidateChange(
    "method",
    "the parameters in the query string of a GET",
    "Twilio sent a GET: check the URL with its whole query string, and no parameters besides.",
)
_POST: Final = CandidateChange(
    "method",
    "the parameters of the query string as the form of a POST",
    "Twilio sent a POST, and a redirect made it a GET: point Twilio at the final URL.",
)
_FRAGMENT: Final = CandidateChange(
    "fragment",
    "the fragment of the URL included",
    "Twilio never signs a fragment, so something else made this signature: see who sends it.",
)
_ENCODED: Final = CandidateChange(
    "query encoding",
    "the query string escaped in another way",
    "Check the raw query string as it came, before anything decodes it.",
)
_ORDER: Final = CandidateChange(
    "query order",
    "the parameters of the query string in another order",
    "Check the raw query string as it came: something on the way sorts it.",
)
_ENDING: Final = CandidateChange(
    "query",
    "another ending of the query string",
    "Check the raw query string as it came, a lone ? or & at its end included.",
)

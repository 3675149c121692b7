"""Changes to the form: the parameters that Twilio may have signed instead of those received."""

from __future__ import annotations

import contextlib
import html
import itertools
import unicodedata
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, unquote_plus

from twilio_widgets.signature.causes.body import BASE64, decoded_base64
from twilio_widgets.signature.causes.guess import (
    FIRST_CHANGED,
    MOST_PAIRS,
    CandidateChange,
    Part,
    PartGuess,
    part,
)
from twilio_widgets.signature.causes.parameters import (
    added,
    guess_of,
    left_out,
    padded,
    without_one,
)
from twilio_widgets.signature.presented import pairs_of
from twilio_widgets.signature.verify import appended, as_bytes, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from twilio_widgets.signature.location import Location
    from twilio_widgets.signature.presented import Pairs, SignedRequest

    Edit = Callable[[str], str]

_MAX_PARAMETERS: Final = 200
_CHARSETS: Final = ("cp1252", "latin-1")


def form_pairs(presented: SignedRequest) -> Pairs | None:
    """Return the body parsed as a form; None when it is empty, not UTF-8 or too long to search."""
    try:
        pairs = pairs_of(presented.body)
    except UnicodeDecodeError:
        return None
    return pairs if 0 < len(pairs) <= _MAX_PARAMETERS else None


def forms(
    presented: SignedRequest, location: Location, pairs: Pairs | None, *, covered: bool
) -> Part:
    """Return the text that is signed after the URL, and the guesses about it.

    Args:
        presented: The request.
        location: Its URL, in its parts.
        pairs: The parameters of its form; None when they cannot be read.
        covered: Whether the URL contains ``bodySHA256``, the hash of the body.
    """
    same = appended(presented, covered=covered)
    besides = tuple(_to_be_signed(presented, covered=covered))
    guesses = itertools.chain(
        # The unchanged form comes first, so that `part` drops every edit that does not change it.
        [guess_of(pairs)] if pairs else [],
        _decoded_otherwise(presented.body) if presented.body else (),
        _from_base64(presented.body),
        _guesses(pairs, location) if pairs else (),
    )
    unsigned = [PartGuess(b"", (alone(presented),))] if presented.body else []
    of_a_form = (PartGuess(guess.text, (*besides, *guess.changes)) for guess in guesses)
    return part(
        [as_bytes(same)] if isinstance(same, str) else [], itertools.chain(unsigned, of_a_form)
    )


def forms_changed_twice(
    once: Part, presented: SignedRequest, location: Location, pairs: Pairs, *, covered: bool
) -> list[PartGuess]:
    """Return guesses of two changes within the form.

    Middleware may add a parameter and trim the values, or decode the values twice and drop the
    empty ones.

    Args:
        once: The form, with its guesses of one change.
        presented: The request.
        location: Its URL, in its parts.
        pairs: The parameters of its form.
        covered: Whether the URL contains ``bodySHA256``, the hash of the body.
    """
    besides = tuple(_to_be_signed(presented, covered=covered))
    first = [(_each(pairs, edit), change) for edit, change in _EDITS]
    first += [(rest, change) for rest, change in without_one(pairs)][:FIRST_CHANGED]
    seen = {*once.same, *(guess.text for guess in once.guesses)}
    found: list[PartGuess] = []
    for changed, change in first:
        if changed == pairs:
            continue
        for second in (
            *_likely(changed, location),
            *itertools.islice(left_out(changed), FIRST_CHANGED),
            *added(changed, briefly=True),
        ):
            if second.text not in seen and len(found) < MOST_PAIRS:
                seen.add(second.text)
                found.append(PartGuess(second.text, (*besides, change, *second.changes)))
    return found


def _to_be_signed(presented: SignedRequest, *, covered: bool) -> Iterator[CandidateChange]:
    """Yield the changes that a request needs before its form can be signed at all."""
    if presented.method.upper() == "GET":
        yield _A_POST
    if not presented.is_form:
        yield _A_FORM
    if covered:
        yield _SIGNED_BESIDES


def _decoded_otherwise(body: bytes) -> Iterator[PartGuess]:
    """Yield the parameters of a body that is not UTF-8, decoded in each likely charset."""
    for charset in _CHARSETS:
        try:
            pairs_of(body)
        except UnicodeDecodeError:
            found = pairs_of(body, charset=charset, errors="replace")
            yield PartGuess(as_bytes(joined(found)), (_written_in(charset),))


def _from_base64(body: bytes) -> Iterator[PartGuess]:
    """Yield the parameters of a form that was passed on in Base64, as by AWS API Gateway."""
    decoded = decoded_base64(body)
    if decoded is not None:
        with contextlib.suppress(UnicodeDecodeError):
            yield guess_of(pairs_of(decoded), BASE64)


def _guesses(pairs: Pairs, location: Location) -> Iterator[PartGuess]:
    yield from _likely(pairs, location)
    yield from _in_another_order(pairs)
    yield from left_out(pairs)
    yield from padded(pairs)
    yield from added(pairs)


def _likely(pairs: Pairs, location: Location) -> Iterator[PartGuess]:
    in_query = set(pairs_of(as_bytes(location.query[1:]), errors="replace"))
    if in_query:
        yield guess_of((pair for pair in pairs if pair not in in_query), _IN_QUERY)
    for edit, change in _EDITS:
        yield guess_of(_each(pairs, edit), change)
    yield from itertools.islice(added(pairs), 1)
    yield from _mojibake(pairs)


def _each(pairs: Pairs, edit: Edit) -> Pairs:
    return tuple((name, edit(value)) for name, value in pairs)


def _mojibake(pairs: Pairs) -> Iterator[PartGuess]:
    for charset in _CHARSETS:
        try:
            read = _each(pairs, lambda text: text.encode(charset).decode("utf-8"))  # noqa: B023
            yield guess_of(read, _read_as(charset))
        except UnicodeError:
            pass
        text = joined(pairs).encode(charset, "replace")
        yield PartGuess(text, (_signed_in(charset),))


def _in_another_order(pairs: Pairs) -> Iterator[PartGuess]:
    for chosen in (dict(reversed(pairs)), dict(pairs)):
        yield guess_of(chosen.items(), _ONE_VALUE)
    for order in (
        sorted(pairs),
        pairs,
        sorted(pairs, key=lambda pair: pair[0]),
        sorted(pairs, key=lambda pair: pair[0].lower()),
    ):
        yield PartGuess(as_bytes("".join(name + value for name, value in order)), (_ORDER,))


def _written_in(charset: str) -> CandidateChange:
    return CandidateChange(
        "charset",
        f"the body read as {charset}",
        f"Verify the raw body as received, in UTF-8: a proxy or middleware re-encodes it as "
        f"{charset}.",
    )


def _read_as(charset: str) -> CandidateChange:
    return CandidateChange(
        "charset",
        f"the text decoded as UTF-8 instead of {charset}",
        "Decode the body as UTF-8: Twilio's forms always are.",
    )


def _signed_in(charset: str) -> CandidateChange:
    return CandidateChange(
        "charset",
        f"the text signed as {charset} instead of UTF-8",
        "Twilio signs UTF-8, so Twilio did not make this signature: find out who sends it.",
    )


def alone(presented: SignedRequest) -> CandidateChange:
    """Return the change that leaves the body out: only the URL is signed."""
    found = "the URL alone, without the body"
    if presented.method.upper() == "GET":
        return CandidateChange(
            "method", found, "The parameters of a GET are already in its URL: pass no others."
        )
    return CandidateChange("body", found, "Pass on the method, Content-Type and body unchanged.")


def _plus(value: str) -> str:
    return "+" + value[1:] if value[:1] == " " and value[1:].strip().isdigit() else value


_A_POST: Final = CandidateChange(
    "method",
    "POST instead of GET",
    "Pass the method as received: Twilio sent this form with POST.",
)
_A_FORM: Final = CandidateChange(
    "content type",
    "the body read as a form",
    "Pass on the Content-Type unchanged: a proxy or middleware changes it.",
)
_SIGNED_BESIDES: Final = CandidateChange(
    "body",
    "the form signed as well",
    "Twilio signs a form or its hash, never both, so Twilio did not make this signature: find out "
    "who sends it.",
)
_IN_QUERY: Final = CandidateChange(
    "extra parameter",
    "the parameters of the query string left out of the form",
    "Pass the parameters of the body only: those of the query string are already in the URL.",
)
_SPACES: Final = CandidateChange(
    "parameter encoding",
    "+ instead of a space",
    "Decode the form only once: a second decoding turned + into a space.",
)
_PLUSES: Final = CandidateChange(
    "parameter encoding",
    "a space instead of +",
    "Decode the values as a form, where + means a space.",
)
_ENCODED: Final = CandidateChange(
    "parameter encoding",
    "the values decoded once more",
    "Pass the decoded values: these are still percent-encoded.",
)
_ESCAPED: Final = CandidateChange(
    "parameter encoding",
    "the values without HTML escapes",
    "Verify the values as received, before anything escapes them for HTML.",
)
_LINES: Final = CandidateChange(
    "line endings",
    "different line endings",
    "Verify the values as received: a proxy or middleware rewrites their line endings.",
)
_TRIMMED: Final = CandidateChange(
    "whitespace",
    "no whitespace at the start and end of the values",
    "Verify the values as received: a proxy or middleware adds whitespace to them.",
)
_FORM_OF_UNICODE: Final = CandidateChange(
    "charset",
    "a different Unicode normal form of the text",
    "Verify the text as received, before anything normalises it.",
)
_ONE_VALUE: Final = CandidateChange(
    "repeated parameter",
    "only one value of a repeated parameter",
    "Twilio signs every value, so Twilio did not make this signature: find out who sends it.",
)
_ORDER: Final = CandidateChange(
    "parameter order",
    "the parameters in a different order, or repeated ones signed more than once",
    "Twilio sorts the parameters and signs each pair once, so Twilio did not make this signature: "
    "find out who sends it.",
)

_EDITS: Final[tuple[tuple[Edit, CandidateChange], ...]] = (
    (_plus, _SPACES),
    (lambda text: text.replace(" ", "+"), _SPACES),
    (lambda text: text.replace("+", " "), _PLUSES),
    (unquote_plus, _ENCODED),
    (unquote, _ENCODED),
    (str.strip, _TRIMMED),
    (lambda text: text.replace("\r\n", "\n"), _LINES),
    (lambda text: text.replace("\r\n", "\n").replace("\n", "\r\n"), _LINES),
    (html.unescape, _ESCAPED),
    (lambda text: unicodedata.normalize("NFC", text), _FORM_OF_UNICODE),
    (lambda text: unicodedata.normalize("NFD", text), _FORM_OF_UNICODE),
)

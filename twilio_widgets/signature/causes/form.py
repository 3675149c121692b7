"""The parameters that Twilio may have signed in place of those we read."""

from __future__ import annotations

import html
import itertools
import unicodedata
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, unquote_plus

from twilio_widgets.signature.causes.guess import CandidateChange, Part, PartGuess, part
from twilio_widgets.signature.causes.parameters import added, guess_of, left_out, padded
from twilio_widgets.signature.presented import pairs_of
from twilio_widgets.signature.verify import appended, as_bytes, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from twilio_widgets.signature.location import Location
    from twilio_widgets.signature.presented import Pairs, SignedRequest

    Edit = Callable[[str], str]

_MOST_PARAMETERS: Final = 200
_CHARSETS: Final = ("cp1252", "latin-1")


def form_pairs(presented: SignedRequest) -> Pairs | None:
    """Return the parameters of the body read as a form; None when there are none to be read."""
    try:
        pairs = pairs_of(presented.body)
    except UnicodeDecodeError:
        return None
    return pairs if 0 < len(pairs) <= _MOST_PARAMETERS else None


def forms(
    presented: SignedRequest, location: Location, pairs: Pairs | None, *, covered: bool
) -> Part:
    """Guess what is signed after the URL.

    Args:
        presented: The request.
        location: Its URL, in its parts.
        pairs: The parameters of its form; None when it has none that can be read.
        covered: Whether the URL holds the hash of the body.
    """
    same = appended(presented, covered=covered)
    besides = tuple(_to_be_signed(presented, covered=covered))
    guesses = itertools.chain(
        # The form as it stands: whatever changes nothing about it is then not taken for a change.
        [guess_of(pairs)] if pairs else [],
        _read_otherwise(presented.body) if presented.body else (),
        _guesses(pairs, location) if pairs else (),
    )
    unsigned = [PartGuess(b"", (alone(presented),))] if presented.body else []
    of_a_form = (PartGuess(guess.text, (*besides, *guess.changes)) for guess in guesses)
    return part(
        [as_bytes(same)] if isinstance(same, str) else [], itertools.chain(unsigned, of_a_form)
    )


def _to_be_signed(presented: SignedRequest, *, covered: bool) -> Iterator[CandidateChange]:
    """Yield what a request is not whose form is signed."""
    if presented.method.upper() == "GET":
        yield _A_POST
    if not presented.is_form:
        yield _A_FORM
    if covered:
        yield _SIGNED_BESIDES


def _read_otherwise(body: bytes) -> Iterator[PartGuess]:
    """Read bytes that are not UTF-8, as what they may be."""
    for charset in _CHARSETS:
        try:
            pairs_of(body)
        except UnicodeDecodeError:
            found = pairs_of(body, charset=charset, errors="replace")
            yield PartGuess(as_bytes(joined(found)), (_written_in(charset),))


def _guesses(pairs: Pairs, location: Location) -> Iterator[PartGuess]:
    in_query = set(pairs_of(as_bytes(location.query[1:]), errors="replace"))
    if in_query:
        yield guess_of((pair for pair in pairs if pair not in in_query), _IN_QUERY)
    for edit, change in _EDITS:
        yield guess_of(_each(pairs, edit), change)
    yield from itertools.islice(added(pairs), 1)
    yield from _mojibake(pairs)
    yield from _in_another_order(pairs)
    yield from left_out(pairs)
    yield from padded(pairs)
    yield from added(pairs)


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
        f"Check the raw body as it came, in UTF-8: something on the way writes it in {charset}.",
    )


def _read_as(charset: str) -> CandidateChange:
    return CandidateChange(
        "charset",
        f"the text read as UTF-8 in place of {charset}",
        "Read the body as UTF-8, which Twilio's always is.",
    )


def _signed_in(charset: str) -> CandidateChange:
    return CandidateChange(
        "charset",
        f"the text signed as {charset}, not as UTF-8",
        "Twilio signs UTF-8, so something else made this signature: see who sends it.",
    )


def alone(presented: SignedRequest) -> CandidateChange:
    """Say that the URL is signed, and the body of this request is not."""
    found = "the URL alone, without the body"
    if presented.method.upper() == "GET":
        return CandidateChange(
            "method", found, "The parameters of a GET are in its URL already: give no others."
        )
    return CandidateChange("body", found, "Pass on the method, Content-Type and body as they came.")


def _plus(value: str) -> str:
    return "+" + value[1:] if value[:1] == " " and value[1:].strip().isdigit() else value


_A_POST: Final = CandidateChange(
    "method",
    "POST in place of GET",
    "Give the method as it came: Twilio sent this form by POST.",
)
_A_FORM: Final = CandidateChange(
    "content type",
    "the body read as a form",
    "Pass on the Content-Type as it came: something on the way changes it.",
)
_SIGNED_BESIDES: Final = CandidateChange(
    "body",
    "the form signed as well",
    "Twilio signs a form or its hash, never both, so something else signed: see who sends it.",
)
_IN_QUERY: Final = CandidateChange(
    "extra parameter",
    "the parameters of the query string left out of the form",
    "Give the parameters of the body only: those of the query string are in the URL already.",
)
_SPACES: Final = CandidateChange(
    "parameter encoding",
    "+ in place of a space",
    "Decode the form once only: something has read + as a space a second time.",
)
_PLUSES: Final = CandidateChange(
    "parameter encoding",
    "a space in place of +",
    "Decode the values as a form, where + stands for a space.",
)
_ENCODED: Final = CandidateChange(
    "parameter encoding",
    "the values decoded once more",
    "Give the values decoded, as a form is read: they are still percent-encoded.",
)
_ESCAPED: Final = CandidateChange(
    "parameter encoding",
    "the values without HTML's escapes",
    "Check the values as they came, before anything makes them fit for a page.",
)
_LINES: Final = CandidateChange(
    "line endings",
    "other line endings",
    "Check the values as they came: something on the way rewrites their line endings.",
)
_TRIMMED: Final = CandidateChange(
    "whitespace",
    "no white space at the ends of the values",
    "Something adds white space to the values: check them as they came.",
)
_FORM_OF_UNICODE: Final = CandidateChange(
    "charset",
    "another normal form of the text",
    "Check the text as it came, before anything normalises it.",
)
_ONE_VALUE: Final = CandidateChange(
    "repeated parameter",
    "one value only of a repeated parameter",
    "Twilio signs every value, so something else made this signature: see who sends it.",
)
_ORDER: Final = CandidateChange(
    "parameter order",
    "the parameters in another order, or signed as often as they are repeated",
    "Twilio sorts them and signs each once, so something else signed: see who sends it.",
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

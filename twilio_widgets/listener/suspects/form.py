"""The parameters that Twilio may have signed in place of those we read."""

from __future__ import annotations

import html
import itertools
import unicodedata
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, unquote_plus

from twilio_widgets.listener.presented import pairs_of
from twilio_widgets.listener.suspects.guess import Change, Guess, Part, part, shown
from twilio_widgets.listener.verify import appended, as_bytes, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from twilio_widgets.listener.location import Location
    from twilio_widgets.listener.presented import Pairs, Presented

    Edit = Callable[[str], str]

MOST_LEFT_OUT: Final = 100
_MOST_PADDED: Final = 20
_MOST_PARAMETERS: Final = 200
_CHARSETS: Final = ("cp1252", "latin-1")
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


def form_pairs(presented: Presented) -> Pairs | None:
    """Return the parameters of the body read as a form; None when there are none to be read."""
    try:
        pairs = pairs_of(presented.body)
    except UnicodeDecodeError:
        return None
    return pairs if 0 < len(pairs) <= _MOST_PARAMETERS else None


def forms(presented: Presented, location: Location, pairs: Pairs | None, *, covered: bool) -> Part:
    """Guess what is signed after the URL.

    Args:
        presented: The request.
        location: Its URL, in its parts.
        pairs: The parameters of its form; None when it has none that can be read.
        covered: Whether the URL holds the hash of the body.
    """
    same = appended(presented, covered=covered)
    guesses = itertools.chain(
        [Guess(b"", (alone(presented),))] if presented.body else [],
        _of_another_type(presented, pairs),
        _read_otherwise(presented.body) if presented.body else (),
        _guesses(pairs, location) if pairs else (),
    )
    return part([as_bytes(same)] if isinstance(same, str) else [], guesses)


def _of_another_type(presented: Presented, pairs: Pairs | None) -> Iterator[Guess]:
    if pairs and not presented.is_form:
        yield Guess(as_bytes(joined(pairs)), (_A_FORM,))


def _read_otherwise(body: bytes) -> Iterator[Guess]:
    """Read bytes that are not UTF-8, as what they may be."""
    for charset in _CHARSETS:
        try:
            pairs_of(body)
        except UnicodeDecodeError:
            found = pairs_of(body, charset=charset, errors="replace")
            yield Guess(as_bytes(joined(found)), (_written_in(charset),))


def _guesses(pairs: Pairs, location: Location) -> Iterator[Guess]:
    in_query = set(pairs_of(as_bytes(location.query[1:]), errors="replace"))
    if in_query:
        yield _guess((pair for pair in pairs if pair not in in_query), _IN_QUERY)
    for edit, change in _EDITS:
        yield _guess(_each(pairs, edit), change)
    missing = [(name, "") for name in _PLACES if name not in dict(pairs)]
    inbound = {"From", "To"} <= dict(pairs).keys()
    if inbound:
        yield _with(pairs, missing)
    yield from _mojibake(pairs)
    yield from _without(pairs)
    yield from _padded(pairs)
    yield from _with_known(pairs)
    yield from _in_another_order(pairs)
    if inbound:
        yield from (_with(pairs, some) for some in _some_of(missing))


def _guess(pairs: Iterable[tuple[str, str]], *changes: Change) -> Guess:
    return Guess(as_bytes(joined(pairs)), changes)


def _each(pairs: Pairs, edit: Edit) -> Pairs:
    return tuple((name, edit(value)) for name, value in pairs)


def _mojibake(pairs: Pairs) -> Iterator[Guess]:
    for charset in _CHARSETS:
        try:
            read = _each(pairs, lambda text: text.encode(charset).decode("utf-8"))  # noqa: B023
            yield _guess(read, _read_as(charset))
        except UnicodeError:
            pass
        text = joined(pairs).encode(charset, "replace")
        yield Guess(text, (_signed_in(charset),))


def _without(pairs: Pairs) -> Iterator[Guess]:
    """Leave out one parameter at a time: what is added on the way was not signed."""
    ordered = sorted(set(pairs))
    pieces = [as_bytes(name + value) for name, value in ordered]
    for index, (name, _) in enumerate(ordered[:MOST_LEFT_OUT]):
        label = shown(name)
        change = Change(
            "extra parameter",
            f"the parameter {label} left out",
            f"Something on the way adds {label}: check the parameters as they came.",
        )
        yield Guess(b"".join(pieces[:index] + pieces[index + 1 :]), (change,))


def _padded(pairs: Pairs) -> Iterator[Guess]:
    """Give back to one value the white space that something may have trimmed."""
    order = sorted(range(len(pairs)), key=lambda index: pairs[index][0] != "Body")
    for index in order[:_MOST_PADDED]:
        name, value = pairs[index]
        change = Change(
            "whitespace",
            f"white space at an end of {shown(name)}",
            "Check the values as they came: something on the way trims them.",
        )
        for padding in _PADDING:
            for padded in (value + padding, padding + value):
                yield _guess((*pairs[:index], (name, padded), *pairs[index + 1 :]), change)


def _with_known(pairs: Pairs) -> Iterator[Guess]:
    """Add what Twilio always sends, where its value is known."""
    present = dict(pairs)
    copied = ((name, present[other]) for name, other in _COPIES if other in present)
    missing = [(name, value) for name, value in (*copied, *_USUAL) if name not in present]
    for pair in dict.fromkeys(missing):
        yield _with(pairs, [pair])
    yield _with(pairs, missing)


def _some_of(missing: list[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    for count in (*range(len(missing) - 1, 0, -1),):
        yield from map(list, itertools.combinations(missing, count))


def _with(pairs: Pairs, added: list[tuple[str, str]]) -> Guess:
    names = ", ".join(name for name, _ in added)
    empty = "empty " if not any(value for _, value in added) else ""
    change = Change(
        "missing parameter",
        f"the {empty}{'parameters' if len(added) > 1 else 'parameter'} {names} added",
        "Check every parameter as it came, empty ones included: something drops some.",
    )
    return _guess((*pairs, *added), change)


def _in_another_order(pairs: Pairs) -> Iterator[Guess]:
    for chosen in (dict(reversed(pairs)), dict(pairs)):
        yield _guess(chosen.items(), _ONE_VALUE)
    for order in (
        sorted(pairs),
        pairs,
        sorted(pairs, key=lambda pair: pair[0]),
        sorted(pairs, key=lambda pair: pair[0].lower()),
    ):
        yield Guess(as_bytes("".join(name + value for name, value in order)), (_ORDER,))


def _written_in(charset: str) -> Change:
    return Change(
        "charset",
        f"the body read as {charset}",
        f"Check the raw body as it came, in UTF-8: something on the way writes it in {charset}.",
    )


def _read_as(charset: str) -> Change:
    return Change(
        "charset",
        f"the text read as UTF-8 in place of {charset}",
        "Read the body as UTF-8, which Twilio's always is.",
    )


def _signed_in(charset: str) -> Change:
    return Change(
        "charset",
        f"the text signed as {charset}, not as UTF-8",
        "Twilio signs UTF-8, so something else made this signature: see who sends it.",
    )


def alone(presented: Presented) -> Change:
    """Say that the URL is signed, and the body of this request is not."""
    found = "the URL alone, without the body"
    if presented.method.upper() == "GET":
        return Change(
            "method", found, "The parameters of a GET are in its URL already: give no others."
        )
    return Change("body", found, "Pass on the method, Content-Type and body as they came.")


def _plus(value: str) -> str:
    return "+" + value[1:] if value[:1] == " " and value[1:].strip().isdigit() else value


_A_FORM: Final = Change(
    "content type",
    "the body read as a form",
    "Pass on the Content-Type as it came: something on the way changes it.",
)
_IN_QUERY: Final = Change(
    "extra parameter",
    "the parameters of the query string left out of the form",
    "Give the parameters of the body only: those of the query string are in the URL already.",
)
_SPACES: Final = Change(
    "parameter encoding",
    "+ in place of a space",
    "Decode the form once only: something has read + as a space a second time.",
)
_PLUSES: Final = Change(
    "parameter encoding",
    "a space in place of +",
    "Decode the values as a form, where + stands for a space.",
)
_ENCODED: Final = Change(
    "parameter encoding",
    "the values decoded once more",
    "Give the values decoded, as a form is read: they are still percent-encoded.",
)
_ESCAPED: Final = Change(
    "parameter encoding",
    "the values without HTML's escapes",
    "Check the values as they came, before anything makes them fit for a page.",
)
_LINES: Final = Change(
    "line endings",
    "other line endings",
    "Check the values as they came: something on the way rewrites their line endings.",
)
_TRIMMED: Final = Change(
    "whitespace",
    "no white space at the ends of the values",
    "Something adds white space to the values: check them as they came.",
)
_FORM_OF_UNICODE: Final = Change(
    "charset",
    "another normal form of the text",
    "Check the text as it came, before anything normalises it.",
)
_ONE_VALUE: Final = Change(
    "repeated parameter",
    "one value only of a repeated parameter",
    "Twilio signs every value, so something else made this signature: see who sends it.",
)
_ORDER: Final = Change(
    "parameter order",
    "the parameters in another order, or signed as often as they are repeated",
    "Twilio sorts them and signs each once, so something else signed: see who sends it.",
)

_EDITS: Final[tuple[tuple[Edit, Change], ...]] = (
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

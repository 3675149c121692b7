"""The body that Twilio may have hashed in place of the one we saw."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from twilio_widgets.core.signature import body_sha256
from twilio_widgets.signature.causes.guess import CandidateChange

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_JSON: Final = 20_000
_BOM: Final = b"\xef\xbb\xbf"


def change_of(body: bytes, hashes: list[str]) -> CandidateChange | None:
    """Return what was done to a body whose hash is known, where it can be undone.

    Args:
        body: The body as it was seen.
        hashes: The values of ``bodySHA256``, which a signature proves to be Twilio's.
    """
    for other, change in _guesses(body):
        if all(body_sha256(other) == given for given in hashes):
            return change
    return None


def _guesses(body: bytes) -> Iterator[tuple[bytes, CandidateChange]]:
    yield b"", _ADDED
    for stripped in (body.strip(), body.rstrip(b"\r\n"), body.removeprefix(_BOM)):
        yield stripped, _ENDS
    for ending in (b"\n", b"\r\n", b" "):
        yield body + ending, _ENDS
    yield _BOM + body, _ENDS
    lines = body.replace(b"\r\n", b"\n")
    yield lines, _LINES
    yield lines.replace(b"\n", b"\r\n"), _LINES
    for written, read in (("utf-8", "latin-1"), ("utf-8", "cp1252"), ("latin-1", "utf-8")):
        try:
            yield body.decode(written).encode(read), _CHARSET
        except UnicodeError:
            continue
    if len(body) <= _MOST_JSON:
        yield from ((text, _REWRITTEN) for text in _rewritten(body))


def _rewritten(body: bytes) -> Iterator[bytes]:
    """Write JSON again as the usual programs write it."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return
    layouts: tuple[dict[str, Any], ...] = (
        {"separators": (",", ":")},
        {},
        {"indent": 2},
        {"indent": 4},
    )
    for layout in layouts:
        for ascii_only in (False, True):
            for ordered in (False, True):
                text = json.dumps(document, ensure_ascii=ascii_only, sort_keys=ordered, **layout)
                for written in (text, text.replace("/", "\\/"), text + "\n"):
                    yield written.encode("utf-8", "surrogatepass")


_ADDED: Final = CandidateChange(
    "body",
    "an empty body",
    "Something on the way adds a body: check the request as it came.",
)
_ENDS: Final = CandidateChange(
    "whitespace",
    "other white space at an end of the body",
    "Check the raw body as it came: something on the way trims or pads it.",
)
_LINES: Final = CandidateChange(
    "line endings",
    "other line endings in the body",
    "Check the raw body as it came: something on the way rewrites its line endings.",
)
_CHARSET: Final = CandidateChange(
    "charset",
    "the body in another charset",
    "Check the raw body as it came: something on the way writes it in another charset.",
)
_REWRITTEN: Final = CandidateChange(
    "body",
    "the JSON of the body laid out in another way",
    "Check the raw body as it came, before anything parses it and writes it again.",
)

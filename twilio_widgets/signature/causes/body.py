"""Changes to a body that is covered by ``bodySHA256``: what Twilio may have hashed instead."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any, Final

from twilio_widgets.core.signature import body_sha256
from twilio_widgets.signature.causes.guess import CandidateChange

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_JSON_SIZE: Final = 20_000
"""Bytes of JSON that are parsed and serialised again; larger documents take too long."""

_BOM: Final = b"\xef\xbb\xbf"


def change_of(body: bytes, hashes: list[str]) -> CandidateChange | None:
    """Return the change that, undone, gives the body its signed hash; None when none does.

    Args:
        body: The body as received.
        hashes: The values of ``bodySHA256``. The signature has proved that Twilio wrote them.
    """
    for other, change in _guesses(body):
        if all(body_sha256(other) == given for given in hashes):
            return change
    return None


def _guesses(body: bytes) -> Iterator[tuple[bytes, CandidateChange]]:
    yield b"", _ADDED
    if (decoded := decoded_base64(body)) is not None:
        yield decoded, BASE64
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
    if len(body) <= _MAX_JSON_SIZE:
        yield from ((text, _REWRITTEN) for text in _rewritten(body))


def decoded_base64(body: bytes) -> bytes | None:
    """Return the bytes that a body encodes in Base64; None if it is not Base64."""
    try:
        return base64.b64decode(body.strip(), validate=True) or None
    except binascii.Error:
        return None


def _rewritten(body: bytes) -> Iterator[bytes]:
    """Yield the JSON document serialised in the layouts of common libraries."""
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
                # PHP escapes the slash; many editors end a file with a newline.
                for written in (text, text.replace("/", "\\/"), text + "\n"):
                    yield written.encode("utf-8", "surrogatepass")


_ADDED: Final = CandidateChange(
    "body",
    "an empty body",
    "A proxy or middleware adds a body: verify the request as received.",
)
BASE64: Final = CandidateChange(
    "base64",
    "the body decoded from Base64",
    "AWS API Gateway passes the body in Base64 (isBase64Encoded): decode it before it is verified.",
)
_ENDS: Final = CandidateChange(
    "whitespace",
    "different whitespace at the start or end of the body",
    "Verify the raw body as received: a proxy or middleware trims or pads it.",
)
_LINES: Final = CandidateChange(
    "line endings",
    "different line endings in the body",
    "Verify the raw body as received: a proxy or middleware rewrites its line endings.",
)
_CHARSET: Final = CandidateChange(
    "charset",
    "the body in a different charset",
    "Verify the raw body as received: a proxy or middleware re-encodes it.",
)
_REWRITTEN: Final = CandidateChange(
    "body",
    "the JSON of the body formatted differently",
    "Verify the raw body as received, before anything parses and serialises it again.",
)

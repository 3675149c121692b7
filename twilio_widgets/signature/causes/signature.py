"""The signature itself: its digest, also when something re-encoded the Base64."""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote

from twilio_widgets.signature.causes.guess import CandidateChange

if TYPE_CHECKING:
    from collections.abc import Iterator

_ALGORITHM_OF: Final = {20: "sha1", 32: "sha256"}
_MAX_LENGTH: Final = 300


class WantedSignature(NamedTuple):
    """The digest to reproduce, its algorithm, and the changes that its encoding implies."""

    digest: bytes
    algorithm: str
    changes: tuple[CandidateChange, ...]


def wanted_by(signature: str) -> WantedSignature | None:
    """Decode a signature from Base64 or any likely re-encoding; None when it is not a digest."""
    if len(signature) > _MAX_LENGTH:
        return None
    for text, changes in _spellings(signature):
        for digest in _decoded(text):
            algorithm = _ALGORITHM_OF.get(len(digest))
            if algorithm:
                exact = base64.b64encode(digest).decode() == signature
                return WantedSignature(digest, algorithm, () if exact else changes)
    return None


def _spellings(signature: str) -> Iterator[tuple[str, tuple[CandidateChange, ...]]]:
    """Yield the signature without quotes and prefixes, then with URL encodings undone."""
    bare = signature.strip(" \t\r\n\"'").removeprefix("sha1=").removeprefix("sha256=")
    yield bare, (_ENCODING,)
    plain = unquote(bare).replace(" ", "+").replace("-", "+").replace("_", "/")
    yield plain.rstrip("=") + "=" * (-len(plain.rstrip("=")) % 4), (_ENCODING,)


def _decoded(text: str) -> Iterator[bytes]:
    with suppress(ValueError):
        yield bytes.fromhex(text)
    with suppress(ValueError):
        found = base64.b64decode(text, validate=True)
        yield found
        yield bytes.fromhex(found.decode("ascii"))  # Base64 of the hexadecimal digest


_ENCODING: Final = CandidateChange(
    "signature encoding",
    "the signature in Base64, as Twilio encodes it",
    "Pass X-Twilio-Signature on unchanged: here it is encoded differently.",
)

"""The signature itself, and how it may have been written in place of Base64."""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote

from twilio_widgets.signature.causes.guess import CandidateChange

if TYPE_CHECKING:
    from collections.abc import Iterator

_ALGORITHM_OF: Final = {20: "sha1", 32: "sha256"}
_MOST: Final = 300


class WantedSignature(NamedTuple):
    """What a key and a message have to make."""

    digest: bytes
    algorithm: str
    changes: tuple[CandidateChange, ...]


def wanted_by(signature: str) -> WantedSignature | None:
    """Read a signature in whatever way it may be written; None when it is none."""
    if len(signature) > _MOST:
        return None
    for text, changes in _written(signature):
        for digest in _decoded(text):
            algorithm = _ALGORITHM_OF.get(len(digest))
            if algorithm:
                exact = base64.b64encode(digest).decode() == signature
                return WantedSignature(digest, algorithm, () if exact else changes)
    return None


def _written(signature: str) -> Iterator[tuple[str, tuple[CandidateChange, ...]]]:
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
        yield bytes.fromhex(found.decode("ascii"))  # an HMAC in hex, taken for the HMAC


_ENCODING: Final = CandidateChange(
    "signature encoding",
    "the signature written in Base64 as Twilio writes it",
    "Pass X-Twilio-Signature on as it came: it is written in another way here.",
)

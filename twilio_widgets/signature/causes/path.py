"""The path that Twilio may have called in place of the one we saw."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

from twilio_widgets.signature.causes.guess import CandidateChange, Part, PartGuess, part, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twilio_widgets.signature.location import Location
    from twilio_widgets.signature.presented import SignedRequest

NAMING_A_TARGET: Final = (
    "x-original-uri",
    "x-original-url",
    "x-forwarded-uri",
    "x-rewrite-url",
    "x-envoy-original-path",
    "x-forwarded-path",
)
_NAMING_A_PREFIX: Final = ("x-forwarded-prefix", "x-script-name", "x-forwarded-context")
_MOST_SEGMENTS: Final = 6
_ESCAPE: Final = re.compile(r"%[0-9a-fA-F]{2}")


def paths(location: Location, presented: SignedRequest) -> Part:
    """Guess the path."""
    return part([_bytes(location.path)], _guesses(location.path, presented))


def _guesses(path: str, presented: SignedRequest) -> Iterator[PartGuess]:
    yield _slash(path)
    for prefix in _prefixes(presented):
        yield PartGuess(_bytes(prefix + path), (_before(prefix),))
    for target in targets_named(presented):
        yield PartGuess(_bytes(target.partition("?")[0]), (_NAMED,))
    yield from _shorter(path)
    yield PartGuess(_bytes(re.sub("/{2,}", "/", path)), (_DOUBLED,))
    for slash in [index for index, char in enumerate(path) if char == "/"][:_MOST_SEGMENTS]:
        yield PartGuess(_bytes(path[:slash] + "/" + path[slash:]), (_DOUBLED,))
    for written in _written(path):
        yield PartGuess(_bytes(written), (_ENCODED,))
    yield PartGuess(_bytes(path.lower()), (_CASE,))


def _slash(path: str) -> PartGuess:
    if path.endswith("/"):
        return PartGuess(_bytes(path[:-1]), (_NO_SLASH,))
    return PartGuess(_bytes(path + "/"), (_SLASH,))


def _prefixes(presented: SignedRequest) -> Iterator[str]:
    for header in _NAMING_A_PREFIX:
        for value in presented.values_of(header)[:2]:
            prefix = "/" + value[:500].partition(",")[0].strip().strip("/")
            if len(prefix) > 1:
                yield prefix


def targets_named(presented: SignedRequest) -> Iterator[str]:
    """Yield the targets, from the path on, that headers propose."""
    for header in NAMING_A_TARGET:
        for value in presented.values_of(header)[:2]:
            if 0 < len(value) <= 2000:
                target = value.partition("://")[2].partition("/") if "://" in value else None
                yield "".join(target[1:]) if target else value


def _shorter(path: str) -> Iterator[PartGuess]:
    """Drop the first segments: what a proxy or a mounted application was given besides."""
    rest = path
    for _ in range(_MOST_SEGMENTS):
        cut = rest.find("/", 1)
        if cut < 0:
            return
        rest = rest[cut:]
        prefix = shown(path[: len(path) - len(rest)])
        yield PartGuess(
            _bytes(rest),
            (
                CandidateChange(
                    "path",
                    f"the path without {prefix} at its start",
                    f"Leave {prefix} out of the public URL: Twilio calls the path without it.",
                ),
            ),
        )


def _before(prefix: str) -> CandidateChange:
    return CandidateChange(
        "path",
        f"{shown(prefix)} before the path",
        f"Put {shown(prefix)} before the path: something on the way takes it off.",
    )


def _written(path: str) -> Iterator[str]:
    """Yield the path as other programs would have escaped it."""
    plain = unquote(path)
    yield plain
    yield quote(plain, safe="/")
    yield quote(plain, safe="/!$&'()*+,;=:@~")
    yield _ESCAPE.sub(lambda found: found[0].lower(), path)
    yield _ESCAPE.sub(lambda found: found[0].upper(), path)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


_SLASH: Final = CandidateChange(
    "trailing slash",
    "a slash at the end of the path",
    "Put the slash at the end of the path, or take it off in Twilio's settings.",
)
_NO_SLASH: Final = CandidateChange(
    "trailing slash",
    "no slash at the end of the path",
    "Take the slash off the end of the path, or add it in Twilio's settings.",
)
_NAMED: Final = CandidateChange(
    "path",
    "the path that a proxy's header names",
    "Something on the way rewrites the path: check the one that Twilio called.",
)
_DOUBLED: Final = CandidateChange(
    "path",
    "another number of slashes in the path",
    "Something on the way joins or doubles slashes: check the path as it stands at Twilio.",
)
_ENCODED: Final = CandidateChange(
    "path encoding",
    "the path escaped in another way",
    "Check the raw path as it came, before anything decodes it.",
)
_CASE: Final = CandidateChange(
    "path",
    "the path in lower case",
    "Write the path in lower case, as it stands in Twilio's settings.",
)

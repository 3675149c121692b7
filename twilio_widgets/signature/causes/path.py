"""Changes to the path: the one that Twilio may have called instead of the one received."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

from twilio_widgets.signature.causes.guess import CandidateChange, Part, PartGuess, part, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twilio_widgets.signature.location import Location
    from twilio_widgets.signature.presented import SignedRequest

TARGET_HEADERS: Final = (
    "x-original-uri",
    "x-original-url",
    "x-forwarded-uri",
    "x-rewrite-url",
    "x-envoy-original-path",
    "x-forwarded-path",
)
"""Headers in which proxies pass on the original path and query string."""

_PREFIX_HEADERS: Final = ("x-forwarded-prefix", "x-script-name", "x-forwarded-context")
_MAX_SEGMENTS: Final = 6
_ESCAPE: Final = re.compile(r"%[0-9a-fA-F]{2}")


def paths(location: Location, presented: SignedRequest) -> Part:
    """Return the path that verifies, and the guesses about it."""
    return part([_bytes(location.path)], _guesses(location.path, presented))


def _guesses(path: str, presented: SignedRequest) -> Iterator[PartGuess]:
    yield _slash(path)
    for prefix in _prefixes(presented):
        yield PartGuess(_bytes(prefix + path), (_before(prefix),))
    for target in targets_named(presented):
        yield PartGuess(_bytes(target.partition("?")[0]), (_NAMED,))
    yield from _shorter(path)
    yield PartGuess(_bytes(re.sub("/{2,}", "/", path)), (_DOUBLED,))
    for slash in [index for index, char in enumerate(path) if char == "/"][:_MAX_SEGMENTS]:
        yield PartGuess(_bytes(path[:slash] + "/" + path[slash:]), (_DOUBLED,))
    for escaped in _escapings(path):
        yield PartGuess(_bytes(escaped), (_ENCODED,))
    yield PartGuess(_bytes(path.lower()), (_CASE,))


def _slash(path: str) -> PartGuess:
    if path.endswith("/"):
        return PartGuess(_bytes(path[:-1]), (_NO_SLASH,))
    return PartGuess(_bytes(path + "/"), (_SLASH,))


def _prefixes(presented: SignedRequest) -> Iterator[str]:
    for header in _PREFIX_HEADERS:
        for value in presented.values_of(header)[:2]:
            prefix = "/" + value[:500].partition(",")[0].strip().strip("/")
            if len(prefix) > 1:
                yield prefix


def targets_named(presented: SignedRequest) -> Iterator[str]:
    """Yield the path and query string that each proxy header names."""
    for header in TARGET_HEADERS:
        for value in presented.values_of(header)[:2]:
            if 0 < len(value) <= 2000:
                target = value.partition("://")[2].partition("/") if "://" in value else None
                yield "".join(target[1:]) if target else value


def _shorter(path: str) -> Iterator[PartGuess]:
    """Yield the path without its first segments, which a proxy or a mounted app may have added."""
    rest = path
    for _ in range(_MAX_SEGMENTS):
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
        f"Put {shown(prefix)} before the path: a proxy removes it.",
    )


def _escapings(path: str) -> Iterator[str]:
    """Yield the path as other programs would percent-encode it."""
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
    "Add the slash at the end of the path, or remove it from the URL configured in Twilio.",
)
_NO_SLASH: Final = CandidateChange(
    "trailing slash",
    "no slash at the end of the path",
    "Remove the slash at the end of the path, or add it to the URL configured in Twilio.",
)
_NAMED: Final = CandidateChange(
    "path",
    "the path that a proxy's header names",
    "A proxy rewrites the path: verify the one that Twilio called.",
)
_DOUBLED: Final = CandidateChange(
    "path",
    "a different number of slashes in the path",
    "A proxy merges or doubles slashes: use the path exactly as configured in Twilio.",
)
_ENCODED: Final = CandidateChange(
    "path encoding",
    "the path percent-encoded differently",
    "Verify the raw path as received, before anything decodes it.",
)
_CASE: Final = CandidateChange(
    "path",
    "the path in lower case",
    "Write the path in lower case, as configured in Twilio.",
)

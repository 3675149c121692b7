"""Whether Twilio signed a request: its documented rules, and nothing that could be talked round.

The rules are those of Twilio's "Security" page. The signature covers the URL and the parameters of
a form, sorted by name in byte order, each value of a repeated name once, sorted; a JSON body is
covered by ``bodySHA256`` in the query. Only the primary auth token signs, and shared keys as in
twilio-python 9.13, whose header names the key and the algorithm.

Where Twilio's own libraries differ, the documentation decides. Against twilio-python's
`RequestValidator` we accept more in these cases only:

- a user name and password in the URL, which Twilio never signs: that validator signs them, and
  cuts the host at their colon when there is a port;
- the port of an IPv6 address, at whose first colon it cuts the host;
- a fragment, which Twilio never signs: it signs it;
- a trailing ``?`` or an empty ``;``, signed as they stand: it can see them dropped only;
- ``@``, ``:`` and ``'`` escaped in the query: Twilio signs them in plain and requests them escaped
  (twilio-node has the same allowance);

and we refuse what it accepts here: a body that nothing covers or whose ``bodySHA256`` was not
compared, a repeated or unknown signature setting, an empty token, a scheme other than http(s).

Limits of the scheme itself: it carries no time, so an old request verifies again; it has no
delimiters, so ``Body=hi`` and ``From=+1`` sign as ``Body=hiFrom+1`` does, and whoever uses the
parameters must ask for those that have to be there; and no other header is covered.
"""

from __future__ import annotations

import hmac
import re
from binascii import b2a_base64
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from twilio_widgets.core.signature import body_sha256
from twilio_widgets.signature.findings import (
    BAD_METHOD,
    BAD_SETTINGS,
    BAD_URL,
    BODY_CHANGED,
    MALFORMED_SIGNATURE,
    MISMATCH,
    NO_SIGNATURE,
    NO_TOKEN,
    NOT_UTF_8,
    SEVERAL_SIGNATURES,
    UNKNOWN_ALGORITHM,
    UNKNOWN_KEY,
    UNREADABLE,
    UNSIGNED_BODY,
    VALID,
)
from twilio_widgets.signature.keys import Keys, key_of
from twilio_widgets.signature.location import Location, signed_forms, split
from twilio_widgets.signature.presented import SETTINGS, SIGNATURE, SignedRequest, pairs_of
from twilio_widgets.signature.verdict import Scheme, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twilio_widgets.core.credentials.secret import Secret

ALGORITHMS: Final = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}

_SHAPE: Final = {
    "sha1": re.compile(r"[A-Za-z0-9+/]{27}="),
    "sha256": re.compile(r"[A-Za-z0-9+/]{43}="),
}


class Signing(NamedTuple):
    """What a request says it was signed with."""

    secrets: tuple[Secret, ...]
    algorithm: str
    scheme: Scheme


def verify(presented: SignedRequest, keys: Keys) -> Verdict:
    """Say whether Twilio signed this request. It never raises, whatever comes.

    Args:
        presented: The request, with the public URL as Twilio has it.
        keys: What it may have been signed with.
    """
    return judged(presented, keys) if _well_formed(presented, keys) else UNREADABLE


def judged(presented: SignedRequest, keys: Keys) -> Verdict:
    """Say the same of a request that our own reader made: its parts are of their types."""
    signatures = presented.values_of(SIGNATURE)
    if len(signatures) != 1:
        return SEVERAL_SIGNATURES if signatures else NO_SIGNATURE
    signing = signing_of(presented, keys)
    if isinstance(signing, Verdict):
        return signing
    location = split(presented.url)
    if location is None:
        return BAD_URL
    hashes = body_hashes(location)
    tail = appended(presented, covered=bool(hashes))
    if isinstance(tail, Verdict):
        return tail
    if not _matches(signatures[0], signing, location, tail):
        return _mismatch(signatures[0], signing)
    if hashes and not _all_equal(hashes, body_sha256(presented.body)):
        return BODY_CHANGED
    return VALID[signing.scheme]


def _well_formed(presented: Any, keys: Any) -> bool:
    return (
        isinstance(presented, SignedRequest)
        and isinstance(keys, Keys)
        and isinstance(presented.method, str)
        and isinstance(presented.url, str)
        and isinstance(presented.body, bytes)
        and isinstance(presented.content_type, str)
        and isinstance(presented.headers, tuple)
        and all(
            isinstance(pair, tuple)
            and len(pair) == 2
            and isinstance(pair[0], str)
            and isinstance(pair[1], str)
            for pair in presented.headers
        )
    )


def signing_of(presented: SignedRequest, keys: Keys) -> Signing | Verdict:
    """Return what to check a request with, by the settings it carries; or why there is nothing."""
    settings = presented.values_of(SETTINGS)
    if not any(settings):
        return Signing(keys.auth_tokens, "sha1", "auth token") if keys.auth_tokens else NO_TOKEN
    found = _settings_of(settings)
    if found is None:
        return BAD_SETTINGS
    secret = keys.shared_keys.get(found["key"])
    if secret is None:
        return UNKNOWN_KEY
    algorithm = ALGORITHMS.get(found.get("algorithm", "HMAC_SHA1").upper())
    if algorithm is None:
        return UNKNOWN_ALGORITHM
    return Signing((secret,), algorithm, "shared key")


def _settings_of(headers: list[str]) -> dict[str, str] | None:
    """Parse ``key=…,algorithm=…``; None when it is not plain which key is meant."""
    found: dict[str, str] = {}
    for part in headers[0].split(","):
        name, _, value = (text.strip() for text in part.partition("="))
        if name in found:
            return None
        if value:
            found[name] = value
    return found if len(headers) == 1 and "key" in found else None


def body_hashes(location: Location) -> list[str]:
    """Return what stands in the query as ``bodySHA256``."""
    if "bodySHA256" not in location.query and "%" not in location.query:
        return []
    pairs = pairs_of(location.query[1:].encode(), errors="replace")
    return [value for name, value in pairs if name == "bodySHA256"]


def appended(presented: SignedRequest, *, covered: bool) -> str | Verdict:
    """Return what is signed after the URL, or why the body cannot have been signed.

    Args:
        presented: The request.
        covered: Whether the URL holds the hash of the body.
    """
    if presented.method.upper() not in {"GET", "POST"}:
        return BAD_METHOD
    if covered or not presented.body:
        return ""
    if presented.method.upper() == "GET" or not presented.is_form:
        return UNSIGNED_BODY
    try:
        return joined(presented.parameters)
    except UnicodeDecodeError:
        return NOT_UTF_8


def joined(parameters: Iterable[tuple[str, str]]) -> str:
    """Write parameters as Twilio signs them: sorted, each once, with nothing between them."""
    # Code points sort as their UTF-8 bytes do. Sorting whole pairs sorts names, then values.
    return "".join(chain.from_iterable(sorted(set(parameters))))


def _matches(signature: str, signing: Signing, location: Location, tail: str) -> bool:
    given = as_bytes(signature)
    for secret in signing.secrets:
        key = key_of(secret.reveal())
        for url in signed_forms(location):
            digest = hmac.digest(key, as_bytes(url + tail), signing.algorithm)
            if hmac.compare_digest(b2a_base64(digest, newline=False), given):
                return True
    return False


def as_bytes(text: str) -> bytes:
    """Encode any text at all: a lone surrogate must fail on the signature, not in here."""
    return text.encode("utf-8", "surrogatepass")


def _all_equal(hashes: list[str], expected: str) -> bool:
    return all(hmac.compare_digest(as_bytes(given), expected.encode()) for given in hashes)


def _mismatch(signature: str, signing: Signing) -> Verdict:
    shaped = _SHAPE[signing.algorithm].fullmatch(signature)
    return MISMATCH if shaped else MALFORMED_SIGNATURE

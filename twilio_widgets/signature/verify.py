"""Verify that Twilio signed a request, by the rules of Twilio's "Security" page.

The signature covers the URL and the parameters of a form, sorted by name in byte order, with the
values of a repeated name sorted and without duplicates. A JSON body is covered by ``bodySHA256`` in
the query. Twilio signs with the primary auth token only, or with a shared key as in twilio-python
9.13, where a header names the key and the algorithm.

Where Twilio's own libraries differ, the documentation decides. Compared with twilio-python's
`RequestValidator`, this module accepts more in these cases only:

- a user name and password in the URL: Twilio's page says that they are not signed, and the
  validator signs them (if there is a port it cuts the host at their colon). Both are accepted:
  either needs the token. The reason of the verdict says if they were signed;
- the port of an IPv6 address: the validator cuts the host at its first colon;
- a fragment: Twilio never signs it. The validator does;
- a trailing ``?`` or an empty ``;``, signed unchanged: the validator always drops them;
- ``@``, ``:`` and ``'`` escaped in the query: Twilio signs them unescaped and requests them escaped
  (twilio-node makes the same exception).

It rejects these, which the validator accepts: a body that is not covered or whose ``bodySHA256``
was not compared, a repeated or unknown signature setting, an empty token, a scheme other than
http(s).

Limits of Twilio's scheme: it contains no timestamp, so an old request can be replayed; it has no
delimiters, so ``Body=hi`` and ``From=+1`` sign like ``Body=hiFrom+1``, and the code that uses the
parameters must check that the required ones are present; and no other header is covered.
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
    SEVERAL_HASHES,
    SEVERAL_SIGNATURES,
    UNKNOWN_ALGORITHM,
    UNKNOWN_KEY,
    UNREADABLE,
    UNSIGNED_BODY,
    VALID,
    WEB_SOCKET,
    with_user_info,
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
    """The keys and the algorithm that a request claims to be signed with."""

    secrets: tuple[Secret, ...]
    algorithm: str
    scheme: Scheme


def verify(presented: SignedRequest, keys: Keys) -> Verdict:
    """Return whether Twilio signed this request. It never raises, whatever the arguments.

    Args:
        presented: The request, with the public URL that Twilio called.
        keys: The credentials it may be signed with.
    """
    return verdict_on(presented, keys) if _well_formed(presented, keys) else UNREADABLE


def verdict_on(presented: SignedRequest, keys: Keys) -> Verdict:
    """Return the same as `verify`, without checking types: for requests parsed by this package."""
    signatures = presented.values_of(SIGNATURE)
    if len(signatures) != 1:
        return SEVERAL_SIGNATURES if signatures else NO_SIGNATURE
    signing = signing_of(presented, keys)
    if isinstance(signing, Verdict):
        return signing
    location = split(presented.url)
    if location is None:
        is_socket = presented.url.strip().lower().startswith(("ws://", "wss://"))
        return WEB_SOCKET if is_socket else BAD_URL
    hashes = body_hashes(location)
    tail = appended(presented, covered=bool(hashes))
    if isinstance(tail, Verdict):
        return tail
    matched = _matching(signatures[0], signing, location, tail)
    if matched is None:
        return _mismatch(signatures[0], signing)
    if len(set(hashes)) > 1:
        return SEVERAL_HASHES
    if hashes and not _all_equal(hashes, body_sha256(presented.body)):
        return BODY_CHANGED
    with_user = location.user and matched.startswith(f"{location.scheme}://{location.user}")
    return with_user_info(VALID[signing.scheme]) if with_user else VALID[signing.scheme]


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
    """Return the keys and algorithm that a request's settings name, or why there are none."""
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
    """Parse ``key=…,algorithm=…``; None when it names no key or is ambiguous."""
    found: dict[str, str] = {}
    for part in headers[0].split(","):
        name, _, value = (text.strip() for text in part.partition("="))
        if name in found:
            return None
        if value:
            found[name] = value
    return found if len(headers) == 1 and "key" in found else None


def body_hashes(location: Location) -> list[str]:
    """Return every value of ``bodySHA256`` in the query."""
    if "bodySHA256" not in location.query and "%" not in location.query:
        return []
    pairs = pairs_of(location.query[1:].encode(), errors="replace")
    return [value for name, value in pairs if name == "bodySHA256"]


def appended(presented: SignedRequest, *, covered: bool) -> str | Verdict:
    """Return the text that is signed after the URL, or why the body cannot have been signed.

    Args:
        presented: The request.
        covered: Whether the URL contains ``bodySHA256``, the hash of the body.
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
    """Concatenate parameters as Twilio signs them: sorted, without duplicates or delimiters."""
    # Code points sort as their UTF-8 bytes do. Sorting whole pairs sorts names, then values.
    return "".join(chain.from_iterable(sorted(set(parameters))))


def _matching(signature: str, signing: Signing, location: Location, tail: str) -> str | None:
    """Return the form of the URL that was signed; None if none matches."""
    given = as_bytes(signature)
    for secret in signing.secrets:
        key = key_of(secret.reveal())
        for url in signed_forms(location):
            digest = hmac.digest(key, as_bytes(url + tail), signing.algorithm)
            if hmac.compare_digest(b2a_base64(digest, newline=False), given):
                return url
    return None


def as_bytes(text: str) -> bytes:
    """Encode any text; with an unpaired surrogate the signature must fail, not this function."""
    return text.encode("utf-8", "surrogatepass")


def _all_equal(hashes: list[str], expected: str) -> bool:
    return all(hmac.compare_digest(as_bytes(given), expected.encode()) for given in hashes)


def _mismatch(signature: str, signing: Signing) -> Verdict:
    shaped = _SHAPE[signing.algorithm].fullmatch(signature)
    return MISMATCH if shaped else MALFORMED_SIGNATURE

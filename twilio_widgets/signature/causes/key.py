"""Other keys that a signature may have been made with instead of the primary auth token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from twilio_widgets.signature.causes.guess import CandidateChange, Part, PartGuess, part
from twilio_widgets.signature.keys import key_of
from twilio_widgets.signature.verdict import Verdict
from twilio_widgets.signature.verify import Signing, signing_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twilio_widgets.core.credentials.secret import Secret
    from twilio_widgets.signature.keys import Keys
    from twilio_widgets.signature.presented import SignedRequest

_MAX_KEYS: Final = 20
"""How many credentials of each kind are tried."""

_PASTED: Final = "\"' \t\r\n\u00a0\ufeff"
"""Characters that get copied along with a token."""


def signers(presented: SignedRequest, keys: Keys, algorithm: str) -> Part:
    """Return the keys that verify, and the guesses about others.

    Args:
        presented: The request.
        keys: Every known credential, whether it may sign or not.
        algorithm: The hash algorithm that the length of the signature points to.
    """
    signing = signing_of(presented, keys)
    named = None if isinstance(signing, Verdict) else signing
    right = named is None or named.algorithm == algorithm
    secrets = named.secrets if named else ()
    same = [key_of(secret.reveal()) for secret in secrets] if right else []
    besides = () if right else (_algorithm(algorithm),)
    guesses = (
        # A missing settings header explains both a wrong key and a wrong algorithm.
        PartGuess(key, changes if _SHARED in changes else (*changes, *besides))
        for key, changes in _guesses(secrets, keys, named)
    )
    return part(same, guesses)


def _guesses(
    secrets: tuple[Secret, ...], keys: Keys, named: Signing | None
) -> Iterator[tuple[bytes, tuple[CandidateChange, ...]]]:
    for secret in secrets:  # the right key; only the algorithm may differ
        yield key_of(secret.reveal()), ()
    for group, change in (
        (keys.secondary_tokens, _SECONDARY),
        (keys.other_tokens, _ANOTHER),
        (keys.api_secrets, _API_SECRET),
        (keys.auth_tokens, _AUTH_TOKEN),
        (tuple(keys.shared_keys.values()), _shared(named)),
    ):
        for secret in group[:_MAX_KEYS]:
            yield key_of(secret.reveal()), (change,)
    for secret in secrets[:_MAX_KEYS]:
        for before, after in (("", "\n"), ("", "\r\n"), ("", " "), (" ", "")):
            yield key_of(before + secret.reveal() + after), (_TOKEN_SPACE,)
        yield key_of(secret.reveal().strip(_PASTED)), (_TOKEN_SPACE,)
        yield key_of(secret.reveal().strip(_PASTED).lower()), (_TOKEN_CASE,)
        yield key_of(secret.reveal().strip(_PASTED).upper()), (_TOKEN_CASE,)
    yield key_of(""), (_EMPTY,)


def _algorithm(algorithm: str) -> CandidateChange:
    name = {"sha1": "HMAC-SHA1", "sha256": "HMAC-SHA256"}[algorithm]
    return CandidateChange(
        "algorithm",
        f"{name} as the algorithm",
        "Pass on X-Twilio-Webhooks-Signature-Settings unchanged: without it, Twilio signs with "
        "HMAC-SHA1.",
    )


def _shared(named: Signing | None) -> CandidateChange:
    if named is not None and named.scheme == "shared key":
        return _OTHER_SHARED
    return _SHARED


_SECONDARY: Final = CandidateChange(
    "secondary token",
    "the secondary auth token",
    "Twilio signs with the primary auth token: promote the secondary one, or use the primary.",
)
_ANOTHER: Final = CandidateChange(
    "another token",
    "the auth token of another account",
    "Verify with the auth token of the account that the request names in AccountSid.",
)
_API_SECRET: Final = CandidateChange(
    "API secret",
    "an API key's secret instead of the auth token",
    "Sign and verify with the account's primary auth token: API keys sign no webhooks.",
)
_AUTH_TOKEN: Final = CandidateChange(
    "auth token",
    "the auth token instead of the key that X-Twilio-Webhooks-Signature-Settings names",
    "Find out which proxy adds X-Twilio-Webhooks-Signature-Settings to the request.",
)
_SHARED: Final = CandidateChange(
    "shared key",
    "a shared key that the request does not name",
    "Pass on X-Twilio-Webhooks-Signature-Settings unchanged: it names the key.",
)
_OTHER_SHARED: Final = CandidateChange(
    "shared key",
    "a shared key other than the one that the request names",
    "Put each secret under its own ID in shared_keys=.",
)
_TOKEN_SPACE: Final = CandidateChange(
    "token whitespace",
    "different whitespace or quotes around the auth token",
    "Copy the auth token again, with nothing around it.",
)
_TOKEN_CASE: Final = CandidateChange(
    "token case",
    "the auth token in a different case",
    "Copy the auth token again, exactly as the Twilio Console shows it.",
)
_EMPTY: Final = CandidateChange(
    "empty token",
    "an empty auth token",
    "The sender signs with no auth token, which anyone can do: configure the right one there.",
)

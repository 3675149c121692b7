"""What a signature may have been made with in place of the primary auth token."""

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

_MOST: Final = 20
_AROUND: Final = "\"' \t\r\n\u00a0\ufeff"


def signers(presented: SignedRequest, keys: Keys, algorithm: str) -> Part:
    """Guess the key.

    Args:
        presented: The request.
        keys: All that is known, whether it may sign or not.
        algorithm: The one whose length the signature has.
    """
    signing = signing_of(presented, keys)
    named = None if isinstance(signing, Verdict) else signing
    right = named is None or named.algorithm == algorithm
    secrets = named.secrets if named else ()
    same = [key_of(secret.reveal()) for secret in secrets] if right else []
    besides = () if right else (_algorithm(algorithm),)
    guesses = (
        # A missing header hides the key and its algorithm alike.
        PartGuess(key, changes if _SHARED in changes else (*changes, *besides))
        for key, changes in _guesses(secrets, keys, named)
    )
    return part(same, guesses)


def _guesses(
    secrets: tuple[Secret, ...], keys: Keys, named: Signing | None
) -> Iterator[tuple[bytes, tuple[CandidateChange, ...]]]:
    for secret in secrets:  # told apart by the algorithm alone
        yield key_of(secret.reveal()), ()
    for group, change in (
        (keys.secondary_tokens, _SECONDARY),
        (keys.other_tokens, _ANOTHER),
        (keys.api_secrets, _API_SECRET),
        (keys.auth_tokens, _AUTH_TOKEN),
        (tuple(keys.shared_keys.values()), _shared(named)),
    ):
        for secret in group[:_MOST]:
            yield key_of(secret.reveal()), (change,)
    for secret in secrets[:_MOST]:
        for before, after in (("", "\n"), ("", "\r\n"), ("", " "), (" ", "")):
            yield key_of(before + secret.reveal() + after), (_TOKEN_SPACE,)
        yield key_of(secret.reveal().strip(_AROUND)), (_TOKEN_SPACE,)
        yield key_of(secret.reveal().strip(_AROUND).lower()), (_TOKEN_CASE,)
        yield key_of(secret.reveal().strip(_AROUND).upper()), (_TOKEN_CASE,)
    yield key_of(""), (_EMPTY,)


def _algorithm(algorithm: str) -> CandidateChange:
    name = {"sha1": "HMAC-SHA1", "sha256": "HMAC-SHA256"}[algorithm]
    return CandidateChange(
        "algorithm",
        f"{name} as the algorithm",
        "Pass on X-Twilio-Webhooks-Signature-Settings as it came: without it, a signature of "
        "Twilio's is HMAC-SHA1.",
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
    "Check with the auth token of the account that the request names in AccountSid.",
)
_API_SECRET: Final = CandidateChange(
    "API secret",
    "an API key's secret in place of the auth token",
    "Sign and check with the account's primary auth token: an API key signs nothing.",
)
_AUTH_TOKEN: Final = CandidateChange(
    "auth token",
    "the auth token, not the key that the request's settings name",
    "See what on the way adds X-Twilio-Webhooks-Signature-Settings to the request.",
)
_SHARED: Final = CandidateChange(
    "shared key",
    "a shared key, which no settings of the request name",
    "Pass on X-Twilio-Webhooks-Signature-Settings as it came: it names the key.",
)
_OTHER_SHARED: Final = CandidateChange(
    "shared key",
    "another shared key than the one that the request names",
    "Put each secret under its own id in shared_keys=.",
)
_TOKEN_SPACE: Final = CandidateChange(
    "token whitespace",
    "other white space or quotes around the auth token",
    "Copy the auth token again, with nothing around it.",
)
_TOKEN_CASE: Final = CandidateChange(
    "token case",
    "the auth token in another case",
    "Copy the auth token again, as Twilio's console shows it.",
)
_EMPTY: Final = CandidateChange(
    "empty token",
    "an empty auth token",
    "Whoever sends this has no auth token set, and anybody can sign so: give it the right one.",
)

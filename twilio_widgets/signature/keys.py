"""The credentials that a signature is verified with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from twilio_widgets.core.credentials.connection import ApiKeyConnection
from twilio_widgets.core.credentials.secret import BULLETS, Secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from twilio_widgets.core.credentials.connection import Connection


class KeyBytes(bytes):
    """A credential as HMAC key. Its repr is bullets, for tracebacks that print local variables."""

    def __repr__(self) -> str:
        return f"KeyBytes({BULLETS})"

    __str__ = __repr__


def key_of(text: str) -> KeyBytes:
    """Return the UTF-8 bytes of a credential. Unpaired surrogates are encoded, not refused."""
    return KeyBytes(text.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The credentials a signature is checked with.

    Empty ones are dropped: anyone can sign with an empty key. Only `auth_tokens` and `shared_keys`
    verify. The signature doctor tries the others to explain a wrong signature.
    """

    auth_tokens: tuple[Secret, ...] = ()
    """The account's primary auth token. Two while it is being rotated."""

    shared_keys: Mapping[str, Secret] = field(default_factory=dict)
    """Secrets of shared keys, by their ID in ``X-Twilio-Webhooks-Signature-Settings``."""

    secondary_tokens: tuple[Secret, ...] = ()
    """Secondary auth tokens. Twilio signs with one only after it is promoted."""

    other_tokens: tuple[Secret, ...] = ()
    """Auth tokens of other accounts, such as the parent's or a subaccount's."""

    api_secrets: tuple[Secret, ...] = ()
    """Secrets of API keys. Twilio never signs with them."""

    def __post_init__(self) -> None:
        for name in ("auth_tokens", "secondary_tokens", "other_tokens", "api_secrets"):
            object.__setattr__(self, name, _filled(getattr(self, name)))
        shared = {key: Secret(secret) for key, secret in self.shared_keys.items() if secret}
        object.__setattr__(self, "shared_keys", shared)

    @classmethod
    def of(cls, connection: Connection, shared_keys: Mapping[str, Secret] | None = None) -> Keys:
        """Return the keys of a connection.

        Args:
            connection: Its auth token verifies; an API key's secret only explains a mismatch.
            shared_keys: Secrets of shared keys, by ID.
        """
        token = connection.signing_token
        by_key = isinstance(connection, ApiKeyConnection)
        return cls(
            auth_tokens=() if token is None else (token,),
            shared_keys=shared_keys or {},
            api_secrets=(connection.credentials[1],) if by_key else (),
        )


def _filled(secrets: Iterable[Secret | str]) -> tuple[Secret, ...]:
    return tuple(Secret(secret) for secret in secrets if secret)

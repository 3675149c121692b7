"""What a request may have been signed with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from twilio_widgets.core.credentials.connection import ApiKeyConnection
from twilio_widgets.core.credentials.secret import BULLETS, Secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from twilio_widgets.core.credentials.connection import Connection


class KeyBytes(bytes):
    """A credential as an HMAC takes it. Tracebacks that print variables print bullets for it."""

    def __repr__(self) -> str:
        return f"KeyBytes({BULLETS})"

    __str__ = __repr__


def key_of(text: str) -> KeyBytes:
    """Return the bytes of a credential's text; what cannot be encoded signs nothing of Twilio's."""
    return KeyBytes(text.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The credentials a signature is checked with. Empty ones are left out: anyone can sign so.

    Only `auth_tokens` and `shared_keys` verify. The others are tried by the doctor, to say what a
    wrong signature was made with.
    """

    auth_tokens: tuple[Secret, ...] = ()
    """Primary auth tokens: Twilio signs with the account's. Two while it is being changed."""

    shared_keys: Mapping[str, Secret] = field(default_factory=dict)
    """Secrets of shared keys, by the id that stands in ``X-Twilio-Webhooks-Signature-Settings``."""

    secondary_tokens: tuple[Secret, ...] = ()
    """Secondary auth tokens: they sign nothing until promoted."""

    other_tokens: tuple[Secret, ...] = ()
    """Auth tokens of other accounts, such as the parent's or a subaccount's."""

    api_secrets: tuple[Secret, ...] = ()
    """Secrets of API keys: they sign nothing."""

    def __post_init__(self) -> None:
        for name in ("auth_tokens", "secondary_tokens", "other_tokens", "api_secrets"):
            object.__setattr__(self, name, _filled(getattr(self, name)))
        shared = {key: Secret(secret) for key, secret in self.shared_keys.items() if secret}
        object.__setattr__(self, "shared_keys", shared)

    @classmethod
    def of(cls, connection: Connection, shared_keys: Mapping[str, Secret] | None = None) -> Keys:
        """Return the keys a connection knows.

        Args:
            connection: Its auth token verifies; its API key's secret is for the doctor.
            shared_keys: Secrets of shared keys, by id.
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

"""What a listener is to be: told to its process over a pipe, and known again by a challenge."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import EllipsisType
from typing import Any, Literal

from twilio_widgets.core.credentials.connection import (
    KEY_CANNOT_VALIDATE,
    ApiKeyConnection,
    AuthTokenConnection,
    Connection,
)
from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.listener.control.address import check_public_url
from twilio_widgets.listener.events.store import check_retention
from twilio_widgets.listener.process.replies import LONGEST_REPLY

_CREDENTIALS = ("auth_token", "api_key_sid", "api_key_secret")
_PLACE = ("account_sid", "subaccount_sid", "region", "edge")
IDLE_SECONDS = 8 * 3600.0
"""How long a listener stays with nobody there, unless another time is given."""

SHORTEST_IDLE = 1.0


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What a listener is to be.

    Raises:
        ConfigurationError: A field cannot be right; it names the field.
    """

    connection: Connection
    """Whose webhooks it takes. Its auth token checks them; its credentials put webhooks back."""

    store: Path
    """The file of its events."""

    root_url: str | None = None
    """A sandbox's socket; None: Twilio itself."""

    public_url: str | None = None
    """Where Twilio reaches it, when somebody says so."""

    port: int = 0
    """The port on 127.0.0.1; 0 takes a free one."""

    reply: str | None = None
    """The reply to every inbound message."""

    idle_seconds: float | None = None
    """After so long without a request and without a kernel it ends; None: as usual, or as it is."""

    shared_keys: Mapping[str, Secret] = field(default_factory=dict)
    """Secrets of shared keys that sign webhooks, by id."""

    retention_days: float | EllipsisType | None = ...
    """Days an event is kept; None: until it is forgotten; ``...``: as usual, or as it is."""

    def __post_init__(self) -> None:
        if self.connection.signing_token is None and not self.shared_keys:
            raise ConfigurationError(KEY_CANNOT_VALIDATE, field="auth_token")
        object.__setattr__(self, "store", self.store.expanduser().absolute())
        if self.public_url is not None:
            object.__setattr__(self, "public_url", check_public_url(self.public_url))
        if type(self.port) is not int or not 0 <= self.port <= 65535:
            raise ConfigurationError(
                "port must be a whole number from 0 (any free port) to 65535.", field="port"
            )
        if self.idle_seconds is not None:
            check_idle(self.idle_seconds)
        if self.retention_days is not ...:
            check_retention(self.retention_days)
        check_reply(self.reply)

    @property
    def world(self) -> Literal["live", "sandbox"]:
        """``sandbox`` or ``live``."""
        return "sandbox" if self.root_url else "live"

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts whose webhooks are taken: the one that acts, and its parent."""
        found = (self.connection.acting_sid, self.connection.account_sid)
        return tuple(dict.fromkeys(found))

    # Over the pipe. Credentials go this one way, and nowhere else.

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON can hold it, credentials in clear: for the pipe alone."""
        return {
            "identity": self._identity(),
            "store": str(self.store),
            "public_url": self.public_url,
            "port": self.port,
            "reply": self.reply,
            "idle_seconds": self.idle_seconds,
            **({} if self.retention_days is ... else {"retention_days": self.retention_days}),
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Spec:
        """Read what `to_json` made."""
        identity = told["identity"]
        place = {name: identity[name] for name in _PLACE}
        secrets = {name: identity[name] for name in _CREDENTIALS}
        connection: Connection
        if secrets["api_key_sid"]:
            connection = ApiKeyConnection(**place, **secrets)
        else:
            connection = AuthTokenConnection(**place, auth_token=secrets["auth_token"])
        return cls(
            connection=connection,
            store=Path(told["store"]),
            root_url=identity["root_url"],
            public_url=told["public_url"],
            port=told["port"],
            reply=told["reply"],
            idle_seconds=told["idle_seconds"],
            shared_keys={key: Secret(text) for key, text in identity["shared_keys"].items()},
            retention_days=told.get("retention_days", ...),
        )

    def _identity(self) -> dict[str, Any]:
        connection, token = self.connection, self.connection.signing_token
        by_key = isinstance(connection, ApiKeyConnection)
        name, secret = connection.credentials
        return {
            **{part: getattr(connection, part) for part in _PLACE},
            "auth_token": token.reveal() if token else None,
            "api_key_sid": name if by_key else None,
            "api_key_secret": secret.reveal() if by_key else None,
            "root_url": self.root_url,
            "shared_keys": {key: each.reveal() for key, each in self.shared_keys.items()},
        }

    # The challenge

    def proofs(self, nonce: str) -> frozenset[str]:
        """Prove which webhooks one takes, a proof for each secret that signs them; none is said.

        Whose proofs are among those of a listener needs no other. Two kernels may share one with an
        API key each: the key signs nothing.
        """
        identity = self._identity()
        token = identity["auth_token"]
        signing = [*identity["shared_keys"].items(), *([("", token)] if token else [])]
        return frozenset(self._proof(nonce, *secret) for secret in signing)

    def _proof(self, nonce: str, name: str, secret: str) -> str:
        told = json.dumps([self.accounts, self.root_url, name, secret]).encode()
        key = hashlib.sha256(b"twilio_widgets listener" + told).digest()
        return hmac.new(key, nonce.encode(), hashlib.sha256).hexdigest()


def check_reply(reply: str | None) -> str | None:
    """Return a reply that a message can hold, or say why it cannot.

    Raises:
        ConfigurationError: It is no text, or too long.
    """
    if reply is not None and not isinstance(reply, str):
        raise ConfigurationError("A reply must be a str, or None for no reply.", field="reply")
    if reply is not None and len(reply) > LONGEST_REPLY:
        raise ConfigurationError(
            f"The reply has {len(reply):,} characters; the maximum is {LONGEST_REPLY:,}.",
            field="reply",
        )
    return reply


def check_idle(seconds: float) -> float:
    """Return a time in which somebody can come back, or say why it is none.

    Raises:
        ConfigurationError: It is no number, or too short.
    """
    if not _is_number(seconds) or not seconds >= SHORTEST_IDLE:
        raise ConfigurationError(
            "idle must be 1 or more: the seconds after which an unused listener stops.",
            field="idle",
        )
    return float(seconds)


def secrets_of(shared_keys: Mapping[str, str | Secret] | None) -> dict[str, Secret]:
    """Return the secrets of shared keys by their ids.

    Raises:
        ConfigurationError: They are no mapping of text to text.
    """
    given = {} if shared_keys is None else shared_keys
    if not isinstance(given, Mapping) or not all(map(_is_key, given.items())):
        raise ConfigurationError(
            "shared_keys must be a mapping of each shared key's id to its secret: {id: secret}.",
            field="shared_keys",
        )
    return {key: Secret(secret) for key, secret in given.items()}


def _is_key(pair: tuple[object, object]) -> bool:
    return all(isinstance(part, str | Secret) and part for part in pair)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

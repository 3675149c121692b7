"""The settings of a listener: sent to its process over a pipe, and verified by a challenge."""

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
"""Default time after which an unused listener stops."""
SANDBOX_IDLE_SECONDS = 120.0
"""The same for a sandbox's: it ends with its kernel, which is all that its listener waits for."""

SHORTEST_IDLE = 1.0


@dataclass(frozen=True, kw_only=True)
class Spec:
    """The settings of a listener.

    Raises:
        ConfigurationError: A field is invalid; the error names it.
    """

    connection: Connection
    """The account: its auth token checks webhooks, its credentials restore webhook settings."""

    store: Path
    """The file of the event store."""

    root_url: str | None = None
    """The URL of a sandbox; None for Twilio itself."""

    public_url: str | None = None
    """The public address, if known."""

    port: int = 0
    """The port on 127.0.0.1; 0 takes a free one."""

    reply: str | None = None
    """The reply to every inbound message."""

    idle_seconds: float | None = None
    """Seconds without a request or kernel after which it stops; None: default, or unchanged."""

    shared_keys: Mapping[str, Secret] = field(default_factory=dict)
    """Secrets of shared keys that sign webhooks, by id."""

    retention_days: float | EllipsisType | None = ...
    """Days an event is kept; None: until forgotten; ``...``: default, or unchanged."""

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
        """The accounts whose webhooks are accepted: the acting account and its parent."""
        found = (self.connection.acting_sid, self.connection.account_sid)
        return tuple(dict.fromkeys(found))

    # Serialisation for the pipe: the only way credentials reach the process.

    def to_json(self) -> dict[str, Any]:
        """Return the settings for JSON, with credentials in plain text: for the pipe only."""
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
    def from_json(cls, config: Mapping[str, Any]) -> Spec:
        """Return the settings from the result of `to_json`."""
        identity = config["identity"]
        place = {name: identity[name] for name in _PLACE}
        secrets = {name: identity[name] for name in _CREDENTIALS}
        connection: Connection
        if secrets["api_key_sid"]:
            connection = ApiKeyConnection(**place, **secrets)
        else:
            connection = AuthTokenConnection(**place, auth_token=secrets["auth_token"])
        return cls(
            connection=connection,
            store=Path(config["store"]),
            root_url=identity["root_url"],
            public_url=config["public_url"],
            port=config["port"],
            reply=config["reply"],
            idle_seconds=config["idle_seconds"],
            shared_keys={key: Secret(text) for key, text in identity["shared_keys"].items()},
            retention_days=config.get("retention_days", ...),
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
        """Return a proof of knowledge (HMAC of `nonce`) for each secret that signs webhooks.

        A kernel can use a listener that has all of the kernel's proofs. API keys are not included,
        because they sign no webhooks: two kernels with different keys may share a listener.
        """
        identity = self._identity()
        token = identity["auth_token"]
        signing = [*identity["shared_keys"].items(), *([("", token)] if token else [])]
        return frozenset(self._proof(nonce, *secret) for secret in signing)

    def _proof(self, nonce: str, name: str, secret: str) -> str:
        config = json.dumps([self.accounts, self.root_url, name, secret]).encode()
        key = hashlib.sha256(b"twilio_widgets listener" + config).digest()
        return hmac.new(key, nonce.encode(), hashlib.sha256).hexdigest()


def check_reply(reply: str | None) -> str | None:
    """Return a reply if it is valid.

    Raises:
        ConfigurationError: It is not a str, or too long.
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
    """Return the idle time in seconds if it is valid.

    Raises:
        ConfigurationError: It is not a number, or too short.
    """
    if not _is_number(seconds) or not seconds >= SHORTEST_IDLE:
        raise ConfigurationError(
            "idle must be 1 or more: the seconds after which an unused listener stops.",
            field="idle",
        )
    return float(seconds)


def secrets_of(shared_keys: Mapping[str, str | Secret] | None) -> dict[str, Secret]:
    """Return the secrets of shared keys by key id.

    Raises:
        ConfigurationError: `shared_keys` is not a mapping of str to str or `Secret`.
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

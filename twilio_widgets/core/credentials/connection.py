"""Connections: an account's credentials, and the API host of its region and edge.

Sources: Twilio, "API keys" (a Standard key cannot read ``/Accounts``), "Secure your requests"
(webhooks are signed with the primary auth token), "Legacy regions" (host names, checked 2026-04).
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.core.system import clock
from twilio_widgets.core.system.folders import user_folder
from twilio_widgets.errors import ConfigurationError

API_VERSION = "2010-04-01"

EDGE_OF_REGION = {"ie1": "dublin", "au1": "sydney", "jp1": "tokyo"}
"""The edge whose host serves a region outside the United States."""

_REGIONS_AT_THE_PLAIN_HOST = frozenset({"us1"})

KEY_CANNOT_VALIDATE = (
    "An API key cannot validate webhooks: Twilio signs them with the account's primary auth token. "
    "Give auth_token= as well to check signatures."
)
PREFER_API_KEYS = (
    "Prefer an API key: it can be revoked on its own. Changing the auth token disconnects every "
    "program that uses it."
)


def check_sid(value: str, *, field: str, prefix: str, what: str) -> str:
    """Return a SID without surrounding spaces, after checking its form.

    Args:
        value: The value given. Errors never repeat it: it may be a misplaced secret.
        field: The Python name of the field.
        prefix: The two letters it must begin with, such as ``AC``.
        what: The kind of SID, for errors, such as ``"account SID"``.

    Raises:
        ConfigurationError: It is not such a SID; the message describes the expected form.
    """
    if not isinstance(value, str):
        raise ConfigurationError(f"{field} must be text, not {type(value).__name__}.", field=field)
    value = value.strip()
    if re.fullmatch(rf"{prefix}[0-9a-fA-F]{{32}}", value):
        return value
    article = "An" if what[0] in "aeiouAEIOU" else "A"
    shape = f"{article} {what} is {prefix} followed by 32 characters 0-9 or a-f."
    if not value:
        found = f"{field} is empty."
    elif re.fullmatch(r"[A-Z]{2}[0-9a-fA-F]{32}", value):
        found = f"{field} starts with {value[:2]}."
    elif value.startswith(prefix):
        found = (
            f"{field} has {len(value)} characters, not 34."
            if len(value) != 34
            else f"{field} has a character other than 0-9, a-f."
        )
    else:
        found = f"{field} is not a SID (its value is not shown because it may be a secret)."
    raise ConfigurationError(f"{found} {shape}", field=field)


def _is_sid(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"AC[0-9a-fA-F]{32}", value) is not None


def check_secret(value: str | Secret, *, field: str, what: str) -> Secret:
    """Return a credential as a `Secret`, without surrounding spaces.

    Raises:
        ConfigurationError: It is empty, or contains a character that no credential contains.
    """
    if not isinstance(value, str | Secret):
        raise ConfigurationError(f"{field} must be text, not {type(value).__name__}.", field=field)
    secret = Secret(value.strip()) if isinstance(value, str) else value
    if not secret:
        raise ConfigurationError(f"{field} is empty. Give the {what}.", field=field)
    if not secret.reveal().isascii() or not secret.reveal().isprintable():
        raise ConfigurationError(
            f"{field} contains a character that is never part of an {what}. Copy it again.",
            field=field,
        )
    return secret


@dataclass(frozen=True, kw_only=True, repr=False)
class Connection:
    """The account and the API host, common to both kinds of connection."""

    account_sid: str
    """The account the credentials belong to: ``AC`` and 32 hex digits."""

    subaccount_sid: str | None = None
    """The account to act on, if it is a subaccount of `account_sid`."""

    region: str | None = None
    """The processing region, such as ``"ie1"``. None is the United States (``us1``)."""

    edge: str | None = None
    """The edge, such as ``"dublin"``. In the United States, Twilio chooses one if it is None or
    ``"roaming"``, Twilio's name for that; no host has ``roaming`` in its name."""

    source: str = field(default="the arguments given", compare=False)
    """The place these credentials came from, in words."""

    def __post_init__(self) -> None:
        self._set(
            "account_sid",
            check_sid(self.account_sid, field="account_sid", prefix="AC", what="account SID"),
        )
        if self.subaccount_sid is not None:
            checked = check_sid(
                self.subaccount_sid, field="subaccount_sid", prefix="AC", what="subaccount SID"
            )
            self._set("subaccount_sid", checked)
        for name in ("region", "edge"):
            value = getattr(self, name)
            if value is not None and not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value):
                raise ConfigurationError(
                    f'{name} must be a lower-case name, such as "ie1" or "dublin".', field=name
                )

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _fill(self, **values: object) -> ConfigurationError | None:
        """Set the fields and check them; return the error instead of raising it.

        The error's traceback is dropped: its frames have the credentials as locals.
        """
        for name, value in values.items():
            self._set(name, value)
        try:
            self.__post_init__()
        except ConfigurationError as error:
            return error.with_traceback(None)
        return None

    def __repr__(self) -> str:
        # Until `__post_init__` has checked it, a field may contain anything, even a secret.
        account = self.masked_account if _is_sid(self.acting_sid) else "?"
        return f"{type(self).__name__}({account}, from {self.source})"

    @property
    def kind(self) -> str:
        """The kind of credentials: ``"API key"``, ``"auth token"`` or ``"sandbox"``."""
        raise NotImplementedError

    @property
    def credentials(self) -> tuple[str, Secret]:
        """The user name and the secret of HTTP Basic authentication."""
        raise NotImplementedError

    @property
    def signing_token(self) -> Secret | None:
        """The primary auth token, with which Twilio signs webhooks, or None if it is not known."""
        raise NotImplementedError

    @property
    def acting_sid(self) -> str:
        """The account SID in request paths: the subaccount's, if there is one."""
        return self.subaccount_sid or self.account_sid

    @property
    def base_url(self) -> str:
        """The scheme and host of the REST API for this region and edge, without a path."""
        return "https://" + self.host("api")

    def host(self, service: str) -> str:
        """Return the host of a product, such as ``"api"``, for this region and edge."""
        region, edge = self.region, None if self.edge == "roaming" else self.edge
        if edge and not region:
            region = "us1"
        if region and not edge and region not in _REGIONS_AT_THE_PLAIN_HOST:
            edge = EDGE_OF_REGION.get(region)
        # Twilio retired api.{region}.twilio.com on 2026-04-28; without an edge, use the plain host.
        return (
            f"{service}.{edge}.{region}.twilio.com" if edge and region else f"{service}.twilio.com"
        )

    @property
    def served_in(self) -> str:
        """The region whose messages this connection reads and writes, such as ``"us1"``."""
        parts = self.host("api").split(".")
        return parts[2] if len(parts) == 5 else "us1"

    @property
    def masked_account(self) -> str:
        """The acting account SID, shortened for display: ``AC0f…9a41``."""
        return f"{self.acting_sid[:4]}…{self.acting_sid[-4:]}"

    @property
    def wire(self) -> object | None:
        """An httpx transport to use instead of the network: the sandbox's, or None."""
        return None

    @property
    def root_url(self) -> str | None:
        """The URL of a sandbox's socket, for other processes. None: Twilio's own hosts."""
        return None

    @property
    def data_folder(self) -> Path:
        """The folder for jobs and events, which outlive the kernel. It need not exist yet."""
        return user_folder()

    @property
    def world_id(self) -> str | None:
        """The random name of a sandbox's world, which keys its stored data. None for Twilio."""
        return None

    settle_seconds = 60.0
    """Seconds for which an accepted message may still be missing from the message list."""

    def now(self) -> datetime:
        """Return the current time (aware, UTC)."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back and counts sleep, for pacing."""
        return clock.seconds()

    def moment(self) -> clock.ClockReading:
        """Return the current time on both clocks."""
        return clock.ClockReading(self.now(), self.monotonic(), clock.boot_id())

    @property
    def time_is_frozen(self) -> bool:
        """Whether time advances only by `sleep`, as in a sandbox with a frozen clock."""
        return False

    def sleep(self, seconds: float) -> None:
        """Wait. A sandbox with a frozen clock advances it instead."""
        time.sleep(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Wait without blocking the event loop."""
        import asyncio  # loaded by those who await, so that `tw.Twilio` imports faster

        await asyncio.sleep(seconds)


@dataclass(frozen=True, kw_only=True, repr=False)
class ApiKeyConnection(Connection):
    """A connection with an API key, the recommended kind: a key can be revoked on its own.

    An API key cannot validate webhooks: Twilio signs them with the account's primary auth token.
    To receive webhooks, give `auth_token` as well.

    Args:
        account_sid: ``AC`` and 32 hex digits.
        api_key_sid: ``SK`` and 32 hex digits.
        api_key_secret: The secret that Twilio showed when the key was created.
        auth_token: For checking webhook signatures only; never used for requests.
        subaccount_sid: Act on this subaccount with the parent's credentials.
        region: Such as ``"ie1"``; None is the United States.
        edge: Such as ``"dublin"``.

    Raises:
        ConfigurationError: A field is empty or invalid; the message names it.
    """

    api_key_sid: str
    api_key_secret: Secret
    auth_token: Secret | None = None

    def __init__(
        self,
        account_sid: str,
        api_key_sid: str,
        api_key_secret: str | Secret,
        auth_token: str | Secret | None = None,
        *,
        subaccount_sid: str | None = None,
        region: str | None = None,
        edge: str | None = None,
        source: str = "the arguments given",
    ) -> None:
        problem = self._fill(
            account_sid=account_sid,
            api_key_sid=api_key_sid,
            api_key_secret=api_key_secret,
            auth_token=auth_token,
            subaccount_sid=subaccount_sid,
            region=region,
            edge=edge,
            source=source,
        )
        # A traceback may show the locals of this frame, and any of these may be a secret.
        del (
            account_sid,
            api_key_sid,
            api_key_secret,
            auth_token,
            subaccount_sid,
            region,
            edge,
            source,
        )
        if problem is not None:
            raise problem

    def __post_init__(self) -> None:
        super().__post_init__()
        key = check_sid(self.api_key_sid, field="api_key_sid", prefix="SK", what="API key SID")
        self._set("api_key_sid", key)
        secret = check_secret(self.api_key_secret, field="api_key_secret", what="API key's secret")
        self._set("api_key_secret", secret)
        if self.auth_token is not None:
            token = check_secret(self.auth_token, field="auth_token", what="auth token")
            self._set("auth_token", token)

    @property
    def kind(self) -> str:
        """``"API key"``."""
        return "API key"

    @property
    def credentials(self) -> tuple[str, Secret]:
        """The API key's SID and secret."""
        return self.api_key_sid, self.api_key_secret

    @property
    def signing_token(self) -> Secret | None:
        """The auth token, if it was given."""
        return self.auth_token


@dataclass(frozen=True, kw_only=True, repr=False)
class AuthTokenConnection(Connection):
    """A connection with an auth token. Prefer an API key: it can be revoked on its own.

    Args:
        account_sid: ``AC`` and 32 hex digits.
        auth_token: The account's primary auth token.
        subaccount_sid: Act on this subaccount with the parent's credentials.
        region: Such as ``"ie1"``; None is the United States.
        edge: Such as ``"dublin"``.

    Raises:
        ConfigurationError: A field is empty or invalid; the message names it.
    """

    auth_token: Secret

    def __init__(
        self,
        account_sid: str,
        auth_token: str | Secret,
        *,
        subaccount_sid: str | None = None,
        region: str | None = None,
        edge: str | None = None,
        source: str = "the arguments given",
    ) -> None:
        problem = self._fill(
            account_sid=account_sid,
            auth_token=auth_token,
            subaccount_sid=subaccount_sid,
            region=region,
            edge=edge,
            source=source,
        )
        # A traceback may show the locals of this frame, and any of these may be a secret.
        del account_sid, auth_token, subaccount_sid, region, edge, source
        if problem is not None:
            raise problem

    def __post_init__(self) -> None:
        super().__post_init__()
        token = check_secret(self.auth_token, field="auth_token", what="auth token")
        self._set("auth_token", token)

    @property
    def kind(self) -> str:
        """``"auth token"``."""
        return "auth token"

    @property
    def credentials(self) -> tuple[str, Secret]:
        """The account SID and the auth token."""
        return self.account_sid, self.auth_token

    @property
    def signing_token(self) -> Secret | None:
        """The auth token: Twilio signs webhooks with it."""
        return self.auth_token

"""An open client of the connection panel, and the three ways to open one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from twilio_widgets.client import Twilio
from twilio_widgets.core.credentials.connection import (
    ApiKeyConnection,
    AuthTokenConnection,
    Connection,
)
from twilio_widgets.core.credentials.sources import connect, surroundings
from twilio_widgets.panels.code.access import SANDBOX_MESSAGES
from twilio_widgets.sandbox import Sandbox

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.secret import Secret
    from twilio_widgets.core.guardrails.policy import Policy
    from twilio_widgets.panels.connection.state import ConnectionState


@dataclass(frozen=True, slots=True)
class OpenClient:
    """A connection with its open client, and the sandbox if the panel started one."""

    connection: Connection
    twilio: Twilio
    sandbox: Sandbox | None = None

    @classmethod
    def to(cls, connection: Connection, policy: Policy | None = None) -> OpenClient:
        """Open a client for a connection."""
        return cls(connection, Twilio(connection, policy=policy))

    @classmethod
    def to_found_credentials(cls, policy: Policy | None = None) -> OpenClient:
        """Open a client with the credentials of the environment or of a profile.

        Raises:
            ConfigurationError: The credentials no longer exist.
        """
        # No interactive prompt: in a thread it would wait for an answer that cannot arrive.
        found = connect(within=replace(surroundings(), ask=None, ask_secret=None))
        return cls.to(found, policy)

    @classmethod
    def to_new_sandbox(cls, policy: Policy | None = None) -> OpenClient:
        """Start a sandbox with some messages in its log, and open a client for it."""
        sandbox = Sandbox(messages=SANDBOX_MESSAGES)
        return cls(sandbox.connection, Twilio(sandbox.connection, policy=policy), sandbox)

    def close(self) -> None:
        """Close the client and the sandbox."""
        self.twilio.close()
        if self.sandbox is not None:
            self.sandbox.close()


def connection_of(state: ConnectionState, secret: Secret, token: Secret | None) -> Connection:
    """Return the connection described by the fields.

    Args:
        state: The fields that are not secret.
        secret: The API key's secret, or the auth token.
        token: The auth token in addition to an API key, if given.

    Raises:
        ConfigurationError: A field is missing or invalid; the error names the field.
    """
    subaccount_sid, region, edge = (
        getattr(state, name) or None for name in ("subaccount_sid", "region", "edge")
    )
    if state.kind == "API key":
        return ApiKeyConnection(
            state.account_sid,
            state.api_key_sid,
            secret,
            token,
            subaccount_sid=subaccount_sid,
            region=region,
            edge=edge,
            source="typed in",
        )
    return AuthTokenConnection(
        state.account_sid,
        secret,
        subaccount_sid=subaccount_sid,
        region=region,
        edge=edge,
        source="typed in",
    )

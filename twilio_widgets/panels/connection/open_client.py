"""An open client and what closes with it, and the three places a connection panel gets one from."""

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
    """A connection with its open client, and the sandbox when it leads to one of our own."""

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
            ConfigurationError: There are none any more.
        """
        # Nobody is asked: a question would wait in a thread for an answer that cannot come.
        found = connect(within=replace(surroundings(), ask=None, ask_secret=None))
        return cls.to(found, policy)

    @classmethod
    def to_new_sandbox(cls, policy: Policy | None = None) -> OpenClient:
        """Open a client on a sandbox of its own, with some messages in its log."""
        sandbox = Sandbox(messages=SANDBOX_MESSAGES)
        return cls(sandbox.connection, Twilio(sandbox.connection, policy=policy), sandbox)

    def close(self) -> None:
        """Close the client and the sandbox."""
        self.twilio.close()
        if self.sandbox is not None:
            self.sandbox.close()


def connection_of(state: ConnectionState, secret: Secret, token: Secret | None) -> Connection:
    """Make the connection that was typed.

    Args:
        state: The fields that are typed in the open.
        secret: The API key's secret, or the auth token.
        token: The auth token beside an API key, if one was given.

    Raises:
        ConfigurationError: A field is missing or misshapen; it names the field.
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

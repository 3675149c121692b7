"""Connections that lead into a sandbox. "Is it a sandbox" is their type, never a host name."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from twilio_widgets.core.credentials.connection import ApiKeyConnection, AuthTokenConnection

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from twilio_widgets.core.credentials.secret import Secret
    from twilio_widgets.sandbox.world.clock import Clock


class ConnectedSandbox(Protocol):
    """What a connection needs of its `Sandbox`."""

    @property
    def clock(self) -> Clock:
        """The world's time."""

    @property
    def wire(self) -> object:
        """The in-process httpx transport."""

    @property
    def world_id(self) -> str:
        """The random name of this run of the world."""

    @property
    def url(self) -> str:
        """The root of the sandbox on a real socket."""

    @property
    def data_folder(self) -> Path:
        """A temporary folder that lives as long as the world."""

    @property
    def list_lag(self) -> float:
        """Seconds before a new message appears in lists."""


class _Inside:
    """What a connection into a sandbox adds: its wire, and the world's time."""

    sandbox: ConnectedSandbox

    @property
    def wire(self) -> object:
        """The in-process httpx transport."""
        return self.sandbox.wire

    @property
    def world_id(self) -> str:
        """The random name of this world: what is kept for it goes by this name."""
        return self.sandbox.world_id

    @property
    def root_url(self) -> str:
        """The sandbox's socket; it opens when it is first asked for."""
        return self.sandbox.url

    @property
    def data_folder(self) -> Path:
        """A temporary folder that goes with the world."""
        return self.sandbox.data_folder

    def now(self) -> datetime:
        """Return the world's present."""
        return self.sandbox.clock.now()

    def monotonic(self) -> float:
        """Return seconds that only grow; on a frozen clock, the world's."""
        clock = self.sandbox.clock
        return clock.seconds() if clock.frozen else time.monotonic() + clock.ahead

    @property
    def time_is_frozen(self) -> bool:
        """Whether this world's clock stands until it is turned."""
        return self.sandbox.clock.frozen

    def sleep(self, seconds: float) -> None:
        """Let time pass in this world; a frozen clock turns at once."""
        self.sandbox.clock.sleep(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Let time pass in this world without blocking the event loop."""
        if self.sandbox.clock.frozen:
            self.sandbox.clock.sleep(seconds)
            await asyncio.sleep(0)
        else:
            await asyncio.sleep(seconds)


@dataclass(frozen=True, kw_only=True, init=False, repr=False)
class SandboxConnection(_Inside, AuthTokenConnection):
    """The connection of a sandbox: its account's auth token, and a wire with no network.

    ``Twilio(sandbox.connection)`` needs nothing else.
    """

    sandbox: ConnectedSandbox = field(repr=False, compare=False)

    def __init__(self, sandbox: ConnectedSandbox, account_sid: str, auth_token: Secret) -> None:
        self._set("sandbox", sandbox)
        # How long an accepted message may be missing from this world's list.
        self._set("settle_seconds", sandbox.list_lag + 1.0)
        super().__init__(account_sid, auth_token, source="the sandbox")

    @property
    def kind(self) -> str:
        """``"sandbox"``."""
        return "sandbox"


@dataclass(frozen=True, kw_only=True, init=False, repr=False)
class SandboxKeyConnection(_Inside, ApiKeyConnection):
    """The same with an API key of the sandbox's account."""

    sandbox: ConnectedSandbox = field(repr=False, compare=False)

    def __init__(
        self, sandbox: ConnectedSandbox, account_sid: str, api_key_sid: str, api_key_secret: Secret
    ) -> None:
        self._set("sandbox", sandbox)
        # How long an accepted message may be missing from this world's list.
        self._set("settle_seconds", sandbox.list_lag + 1.0)
        super().__init__(account_sid, api_key_sid, api_key_secret, source="the sandbox")

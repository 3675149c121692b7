"""Connections to a sandbox. Code recognises a sandbox by their type, never by a host name."""

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
    """The part of `Sandbox` that its connections use."""

    @property
    def clock(self) -> Clock:
        """The sandbox's clock."""

    @property
    def wire(self) -> object:
        """The in-process httpx transport."""

    @property
    def world_id(self) -> str:
        """The random ID of this sandbox, different in every run."""

    @property
    def url(self) -> str:
        """The root URL of the sandbox on a real socket."""

    @property
    def data_folder(self) -> Path:
        """A temporary folder that is deleted when the sandbox closes."""

    @property
    def list_lag(self) -> float:
        """Seconds before a new message appears in lists."""


class _SandboxMixin:
    """The attributes that a sandbox adds to a connection: its transport, clock and folder."""

    sandbox: ConnectedSandbox

    @property
    def wire(self) -> object:
        """The in-process httpx transport."""
        return self.sandbox.wire

    @property
    def world_id(self) -> str:
        """The random ID of this sandbox; stored data is filed under it."""
        return self.sandbox.world_id

    @property
    def root_url(self) -> str:
        """The root URL of the sandbox's socket, which opens on first use."""
        return self.sandbox.url

    @property
    def data_folder(self) -> Path:
        """A temporary folder that is deleted when the sandbox closes."""
        return self.sandbox.data_folder

    def now(self) -> datetime:
        """Return the current time of the sandbox's clock."""
        return self.sandbox.clock.now()

    def monotonic(self) -> float:
        """Return seconds that never decrease: those of the sandbox's clock when it is frozen."""
        clock = self.sandbox.clock
        return clock.seconds() if clock.frozen else time.monotonic() + clock.ahead

    @property
    def time_is_frozen(self) -> bool:
        """Whether the sandbox's clock is frozen until it is advanced."""
        return self.sandbox.clock.frozen

    def sleep(self, seconds: float) -> None:
        """Sleep; a frozen clock is advanced instead and nothing waits."""
        self.sandbox.clock.sleep(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Sleep without blocking the event loop; a frozen clock is advanced instead."""
        if self.sandbox.clock.frozen:
            self.sandbox.clock.sleep(seconds)
            await asyncio.sleep(0)
        else:
            await asyncio.sleep(seconds)


@dataclass(frozen=True, kw_only=True, init=False, repr=False)
class SandboxConnection(_SandboxMixin, AuthTokenConnection):
    """A connection to a sandbox with its account's auth token, without any network.

    ``Twilio(sandbox.connection)`` needs nothing else.
    """

    sandbox: ConnectedSandbox = field(repr=False, compare=False)

    def __init__(self, sandbox: ConnectedSandbox, account_sid: str, auth_token: Secret) -> None:
        self._set("sandbox", sandbox)
        # How long an accepted message may be missing from the sandbox's message list.
        self._set("settle_seconds", sandbox.list_lag + 1.0)
        super().__init__(account_sid, auth_token, source="the sandbox")

    @property
    def kind(self) -> str:
        """``"sandbox"``."""
        return "sandbox"


@dataclass(frozen=True, kw_only=True, init=False, repr=False)
class SandboxKeyConnection(_SandboxMixin, ApiKeyConnection):
    """A connection to a sandbox with an API key of its account."""

    sandbox: ConnectedSandbox = field(repr=False, compare=False)

    def __init__(
        self, sandbox: ConnectedSandbox, account_sid: str, api_key_sid: str, api_key_secret: Secret
    ) -> None:
        self._set("sandbox", sandbox)
        # How long an accepted message may be missing from the sandbox's message list.
        self._set("settle_seconds", sandbox.list_lag + 1.0)
        super().__init__(account_sid, api_key_sid, api_key_secret, source="the sandbox")

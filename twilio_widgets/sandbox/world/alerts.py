"""Alerts: errors and warnings about responses to webhooks, as Twilio's debugger lists them.

Source: the OpenAPI document of the Monitor API (2026-04).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxAlert:
    """One entry of Twilio's debugger."""

    sid: str
    account_sid: str
    code: int
    """Twilio's error code."""
    text: str
    at: float
    """When it happened, in seconds since 1970."""
    method: str
    url: str
    message_sid: str
    """The message that the webhook was about."""
    service_sid: str | None
    parameters: Mapping[str, str] = field(repr=False)
    response: bytes = field(repr=False)
    """The body of the response to the webhook; empty if there was none."""

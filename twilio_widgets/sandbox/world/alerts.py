"""Alerts: webhooks that failed, as Twilio's debugger lists them.

Sources: the OpenAPI document of the Monitor API (2026-04) for the fields, and Twilio's pages on
errors 11200 (no successful response) and 11205 (no connection).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_SUCCESS = 11200
NO_CONNECTION = 11205


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxAlert:
    """One webhook that failed."""

    sid: str
    account_sid: str
    error_code: int
    text: str
    at: float
    """When it happened, in seconds since 1970."""
    method: str
    url: str
    resource_sid: str
    """The message that the webhook was about."""
    service_sid: str | None
    parameters: Mapping[str, str] = field(repr=False)
    response: bytes = field(repr=False)
    """The body of the response to the webhook; empty if there was none."""

"""The options of a sandbox that change its behaviour."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Settings:
    """Options for what Twilio does not document, and for delays; see `Sandbox` for each."""

    record_refused: bool = True
    date_filters: str = "inclusive"
    unsent: str = "first"
    list_lag: float = 0.0
    latency: float = 0.0
    trial: bool = False
    compress: bool = False
    stories: bool = False

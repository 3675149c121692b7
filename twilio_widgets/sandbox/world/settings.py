"""Where a sandbox can be set to behave either way."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Settings:
    """Where Twilio's behaviour is not documented, the sandbox can be set either way."""

    record_refused: bool = True
    date_filters: str = "inclusive"
    unsent: str = "first"
    list_lag: float = 0.0
    latency: float = 0.0
    trial: bool = False

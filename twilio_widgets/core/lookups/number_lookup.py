"""`NumberLookup`: what a lookup found out about one number.

Source: Twilio's OpenAPI document ``lookups_v2`` (2026-04); "Line Type Intelligence" (the types).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from twilio_widgets.errors import ConfigurationError

PACKAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "validation": "validation",
        "line_type": "line_type_intelligence",
        "caller_name": "caller_name",
        "sms_pumping_risk": "sms_pumping_risk",
    }
)
"""Twilio's name of each field."""

E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberLookup:
    """What a lookup found out about one number; None is not known or not asked."""

    number: str = field(repr=False)
    valid: bool | None = None
    country: str | None = None
    """Two letters."""
    line_type: str | None = None
    """Twilio's word: ``"mobile"``, ``"landline"``, ``"nonFixedVoip"`` …"""
    carrier: str | None = None
    mcc: str | None = None
    """The carrier's mobile country code."""
    mnc: str | None = None
    """The carrier's mobile network code."""
    caller_name: str | None = None
    sms_pumping_risk: int | None = None
    problem: str | None = None
    """Why it was not looked up, or not completely."""
    looked_up_at: datetime | None = None
    """When Twilio answered (aware); the oldest of its answers."""
    from_cache: bool = False
    """Whether the answers came from the cache, without cost."""

    def with_answer(self, name: str, answer: Any) -> NumberLookup:
        """Return this with Twilio's answer for a field added.

        Args:
            name: The field, a key of `PACKAGES`.
            answer: Twilio's JSON for it; for ``validation``, the parts of the response itself.
        """
        given = answer if isinstance(answer, dict) else {}
        code = given.get("error_code")
        added = replace(self, **_READ[name](given))
        if isinstance(code, int) and self.problem is None:
            return replace(added, problem=f"{name} is not available (Twilio {code}).")
        return added

    def as_row(self) -> dict[str, object]:
        """Return the values by field, for a frame."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


def checked_fields(names: Iterable[str]) -> tuple[str, ...]:
    """Return the fields to look up, each once; ``validation`` is always part of an answer.

    Raises:
        ConfigurationError: One of them is not a field.
    """
    given = [names] if isinstance(names, str) else list(names)
    for name in given:
        if name not in PACKAGES:
            raise ConfigurationError(
                f"{name!r} is not a field of a lookup. Choose from {', '.join(PACKAGES)}.",
                field="fields",
            )
    return tuple(dict.fromkeys(("validation", *given)))


def answers_in(payload: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return the part of a response that answers each field."""
    kept = ("valid", "validation_errors", "country_code", "phone_number")
    return {
        name: {key: payload.get(key) for key in kept}
        if name == "validation"
        else payload.get(PACKAGES[name])
        for name in names
    }


def _validation(given: Mapping[str, Any]) -> dict[str, Any]:
    errors = given.get("validation_errors") or []
    reasons = ", ".join(str(error).lower().replace("_", " ") for error in errors)
    found: dict[str, Any] = {"valid": given.get("valid"), "country": given.get("country_code")}
    return found | ({"problem": f"Not a valid number: {reasons}."} if reasons else {})


def _line_type(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "line_type": given.get("type"),
        "carrier": given.get("carrier_name"),
        "mcc": given.get("mobile_country_code"),
        "mnc": given.get("mobile_network_code"),
    }


_READ: Final[Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    "validation": _validation,
    "line_type": _line_type,
    "caller_name": lambda given: {"caller_name": given.get("caller_name")},
    "sms_pumping_risk": lambda given: {"sms_pumping_risk": given.get("sms_pumping_risk_score")},
}

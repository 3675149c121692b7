"""The variables of a content template, checked so that Twilio cannot refuse them with 21656.

Sources: Twilio's error pages 21656 (a JSON object; no empty value; no line break, tab or more than
four consecutive spaces in a value) and 21658 (1,600 characters at most).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from math import isfinite
from numbers import Real

from twilio_widgets.core.bodies import encodable

LONGEST_VALUE = 1600
_LINE_BREAK = re.compile(r"[\r\n\t]")
_MANY_SPACES = re.compile(r" {5}")


def problem_with(name: object, value: object) -> str | None:
    """Return why Twilio would refuse a variable's value, as a sentence; None if it would not."""
    if value is None or value == "":
        return f"content_variables has no value for {name!r}, which Twilio refuses (21656)."
    text = text_of(value)
    if text is None:
        return (
            f"The value of {name!r} in content_variables must be text or a number, not "
            f"{type(value).__name__}."
        )
    if not encodable(text):
        return (
            f"The value of {name!r} in content_variables contains an unpaired surrogate (invalid "
            "Unicode), which cannot be sent."
        )
    if _LINE_BREAK.search(text):
        return (
            f"The value of {name!r} in content_variables has a line break or a tab, which Twilio "
            "refuses (21656). Replace it with a space."
        )
    if _MANY_SPACES.search(text):
        return (
            f"The value of {name!r} in content_variables has more than four consecutive spaces, "
            "which Twilio refuses (21656)."
        )
    if len(text) > LONGEST_VALUE:
        return (
            f"The value of {name!r} in content_variables has {len(text):,} characters; Twilio "
            f"allows {LONGEST_VALUE:,} (21658)."
        )
    return None


def problem_with_any(variables: Mapping[object, object]) -> str | None:
    """Return the first problem of a template's variables, as a sentence; None if they are valid."""
    for name, value in variables.items():
        if isinstance(name, bool) or not isinstance(name, str | int):
            return f"The name of a variable in content_variables must be text, not {name!r}."
        if problem := problem_with(name, value):
            return problem
    return None


def texts_of(variables: Mapping[object, object]) -> dict[str, str]:
    """Return valid variables as texts, the only values that Twilio's examples have."""
    return {str(name): text_of(value) or "" for name, value in variables.items()}


def parse_variables(text: str) -> object:
    """Parse the JSON text of variables.

    Raises:
        ValueError: It is not JSON; ``NaN`` and ``Infinity``, which Python accepts, are not either.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def text_of(value: object) -> str | None:
    """Return a value as the text that Twilio inserts; None if it is neither text nor a number."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, Real | Decimal):
        return None
    return str(value) if isfinite(value) else None

"""Mask the phone numbers and account SIDs of a frame, also within texts."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import pandas as pd

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.frames.csv_file import each_text
from twilio_widgets.frames.schema import with_known_categories

F = TypeVar("F", bound=pd.DataFrame)

_ACCOUNT = re.compile(r"\b(AC[0-9a-fA-F]{2})[0-9a-fA-F]{26}([0-9a-fA-F]{4})\b")


_HIDDEN = "•••"


def masked(frame: F, *, bodies: bool = False) -> F:
    """Return a copy with phone numbers and account SIDs masked in texts, names and attrs.

    Args:
        frame: Any frame.
        bodies: Whether the texts in the column ``body`` are hidden as well, unless empty.
    """
    safe = each_text(frame, _masked_text)
    if bodies and "body" in safe.columns:
        safe["body"] = safe["body"].mask(safe["body"].fillna("") != "", _HIDDEN)
    for place, dtype in enumerate(frame.dtypes):
        if isinstance(dtype, pd.CategoricalDtype):
            categories = dict.fromkeys(_masked_text(str(word)) for word in dtype.categories)
            safe.isetitem(
                place, with_known_categories(safe.iloc[:, place], tuple(categories)).array
            )
    made = type(frame)(safe)
    made.attrs = {name: _masked_value(value) for name, value in frame.attrs.items()}
    return made


def _masked_text(text: str) -> str:
    return _ACCOUNT.sub(r"\1…\2", mask(text))


def _masked_value(value: Any) -> Any:
    if isinstance(value, str):
        return _masked_text(value)
    if isinstance(value, dict):
        return {name: _masked_value(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_masked_value(part) for part in value]
    return value

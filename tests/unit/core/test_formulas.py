"""The formula rule of CSV files is the same in Python and in the live table's script."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from twilio_widgets.core.formulas import guarded, unguarded

# tests/js/table_text.test.js reads the same cases.
CASES = json.loads((Path(__file__).parents[2] / "js" / "formula_cases.json").read_text("utf-8"))


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_a_text_is_guarded_as_in_the_shared_cases(text, expected):
    assert guarded(text) == expected
    assert unguarded(expected) == text

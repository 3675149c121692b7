"""What a test does when a tool it needs is not there."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def without(tool: str, *, consequence: str) -> NoReturn:
    """Skip and say so; fail with ``CI=true``, where nothing may be skipped for want of a tool."""
    absent = f"there is no {tool} here, so {consequence}: install it to run this"
    if os.environ.get("CI") == "true":
        pytest.fail(absent)
    pytest.skip(absent)

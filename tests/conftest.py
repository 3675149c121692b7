"""What every test shares: nothing is left behind."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def the_world_is_left_as_it_was() -> Iterator[None]:
    """No thread and no environment variable outlives the test that made it."""
    before, environment = set(threading.enumerate()), dict(os.environ)
    yield
    left = [
        thread.name
        for thread in threading.enumerate()
        if thread not in before and thread.is_alive() and thread.name.startswith("twilio_widgets")
    ]
    assert left == [], f"threads left running: {left}"
    after = dict(os.environ)
    for name in ("PYTEST_CURRENT_TEST",):
        environment.pop(name, None)
        after.pop(name, None)
    assert after == environment

"""A sandbox with a short history, for the tests of the archive."""

from __future__ import annotations

import pytest

from tests.archives import NOON
from twilio_widgets import Sandbox, Twilio


@pytest.fixture
def sandbox():
    with Sandbox(messages=200, now=NOON) as sandbox:
        yield sandbox


@pytest.fixture
def twilio(sandbox):
    return Twilio(sandbox.connection)

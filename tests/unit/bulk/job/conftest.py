"""A sandbox whose clock stands, and its client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from twilio_widgets import Sandbox, Twilio


@pytest.fixture
def twilio(sandbox: Sandbox) -> Iterator[Twilio]:
    with Twilio(sandbox.connection) as client:
        yield client

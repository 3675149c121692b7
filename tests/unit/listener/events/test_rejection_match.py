"""Failed requests in Twilio's alerts, matched with the listener's rejections by path and time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from twilio_widgets.listener.events.event import Rejection
from twilio_widgets.listener.events.rejection_match import matches

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
URL = "https://hooks.example/inbound?row=7#rc=3"


def rejected(number: int, path: str = "/inbound", seconds: float = 0) -> Rejection:
    at = NOON + timedelta(seconds=seconds)
    return Rejection(at=at, status=403, reason="No.", cause="signature", path=path, id=number)


def test_the_nearest_rejection_of_the_same_path_is_found():
    rejections = [rejected(1, seconds=-40), rejected(2, seconds=3), rejected(3, "/status")]
    found = matches(rejections, [(URL, NOON), ("https://hooks.example/status", NOON)])
    assert [one.id if one else None for one in found] == [2, 3]


@pytest.mark.parametrize(
    ("url", "at"),
    [
        ("https://hooks.example/other", NOON),
        (URL, NOON + timedelta(seconds=61)),
        (URL, NOON - timedelta(seconds=61)),
        (URL, None),
        ("", NOON),
        ("https://[hooks/inbound", NOON),
    ],
)
def test_another_path_or_time_matches_nothing(url, at):
    assert matches([rejected(1)], [(url, at)]) == [None]


def test_without_requests_there_is_nothing_to_match():
    assert matches([rejected(1)], []) == []

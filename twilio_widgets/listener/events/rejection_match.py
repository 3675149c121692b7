"""Match requests that Twilio reports as failed with the listener's own rejected requests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from twilio_widgets.listener.events.event import Rejection, recorded_path

WINDOW = timedelta(minutes=1)
"""How far the two times may differ: Twilio may retry, and its clock is not ours."""


def matches(
    rejections: Iterable[Rejection], requests: Sequence[tuple[str, datetime | None]]
) -> list[Rejection | None]:
    """Return, for each request, the rejection of the same path that is nearest in time.

    Args:
        rejections: The rejected requests.
        requests: The URL of each request, and when it failed.
    """
    by_path = defaultdict(list)
    for rejection in rejections:
        by_path[rejection.path].append(rejection)
    return [_nearest(by_path.get(recorded_path(url), ()), at) for url, at in requests]


def _nearest(rejections: Sequence[Rejection], at: datetime | None) -> Rejection | None:
    if at is None:
        return None
    near = [one for one in rejections if abs(one.at - at) <= WINDOW]
    return min(near, key=lambda one: abs(one.at - at), default=None)

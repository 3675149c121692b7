"""Run one check of the doctor, so that it can neither fail nor hang the others."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

from twilio_widgets.errors import TwilioWidgetsError
from twilio_widgets.support.report_line import ReportLine

if TYPE_CHECKING:
    from collections.abc import Callable


def guarded(topic: str, check: Callable[[], list[ReportLine]], seconds: float) -> list[ReportLine]:
    """Return the lines of a check, or one line with the reason why there are none.

    It runs in a daemon thread: a name look-up or a locked keyring has no time-out of its own.

    Args:
        topic: The topic of that line.
        check: The check.
        seconds: The time after which it is given up.
    """
    if sys.platform == "emscripten":  # no threads, and nothing that could take long
        return _caught(topic, check)
    lines: list[ReportLine] = []
    thread = threading.Thread(
        target=lambda: lines.extend(_caught(topic, check)),
        name="twilio_widgets-doctor",
        daemon=True,
    )
    thread.start()
    thread.join(seconds)
    return list(lines) or [ReportLine(topic, "Problem", f"no answer within {seconds:g} s", "no")]


def _caught(topic: str, check: Callable[[], list[ReportLine]]) -> list[ReportLine]:
    try:
        return check()
    except TwilioWidgetsError as error:
        return [ReportLine(topic, "Problem", str(error), "no")]
    except Exception as error:  # noqa: BLE001  # its text might contain a secret; its name does not
        return [ReportLine(topic, "Problem", f"{type(error).__name__} in this check", "no")]

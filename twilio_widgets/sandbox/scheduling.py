"""When a scheduled message may leave: from 300 seconds to 35 days ahead, through a service."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from twilio_widgets.sandbox.refusals import Refusal

if TYPE_CHECKING:
    from twilio_widgets.sandbox.estate import Account, Service
    from twilio_widgets.sandbox.wire import Form
    from twilio_widgets.sandbox.world import World

_SOONEST, _LATEST = 300, 3_024_000
_MOST_SCHEDULED = 500_000


def send_at(form: Form, service: Service | None, account: Account, world: World) -> float | None:
    """Return when a scheduled message leaves (seconds since 1970); None when it is not scheduled.

    Raises:
        Refusal: The moment is missing, unreadable or outside the window, or there is no service.
    """
    text = form.get("SendAt")
    if form.get("ScheduleType") is None and not text:
        return None
    if service is None:
        raise Refusal(35118)
    if not text or form.get("ScheduleType") != "fixed":
        # SendAt without ScheduleType is UNCONFIRMED; sending it at once would be a bad surprise.
        raise Refusal(35111)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(35111, "'SendAt' is not an ISO 8601 time") from None
    at = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    # Which of 35114, 35115 and 35117 stands for which end of the window is UNCONFIRMED.
    if at < world.now() + _SOONEST:
        raise Refusal(35114)
    if at > world.now() + _LATEST:
        raise Refusal(35115)
    now = world.now()
    log = world.logs[account.sid]
    if sum(message.step(now).status == "scheduled" for message in log.stored()) >= _MOST_SCHEDULED:
        raise Refusal(35125)
    return at

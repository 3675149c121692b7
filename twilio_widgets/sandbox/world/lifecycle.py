"""The life cycle of a message: its status at each moment.

Everything is decided when the message is created, as a timetable of steps. The status at any moment
is looked up there, so nothing runs in the background and advancing the clock is enough.

The recipient determines the final status. All these numbers are reserved for fiction, so that no
demonstration can reach a real phone. The last two digits of a US 555-01xx or UK 07700 900xxx number
mean:

====  ==========================================  ====  =================================
91    undelivered, 30003 (handset unreachable)    95    failed, 30034 (unregistered 10DLC)
92    undelivered, 30005 (unknown handset)        96    stays ``sent``: no delivery receipt
93    undelivered, 30006 (landline)               97    undelivered, 30008 (unknown)
94    undelivered, 30007 (filtered)               98    delivered after a minute
90    undelivered, 30004 (blocked)
====  ==========================================  ====  =================================

Behind ``whatsapp:``, ``rcs:`` or ``messenger:`` the error codes are those of channels:

====  ==========================================  ====  =================================
90    failed, 63013 (policy)                      95    failed, 63018 (rate limit)
91    failed, 63003 (recipient not found)         97    undelivered, 63012 (provider's fault)
92    undelivered, 63024 (invalid recipient)      99    failed, 63001 (channel not authorised)
93    undelivered, 63033 (recipient blocked it)   94    failed, 63005 (content rejected)
====  ==========================================  ====  =================================

Every other recipient receives the message within about two seconds.
Sources: Twilio, "Outbound message status in status callbacks" (the order of states).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple

FINAL = frozenset(
    {"delivered", "undelivered", "failed", "received", "read", "canceled", "partially_delivered"}
)

_FICTION = re.compile(r"(\w+:)?(?:\+1\d{3}55501|\+447700900\d|\d{13})(\d\d)")
_NEVER_HAPPENS = 1e12

ERROR_TEXTS = {
    21610: "Recipient has opted out",
    21614: "Recipient is not a mobile number",
    30003: "Unreachable destination handset",
    30004: "Message blocked",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    30008: "Unknown error",
    30022: "Rate limit of the campaign exceeded",
    30034: "Message from an unregistered number",
    63001: "The channel could not authenticate the sender",
    63003: "The channel could not find the recipient",
    63005: "The channel rejected the content",
    63012: "The channel provider had an internal error",
    63013: "The message violates a policy of the channel",
    63016: "Free text outside the 24-hour window",
    63018: "Rate limit of the channel exceeded",
    63024: "The recipient is not valid for the channel",
    63033: "The recipient has blocked the sender",
}
"""`error_message` for each error code, in our own words."""


class Step(NamedTuple):
    """The message has this status from the moment `at` (seconds since 1970)."""

    at: float
    status: str
    error_code: int | None = None


class Fate(NamedTuple):
    """The final status of a message, and how long it takes."""

    status: str = "delivered"
    error_code: int | None = None
    seconds: float = 1.2
    """Seconds from ``sent`` to the final status. Not used for ``failed``."""


_FATES = {
    "91": Fate("undelivered", 30003),
    "92": Fate("undelivered", 30005),
    "93": Fate("undelivered", 30006),
    "94": Fate("undelivered", 30007),
    "95": Fate("failed", 30034),
    "96": Fate("delivered", seconds=_NEVER_HAPPENS),
    "97": Fate("undelivered", 30008),
    "98": Fate("delivered", seconds=60.0),
    "90": Fate("undelivered", 30004),
}
_CHANNEL_FATES = _FATES | {
    "90": Fate("failed", 63013),
    "91": Fate("failed", 63003),
    "92": Fate("undelivered", 63024),
    "93": Fate("undelivered", 63033),
    "94": Fate("failed", 63005),
    "95": Fate("failed", 63018),
    "97": Fate("undelivered", 63012),
    "99": Fate("failed", 63001),
}


def fate_of(recipient: str) -> Fate:
    """Return the final status of a message to this recipient (see the tables above)."""
    found = _FICTION.fullmatch(recipient)
    if found is None:
        return Fate()
    return (_CHANNEL_FATES if found[1] else _FATES).get(found[2], Fate())


def outbound(
    created: float,
    recipient: str,
    *,
    service: bool,
    send_at: float | None,
    chance: int,
    channel_error: int | None = None,
) -> tuple[Step, ...]:
    """Return the timetable of a message sent through the API.

    Args:
        created: When it was accepted (seconds since 1970).
        recipient: Determines the final status.
        service: Whether a messaging service picks the sender.
        send_at: When a scheduled message is sent; None if it is not scheduled.
        chance: Any integer; it varies the time of delivery slightly.
        channel_error: The error with which the channel does not deliver it; None if it does.
    """
    steps: list[Step] = []
    queued = created
    if send_at is not None:
        steps.append(Step(created, "scheduled"))
        queued = send_at
    elif service:
        steps.append(Step(created, "accepted"))
        queued = created + 0.3
    steps.append(Step(queued, "queued"))
    fate = fate_of(recipient)
    if channel_error is not None and fate == Fate():  # a documented recipient keeps its own error
        fate = Fate("undelivered", channel_error)
    if fate.status == "failed":
        return (*steps, Step(queued + 0.7, "failed", fate.error_code))
    sent = queued + 0.8  # constant, so that messages are sent in the order of their creation
    done = sent + fate.seconds + chance % 600 / 1000
    steps += [Step(queued + 0.3, "sending"), Step(sent, "sent")]
    if fate.seconds < _NEVER_HAPPENS:
        steps.append(Step(done, fate.status, fate.error_code))
        if recipient.startswith(("whatsapp:", "rcs:")) and fate.status == "delivered":
            steps.append(Step(done + 2.0, "read"))
    return tuple(steps)


def step_at(steps: tuple[Step, ...], moment: float) -> Step:
    """Return the step that applies at `moment`; before the first step, the first."""
    return steps[max(0, bisect_right(steps, moment, key=_at) - 1)]


def sent_at(steps: tuple[Step, ...]) -> float | None:
    """Return when the message is sent; None when it never is.

    A message that fails or is refused counts as sent at that moment, which gives it a position in
    the message list (Twilio's `date_sent` of such messages is UNCONFIRMED).
    """
    for step in steps:
        if step.status in {"sent", "failed", "received"}:
            return step.at
    return None


def cancelled(steps: tuple[Step, ...], moment: float) -> tuple[Step, ...]:
    """Return the timetable of a scheduled message that is cancelled at `moment`."""
    return (*(step for step in steps if step.at <= moment), Step(moment, "canceled"))


def _at(step: Step) -> float:
    return step.at

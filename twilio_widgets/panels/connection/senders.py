"""The account's senders as suggestions; any other sender can be typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_widgets.errors import TwilioWidgetsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from twilio_widgets.client import Twilio
    from twilio_widgets.core.flows.account import MessagingService, OwnNumber


def senders_of(twilio: Twilio) -> tuple[tuple[str, ...], str]:
    """Return the account's senders, each as ``"+15005550006 — SMS, MMS"``.

    Returns:
        The numbers that can send, then the messaging services; and why some are missing, if any.
    """
    numbers, no_numbers = _read(lambda: _numbers(twilio.numbers()))
    services, no_services = _read(lambda: _services(twilio.services()))
    why = no_numbers or no_services
    note = f"Some senders could not be listed; you can type one. {why}" if why else ""
    return (*numbers, *services), note


def _read(read: Callable[[], list[str]]) -> tuple[list[str], str]:
    try:
        return read(), ""
    except TwilioWidgetsError as error:
        return [], str(error)


def _numbers(numbers: list[OwnNumber]) -> list[str]:
    return [
        f"{number.phone_number} — {'SMS, MMS' if number.mms else 'SMS'}"
        for number in numbers
        if number.sms
    ]


def _services(services: list[MessagingService]) -> list[str]:
    return [f"{one.sid} — {one.friendly_name or 'unnamed'} (messaging service)" for one in services]

"""Asking Twilio about places and to change them, with a second look when an answer is lost."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from twilio_widgets.core.flows.flow import RetryPolicy
from twilio_widgets.errors import BadResponse, OutcomeUnknown, TwilioWidgetsError
from twilio_widgets.listener.webhooks.fields import (
    Found,
    Settings,
    WebhookResource,
    look,
    place_of,
    put,
)
from twilio_widgets.listener.webhooks.precedence import who_else_decides

if TYPE_CHECKING:
    from twilio_widgets.client import Twilio


@dataclass(frozen=True, slots=True)
class WebhookApi:
    """Twilio, for as long as one number or service is dealt with."""

    twilio: Twilio
    seconds: float
    """How long each exchange may take."""

    def place(self, number_or_service: str) -> WebhookResource:
        """Find what a person means by a number or a SID."""
        flow = place_of(self.twilio.connection, number_or_service, self._new_patience)
        return self.twilio.run(flow)

    def look(self, place: WebhookResource) -> Found:
        """Read how a place is set now."""
        return self.twilio.run(look(place, self._new_patience))

    def put(self, place: WebhookResource, settings: Settings) -> Found:
        """Change settings and return how they are then; a lost answer is made good by a look.

        Raises:
            TwilioWidgetsError: Twilio refused the change or was not reached; nothing was changed.
            OutcomeUnknown: The answer was lost, and so was that of the look after it.
        """
        try:
            return self.twilio.run(put(place, settings, self._new_patience))
        except (OutcomeUnknown, BadResponse) as error:
            lost = str(error)
        try:
            return self.look(place)
        except TwilioWidgetsError as error:
            raise OutcomeUnknown(
                f"It is not known whether the change was made. {lost} Reading it back: {error}"
            ) from error

    def who_else_decides(self, place: WebhookResource) -> tuple[str, ...]:
        """Say in sentences what else decides where the messages of a place go."""
        return self.twilio.run(who_else_decides(place, self._new_patience))

    def is_ours(self, place: WebhookResource) -> bool:
        """Say whether these credentials are of the account that owns a place."""
        connection = self.twilio.connection
        return place.account_sid in {connection.acting_sid, connection.account_sid}

    @property
    def _new_patience(self) -> partial[RetryPolicy]:
        return partial(RetryPolicy, self.seconds)

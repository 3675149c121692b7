"""Asking Twilio about places and to change them, with a second look when an answer is lost."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from twilio_widgets.core.flows.flow import Patience
from twilio_widgets.errors import BadResponse, OutcomeUnknown, TwilioWidgetsError
from twilio_widgets.listener.webhooks.fields import Found, Place, Settings, look, place_of, put
from twilio_widgets.listener.webhooks.precedence import who_else_decides

if TYPE_CHECKING:
    from twilio_widgets.client import Twilio


@dataclass(frozen=True, slots=True)
class Asking:
    """Twilio, for as long as one number or service is dealt with."""

    twilio: Twilio
    seconds: float
    """How long each exchange may take."""

    def place(self, number_or_service: str) -> Place:
        """Find what a person means by a number or a SID."""
        flow = place_of(self.twilio.connection, number_or_service, self._new_patience)
        return self.twilio.run(flow)

    def look(self, place: Place) -> Found:
        """Read how a place is set now."""
        return self.twilio.run(look(place, self._new_patience))

    def put(self, place: Place, settings: Settings) -> Found:
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
                f"Whether the change was made is not known. {lost} Looking again: {error}"
            ) from error

    def who_else_decides(self, place: Place) -> tuple[str, ...]:
        """Say in sentences what else decides where the messages of a place go."""
        return self.twilio.run(who_else_decides(place, self._new_patience))

    def is_ours(self, place: Place) -> bool:
        """Say whether these credentials are of the account that owns a place."""
        connection = self.twilio.connection
        return place.account_sid in {connection.acting_sid, connection.account_sid}

    @property
    def _new_patience(self) -> partial[Patience]:
        return partial(Patience, self.seconds)

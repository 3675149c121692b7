"""Reading and changing webhook settings at Twilio; after a lost response they are read back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from twilio_widgets.core.flows.flow import RetryPolicy
from twilio_widgets.errors import BadResponse, OutcomeUnknown, TwilioWidgetsError
from twilio_widgets.listener.webhooks.fields import (
    ResourceSettings,
    Settings,
    WebhookResource,
    find_resource,
    read_settings,
    write_settings,
)
from twilio_widgets.listener.webhooks.precedence import competing_settings

if TYPE_CHECKING:
    from twilio_widgets.client import Twilio


@dataclass(frozen=True, slots=True)
class WebhookApi:
    """Webhook settings of numbers and services, through one client."""

    twilio: Twilio
    seconds: float
    """Time limit for each request, with its retries."""

    def find(self, number_or_service: str) -> WebhookResource:
        """Find the number or service for a phone number or a SID."""
        flow = find_resource(self.twilio.connection, number_or_service, self._new_retry_policy)
        return self.twilio.run(flow)

    def read(self, resource: WebhookResource) -> ResourceSettings:
        """Read the current settings of a number or service."""
        return self.twilio.run(read_settings(resource, self._new_retry_policy))

    def write(self, resource: WebhookResource, settings: Settings) -> ResourceSettings:
        """Change settings and return the new ones; if the response is lost, read them back.

        Raises:
            TwilioWidgetsError: Twilio refused or could not be reached; nothing was changed.
            OutcomeUnknown: The response was lost, and reading the settings back failed too.
        """
        try:
            return self.twilio.run(write_settings(resource, settings, self._new_retry_policy))
        except (OutcomeUnknown, BadResponse) as error:
            lost = str(error)
        try:
            return self.read(resource)
        except TwilioWidgetsError as error:
            raise OutcomeUnknown(
                f"It is not known whether the change was made. {lost} Reading it back: {error}"
            ) from error

    def competing_settings(self, resource: WebhookResource) -> tuple[str, ...]:
        """Return sentences about other settings that decide where the messages go."""
        return self.twilio.run(competing_settings(resource, self._new_retry_policy))

    def is_ours(self, resource: WebhookResource) -> bool:
        """Return whether these credentials belong to the account that owns a number or service."""
        connection = self.twilio.connection
        return resource.account_sid in {connection.acting_sid, connection.account_sid}

    @property
    def _new_retry_policy(self) -> partial[RetryPolicy]:
        return partial(RetryPolicy, self.seconds)

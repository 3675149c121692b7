"""Point a number's or messaging service's webhooks at this listener.

The previous settings are saved durably before anything is changed. After a crash at any moment,
either they are still in force or they can be restored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.errors import (
    ConfigurationError,
    ListenerError,
    OutcomeUnknown,
    TwilioWidgetsError,
)
from twilio_widgets.listener.webhooks.api import WebhookApi
from twilio_widgets.listener.webhooks.configured import ConfiguredWebhook, WebhookBackup, went_to
from twilio_widgets.listener.webhooks.fields import Settings, settings_to_change, shown

if TYPE_CHECKING:
    from twilio_widgets.client import Twilio


def folder_of(store: Path) -> Path:
    """Return the folder for the webhook backups of the listener with this event store."""
    return store.with_name(f"{store.name}.webhooks")


def configured_webhooks(folder: Path) -> tuple[ConfiguredWebhook, ...]:
    """Return the numbers and services that are pointed at the listener with this folder.

    Raises:
        ListenerError: The backup file cannot be read.
    """
    return tuple(WebhookBackup(folder).read().values())


def discard_backup(folder: Path, sid: str) -> None:
    """Delete the saved settings of a number or service, which keeps its current ones.

    Args:
        folder: The listener's folder.
        sid: As in ``ConfiguredWebhook.sid``.
    """
    backup = WebhookBackup(folder)
    with backup.locked():
        backup.delete(sid)


def configure_webhook(
    twilio: Twilio,
    folder: Path,
    number_or_service: str,
    inbound_url: str,
    *,
    status_url: str | None = None,
    seconds: float = 30.0,
) -> ConfiguredWebhook:
    """Point a number's or service's webhooks at our URLs, after saving the previous settings.

    If it was pointed here before, the settings saved first are kept, unless someone else changed
    them in between: then theirs are saved. The fallback URL is never changed.

    Args:
        twilio: Makes the requests.
        folder: The listener's own folder, which no other listener uses; see `folder_of`.
        number_or_service: A phone number in E.164 form, or the SID of a number (``PN…``) or of a
            messaging service (``MG…``).
        inbound_url: The webhook URL for inbound messages.
        status_url: The status callback URL of a messaging service; None does not change it. A
            phone number has no such setting for messages.
        seconds: Time limit for each request, with its retries.

    Returns:
        The number or service, its previous settings, and what else decides where its messages go.

    Raises:
        ConfigurationError: There is no such number or service in the account.
        ListenerError: Twilio's response shows that the change was not made.
        OutcomeUnknown: The change may have been made; the previous settings are saved.
        TwilioWidgetsError: Twilio refused or could not be reached; nothing was changed.
    """
    api, backup = WebhookApi(twilio, seconds), WebhookBackup(folder)
    resource = api.find(number_or_service)
    with backup.locked():
        found = api.read(resource)
        if found.account_sid not in {resource.account_sid, ""}:
            raise ConfigurationError(
                f"The {resource.kind.name} {resource.sid} does not belong to "
                f"{twilio.connection.masked_account}. Connect with its own account's credentials.",
                field="number_or_service",
            )
        changes = settings_to_change(resource, found.settings, inbound_url, status_url)
        earlier = backup.read().get(resource.sid)
        entry = ConfiguredWebhook(
            resource=resource,
            name=found.name,
            since=twilio.connection.now(),
            previous=_previous(earlier, found.settings, changes),
            ours=_ours(earlier, changes),
            notes=api.competing_settings(resource),
        )
        # Saved before the change: a crash after it must still be able to restore the settings.
        backup.save(entry)
        if not changes:
            return entry
        try:
            after = api.write(resource, changes).settings
        except OutcomeUnknown:
            raise  # the change may have been made, so keep the saved settings
        except TwilioWidgetsError:
            backup.revert(entry.sid, earlier)
            raise
        confirmed = _confirmed(entry, found.settings, changes, after)
        backup.save(confirmed)
        return confirmed


def _previous(earlier: ConfiguredWebhook | None, now: Settings, changes: Settings) -> Settings:
    """Return the settings to restore: those saved first, unless someone else changed them since."""
    if earlier is None:
        return {field: now[field] for field in changes}
    kept = dict(earlier.previous)
    for unit in earlier.resource.kind.units:
        theirs = earlier.changed_by_others(unit, now)
        for field in unit:
            if theirs:
                kept.pop(field, None)
            if field in changes:
                kept.setdefault(field, now[field])
    return kept


def _ours(earlier: ConfiguredWebhook | None, more: Settings) -> Mapping[str, tuple[str, ...]]:
    ours = dict(earlier.ours) if earlier else {}
    for field, value in more.items():
        ours[field] = tuple(dict.fromkeys((*ours.get(field, ()), value)))
    return ours


def _confirmed(
    entry: ConfiguredWebhook, before: Settings, changes: Settings, after: Settings
) -> ConfiguredWebhook:
    """Return the entry with the values Twilio confirmed; raise if the change was not made."""
    first = next(iter(changes))  # the URL, unless it was already ours
    if after[first] == before[first]:
        # The change may still take effect later, so the saved settings are kept.
        raise ListenerError(
            f"{mask(entry.name)} still sends its messages to {went_to(entry.resource, after)}: the "
            "change was lost, or Twilio ignored it. Point it here again."
        )
    unchanged = {field: after[field] for field in changes if after[field] == before[field]}
    notes = tuple(f"Twilio kept {name} as {shown(value)}." for name, value in unchanged.items())
    # Twilio may normalise our URL; the normalised form also counts as ours.
    accepted = {field: after[field] for field in changes if field not in unchanged}
    return replace(entry, ours=_ours(entry, accepted), notes=entry.notes + notes)

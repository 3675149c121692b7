"""Point a number's or messaging service's webhooks here, and put everything back afterwards.

What was there before is saved durably before anything is changed, so that a crash at any moment
leaves either the old configuration or a way back to it.
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
from twilio_widgets.listener.webhooks.fields import Settings, shown, wanted

if TYPE_CHECKING:
    from twilio_widgets.client import Twilio


def folder_of(store: Path) -> Path:
    """Return the folder beside an event store for what is pointed at its listener alone."""
    return store.with_name(f"{store.name}.webhooks")


def pointed(folder: Path) -> tuple[ConfiguredWebhook, ...]:
    """Return what is pointed at the listener that keeps its files in `folder`.

    Raises:
        ListenerError: The file that says so cannot be read.
    """
    return tuple(WebhookBackup(folder).read().values())


def forget(folder: Path, sid: str) -> None:
    """Leave a number or service as it is now for good: its previous configuration is forgotten.

    Args:
        folder: The listener's folder.
        sid: As in ``ConfiguredWebhook.sid``.
    """
    ledger = WebhookBackup(folder)
    with ledger.held():
        ledger.drop(sid)


def point(
    twilio: Twilio,
    folder: Path,
    number_or_service: str,
    inbound_url: str,
    *,
    status_url: str | None = None,
    seconds: float = 30.0,
) -> ConfiguredWebhook:
    """Let a number's or service's webhooks come to our URLs; what they were before is kept.

    Pointing it again keeps the first previous configuration, unless somebody else changed it in
    between: then theirs is the one to go back to. The fallback URL is left alone.

    Args:
        twilio: Asks for the change.
        folder: The listener's own folder, which no other listener uses; see `folder_of`.
        number_or_service: A phone number in E.164 form, or the SID of one (``PN…``) or of a
            messaging service (``MG…``).
        inbound_url: Where inbound messages are to be announced.
        status_url: Where a messaging service is to report the status of what it sends; None leaves
            that as it is. A number has no such setting for messages.
        seconds: How long each exchange with Twilio may take.

    Returns:
        What was pointed, what it was before, and what else decides where its messages go.

    Raises:
        ConfigurationError: There is no such number or service in the account.
        ListenerError: Twilio's answer shows that the change was not made.
        OutcomeUnknown: The change may have been made; what was there before is saved.
        TwilioWidgetsError: Twilio refused it or was not reached; nothing was changed.
    """
    asking, ledger = WebhookApi(twilio, seconds), WebhookBackup(folder)
    place = asking.place(number_or_service)
    with ledger.held():
        found = asking.look(place)
        if found.account_sid not in {place.account_sid, ""}:
            raise ConfigurationError(
                f"The {place.kind.name} {place.sid} does not belong to "
                f"{twilio.connection.masked_account}. Connect with its own account's credentials.",
                field="number_or_service",
            )
        changes = wanted(place, found.settings, inbound_url, status_url)
        earlier = ledger.read().get(place.sid)
        entry = ConfiguredWebhook(
            place=place,
            name=found.name,
            since=twilio.connection.now(),
            previous=_previous(earlier, found.settings, changes),
            ours=_ours(earlier, changes),
            notes=asking.who_else_decides(place),
        )
        ledger.keep(entry)
        if not changes:
            return entry
        try:
            after = asking.put(place, changes).settings
        except OutcomeUnknown:
            raise  # and keep what is saved
        except TwilioWidgetsError:
            ledger.put_back(entry.sid, earlier)
            raise
        settled = _settled(entry, found.settings, changes, after)
        ledger.keep(settled)
        return settled


def _previous(earlier: ConfiguredWebhook | None, now: Settings, changes: Settings) -> Settings:
    """Return what to go back to: the first values, unless somebody else set others since."""
    if earlier is None:
        return {field: now[field] for field in changes}
    kept = dict(earlier.previous)
    for unit in earlier.place.kind.units:
        theirs = earlier.foreign(unit, now)
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


def _settled(
    entry: ConfiguredWebhook, before: Settings, changes: Settings, after: Settings
) -> ConfiguredWebhook:
    """Return the entry as Twilio's answer makes it, or say that the change was not made."""
    first = next(iter(changes))  # the URL, unless that was right already
    if after[first] == before[first]:
        # It may still arrive, so the way back stays saved.
        raise ListenerError(
            f"{mask(entry.name)} still sends its messages to {went_to(entry.place, after)}: the "
            "change was lost, or Twilio ignored it. Point it here again."
        )
    stubborn = {field: after[field] for field in changes if after[field] == before[field]}
    notes = tuple(f"Twilio kept {name} as {shown(value)}." for name, value in stubborn.items())
    # Twilio may have written our URL in its own way; that is ours as well.
    taken = {field: after[field] for field in changes if field not in stubborn}
    return replace(entry, ours=_ours(entry, taken), notes=entry.notes + notes)

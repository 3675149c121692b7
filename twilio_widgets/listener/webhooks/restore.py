"""Restore the previous webhook settings of a number or service.

Only settings that we changed are restored, and only if they still have the value we set: a change
by someone else is intentional.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.errors import NotFound, TwilioWidgetsError
from twilio_widgets.listener.webhooks.api import WebhookApi
from twilio_widgets.listener.webhooks.configured import ConfiguredWebhook, WebhookBackup, went_to

if TYPE_CHECKING:
    from twilio_widgets.client import Twilio
    from twilio_widgets.listener.webhooks.fields import Settings

State = Literal["restored", "already", "changed", "gone", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """The result of restoring the previous settings of one number or service."""

    sid: str
    name: str
    """Masked."""
    state: State
    """``restored``; ``already`` (nothing to restore); ``changed`` (by someone else, left alone);
    ``gone`` (no longer in the account); or ``failed``."""
    text: str
    """The result in one or two sentences, with phone numbers masked."""

    def __bool__(self) -> bool:
        """Whether nothing is left to restore."""
        return self.state in {"restored", "already", "gone"}


def restore(
    twilio: Twilio, folder: Path, sid: str, *, overwrite: bool = False, seconds: float = 30.0
) -> Restored:
    """Restore the settings that one number or service had before it was pointed here.

    Args:
        twilio: Makes the requests.
        folder: The listener's folder.
        sid: As in ``ConfiguredWebhook.sid``.
        overwrite: Also restore settings that someone else has changed since.
        seconds: Time limit for each request, with its retries.

    Returns:
        The result. Errors from Twilio are not raised but returned as ``failed``; the previous
        settings then stay saved.

    Raises:
        ListenerError: The file with the saved settings cannot be read, or is locked.
    """
    backup = WebhookBackup(folder)
    with backup.locked():
        entry = backup.read().get(sid)
        if entry is None:
            return Restored(sid=sid, name=sid, state="already", text=f"{sid} is not pointed here.")
        return _restore(WebhookApi(twilio, seconds), backup, entry, overwrite=overwrite)


def restore_all(
    folder: Path, twilio: Twilio, *, overwrite: bool = False, seconds: float = 30.0
) -> list[Restored]:
    """Restore everything that is pointed here, one after the other; see `restore`."""
    backup, api = WebhookBackup(folder), WebhookApi(twilio, seconds)
    with backup.locked():
        return [
            _restore(api, backup, entry, overwrite=overwrite) for entry in backup.read().values()
        ]


def _restore(
    api: WebhookApi, backup: WebhookBackup, entry: ConfiguredWebhook, *, overwrite: bool
) -> Restored:
    name = mask(entry.name) or entry.sid

    def outcome(state: State, text: str) -> Restored:
        return Restored(sid=entry.sid, name=name, state=state, text=f"{name} {text}")

    if not api.is_ours(entry.resource):
        return outcome("failed", "belongs to another account and was not changed.")
    try:
        now = api.read(entry.resource).settings
        changes, left = _to_restore(entry, now, overwrite=overwrite)
        after = api.write(entry.resource, changes).settings if changes else now
    except NotFound:
        backup.delete(entry.sid)
        return outcome("gone", "is no longer in the account.")
    except TwilioWidgetsError as error:
        return outcome("failed", f"may still be pointed here. {error}")
    if any(after[field] != value for field, value in changes.items()):
        return outcome("failed", "was not restored: Twilio did not make the change. Try again.")
    if left:
        backup.save(replace(entry, previous=left))
        return outcome(
            "changed",
            f"was changed by someone else to {went_to(entry.resource, after)} and was left that "
            f"way. Before, its messages went to {entry.went_to}; overwrite=True restores that.",
        )
    backup.delete(entry.sid)
    if not changes:
        return outcome("already", "already had its previous settings.")
    return outcome("restored", f"sends its messages to {went_to(entry.resource, after)} again.")


def _to_restore(
    entry: ConfiguredWebhook, now: Settings, *, overwrite: bool
) -> tuple[Settings, Settings]:
    """Return the settings to restore, and those someone else changed, which are left alone."""
    changes: dict[str, str] = {}
    left: dict[str, str] = {}
    for unit in entry.resource.kind.units:
        previous = {field: entry.previous[field] for field in unit if field in entry.previous}
        if entry.changed_by_others(unit, now) and not overwrite:
            left |= previous
        else:
            changes |= {field: old for field, old in previous.items() if now[field] != old}
    return changes, left

"""Put back what a number or service was before it was pointed here.

Only what we changed is put back, and only while it still holds what we set: somebody who changed it
meanwhile meant it.
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
    """What became of one number or service when its previous configuration was to be put back."""

    sid: str
    name: str
    """Masked."""
    state: State
    """``restored``; ``already`` as before; ``changed`` by somebody else meanwhile, and left;
    ``gone`` from the account; or ``failed``."""
    text: str
    """The same in a sentence or two, with numbers masked."""

    def __bool__(self) -> bool:
        """Whether nothing is left to do."""
        return self.state in {"restored", "already", "gone"}


def restore(
    twilio: Twilio, folder: Path, sid: str, *, overwrite: bool = False, seconds: float = 30.0
) -> Restored:
    """Put back what one number or service was before it was pointed here.

    Args:
        twilio: Asks for the change.
        folder: The listener's folder.
        sid: As in ``ConfiguredWebhook.sid``.
        overwrite: Also put back what somebody else has changed meanwhile.
        seconds: How long each exchange with Twilio may take.

    Returns:
        What became of it. No answer of Twilio's is raised: it is in the outcome, and what could
        not be put back stays saved.

    Raises:
        ListenerError: The file of what is pointed here cannot be read, or is held by another.
    """
    ledger = WebhookBackup(folder)
    with ledger.held():
        entry = ledger.read().get(sid)
        if entry is None:
            return Restored(sid=sid, name=sid, state="already", text=f"{sid} is not pointed here.")
        return _restore(WebhookApi(twilio, seconds), ledger, entry, overwrite=overwrite)


def restore_all(
    folder: Path, twilio: Twilio, *, overwrite: bool = False, seconds: float = 30.0
) -> list[Restored]:
    """Put back everything that is pointed here, one after the other; see `restore`."""
    ledger, asking = WebhookBackup(folder), WebhookApi(twilio, seconds)
    with ledger.held():
        return [
            _restore(asking, ledger, entry, overwrite=overwrite) for entry in ledger.read().values()
        ]


def _restore(
    asking: WebhookApi, ledger: WebhookBackup, entry: ConfiguredWebhook, *, overwrite: bool
) -> Restored:
    name = mask(entry.name) or entry.sid

    def outcome(state: State, text: str) -> Restored:
        return Restored(sid=entry.sid, name=name, state=state, text=f"{name} {text}")

    if not asking.is_ours(entry.place):
        return outcome("failed", "belongs to another account and was not changed.")
    try:
        now = asking.look(entry.place).settings
        changes, left = _to_put_back(entry, now, overwrite=overwrite)
        after = asking.put(entry.place, changes).settings if changes else now
    except NotFound:
        ledger.drop(entry.sid)
        return outcome("gone", "is no longer in the account.")
    except TwilioWidgetsError as error:
        return outcome("failed", f"may still be pointed here. {error}")
    if any(after[field] != value for field, value in changes.items()):
        return outcome("failed", "was not restored: Twilio did not make the change. Try again.")
    if left:
        ledger.keep(replace(entry, previous=left))
        return outcome(
            "changed",
            f"was changed by someone else to {went_to(entry.place, after)} and was left that way. "
            f"Before, its messages went to {entry.went_to}; overwrite=True restores that.",
        )
    ledger.drop(entry.sid)
    if not changes:
        return outcome("already", "already had its previous settings.")
    return outcome("restored", f"sends its messages to {went_to(entry.place, after)} again.")


def _to_put_back(
    entry: ConfiguredWebhook, now: Settings, *, overwrite: bool
) -> tuple[Settings, Settings]:
    """Return what to change back, and what somebody else changed and is left to them."""
    changes: dict[str, str] = {}
    left: dict[str, str] = {}
    for unit in entry.place.kind.units:
        previous = {field: entry.previous[field] for field in unit if field in entry.previous}
        if entry.foreign(unit, now) and not overwrite:
            left |= previous
        else:
            changes |= {field: old for field, old in previous.items() if now[field] != old}
    return changes, left

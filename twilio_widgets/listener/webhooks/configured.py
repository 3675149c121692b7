"""The webhooks pointed at a listener and their previous settings, in one small durable file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.errors import ListenerError
from twilio_widgets.listener.files import durable
from twilio_widgets.listener.webhooks.fields import (
    NUMBER,
    SERVICE,
    Settings,
    WebhookResource,
    shown,
)

FILE = "pointed.json"
_FORMAT = "pointed, form 1"
"""The key that identifies the file format; a file with another key is not read."""

_KINDS = {kind.name: kind for kind in (NUMBER, SERVICE)}


NOWHERE = "nowhere"
"""Where inbound messages go if no webhook is set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredWebhook:
    """A phone number or messaging service whose webhooks are sent to this listener."""

    resource: WebhookResource = field(repr=False)
    name: str
    """The phone number, or the name of the service."""
    since: datetime
    """When it was last pointed here (aware, UTC)."""
    previous: Settings = field(repr=False)
    """The previous values of the settings we changed; restored when the listener stops."""
    ours: Mapping[str, tuple[str, ...]] = field(repr=False)
    """The values we set; any other value means that someone else changed the setting."""
    notes: tuple[str, ...] = ()
    """Sentences about what else decides where its messages go."""

    @property
    def kind(self) -> str:
        """``"phone number"`` or ``"messaging service"``."""
        return self.resource.kind.name

    @property
    def sid(self) -> str:
        """Its SID: ``PN`` or ``MG`` and 32 hex digits."""
        return self.resource.sid

    @property
    def went_to(self) -> str:
        """Where its inbound messages went before, as text to display."""
        return went_to(self.resource, self.previous)

    def comes_to(self, inbound_url: str) -> bool:
        """Return whether we ever pointed it at this URL, ignoring what follows the path."""
        field = self.resource.kind.units[0][0]
        ours = self.ours.get(field)
        return ours is None or any(url.startswith(inbound_url) for url in ours)

    def changed_by_others(self, unit: tuple[str, ...], now: Settings) -> bool:
        """Return whether someone else has changed a setting of this unit since we did."""
        return any(
            now[field] not in (*self.ours[field], old)
            for field, old in self.previous.items()
            if field in unit
        )

    def __repr__(self) -> str:
        return f"<{self.kind} {mask(self.name)} sends here; before: {self.went_to}>"


def went_to(resource: WebhookResource, settings: Settings) -> str:
    """Return where these settings send inbound messages, as text to display."""
    if resource.kind is NUMBER and settings.get("sms_application_sid"):
        return f"the TwiML application {settings['sms_application_sid']}"
    if settings.get("use_inbound_webhook_on_number") == "true":
        return "the URL of each number"
    return shown(settings.get(resource.kind.units[0][0], "")) or NOWHERE


class WebhookBackup:
    """The file with the previous settings of everything that is pointed at one listener."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock out other processes while the file and the settings at Twilio are changed."""
        with durable.locked(self.path.with_suffix(".lock")):
            yield

    def read(self) -> dict[str, ConfiguredWebhook]:
        """Return the entries by SID; an empty dict if there is no file.

        Raises:
            ListenerError: The file is not valid.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return {}
        try:
            rows = json.loads(content)[_FORMAT]
            return {row["sid"]: _pointed(row) for row in rows}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            problem = f"{type(error).__name__}: {error}"
        raise ListenerError(
            f"{self.path} cannot be read ({problem[:80]}), so nothing was changed. It contains the "
            "previous settings of your webhooks: inspect it, then move it away."
        )

    def save(self, pointed: ConfiguredWebhook) -> None:
        """Save one entry durably."""
        self._write(self.read() | {pointed.sid: pointed})

    def delete(self, sid: str) -> None:
        """Delete one entry durably."""
        rows = self.read()
        if rows.pop(sid, None) is not None:
            self._write(rows)

    def revert(self, sid: str, earlier: ConfiguredWebhook | None) -> None:
        """Save an earlier version of an entry, or delete the entry if there was none."""
        if earlier is None:
            self.delete(sid)
        else:
            self.save(earlier)

    def _write(self, rows: Mapping[str, ConfiguredWebhook]) -> None:
        if not rows:
            durable.remove(self.path)
            return
        document = {_FORMAT: [_row(pointed) for pointed in rows.values()]}
        durable.write(self.path, json.dumps(document, indent=1).encode())


def _row(pointed: ConfiguredWebhook) -> dict[str, object]:
    return {
        "sid": pointed.sid,
        "kind": pointed.kind,
        "account_sid": pointed.resource.account_sid,
        "name": pointed.name,
        "since": pointed.since.isoformat(),
        "previous": dict(pointed.previous),
        "ours": {field: list(values) for field, values in pointed.ours.items()},
        "notes": list(pointed.notes),
    }


def _pointed(row: Mapping[str, Any]) -> ConfiguredWebhook:
    return ConfiguredWebhook(
        resource=WebhookResource(_KINDS[row["kind"]], str(row["sid"]), str(row["account_sid"])),
        name=str(row["name"]),
        since=datetime.fromisoformat(row["since"]),
        previous={str(name): str(value) for name, value in row["previous"].items()},
        ours={str(name): tuple(map(str, values)) for name, values in row["ours"].items()},
        notes=tuple(map(str, row["notes"])),
    )

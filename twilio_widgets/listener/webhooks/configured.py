"""What is pointed here now, and what it was before: one small file that outlives every process."""

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
"""What the file says it is; another form is another name, and is not read."""

_KINDS = {kind.name: kind for kind in (NUMBER, SERVICE)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredWebhook:
    """A phone number or messaging service whose webhooks come here."""

    place: WebhookResource = field(repr=False)
    name: str
    """The number itself, or the name of the service."""
    since: datetime
    """When it was pointed here last (aware, UTC)."""
    previous: Settings = field(repr=False)
    """What we changed, as it was before; it is put back when the listener ends."""
    ours: Mapping[str, tuple[str, ...]] = field(repr=False)
    """What these settings hold while nobody else has changed them."""
    notes: tuple[str, ...] = ()
    """What else decides where its messages go, in sentences."""

    @property
    def kind(self) -> str:
        """``"phone number"`` or ``"messaging service"``."""
        return self.place.kind.name

    @property
    def sid(self) -> str:
        """Its SID: ``PN`` or ``MG`` and 32 hex digits."""
        return self.place.sid

    @property
    def went_to(self) -> str:
        """Where its inbound messages went before, for people's eyes."""
        return went_to(self.place, self.previous)

    def comes_to(self, inbound_url: str) -> bool:
        """Say whether we ever pointed it at this URL, whatever follows the path."""
        field = self.place.kind.units[0][0]
        ours = self.ours.get(field)
        return ours is None or any(url.startswith(inbound_url) for url in ours)

    def foreign(self, unit: tuple[str, ...], now: Settings) -> bool:
        """Say whether somebody else has changed a setting of this unit since we did."""
        return any(
            now[field] not in (*self.ours[field], old)
            for field, old in self.previous.items()
            if field in unit
        )

    def __repr__(self) -> str:
        return f"<{self.kind} {mask(self.name)} sends here; before: {self.went_to}>"


def went_to(place: WebhookResource, settings: Settings) -> str:
    """Say where these settings send inbound messages."""
    if place.kind is NUMBER and settings.get("sms_application_sid"):
        return f"the TwiML application {settings['sms_application_sid']}"
    if settings.get("use_inbound_webhook_on_number") == "true":
        return "the URL of each number"
    return shown(settings.get(place.kind.units[0][0], "")) or "nowhere"


class WebhookBackup:
    """The file of everything that is pointed at one listener."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep every other process from changing it, or what it is about, for a while."""
        with durable.locked(self.path.with_suffix(".lock")):
            yield

    def read(self) -> dict[str, ConfiguredWebhook]:
        """Return what is pointed here, by SID.

        Raises:
            ListenerError: The file holds something else.
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

    def keep(self, pointed: ConfiguredWebhook) -> None:
        """Save one entry durably."""
        self._write(self.read() | {pointed.sid: pointed})

    def drop(self, sid: str) -> None:
        """Forget one entry durably."""
        rows = self.read()
        if rows.pop(sid, None) is not None:
            self._write(rows)

    def put_back(self, sid: str, earlier: ConfiguredWebhook | None) -> None:
        """Let an entry be as it was, or be gone if there was none."""
        if earlier is None:
            self.drop(sid)
        else:
            self.keep(earlier)

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
        "account_sid": pointed.place.account_sid,
        "name": pointed.name,
        "since": pointed.since.isoformat(),
        "previous": dict(pointed.previous),
        "ours": {field: list(values) for field, values in pointed.ours.items()},
        "notes": list(pointed.notes),
    }


def _pointed(row: Mapping[str, Any]) -> ConfiguredWebhook:
    return ConfiguredWebhook(
        place=WebhookResource(_KINDS[row["kind"]], str(row["sid"]), str(row["account_sid"])),
        name=str(row["name"]),
        since=datetime.fromisoformat(row["since"]),
        previous={str(name): str(value) for name, value in row["previous"].items()},
        ours={str(name): tuple(map(str, values)) for name, values in row["ours"].items()},
        notes=tuple(map(str, row["notes"])),
    )

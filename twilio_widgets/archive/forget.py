"""Remove a person from an archive, and keep them out of it.

A number that was forgotten stays out although Twilio may still list its messages. For that, a hash
of it is kept, with a key of this archive: the number itself is not stored. Who has the folder could
still test a number that they know.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from twilio_widgets.archive import manifest as manifests
from twilio_widgets.archive.commit import Committer
from twilio_widgets.archive.manifest import ArchivedDay
from twilio_widgets.archive.merge import CHANGE_SCHEMA
from twilio_widgets.archive.rows import read_table
from twilio_widgets.archive.store import ArchiveFolder
from twilio_widgets.errors import ConfigurationError

NAME = "forgotten.json"

_CHANNEL = re.compile(r"[A-Za-z][\w-]*:")
_NUMBER = re.compile(r"\+[1-9]\d{6,14}|\d{3,8}|.*[A-Za-z].*")


def checked(number: object) -> str:
    """Return an address without its channel.

    Raises:
        ConfigurationError: It is not one.
    """
    text = number.strip() if isinstance(number, str) else ""
    channel = _CHANNEL.match(text)
    address = text[channel.end() :] if channel else text
    if not address or not (channel or _NUMBER.fullmatch(address)):
        raise ConfigurationError(
            "number must be as in the columns from and to, such as '+15005550006'. Nothing was "
            "removed.",
            field="number",
        )
    return address


@dataclass(frozen=True, slots=True)
class ForgottenNumbers:
    """The hashes of the numbers that an archive must not contain."""

    key: str = ""
    hashes: frozenset[str] = frozenset()

    @classmethod
    def load(cls, folder: ArchiveFolder) -> ForgottenNumbers:
        """Read them; none if there is no file.

        Raises:
            ArchiveError: The file is damaged.
        """
        with folder.translated_errors():
            try:
                content = json.loads((folder.path / NAME).read_bytes())
                return cls(content["key"], frozenset(content["hashes"]))
            except FileNotFoundError:
                return cls()
            except (ValueError, KeyError, TypeError):
                pass
        raise manifests.damaged(
            folder,
            f"{NAME} is damaged",
            remedy=f"Delete {NAME}, and call forget(number=…) again for each number.",
        )

    def with_number(self, number: str) -> ForgottenNumbers:
        """Return them with another number."""
        key = self.key or secrets.token_hex(16)
        mine = replace(self, key=key)
        return replace(mine, hashes=self.hashes | {mine._hash(number)})

    def save(self, folder: ArchiveFolder) -> None:
        """Write them."""
        document = {"key": self.key, "hashes": sorted(self.hashes)}
        folder.write(NAME, lambda file: file.write(json.dumps(document).encode()))

    def without(self, rows: Any) -> Any:
        """Return the rows that are neither to nor from one of the numbers."""
        if not self.hashes or not len(rows):
            return rows
        theirs = [self._theirs(rows[name]) for name in ("from", "to")]
        return rows.filter(pc.invert(pc.or_(*theirs)))

    def _theirs(self, addresses: Any) -> Any:
        found = [
            address
            for address in pc.unique(addresses).to_pylist()
            if address is not None and self._hash(_CHANNEL.sub("", address, 1)) in self.hashes
        ]
        return pc.is_in(addresses, pa.array(found, addresses.type))

    def _hash(self, address: str) -> str:
        return hmac.digest(bytes.fromhex(self.key), address.encode(), "sha256").hex()


def forget_number(folder: ArchiveFolder, committer: Committer, number: str) -> int:
    """Remove a person's messages; return how many there were.

    Args:
        folder: The archive's folder, locked by the caller.
        committer: Of the archive.
        number: From `checked`.
    """
    forgotten = ForgottenNumbers.load(folder).with_number(number)
    forgotten.save(folder)  # first: if this is interrupted, the next sync must not add more
    removed = 0
    for day, entry in [*committer.manifest.days.items(), (None, committer.manifest.unsent)]:
        rows = committer.archived(entry)
        kept = forgotten.without(rows)
        if len(kept) < len(rows):
            removed += len(rows) - len(kept)
            committer.replace_rows(day, entry, kept, _changes(folder, entry, kept))
    committer.flush()
    return removed


def _changes(folder: ArchiveFolder, entry: ArchivedDay, kept: Any) -> Any:
    if entry.changes is None:
        return CHANGE_SCHEMA.empty_table()
    changes = read_table(folder, entry.changes, CHANGE_SCHEMA)
    return changes.filter(pc.is_in(changes["sid"], kept["sid"].combine_chunks()))


def forget_everything(folder: ArchiveFolder) -> None:
    """Delete the archive's files; only the lock file remains, which is empty.

    Args:
        folder: The archive's folder, locked by the caller.
    """
    set_aside = [path.name for path in folder.path.glob(f"{manifests.NAME}.*")]
    # The manifest last: if this is interrupted, the rest is not mistaken for a new archive.
    folder.remove([*folder.names(), *set_aside, NAME, manifests.NAME])

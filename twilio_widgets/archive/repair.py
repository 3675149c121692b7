"""Rebuild a lost manifest from the data files, which describe themselves."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import date

from twilio_widgets.archive import manifest as manifests
from twilio_widgets.archive.manifest import ArchivedDay, Manifest
from twilio_widgets.archive.rows import about
from twilio_widgets.archive.store import DAYS, UNSENT, ArchiveFolder
from twilio_widgets.errors import ArchiveError

SET_ASIDE = ".damaged"
"""The ending of the name of a file that could not be read; a sync does not delete it."""


def repair(folder: ArchiveFolder) -> None:
    """Write a new manifest of the readable data files; the old one and the others are renamed.

    Args:
        folder: The archive's folder, locked by the caller.

    Raises:
        ArchiveError: No data file can be read, or they belong to several accounts.
    """
    found: dict[date | None, ArchivedDay] = {}
    owners: set[tuple[str, str, str | None]] = set()
    names = list(folder.names())
    for name in names:
        if not name.endswith(".parquet") or not name.startswith((f"{DAYS}/", f"{UNSENT}/")):
            continue
        try:
            told = about(folder, name)
            day = None if told["day"] is None else date.fromisoformat(told["day"])
            entry = ArchivedDay(**told["entry"])
        except (ArchiveError, KeyError, TypeError, ValueError):
            folder.rename(name, name + SET_ASIDE)
            continue
        owners.add((told["account"], told["region"], told["world"]))
        if day not in found or entry.walked_at >= found[day].walked_at:
            found[day] = entry if entry.changes in names else _without_changes(entry)
    if len(owners) != 1:
        raise ArchiveError(
            f"The data files in {folder.path} "
            + ("belong to several accounts. " if owners else "cannot be read. ")
            + "Use another folder, and call sync there.",
            cause="damaged",
        )
    if (folder.path / manifests.NAME).exists():
        folder.rename(manifests.NAME, f"{manifests.NAME}.{secrets.token_hex(4)}{SET_ASIDE}")
    [(account, region, world)] = owners
    unsent = found.pop(None, ArchivedDay())
    days = {day: entry for day, entry in found.items() if day is not None}
    made = Manifest(account=account, region=region, world=world, days=days, unsent=unsent)
    manifests.save(folder, replace(made, since=min(days, default=None)))


def _without_changes(entry: ArchivedDay) -> ArchivedDay:
    return replace(entry, changes=None)

"""The sandbox's own record of what exists, which knows nothing of pages and filters."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd

from twilio_widgets import Archive, Sandbox, Twilio

NOON = "2026-01-15T12:00:00Z"


def sids_of(sandbox: Sandbox, since: str) -> set[str]:
    """The SIDs of the account's messages that were created since a day and not deleted."""
    world, first = sandbox._world, datetime.fromisoformat(f"{since}T00:00:00Z").timestamp()
    history = world.history
    past = {
        history.sid(index)
        for index in range(history.count)
        if index not in history.deleted and int(history.moment(index)) >= first
    }
    log = world.logs[world.account.sid]
    return past | {message.sid for message in log.stored() if message.created >= first}


def archived_sids(archive: Archive) -> list[str]:
    """The SIDs in an archive; a list, so that a message that is there twice shows."""
    sids: list[str] = archive.to_dataframe(columns=["sid"])["sid"].tolist()
    return sids


def listed(sandbox: Sandbox, since: str) -> pd.DataFrame:
    """The messages that the client lists page by page, in the archive's order."""
    frame = Twilio(sandbox.connection).messages.list(sent_after=since, limit=None, progress=False)
    return pd.DataFrame(frame)


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file with its inode and the time of its last change."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }

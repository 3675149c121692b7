"""Find jobs by account or by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from twilio_widgets.core.system.folders import user_folder
from twilio_widgets.errors import JobError
from twilio_widgets.journal.location import (
    JOBS,
    ONCE,
    SET_ASIDE,
    JobLocation,
    check_name,
    folder_of,
    location_of,
)

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.connection import Connection


def locations_of(connection: Connection, folder: str | Path | None = None) -> list[JobLocation]:
    """Return the locations of an account's jobs, the latest journal first.

    Args:
        connection: The account.
        folder: The folder of the jobs, if it is not the data folder.
    """
    any_job = location_of(connection, "any", folder)
    files = [file for file in any_job.folder.glob("*.sqlite") if SET_ASIDE not in file.name]
    files.sort(key=lambda file: file.stat().st_mtime, reverse=True)
    return [replace(any_job, name=file.stem) for file in files]


def find_location(name: str, folder: str | Path | None) -> JobLocation:
    """Return the location of the only job of this name, in any account.

    Args:
        name: The job's name.
        folder: The folder of the jobs; by default the user's data folder.

    Raises:
        JobError: There is none, or several accounts have one.
    """
    home = user_folder() / JOBS if folder is None else folder_of(folder)
    file = f"{check_name(name)}.sqlite"
    found = [*_matching(home, 1, file), *_matching(home, 2, file)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise JobError(
            f'There is no job "{name}" in {home}. For a job of a sandbox, give '
            "connection=sandbox.connection; for a job in another folder, give folder=."
        )
    raise JobError(
        f'{len(found)} accounts or sandboxes have a job "{name}" in {home}. Give connection= to '
        "select one."
    )


def _matching(home: Path, depth: int, file: str) -> list[JobLocation]:
    locations = []
    for path in sorted(home.glob("/".join(["*"] * depth))):
        if path.name == ONCE or not (path / file).is_file():
            continue
        account, *world = path.relative_to(home).parts
        locations.append(
            JobLocation(
                folder=path,
                name=file.removesuffix(".sqlite"),
                account_sid=account,
                world=world[0] if world else None,
            )
        )
    return locations

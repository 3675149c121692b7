"""Finding a job by its name alone."""

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
    place_of,
)

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.connection import Connection


def places_of(connection: Connection, folder: str | Path | None = None) -> list[JobLocation]:
    """Return where the jobs of an account are kept, the youngest journal first.

    Args:
        connection: Whose jobs.
        folder: Where jobs are kept, when it is not the data folder.
    """
    any_job = place_of(connection, "any", folder)
    files = [file for file in any_job.folder.glob("*.sqlite") if SET_ASIDE not in file.name]
    files.sort(key=lambda file: file.stat().st_mtime, reverse=True)
    return [replace(any_job, name=file.stem) for file in files]


def find_place(name: str, folder: str | Path | None) -> JobLocation:
    """Return where the one job of this name is kept, whosever it is.

    Args:
        name: The job's name.
        folder: Where jobs are kept; the user's data folder when not given.

    Raises:
        JobError: There is none, or more than one account has one.
    """
    home = user_folder() / JOBS if folder is None else folder_of(folder)
    file = f"{check_name(name)}.sqlite"
    found = [*_matching(home, 1, file), *_matching(home, 2, file)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise JobError(
            f'There is no job "{name}" in {home}. A sandbox keeps its jobs with its world: give '
            "connection=sandbox.connection; and give folder= when the job was given one."
        )
    raise JobError(
        f'{len(found)} accounts or sandboxes have a job "{name}" in {home}. Say whose it is: '
        "connection=."
    )


def _matching(home: Path, depth: int, file: str) -> list[JobLocation]:
    places = []
    for path in sorted(home.glob("/".join(["*"] * depth))):
        if path.name == ONCE or not (path / file).is_file():
            continue
        account, *world = path.relative_to(home).parts
        places.append(
            JobLocation(
                folder=path,
                name=file.removesuffix(".sqlite"),
                account_sid=account,
                world=world[0] if world else None,
            )
        )
    return places
